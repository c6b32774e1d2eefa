"""The files of a latency report: the raw records, a page to read, a trace to look into."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from operators.latency_page import latency_page
from operators.latency_stamps import frame_columns
from operators.latency_trace_file import write_chrome_trace
from operators.usage_error import UsageError


def write_report(records: pa.Table, folder: Path, about: Mapping[str, str]) -> list[Path]:
    """Write records.parquet, report.html and trace.json; returns their paths.

    records: of `latency_records.SCHEMA`. about: what the page says of the run.

    Files of these names are replaced when all are complete, so that an interrupted run leaves what
    was there. Raises UsageError if no frame shows a hand, or the folder cannot be written.
    """
    _check(records)
    writers: dict[str, Callable[[Path], None]] = {
        "records.parquet": lambda path: pq.write_table(records, path, compression="zstd"),
        "report.html": lambda path: _write_page(records, path, about),
        "trace.json": lambda path: _write_trace(records, path),
    }
    parts = {folder / name: folder / f".{name}.part" for name in writers}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for part, write in zip(parts.values(), writers.values(), strict=True):
                write(part)
            for path, part in parts.items():
                part.replace(path)
        finally:
            for part in parts.values():
                part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder}: the report cannot be written here: {error.strerror or error}; "
            "name a folder that you may write to"
        ) from None
    return list(parts)


def _check(records: pa.Table) -> None:
    if not records.num_rows:
        raise UsageError(
            "no frame was sent to a client, so there is nothing to report: open the page in a "
            "browser, or run `panodora replay`, whose client takes every picture"
        )
    if not frame_columns(records).is_first.any():
        raise UsageError(
            f"{records.num_rows} frames were sent, but none shows a hand, and without one there "
            "is no delay to tell: is a hand tracked?"
        )


def _write_page(records: pa.Table, path: Path, about: Mapping[str, str]) -> None:
    path.write_text(latency_page(records, about), encoding="utf-8")


def _write_trace(records: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        write_chrome_trace(records, file)
