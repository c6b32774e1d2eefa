from pathlib import Path
from types import SimpleNamespace

import pytest

from operators.latency_service import LatencyNews, LatencyService
from operators.usage_error import UsageError
from panodora import latency
from tests.operators.test_latency import followed

FRAMES = 10


def test_the_table_is_shown_until_the_dataflow_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    news = LatencyNews({}, {}, {}, 0, "http://localhost:8012")
    trace = followed(FRAMES)
    service = LatencyService(tmp_path / "it.sock", lambda last: (trace.records(last), news))
    service.start()
    monkeypatch.setattr(latency, "time", SimpleNamespace(sleep=lambda _: service.stop()))
    assert latency.watch(service.path, FRAMES) == 0
    said = capsys.readouterr().out
    assert f"{FRAMES} frames, of which {FRAMES}" in said
    assert "The dataflow has ended." in said


def test_a_dataflow_that_never_ran_has_not_ended(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no dataflow answers at .*no.sock"):
        latency.watch(tmp_path / "no.sock", FRAMES)
