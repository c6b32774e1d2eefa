"""What every node repeats: settings, taking and sending messages, stamps, losses, a clean stop."""

import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from dora import Node
from numpy.typing import NDArray

from operators.arrow_encoding import decode, encode, encode_payload, payload_field
from operators.header import Header, Metadata, Stamp, after_of
from operators.message import Message, MessageError
from operators.messages import Hands, Head
from operators.settings import Settings, load_settings
from operators.usage_error import UsageError

log = logging.getLogger(__name__)

AGAIN = "again"
"""The key of dora's metadata that marks a message as sent once more, for whoever has not got it.

Who has got it sends again what it made of it: so a sample in lockstep gets past the place where
dora lost something of it.
"""

REPORT_INTERVAL_S = 1.0
"""A fault that repeats is reported so often at the most."""


@dataclass
class Taken:
    """A message that this node took.

    started_ns is when the node began to work with it; a node that lets messages wait sets it.
    A timer's tick has no message; nor has the news that a node before this one has restarted, or
    that nothing more comes by this input. predecessors: of other inputs, what is taken before it.
    due_ns: when it happened, for the order between inputs; within one, messages keep theirs.
    """

    input: str
    message: Message | None
    header: Header
    received_ns: int
    started_ns: int
    restarted: str = ""
    has_ended: bool = False
    predecessors: Mapping[str, int] = field(default_factory=dict)
    due_ns: int = 0

    def __post_init__(self) -> None:
        self.due_ns = max(self.due_ns, self.header.capture_ns)


