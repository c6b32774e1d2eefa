"""Recordings: a folder with one Parquet file a message, and meta.json.

The columns are the header's and the message's declared fields; their units, frames and shapes are
in the columns' metadata.
"""

import heapq
import json
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from operators.arrow_encoding import arrow_type_of, decode, encode, payload_field
from operators.header import Header
from operators.message import Field, Message, MessageError
from operators.messages import BY_NAME
from operators.usage_error import UsageError

SCHEMA_VERSION = 1
ROWS_A_GROUP = 600
"""Ten seconds at 60 Hz: what is held in memory before it is written."""

_HEADER_COLUMNS = ("seq", "capture_ns", "hands_seq", "head_seq")


class RecordingError(UsageError):
    """A recording that cannot be read or written: says which file, and what is wrong with it."""


@dataclass(frozen=True)
class Recorded:
    """A message out of a recording, with the header that it had."""

    name: str
    header: Header
    message: Message


class RecordingWriter:
    """Writes messages as they come, each kind into a file of its own."""

    def __init__(self, folder: Path, *, settings: dict[str, Any]) -> None:
        """Begin a recording. Raises RecordingError if the folder holds one already."""
        if (folder / "meta.json").exists():
            raise RecordingError(f"{folder}: holds a recording already; name another folder")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._meta: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "model_digest": None,
            "clock": {"monotonic_ns": time.monotonic_ns(), "unix_ns": time.time_ns()},
            "settings": settings,
            "messages": {},
        }
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._rows: dict[str, list[tuple[Header, pa.Array]]] = {}
        self._write_meta()

    def write(self, message: Message, header: Header) -> None:
        """Add a message. Pictures are refused: a recording holds what makes them again."""
        if payload_field(type(message)) is not None:
            raise RecordingError(f"{message.NAME}: pictures are not recorded; record scene_state")
        name = message.NAME
        if name not in self._writers:
            path = self._folder / f"{name}.parquet"
            self._writers[name] = pq.ParquetWriter(
                path,
                _schema(type(message)),
                compression="zstd",
                use_dictionary=_columns(message, text=True),
                use_byte_stream_split=_columns(message, text=False),
            )
            self._rows[name] = []
            self._meta["messages"][name] = {"version": message.VERSION}
        digest = getattr(message, "model_digest", None)
        if digest is not None and self._meta["model_digest"] is None:
            self._meta["model_digest"] = digest
        rows = self._rows[name]
        rows.append((header, encode(message)[0]))
        if len(rows) >= ROWS_A_GROUP:
            self._flush(name)

    def close(self, lost: Mapping[str, int] | None = None) -> None:
        """Write what is left, and the files' ends, without which Parquet cannot be read.

        lost: messages of each kind that never arrived; meta.json keeps it.
        """
        self._meta["lost"] = dict(lost or {})
        for name, writer in self._writers.items():
            self._flush(name)
            writer.close()
        self._writers = {}
        self._write_meta()

    def _flush(self, name: str) -> None:
        rows = self._rows[name]
        if not rows:
            return
        schema = _schema(BY_NAME[name])
        columns = [pa.array([getattr(h, c) for h, _ in rows], pa.int64()) for c in _HEADER_COLUMNS]
        structs = pa.concat_arrays([value for _, value in rows])
        columns += [structs.field(i) for i in range(structs.type.num_fields)]
        self._writers[name].write_table(pa.Table.from_arrays(columns, schema=schema))
        self._rows[name] = []

    def _write_meta(self) -> None:
        text = json.dumps(self._meta, indent=2, default=str) + "\n"
        (self._folder / "meta.json").write_text(text, encoding="utf-8")


