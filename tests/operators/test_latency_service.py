import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from operators.latency_records import SCHEMA
from operators.latency_service import LatencyNews, LatencyService, fetch, running_sockets
from operators.settings import SettingsError
from operators.usage_error import UsageError
from tests.operators.test_latency import followed

NEWS = LatencyNews({"page": "well"}, {"guard": 2}, {"guard": 1}, 3, "http://localhost:8012")


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LatencyService:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    trace = followed(50)
    folder = tmp_path / "panodora"
    folder.mkdir()
    return LatencyService(folder / "latency-1.sock", lambda last: (trace.records(last), NEWS))


@pytest.mark.parametrize(("last", "rows"), [(None, 50), (7, 7)])
def test_records_and_news_arrive_as_they_are(
    service: LatencyService, last: int | None, rows: int
) -> None:
    service.start()
    assert running_sockets() == [service.path]
    assert stat.S_IMODE(service.path.stat().st_mode) == 0o600
    records, news = asyncio.run(fetch(service.path, last))
    service.stop()
    assert records.schema.equals(SCHEMA)
    assert records["frame_seq"].to_pylist() == list(range(50 - rows, 50))
    assert news == NEWS
    assert not service.path.exists()


def test_what_a_dead_dataflow_left_is_removed(service: LatencyService) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(service.path))
    with pytest.raises(UsageError, match=r"no dataflow answers at .*latency-1.sock"):
        asyncio.run(fetch(service.path))
    assert running_sockets() == []
    assert not service.path.exists()


def test_the_folder_of_sockets_is_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "panodora").mkdir(mode=0o777)
    assert running_sockets() == []
    assert stat.S_IMODE((tmp_path / "panodora").stat().st_mode) == 0o700
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(UsageError, match="belongs to somebody else"):
        running_sockets()


def test_a_socket_that_cannot_be_is_refused_with_its_setting(tmp_path: Path) -> None:
    for path, words in ((tmp_path / ("x" * 100), "longer"), (tmp_path / "no/such", "No such file")):
        with pytest.raises(SettingsError, match=f"latency.socket: .*{words}"):
            LatencyService(path, lambda last: (followed(1).records(last), NEWS)).start()
