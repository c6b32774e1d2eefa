import asyncio
import os
import socket
import stat
from pathlib import Path

import aiohttp
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


@pytest.mark.parametrize("last", ["many", "", "0", "-3"])
def test_what_is_no_number_of_frames_is_refused(service: LatencyService, last: str) -> None:
    async def answered() -> tuple[int, str]:
        connector = aiohttp.UnixConnector(path=str(service.path))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get("http://latency/records", params={"last": last}) as answer,
        ):
            return answer.status, await answer.text()

    service.start()
    status, words = asyncio.run(answered())
    with pytest.raises(UsageError, match=r"latency-1.sock: last=0: ask for 1 frame or more"):
        asyncio.run(fetch(service.path, 0))
    service.stop()
    assert status == 400
    assert words.startswith(f"last={last[:20]}: ask for 1 frame or more")


def test_what_a_dead_dataflow_left_is_removed(service: LatencyService) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(service.path))
    service.path.with_name("latency-2.sock").symlink_to("gone")
    with pytest.raises(UsageError, match=r"no dataflow answers at .*latency-1.sock"):
        asyncio.run(fetch(service.path))
    assert running_sockets() == []
    assert list(service.path.parent.iterdir()) == []


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
