"""A real dataflow with a token and TLS: who is let in, and where the token is not to be found."""

import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.sync.client import ClientConnection, connect

from operators.access import WRONG_TOKEN, subprotocols
from operators.acknowledging_client import AcknowledgingClient
from operators.messages import Hands
from operators.settings import ROOT
from panodora.__main__ import main
from tests.dataflows.running import BIN, Running, environment, running
from tests.operators.page_clients import closing, in_two_threads, receive, send
from tests.operators.samples import sample
from tests.time_limits import event_s, program_s

pytestmark = [pytest.mark.dataflow, pytest.mark.gl]


@dataclass
class Secured:
    """A running dataflow, and what its user knows of it."""

    run: Running
    token: str
    certificate: Path
    folder: Path

    def socket(self, port: int, path: str, token: str) -> ClientConnection:
        trusting = in_two_threads(ssl.create_default_context(cafile=self.certificate))
        address = f"wss://localhost:{port}{path}"
        return connect(address, ssl=trusting, subprotocols=subprotocols(token), proxy=None)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """As `configs/teleop_wifi.yml` and `panodora cert` make it, and recorded."""
    folder = tmp_path_factory.mktemp("home")
    assert main(["cert", "--folder", str(folder)]) == 0
    variables = {
        "PANODORA_CONFIG": "configs/teleop_wifi.yml",
        "PANODORA__HEADSET__CERTIFICATE": str(folder / "certificate.pem"),
        "PANODORA__HEADSET__KEY": str(folder / "key.pem"),
        "PANODORA__RECORD__FOLDER": str(folder / "recordings"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
    }
    with running(["dora", "run", "dataflows/teleop_record.yml"], **variables) as run:
        run.wait_for("`panodora address` prints the rest")
        said = panodora("address", run, variables)
        tokens = {parse_qs(urlsplit(line).query)["token"][0] for line in said.splitlines()}
        assert all(line.startswith("https://") for line in said.splitlines())
        (token,) = tokens
        yield Secured(run, token, folder / "certificate.pem", folder)
        latency = panodora("latency", run, variables, "--once")
        assert token not in latency
        assert "hand to sent" in latency
        assert run.interrupt() == 0
    assert_not_found_in_what_is_left(run, token, folder)


def panodora(command: str, run: Running, variables: dict[str, str], *arguments: str) -> str:
    ended = subprocess.run(
        [str(BIN / "panodora"), command, *arguments],
        cwd=ROOT,
        env=environment(run.ports, **variables),
        capture_output=True,
        text=True,
        timeout=program_s(),
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def assert_not_found_in_what_is_left(run: Running, token: str, folder: Path) -> None:
    """Neither in what was printed, nor in dora's logs, nor in the recording."""
    assert token not in run.said
    logs = [path.read_text() for path in (ROOT / "dataflows/out").glob("*/*.jsonl")]
    assert any("prints the rest" in text and f":{run.ports[0]}:" in text for text in logs)
    assert not any(token in text for text in logs)
    (meta,) = (folder / "recordings").glob("*/meta.json")
    assert token not in meta.read_text()
    assert json.loads(meta.read_text())["settings"]["headset"]["token"] == "**********"
    assert not list((folder / "run").glob("**/page-*.json"))


def test_who_has_the_token_sees_and_drives(secured: Secured) -> None:
    page, tracking = secured.run.ports
    viewer = AcknowledgingClient(page, token=secured.token, certificate=secured.certificate)
    viewer.start()
    assert viewer.wait_for_pictures(10, event_s())
    with secured.socket(tracking, "/tracking?client=page", secured.token) as client:
        assert receive(client).drives
        send(client, sample(Hands))
        assert client.ping().wait(event_s())
    viewer.stop()


@pytest.mark.parametrize("wrong", ["", "a" * 26, "auto"])
@pytest.mark.parametrize("path", ["/stream", "/tracking?client=page"])
def test_who_has_not_does_neither(secured: Secured, path: str, wrong: str) -> None:
    port = secured.run.ports[0 if path == "/stream" else 1]
    with secured.socket(port, path, wrong) as client:
        assert closing(client)[0] == WRONG_TOKEN


def test_a_replay_with_a_token_shows_its_pictures(secured: Secured) -> None:
    with running(
        ["panodora", "replay"],
        PANODORA_CONFIG="configs/teleop_replay.yml",
        PANODORA__HEADSET__TOKEN="auto",
        PANODORA__HEADSET__CERTIFICATE=str(secured.certificate),
        PANODORA__HEADSET__KEY=str(secured.folder / "key.pem"),
        PANODORA__REPLAY__SPEED="5",
    ) as run:
        run.wait_for("replay: finished")
        assert run.wait() == 0
    (frames,) = re.findall(r"(\d+) frames, of which", run.said)
    assert int(frames) > 10