class RecordingReader:
    """Reads a recording's messages in the order of their capture."""

    def __init__(self, folder: Path) -> None:
        """Open a recording. Raises RecordingError if it is missing, cut off or of another kind."""
        self._folder = folder
        try:
            self.meta: dict[str, Any] = json.loads((folder / "meta.json").read_text("utf-8"))
        except FileNotFoundError:
            raise RecordingError(f"{folder}: no recording here (no meta.json)") from None
        except ValueError as error:
            raise RecordingError(f"{folder}/meta.json: not JSON: {error}") from None
        version = self.meta.get("schema_version")
        if version != SCHEMA_VERSION:
            raise RecordingError(
                f"{folder}: expected schema version {SCHEMA_VERSION}, got {version}"
            )
        self._tables = {name: self._read(name) for name in self.meta["messages"]}

    @property
    def names(self) -> tuple[str, ...]:
        """Which messages were recorded."""
        return tuple(self._tables)

    def span_ns(self, names: Collection[str]) -> tuple[int, int]:
        """Capture times of the first and the last message of the named kinds, ns."""
        tables = [self._tables[name] for name in names if self.count(name)]
        if not tables:
            raise RecordingError(f"{self._folder}: holds none of {', '.join(names) or 'anything'}")
        times = [pc.min_max(table.column("capture_ns")).as_py() for table in tables]
        return min(t["min"] for t in times), max(t["max"] for t in times)

    def count(self, name: str) -> int:
        """How many messages of a kind there are."""
        return len(self._tables[name]) if name in self._tables else 0

    def messages(self, names: Collection[str] | None = None) -> Iterator[Recorded]:
        """The recorded messages of the named kinds (all without names), by capture time.

        What was captured at the same time comes in the order of the names.
        """
        chosen = [n for n in (self._tables if names is None else names) if n in self._tables]
        return heapq.merge(
            *(self._rows(name) for name in chosen),
            key=lambda recorded: recorded.header.capture_ns,
        )

    def _read(self, name: str) -> pa.Table:
        path = self._folder / f"{name}.parquet"
        if name not in BY_NAME:
            raise RecordingError(f"{path}: no message named {name}")
        recorded, known = self.meta["messages"][name]["version"], BY_NAME[name].VERSION
        if recorded != known:
            raise RecordingError(f"{path}: expected version {known} of {name}, got {recorded}")
        try:
            # What ticks and what commands made interleave out of the order of their capture.
            table = pq.read_table(path).sort_by("capture_ns").combine_chunks()
        except FileNotFoundError:
            raise RecordingError(f"{path}: missing, but meta.json names it") from None
        except pa.ArrowInvalid as error:
            raise RecordingError(
                f"{path}: cannot be read; a recorder that was killed leaves such a file: {error}"
            ) from None
        expected = _schema(BY_NAME[name])
        if not table.schema.equals(expected):
            raise RecordingError(f"{path}: expected columns {expected.names}, got {table.schema}")
        return table

    def _rows(self, name: str) -> Iterator[Recorded]:
        message_type = BY_NAME[name]
        kind = {"message": name, "version": message_type.VERSION}
        table = self._tables[name]
        headers = zip(*(table.column(c).to_pylist() for c in _HEADER_COLUMNS), strict=True)
        fields = [f.name for f in message_type.FIELDS]
        for batch in table.select(fields).to_batches(max_chunksize=ROWS_A_GROUP):
            structs = pa.StructArray.from_arrays(batch.columns, fields)
            for i in range(len(structs)):
                header = Header(*next(headers))
                try:
                    yield Recorded(name, header, decode(message_type, structs[i : i + 1], kind))
                except MessageError as error:
                    raise RecordingError(f"{self._folder}: {error}") from None


def _schema(message_type: type[Message]) -> pa.Schema:
    header = [pa.field(name, pa.int64(), nullable=False) for name in _HEADER_COLUMNS]
    return pa.schema([*header, *(_column(f) for f in message_type.FIELDS)])


def _columns(message: Message, *, text: bool) -> list[str]:
    """Parquet's paths of the text columns, or of those of floats, whose bytes are best split."""
    return [
        f"{f.name}.list.element" if f.shape else f.name
        for f in message.FIELDS
        if (f.is_text if text else not f.is_text and f.numpy_dtype.kind == "f")
    ]


def _column(field: Field) -> pa.Field:
    facts = {
        "shape": json.dumps(field.shape),
        "unit": field.unit,
        "frame": field.frame,
        "absent": field.absent,
        "meaning": field.doc,
    }
    return pa.field(
        field.name, arrow_type_of(field), metadata={k: v for k, v in facts.items() if v}
    )
