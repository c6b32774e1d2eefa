"""Runs one node alone: dora feeds it inputs from files and writes what it sends into another."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from operators.arrow_encoding import encode, encode_payload, payload_field
from operators.header import Header
from operators.message import Message
from operators.settings import ROOT
from tests.time_limits import program_s


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

    def run(
        self, outputs: list[str], stop_at_s: float, status: int = 0
    ) -> tuple[list[dict[str, Any]], str]:
        """Run the node until it has seen everything: what it sent, and what it said."""
        events = [*self.events, {"time_offset_secs": stop_at_s, "type": "Stop"}]
        inputs_path, outputs_path = self.folder / "inputs.json", self.folder / "outputs.jsonl"
        inputs_path.write_text(json.dumps({"id": self.name, "outputs": outputs, "events": events}))
        ended = subprocess.run(
            [sys.executable, str(ROOT / "nodes" / f"{self.name}.py")],
            env={
                **os.environ,
                "DORA_TEST_WITH_INPUTS": str(inputs_path),
                "DORA_TEST_WRITE_OUTPUTS_TO": str(outputs_path),
                "DORA_TEST_NO_OUTPUT_TIME_OFFSET": "1",
                "PANODORA_CONFIG": str(ROOT / "configs/teleop.yml"),
                **self.environment,
            },
            capture_output=True,
            text=True,
            timeout=program_s(),
            check=False,
        )
        said = ended.stdout + ended.stderr
        assert ended.returncode == status, said
        sent = [json.loads(line) for line in outputs_path.read_text().splitlines()]
        return sent, said


def _tagged(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        kinds = {str: "ListString", float: "ListFloat"}
        return {kinds.get(type(value[0]) if value else int, "ListInt"): value}
    return {"String" if isinstance(value, str) else "Integer": value}
