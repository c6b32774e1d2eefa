"""What every message carries beside its fields: sequence number, capture time, and stamps.

Times are CLOCK_MONOTONIC nanoseconds on one host (`time.monotonic_ns`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
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

    def __str__(self) -> str:
        """As it stands in a trail."""
        times = f"{self.received_ns} {self.started_ns} {self.sent_ns}"
        return f"{self.node} {times} {self.seq} {self.lost} {self.skipped};"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote, without its semicolon. Raises MessageError."""
        node, *numbers = text.split(" ")
        if len(numbers) != _NUMBERS or not all(n.lstrip("-").isdecimal() for n in numbers):
            raise MessageError(f"header: expected a node and {_NUMBERS} numbers, got {text!r}")
        return cls(node, *map(int, numbers))


_NUMBERS = len(fields(Stamp)) - 1


def trail_of(stamps: Iterable[Stamp]) -> str:
    """Stamps as a header carries them."""
    return "".join(map(str, stamps))


def after_of(seqs: Mapping[str, int]) -> str:
    """Names of a sender's messages and their numbers, as a header carries them."""
    return "".join(f"{name} {seq};" for name, seq in seqs.items())


@dataclass(frozen=True)
class Header:
    """Where a message comes from.

    seq: counts the messages of one output; gaps are losses.
    capture_ns: when the operator's sample was taken that this message follows from.
    hands_seq, head_seq: which samples those are; -1 for none.
    trail: the stamps of the nodes that it passed, first to last, as one text. Nodes only append to
    it. As lists of numbers, which dora converts one by one, they took 65 us a hop and not 5.
    after: in lockstep, which messages its sender had sent before, as one text (`after_of`). Who
    hears those too takes them first. dora keeps the order of one output alone.
    """

    seq: int
    capture_ns: int
    hands_seq: int = -1
    head_seq: int = -1
    trail: str = ""
    after: str = ""

    @property
    def stamps(self) -> tuple[Stamp, ...]:
        """The nodes that the message passed, first to last. Raises MessageError."""
        return tuple(Stamp.parse(text) for text in self.trail.split(";")[:-1])

    @property
    def predecessors(self) -> dict[str, int]:
        """The messages before it of its sender: names and numbers. Raises MessageError."""
        try:
            return {name: int(seq) for name, seq in map(str.split, self.after.split(";")[:-1])}
        except ValueError:
            raise MessageError(f"header: expected names and numbers, got {self.after!r}") from None

    def sent_by(self, stamp: Stamp) -> Self:
        """The header of what a node makes of this message."""
        return replace(self, seq=stamp.seq, trail=self.trail + str(stamp))

    def to_metadata(self) -> Metadata:
        """As dora's metadata, which keeps integers and texts."""
        return dict(vars(self))

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Self:
        """Read dora's metadata. Raises MessageError naming what is missing or wrong."""
        try:
            values = [*(metadata[name] for name in _NAMES), metadata.get("after", "")]
            header = cls(*values)
        except KeyError as error:
            raise MessageError(f"header: {error.args[0]} is missing") from None
        for name, value in vars(header).items():
            expected = str if name in ("trail", "after") else int
            if type(value) is not expected:
                raise MessageError(
                    f"header: {name}: expected {expected.__name__}, got {type(value).__name__}"
                )
        return header


_NAMES = tuple(field.name for field in fields(Header) if field.name != "after")
