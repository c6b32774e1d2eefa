"""Who is let in: names, pages and tokens, at all three places that want one."""

import contextlib
import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from operators import access
from operators.access import host_name, subprotocols
from operators.headset_settings import HeadsetSettings
from operators.messages import Head, Session
from operators.page_server import PageServer
from operators.rate_limit import AddressLimits
from operators.tracking_server import TrackingServer
from tests.operators.page_clients import Recorder, closing, connected, receive, send
from tests.operators.samples import sample
from tests.time_limits import event_s

TOKEN = "a-token-of-30-characters-and-x"
WRONG = TOKEN[:-1] + "y"
PUBLIC = "https://robot.example"
HANDS = "https://hands.example"


@dataclass
class Both:
    """The page's server and the tracking server of one session."""

    page: PageServer
    tracking: TrackingServer
    messages: Recorder
    faults: Recorder
    clients: Recorder

    @property
    def ports(self) -> dict[str, int]:
        return {"/stream": int(self.page.address.rpartition(":")[2]), TRACKING: self.tracking.port}

    def socket(self, path: str, token: str = "", **options: Any) -> Any:
        options = {"subprotocols": subprotocols(token), **options}
        return connected(self.ports[path], path, **options)

    def session(self, **headers: str) -> tuple[int, str]:
        """The status and the content of session.json."""
        answer, content = self.get("/session.json", headers)
        return answer.status, content.decode()

    def get(
        self, path: str, headers: Mapping[str, str | bytes], port_of: str = "/stream"
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask for something by headers of our choice alone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[port_of], timeout=event_s())
        with contextlib.closing(connection):
            connection.putrequest("GET", path, skip_host="Host" in headers)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return answer, answer.read()

    def upgrade(self, path: str, headers: Mapping[str, str | bytes]) -> int:
        """The status with which a WebSocket is taken (101) or not."""
        wanted = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        }
        return self.get(path, {**wanted, **headers}, port_of=path)[0].status


TRACKING = "/tracking?client=page"
SOCKETS = pytest.mark.parametrize("path", ["/stream", TRACKING])


@contextlib.contextmanager
def both(token: str = TOKEN, **settings: Any) -> Iterator[Both]:
    given = HeadsetSettings(**{"port": 0, "tracking_port": 0, "token": token or None, **settings})
    messages, faults, clients, unused = (Recorder() for _ in range(4))
    tracking = TrackingServer(given, messages, faults)
    tracking.start()
    page = PageServer(
        given, tracking.port, unused, unused, unused, clients, on_fault=faults, token=token
    )
    page.start()
    try:
        yield Both(page, tracking, messages, faults, clients)
    finally:
        page.stop()
        tracking.stop()


@pytest.fixture(scope="module")
def servers() -> Iterator[Both]:
    with both() as made:
        yield made


def is_in(client: ClientConnection) -> bool:
    """Whether a client was let in: then it is told something before it is closed."""
    return type(receive(client)).__name__ in ("Welcome", "Seat")


@SOCKETS
def test_who_has_the_token_is_let_in(servers: Both, path: str) -> None:
    with servers.socket(path, TOKEN) as client:
        assert is_in(client)
        assert client.subprotocol == "panodora"
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with servers.socket(path, additional_headers=bearer) as client:
        assert is_in(client)


@SOCKETS
@pytest.mark.parametrize(
    ("token", "words"),
    [("", "a token is needed"), (WRONG, "the token is wrong"), (TOKEN[:-1], "the token is wrong")],
)
def test_who_has_not_is_told_what_to_do(
    servers: Both, path: str, token: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access.Access, "client_address", lambda *_: token)
    with servers.socket(path, token) as client:
        code, reason = closing(client)
    assert code == access.WRONG_TOKEN
    assert words in reason
    assert "panodora address" in reason
    told = [fault for (fault,) in servers.faults.all()]
    assert not any(TOKEN in fault for fault in told)


