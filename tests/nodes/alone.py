"""Runs one node alone: dora feeds it inputs from files and writes what it sends into another."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from operators.arrow_encoding import encode, encode_payload, payload_field
from operators.header import Header
from operators.message import Message
from operators.settings import ROOT
from tests.time_limits import event_s, program_s

Sent = list[dict[str, Any]]
"""What a node has sent, in order: `id` is the output, `data` the value's rows."""

LOOK_S = 0.05


@dataclass
class Alone:
    """A node, and what happens around it: messages and ticks at given seconds, then a stop."""

    name: str
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    seqs: dict[str, int] = field(default_factory=dict)

    def message(
        self, input_name: str, message: Message, at_s: float, header: Header | None = None
    ) -> None:
        """Let a message arrive."""
        seq = self.seqs.get(input_name, 0)
        self.seqs[input_name] = seq + 1
        header = header or Header(seq, int(at_s * 1e9), hands_seq=seq)
        if payload_field(type(message)) is None:
            value, kind = encode(message)
        else:
            pixels, kind = encode_payload(message)
            value = pa.array(pixels.reshape(-1))
        self.raw(input_name, value, {**kind, **header.to_metadata()}, at_s)

    def raw(self, input_name: str, value: pa.Array, metadata: dict[str, Any], at_s: float) -> None:
        """Let anything arrive."""
        path = self.folder / f"in_{len(self.events)}.arrow"
        table = pa.table({"value": value})
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        self.events.append(
            {
                "time_offset_secs": at_s,
                "type": "Input",
                "id": input_name,
                "path": str(path),
                "column": "value",
                "metadata": {name: _tagged(v) for name, v in metadata.items()},
            }
        )

    def tick(self, at_s: float, input_name: str = "tick") -> None:
        """Let a timer tick."""
        self.events.append(
            {
                "time_offset_secs": at_s,
                "type": "Input",
                "id": input_name,
                "data": [0],
                "data_type": "UInt64",
                "metadata": {},
            }
        )

    def run(self, outputs: list[str], stop_at_s: float, status: int = 0) -> tuple[Sent, str]:
        """Run the node until it has seen everything: what it sent, and what it said."""
        with self._started(outputs, stop_at_s) as node:
            node.wait(program_s())
        assert node.returncode == status, self._said()
        return self._sent(), self._said()

    def run_until(self, outputs: list[str], is_enough: Callable[[Sent], bool]) -> tuple[Sent, str]:
        """Run the node until it has sent enough, and end it then: what it sent, and what it said.

        For a node of which it is not known before for how long it runs. One that sends from a
        thread of its own needs something to happen all the while: dora, when it feeds a node,
        holds back what that node sends until the next event.
        """
        with self._started(outputs, program_s()) as node:
            until_s = time.monotonic() + event_s()
            while not is_enough(self._sent()):
                assert node.poll() is None, self._said()
                assert time.monotonic() < until_s, self._said()
                time.sleep(LOOK_S)
        return self._sent(), self._said()

    @contextmanager
    def _started(self, outputs: list[str], stop_at_s: float) -> Iterator[subprocess.Popen[bytes]]:
        events = [*self.events, {"time_offset_secs": stop_at_s, "type": "Stop"}]
        inputs_path = self.folder / "inputs.json"
        inputs_path.write_text(json.dumps({"id": self.name, "outputs": outputs, "events": events}))
        with self._said_path.open("wb") as said:
            node = subprocess.Popen(
                [sys.executable, str(ROOT / "nodes" / f"{self.name}.py")],
                env={
                    **os.environ,
                    "DORA_TEST_WITH_INPUTS": str(inputs_path),
                    "DORA_TEST_WRITE_OUTPUTS_TO": str(self._outputs_path),
                    "DORA_TEST_NO_OUTPUT_TIME_OFFSET": "1",
                    "PANODORA_CONFIG": str(ROOT / "configs/teleop.yml"),
                    **self.environment,
                },
                stdout=said,
                stderr=said,
            )
        try:
            yield node
        finally:
            node.kill()  # where it has not ended by itself
            node.wait()

    @property
    def _said_path(self) -> Path:
        return self.folder / "said.txt"

    def _said(self) -> str:
        return self._said_path.read_text()

    @property
    def _outputs_path(self) -> Path:
        return self.folder / "outputs.jsonl"

    def _sent(self) -> Sent:
        if not self._outputs_path.exists():
            return []
        *lines, _ = self._outputs_path.read_text().split("\n")  # what follows is being written
        return [json.loads(line) for line in lines]


def _tagged(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        kinds = {str: "ListString", float: "ListFloat"}
        return {kinds.get(type(value[0]) if value else int, "ListInt"): value}
    return {"String" if isinstance(value, str) else "Integer": value}