class DataflowNode:
    """Connects a node's file to the dataflow: reads the settings, and joins with `connect`.

    inputs: the message type of each input, None for a timer. A name that ends in `_*` stands for
    any number of inputs, one a camera: `keypoints_*` for keypoints_left, keypoints_right, ...
    newest_only: inputs of which only the newest waiting message is taken.
    headers_only: inputs of which only the header is wanted: `Taken.message` stays None.
    hears_of_restarts: whether to be told, as `Taken.restarted`, that dora starts a node anew whose
    messages are taken here; it is told long before that node's next message.
    hears_of_ends: whether to be told, as `Taken.has_ended`, that an input's sender has ended.
    """

    ends_with_failures: ClassVar = False
    """Of this process, which has one node."""

    def __init__(
        self,
        name: str,
        *,
        inputs: Mapping[str, type[Message] | None],
        newest_only: Collection[str] = (),
        headers_only: Collection[str] = (),
        hears_of_restarts: bool = False,
        hears_of_ends: bool = False,
    ) -> None:
        self.name = name
        self._hears_of_restarts = hears_of_restarts
        self._hears_of_ends = hears_of_ends
        self.settings: Settings = load_settings()
        self._running = True
        self._inputs = inputs
        self._newest_only = frozenset(newest_only)
        self._headers_only = frozenset(headers_only)
        self._rank = {name: i for i, name in enumerate(inputs)}
        self._node: Any = None
        self._waiting: list[Taken] = []
        self._sending = threading.Lock()
        self._next_seq: dict[str, int] = {}
        self._last_seq: dict[str, int] = {}
        self._last_due_ns: dict[str, int] = {}
        self._connected: frozenset[str] = frozenset()
        self._made: list[tuple[str, pa.Array, Metadata]] = []
        """What was sent of the last sample in lockstep, but for pixels."""
        self._made_of = -1
        self.lost: dict[str, int] = {}
        """Messages of each input that never arrived."""
        self._skipped = 0
        self._faults = FaultLog()

    def connect(self) -> None:
        """Join the dataflow. It starts when all nodes have: first be ready for messages.

        Raises UsageError where there is none to join, or another node has failed before.
        """
        _warm_up()
        try:
            self._node = Node()
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise UsageError(f"{self.name} cannot join the dataflow: {reason}") from None
        self._connected = self.connected_inputs or frozenset(self._inputs)

    def end_with_failures(self) -> None:
        """From now on raise UsageError in an iteration when a node before this one has failed.

        For messages that count one by one: what was on its way is lost with a node, and what
        comes to an end is not the end. This node too ends at once if it fails.
        """
        DataflowNode.ends_with_failures = True

    @property
    def connected_inputs(self) -> frozenset[str]:
        """Which inputs the dataflow has given this node, timers too; none if files feed it."""
        return frozenset() if self._node is None else frozenset(self._node.node_config()["inputs"])

    def __iter__(self) -> Iterator[Taken]:
        """Every message and tick until the dataflow stops."""
        while (taken := self._take()) is not None:
            taken.started_ns = time.monotonic_ns()
            yield taken

    def send(self, output: str, message: Message, follows: Taken) -> Header:
        """Send a message that follows from another, and return the header that it got.

        Pixels are copied once, straight into shared memory. May be called from any thread.
        """
        return self._send(output, message, follows.header, follows.received_ns, follows.started_ns)

    def originate(
        self,
        output: str,
        message: Message,
        capture_ns: int,
        received_ns: int | None = None,
        after: Mapping[str, int] | None = None,
    ) -> Header:
        """Send a message that follows from nothing in the dataflow but the world.

        capture_ns: when the world was so; received_ns: when that was heard of here, now if it is
        not given. Both CLOCK_MONOTONIC. after: the numbers of this node's newest messages of other
        outputs, if whoever hears those too shall take them before this one.
        """
        now = time.monotonic_ns()
        before = Header(-1, capture_ns, after=after_of(after or {}))
        return self._send(output, message, before, received_ns or now, now)

    def send_again(self, output: str, message: Message, header: Header) -> None:
        """Send a message without pixels once more: dora may have lost it."""
        value, kind = encode(message)
        with self._sending:
            self._node.send_output(output, value, {**kind, **header.to_metadata(), AGAIN: 1})

    def _send(
        self, output: str, message: Message, before: Header, received_ns: int, started_ns: int
    ) -> Header:
        pixels = payload_field(type(message)) is not None
        value, kind = encode_payload(message) if pixels else encode(message)
        with self._sending:
            seq = self._next_seq.get(output, 0)
            self._next_seq[output] = seq + 1
            stamp = Stamp(
                self.name,
                received_ns,
                started_ns,
                time.monotonic_ns(),
                seq,
                sum(self.lost.values()),
                self._skipped,
            )
            header = before.sent_by(stamp)
            if before.hands_seq < 0 and isinstance(message, Hands):
                header = replace(header, hands_seq=seq)
            elif not before.trail and isinstance(message, Head):
                header = replace(header, head_seq=seq)
            metadata = {**kind, **header.to_metadata()}
            if self._node is None:  # a client was quicker than the dataflow: nobody listens yet
                return header
            if pixels:
                self._send_pixels(output, value, metadata)
                return header
            self._node.send_output(output, value, metadata)
            if header.after:
                if header.hands_seq != self._made_of:
                    self._made, self._made_of = [], header.hands_seq
                self._made.append((output, value, metadata))
        return header

    def _send_made_again(self) -> None:
        with self._sending:
            for output, value, metadata in self._made:
                self._node.send_output(output, value, {**metadata, AGAIN: 1})

    def _send_pixels(self, output: str, pixels: NDArray[np.uint8], metadata: Metadata) -> None:
        with self._node.send_output_raw(output, pixels.size, metadata) as buffer:
            shared = np.asarray(buffer, dtype=np.uint8)
            np.copyto(shared.reshape(pixels.shape), pixels)
            del shared  # dora takes the buffer back only when nothing looks at it

    def report(self, subject: str, fault: str) -> None:
        """Log what is wrong with a subject: at once, then once a second with a count."""
        self._faults.add(subject, fault)

    def _take(self) -> Taken | None:
        """Wait for a message; None when the dataflow stops.

        dora's own time-out is not used: it makes an error with a backtrace each time.
        """
        while self._running or self._waiting:
            for place, taken in enumerate(self._waiting):
                if not (self._running and self._is_early(taken)):
                    return self._waiting.pop(place)
            event = self._node.next()
            if event is None:  # every sender is gone
                self._running = False
                continue
            self._receive(event)
            for waiting in self._drain():
                self._receive(waiting)
            self._keep_newest()
            # dora takes turns between inputs; what happened first shall be taken first, and at the
            # same time in the declared order: so a replay in lockstep is the same each time.
            # An end is of this machine's time, footage of the file's: it is after all messages.
            self._waiting.sort(key=lambda t: (t.has_ended, t.due_ns, *self._place(t.input)))
        return None

    def _is_early(self, taken: Taken) -> bool:
        """Whether a message has overtaken one of another input that was sent before it."""
        return any(
            self._last_seq.get(name, -1) < seq
            for name, seq in taken.predecessors.items()
            if name in self._connected
        )

    def _place(self, name: str) -> tuple[int, str]:
        return self._rank.get(declared_input(name, self._inputs) or "", -1), name

    def _drain(self) -> list[dict[str, Any]]:
        """Take everything that has arrived already."""
        if not self._running:
            return []
        try:
            events: list[dict[str, Any]] = self._node.drain()
        except RuntimeError as error:
            if "closed" not in str(error):
                raise
            self._running = False  # the dataflow ended between two events
            return []
        return events

    def _receive(self, event: dict[str, Any]) -> None:
        received_ns = time.monotonic_ns()
        kind = event["type"]
        if kind == "STOP":
            self._running = False
        elif kind == "INPUT":
            self._receive_input(event["id"], event["value"], event["metadata"], received_ns)
        elif kind == "NODE_RESTARTED":
            if self._hears_of_restarts:
                news = Taken("", None, Header(-1, received_ns), received_ns, received_ns)
                news.restarted = event["id"].rpartition("/")[2].rpartition(".")[2]
                self._waiting.append(news)
        elif kind == "INPUT_CLOSED":
            if self._hears_of_ends:
                end = Header(-1, received_ns)
                closed = Taken(event["id"], None, end, received_ns, received_ns, has_ended=True)
                self._waiting.append(closed)
        elif kind == "NODE_FAILED":
            if self.ends_with_failures:
                raise UsageError(f"{self.name} ends, since {event['id']} has failed")
        elif kind == "ERROR":
            self.report("dora", event["error"])
        else:
            log.debug("%s: %s", self.name, event)

    def _receive_input(
        self, name: str, value: pa.Array, metadata: Mapping[str, Any], received_ns: int
    ) -> None:
        declared = declared_input(name, self._inputs)
        message_type = None if declared is None else self._inputs[declared]
        if message_type is None:
            if declared is not None:
                tick = Header(-1, received_ns)
                self._waiting.append(Taken(name, None, tick, received_ns, received_ns))
            else:
                self.report(f"input {name}", f"this node knows only {', '.join(self._inputs)}")
            return
        try:
            header = Header.from_metadata(metadata)
            unread = declared in self._headers_only
            message = None if unread else decode(message_type, value, metadata)
            predecessors = header.predecessors
        except MessageError as error:
            self.report(f"input {name}", f"dropped a message: {error}")
            return
        last = self._last_seq.get(name)
        if AGAIN in metadata and last is not None and header.seq <= last:
            if header.after and header.hands_seq == self._made_of:
                self._send_made_again()
            return
        if last is not None and header.seq > last + 1:
            self.lost[name] = self.lost.get(name, 0) + header.seq - last - 1
        has_begun_anew = last is not None and header.seq <= last
        self._last_seq[name] = header.seq
        taken = Taken(
            name,
            message,
            header,
            received_ns,
            received_ns,
            predecessors=predecessors,
            # A browser's clock that is measured anew may tell of a sample that it is the older one.
            due_ns=0 if has_begun_anew else self._last_due_ns.get(name, 0),
        )
        self._last_due_ns[name] = taken.due_ns
        self._waiting.append(taken)

    def _keep_newest(self) -> None:
        kept: list[Taken] = []
        seen: set[str] = set()
        for taken in reversed(self._waiting):
            if taken.input in self._newest_only:
                if taken.input in seen:
                    self._skipped += 1
                    continue
                seen.add(taken.input)
            kept.append(taken)
        self._waiting = kept[::-1]


