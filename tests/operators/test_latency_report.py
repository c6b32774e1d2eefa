import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from operators.latency import LatencyTrace
from operators.latency_report import figures, latency_table, remarks, write_figures
from operators.latency_service import LatencyNews
from operators.latency_terms import SENT, SHOWN
from operators.settings import SettingsError
from tests.operators.frames import frame, sent
from tests.operators.test_latency import followed


def news(trace: LatencyTrace) -> LatencyNews:
    return LatencyNews(trace.clocks(), trace.lost, trace.skipped, unread=0, page="")


def lines(trace: LatencyTrace, width: int) -> list[str]:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(latency_table(trace.records(), news(trace), width))
    return console.export_text().splitlines()


@pytest.mark.parametrize("width", [80, 140])
def test_the_table_has_a_row_a_stage_and_the_totals(width: int) -> None:
    table = lines(followed(50), width)
    row = next(line for line in table if line.startswith("second"))
    assert row.split()[1:5] == ["50.0", "Hz", "0", "0"]
    assert row.split()[-3:] == (["5.50"] * 3 if width == 140 else ["0.50"] * 3)
    assert "10.50" in next(line for line in table if line.startswith(SENT))
    assert "19.5" in next(line for line in table if line.startswith(SHOWN))
    assert all("…" not in line for line in table)


def test_what_is_not_known_is_not_told() -> None:
    trace = LatencyTrace(frames=10)
    assert "no frame" in remarks(trace.records(), news(trace))[0].lower()
    for k in range(5):
        trace.add_sent(sent(k), frame(k, lost=k))
    assert lines(trace, 140)[-1].endswith("not known")
    told = figures(trace.records(), news(trace), 1.0)
    assert told["frames_shown"] == 0
    assert told["stages"]["second"]["lost"] == 4
    assert told["stages"]["second"]["working_ms"]["p95"] == pytest.approx(4)
    assert "page: its clock is not known: it never answered." in remarks(
        trace.records(), news(trace)
    )


def test_figures_are_written_where_they_can_be(tmp_path: Path) -> None:
    file = tmp_path / "runs/first/latency.json"
    write_figures(file, {"rate_hz": 60.5})
    assert json.loads(file.read_text()) == {"rate_hz": 60.5}
    with pytest.raises(SettingsError, match=r"latency.report: .*below cannot be .*name a file"):
        write_figures(file / "below", {})
