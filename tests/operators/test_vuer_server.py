from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import msgpack
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from operators.headset_servers import page_site, tracking_server
from operators.messages import Hands, Head, OperatorInput, Session
from operators.page_site import OwnPage
from operators.settings import HeadsetSettings
from operators.tracking_server import TrackingServer
from tests.operators.page_clients import Recorder, closing, connected
from tests.operators.vuer_captures import captured

pytest.importorskip("vuer", reason="needs the extra: pip install -e '.[vuer]'")

from operators.vuer_server import VuerServer
from operators.vuer_site import VuerSite
from tests.time_limits import event_s

TOKEN = "0123456789abcdefghijkl"
KEYS = {"engage": False, "stop": False, "recentre": False, "clutch": [False, False]}


class Served:
    """A server for Vuer's client, and what it calls back."""

    def __init__(self, **settings: Any) -> None:
        self.messages, self.faults = Recorder(), Recorder()
        self.server = VuerServer(
            HeadsetSettings(**{"tracking_port": 0, **settings}), self.messages, self.faults
        )
        self.server.start()

    def client(
        self, name: str = "page-1", query: str = "&source=vuer-emulator", **options: Any
    ) -> AbstractContextManager[ClientConnection]:
        return connected(self.server.port, f"/tracking?client={name}{query}", **options)


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.server.stop()


def told(client: ClientConnection) -> dict[str, Any]:
    """The next event that a client is told."""
    content = client.recv(timeout=event_s())
    event: dict[str, Any] = msgpack.unpackb(content)
    return event


def seat(client: ClientConnection) -> tuple[bool, str]:
    event = told(client)
    assert event["etype"] == "PANODORA_SEAT"
    return event["data"]["drives"], event["data"]["reason"]


def say(client: ClientConnection, kind: str, **value: Any) -> None:
    client.send(msgpack.packb({"etype": kind, "ts": 1.0, "value": value}))


def test_the_scene_comes_first_and_whole(served: Served) -> None:
    with served.client() as client:
        event = told(client)
        assert (event["etype"], event["data"]["tag"]) == ("SET", "Scene")
        elements = {each["tag"]: each for each in event["data"]["bgChildren"]}
        assert set(elements) == {"Panodora", "Head", "Hands", "MotionControllers"}
        assert all(elements[tag]["stream"] for tag in ("Head", "Hands", "MotionControllers"))
        assert seat(client) == (True, "")


@pytest.mark.parametrize(("name", "kind"), [("hands", Hands), ("head", Head), ("old_hands", Hands)])
def test_hands_on_what_the_client_says(served: Served, name: str, kind: type) -> None:
    with served.client("page-7") as client:
        client.send(captured(name))
        message, who, _, received_ns = served.messages.next()
    assert isinstance(message, kind)
    assert (message.source, message.client, who) == ("vuer-emulator", "page-7", "page-7")  # type: ignore[attr-defined]
    assert received_ns > 0


@pytest.mark.parametrize("given", ["", "&source=replay", "&source=desktop"])
def test_a_client_cannot_pass_for_another_source(served: Served, given: str) -> None:
    with served.client(query=given) as client:
        client.send(captured("hands"))
        assert served.messages.next()[0].source == "vuer"


def test_the_robot_is_let_go_when_its_driver_leaves(served: Served) -> None:
    with served.client() as client:
        client.send(captured("hands"))
        served.messages.next()
    hands, keys = served.messages.next()[0], served.messages.next()[0]
    assert not hands.valid.any()
    assert isinstance(keys, OperatorInput)
    assert keys.stop


def test_who_enters_vr_takes_over_and_who_watches_can_stop(served: Served) -> None:
    with served.client("page-1") as first, served.client("page-2") as second:
        for client in (first, second):
            assert told(client)["etype"] == "SET"
        assert seat(first)[0]
        assert not seat(second)[0]
        first.send(captured("hands"))
        served.messages.next()
        say(second, "PANODORA_KEYS", **{**KEYS, "stop": True})
        assert served.messages.next()[0].stop
        say(second, "PANODORA_CLAIM")
        assert seat(second) == (True, "")
        second.send(captured("head"))
        while (message := served.messages.next()[0]).client != "page-2":
            assert message.client == "page-1"


def test_what_cannot_be_read_is_dropped_and_the_next_is_taken(served: Served) -> None:
    with served.client() as client:
        client.send(b"\xc1")
        say(client, "HAND_MOVE", left=[1.0, 2.0])
        client.send(captured("head"))
        assert isinstance(served.messages.next()[0], Head)
    assert "page-1" in served.faults.next()[0]


def test_messages_are_not_compressed(served: Served) -> None:
    with served.client() as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers


def test_another_sites_page_is_refused(served: Served) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        served.client(origin="https://evil.example"),
    ):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["/", "/workspace/README.md", "/relay", "/assets/x.js"])
def test_nothing_but_the_socket_is_there(served: Served, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused, connected(served.server.port, path):
        pass
    assert refused.value.response.status_code == 404


def test_a_token_is_wanted_as_of_our_own_page() -> None:
    served = Served(token=TOKEN)
    served.server.set_session(Session(token=TOKEN, clients=()))
    try:
        with served.client() as client:
            assert closing(client)[0] == 4003
        shown = ["panodora", f"token.{TOKEN}"]
        with served.client(subprotocols=shown) as client:
            assert told(client)["etype"] == "SET"
    finally:
        served.server.stop()


@pytest.mark.parametrize(
    ("client", "server", "site"),
    [("page", TrackingServer, OwnPage), ("vuer", VuerServer, VuerSite)],
)
def test_a_setting_chooses(client: Any, server: type, site: type) -> None:
    settings = HeadsetSettings(client=client, tracking_port=0)
    assert type(tracking_server(settings, Recorder(), Recorder())) is server
    assert type(page_site(settings)) is site