def declared_input(name: str, inputs: Collection[str]) -> str | None:
    """What an input was declared as: its own name, or one that ends in `_*`; None if it was not."""
    if name in inputs:
        return name
    return next((p for p in inputs if p.endswith("_*") and name.startswith(p[:-1])), None)


class FaultLog:
    """Says a subject's fault at once, and then at most once a second, with how many there were."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[str, tuple[float, int]] = {}

    def add(self, subject: str, fault: str) -> None:
        """Count a fault. subject: one of a few, such as an input's name."""
        now = self._clock()
        said_at, silent = self._said.get(subject, (-REPORT_INTERVAL_S, 0))
        if now - said_at < REPORT_INTERVAL_S:
            self._said[subject] = (said_at, silent + 1)
            return
        log.warning("%s: %s%s", subject, fault, f" ({silent} more before)" if silent else "")
        self._said[subject] = (now, 0)


def run(main: Callable[[], None]) -> None:
    """Run a node's main function: what the user gave wrong ends it with one clear line.

    Ctrl-C reaches dora, which then sends STOP: nodes are in process groups of their own.
    """
    logging.basicConfig(level=logging.INFO)
    try:
        main()
    except UsageError as error:
        if not _is_restarted():  # said already, and dora tries a few times more
            print(f"error: {error}", file=sys.stderr, flush=True)
        _fail(2)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        _fail(1)


def _fail(code: int) -> None:
    """Leave the dataflow: at once where no node may take this for the messages' end.

    On the way out dora would tell of that end first, and only then of the failure.
    """
    if DataflowNode.ends_with_failures:
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def _is_restarted() -> bool:
    """Whether dora has started this node before in this dataflow."""
    count = re.search(
        r"^restart_count: (\d+)", os.environ.get("DORA_NODE_CONFIG", ""), re.MULTILINE
    )
    return count is not None and count[1] != "0"


def _warm_up() -> None:
    """The first Arrow array of a process takes 34 ms; let no message wait for it."""
    pa.array(np.zeros(1))
