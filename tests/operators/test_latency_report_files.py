import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from operators import latency_report_files
from operators.latency_records import SCHEMA
from operators.latency_report_files import write_report
from operators.latency_trace_file import write_chrome_trace
from operators.usage_error import UsageError
from tests.operators.frame_records import hand_made, recorded, row, table

NAMES = ["records.parquet", "report.html", "trace.json"]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_files_hold_what_is_known(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "report"
    paths = write_report(recorded(), folder, {"machine": "a <laptop>"})
    assert paths == [folder / name for name in NAMES]
    assert names_in(folder) == NAMES
    read = pq.read_table(paths[0])
    assert read.equals(recorded())
    assert read.schema.equals(SCHEMA)
    assert read.schema.metadata == SCHEMA.metadata
    assert "a &lt;laptop&gt;" in paths[1].read_text(encoding="utf-8")
    trace = io.StringIO()
    write_chrome_trace(recorded(), trace)
    assert paths[2].read_text(encoding="utf-8") == trace.getvalue()


def test_an_earlier_report_is_replaced(tmp_path: Path) -> None:
    write_report(recorded(), tmp_path, {})
    write_report(hand_made(), tmp_path, {})
    assert names_in(tmp_path) == NAMES
    assert pq.read_table(tmp_path / NAMES[0]).num_rows == 7


@pytest.mark.parametrize("write", ["latency_page", "write_chrome_trace"])
def test_an_interrupted_run_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    write_report(recorded(), tmp_path, {})
    before = {name: (tmp_path / name).read_bytes() for name in NAMES}

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(latency_report_files, write, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(hand_made(), tmp_path, {})
    assert {name: (tmp_path / name).read_bytes() for name in names_in(tmp_path)} == before


@pytest.mark.parametrize("below", ["", "below"])
def test_a_folder_that_cannot_be_is_refused(tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(UsageError, match=r"file.*cannot be written here.*name a folder"):
        write_report(hand_made(), file / below, {})
    assert names_in(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("records", "says"),
    [
        (table(), "no frame was sent.*open the page.*panodora replay"),
        (table(row("a", -1, 0, ("show", 1, 1, 2))), "1 frames.*none shows a hand.*tracked"),
    ],
)
def test_nothing_to_report_is_said(tmp_path: Path, records: object, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        write_report(records, tmp_path / "report", {})
    assert not (tmp_path / "report").exists()