@SOCKETS
def test_a_token_in_the_address_is_none(servers: Both, path: str) -> None:
    # Addresses get into the logs of proxies and browsers.
    query = "&" if "?" in path else "?"
    with connected(servers.ports[path], f"{path}{query}token={TOKEN}") as client:
        assert closing(client)[0] == access.WRONG_TOKEN


def test_the_session_is_told_to_who_has_the_token(servers: Both) -> None:
    status, content = servers.session(Authorization=f"Bearer {TOKEN}")
    assert (status, json.loads(content)["tracking"]["path"]) == (200, "/tracking")
    status, content = servers.session()
    assert status == 403
    assert "a token is needed" in content
    assert "tracking" not in content


def test_the_pages_files_are_public(servers: Both) -> None:
    answer, _ = servers.get(f"/?token={TOKEN}", {})
    assert answer.status == 200
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_after_some_wrong_tokens_an_address_must_wait_and_others_need_not() -> None:
    wrong = {"Authorization": f"Bearer {WRONG}", "X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    right = {**wrong, "Authorization": f"Bearer {TOKEN}"}
    with both(public_address=PUBLIC) as servers:
        told = [servers.session(**wrong)[0] for _ in range(access.WRONG_AT_ONCE + 1)]
        assert told == [403] * access.WRONG_AT_ONCE + [429]
        assert servers.session(**right)[0] == 429
        with servers.socket("/stream", additional_headers=wrong, subprotocols=None) as client:
            code, reason = closing(client)
        assert code == 1013  # the page tries again later
        assert "too many wrong tokens" in reason
        # What a client itself says of where it is does not count, but for what our proxy adds.
        elsewhere = {**right, "X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
        assert servers.session(**elsewhere)[0] == 200
        assert servers.session(Authorization=f"Bearer {TOKEN}")[0] == 200


def test_without_a_proxy_nobody_says_where_he_is() -> None:
    with both() as servers:
        for turn in range(access.WRONG_AT_ONCE):
            servers.session(
                **{"Authorization": f"Bearer {WRONG}", "X-Forwarded-For": f"203.0.113.{turn}"}
            )
        assert servers.session(Authorization=f"Bearer {TOKEN}")[0] == 429


def test_an_address_that_asks_for_too_much_is_told_and_others_notice_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access, "REQUESTS_AT_ONCE", 10)
    monkeypatch.setattr(access, "REQUESTS_PER_S", 0)
    with both(public_address=PUBLIC) as servers:
        crowd = {"X-Forwarded-For": "203.0.113.9"}
        told = [servers.get("/icon.svg", crowd)[0].status for _ in range(12)]
        assert told == [200] * 10 + [429] * 2
        answer, _ = servers.get("/icon.svg", crowd)
        assert answer.headers["Connection"] == "close"
        assert servers.get("/icon.svg", {})[0].status == 200


def test_waiting_helps() -> None:
    now = [0.0]
    limits = AddressLimits(1 / access.WRONG_EVERY_S, access.WRONG_AT_ONCE, lambda: now[0])
    for _ in range(access.WRONG_AT_ONCE):
        assert limits.of("203.0.113.9").take()
    assert not limits.of("203.0.113.9").would_allow()
    now[0] = access.WRONG_EVERY_S
    assert limits.of("203.0.113.9").would_allow()


def test_before_the_token_is_known_nobody_is_let_in_and_all_may_come_again() -> None:
    with both(token="auto") as servers:
        with servers.socket(TRACKING, "") as client:
            assert closing(client)[0] == 1013
        servers.tracking.set_session(Session(token="", clients=()))  # is none
        with servers.socket(TRACKING, "") as client:
            assert closing(client)[0] == 1013
        servers.tracking.set_session(Session(token=TOKEN, clients=()))
        with servers.socket(TRACKING, TOKEN) as client:
            assert is_in(client)


def test_another_token_ends_the_session_of_who_has_the_old_one(servers: Both) -> None:
    with both() as servers, servers.socket(TRACKING, TOKEN) as client:
        send(client, sample(Head))
        assert isinstance(servers.messages.next()[0], Head)
        servers.tracking.set_session(Session(token=WRONG, clients=()))
        code, reason = closing(client)
        assert code == access.WRONG_TOKEN
        assert "reload the page" in reason
        heard = [type(servers.messages.next()[0]).__name__ for _ in range(2)]
        assert heard == ["Hands", "OperatorInput"]  # the robot is let go


@SOCKETS
@pytest.mark.parametrize(
    ("settings", "host", "origin", "welcome"),
    [
        # Nobody needs a token: this machine alone.
        ({"token": ""}, "localhost:{port}", "http://localhost:{port}", True),
        ({"token": ""}, "127.0.0.1:{port}", "http://127.0.0.1:{port}", True),
        ({"token": ""}, "192.168.1.5:{port}", "http://192.168.1.5:{port}", False),
        ({"token": ""}, "evil.example:{port}", "http://evil.example:{port}", False),
        # A token, and the network.
        ({"host": "0.0.0.0"}, "192.168.1.5:{port}", "http://192.168.1.5:{port}", True),
        ({"host": "0.0.0.0"}, "192.168.1.5:{port}", "http://evil.example", False),
        ({"host": "0.0.0.0"}, "{name}:{port}", "http://{name}:{port}", True),
        ({"host": "0.0.0.0"}, "evil.example:{port}", "http://evil.example:{port}", False),
        ({"host": "0.0.0.0"}, "localhost.evil.example", "http://localhost.evil.example", False),
        # A tunnel that keeps the name it is called by, and one that does not.
        ({"public_address": PUBLIC}, "robot.example", PUBLIC, True),
        ({"public_address": PUBLIC}, "localhost:{port}", PUBLIC, True),
        ({"public_address": PUBLIC}, "robot.example", "https://evil.example", False),
        ({"public_address": PUBLIC}, "robot.example.evil", "https://robot.example.evil", False),
        ({"public_address": PUBLIC}, "evil.example", "https://evil.example", False),
        ({"public_address": PUBLIC}, "evil.example", None, False),
        (
            {"public_address": PUBLIC, "public_tracking_address": HANDS},
            "hands.example",
            PUBLIC,
            True,
        ),
    ],
)
def test_names_and_pages(
    path: str,
    settings: dict[str, Any],
    host: str,
    origin: str | None,
    welcome: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "bench.lab")
    with both(**settings) as servers:
        words = {"port": servers.ports[path], "name": "bench.local"}
        headers = {"Host": host.format(**words)}
        if origin is not None:
            headers["Origin"] = origin.format(**words)
        assert servers.upgrade(path, headers) == (101 if welcome else 403)


@pytest.mark.parametrize("header", ["Host", "Origin"])
@pytest.mark.parametrize("value", ["http://[", "[", "\xff\xfe", "null", "a b", "http://[::1"])
def test_nonsense_in_place_of_a_name_is_refused(servers: Both, header: str, value: str) -> None:
    assert servers.upgrade("/stream", {header: value.encode("latin-1")}) in (400, 403)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:8012", "localhost"),
        ("[::1]:8012", "::1"),
        ("Robot.Example", "robot.example"),
        ("", ""),
        ("[", ""),
    ],
)
def test_the_name_of_a_host(host: str, name: str) -> None:
    assert host_name(host) == name


def test_the_public_tracking_address_is_told_to_the_public_page() -> None:
    with both(public_address=PUBLIC, public_tracking_address=HANDS) as servers:
        _, content = servers.session(Authorization=f"Bearer {TOKEN}")
        assert json.loads(content)["tracking"]["public"] == {PUBLIC: "wss://hands.example/tracking"}
