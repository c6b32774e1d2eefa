"""What every message carries beside its fields: sequence number, capture time, and stamps.

Times are CLOCK_MONOTONIC nanoseconds on one host (`time.monotonic_ns`).
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields, replace
from typing import Any, Self

from operators.message import MessageError

Metadata = dict[str, bool | int | float | str | list[int] | list[float] | list[str]]


@dataclass(frozen=True)
class Stamp:
    """One node's part in a message.

    received_ns, started_ns, sent_ns: when it took its input, began to work, sent its output.
    seq: the sequence number of that output; its growth is the node's rate.
    lost: inputs that never arrived, skipped: inputs passed over for a newer one, both since the
    node's start.
    """

    node: str
    received_ns: int
    started_ns: int
    sent_ns: int
    seq: int
    lost: int = 0
    skipped: int = 0


_NUMBERS_A_STAMP = len(fields(Stamp)) - 1


@dataclass(frozen=True)
class Header:
    """Where a message comes from.

    seq: counts the messages of one output; gaps are losses.
    capture_ns: when the operator's sample was taken that this message follows from.
    hands_seq, head_seq: which samples those are; -1 for none.
    stamps: the nodes it passed, first to last.
    """

    seq: int
    capture_ns: int
    hands_seq: int = -1
    head_seq: int = -1
    stamps: tuple[Stamp, ...] = ()

    def sent_by(self, stamp: Stamp) -> Self:
        """The header of what a node makes of this message."""
        return replace(self, seq=stamp.seq, stamps=(*self.stamps, stamp))

    def to_metadata(self) -> Metadata:
        """As dora's metadata, which keeps integers, texts and lists of them alone."""
        return {
            "seq": self.seq,
            "capture_ns": self.capture_ns,
            "hands_seq": self.hands_seq,
            "head_seq": self.head_seq,
            "stamp_nodes": [stamp.node for stamp in self.stamps],
            "stamp_numbers": [n for stamp in self.stamps for n in astuple(stamp)[1:]],
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Self:
        """Read dora's metadata. Raises MessageError naming what is missing."""
        try:
            numbers = metadata["stamp_numbers"]
            nodes = metadata["stamp_nodes"]
            size = _NUMBERS_A_STAMP
            stamps = tuple(
                Stamp(node, *numbers[size * i : size * (i + 1)]) for i, node in enumerate(nodes)
            )
            return cls(
                metadata["seq"],
                metadata["capture_ns"],
                metadata["hands_seq"],
                metadata["head_seq"],
                stamps,
            )
        except (KeyError, TypeError) as error:
            raise MessageError(f"header: missing or malformed: {error}") from None
