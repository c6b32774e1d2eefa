import contextlib
import http.client
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
import simplejpeg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from operators import picture_stream
from operators.align_messages import AlignCommand
from operators.header import Header
from operators.messages import LatencySummary, OperatorInput, OperatorState, Panorama
from operators.page_layout import encode_bytes
from operators.page_messages import ClockAnswer, ClockQuestion, Picture, Watch, Welcome
from operators.page_server import PageServer
from operators.page_site import PAGE_FOLDER
from operators.settings import HeadsetSettings, SettingsError
from tests.operators.page_clients import (
    Recorder,
    closing,
    connected,
    picture_shown,
    receive,
    receive_any,
    send,
    send_half_a_frame,
)
from tests.time_limits import event_s

NOISE = np.random.default_rng(3).integers(0, 256, (256, 512, 3), np.uint8)


class Served:
    """A page server, and what it calls back."""

    def __init__(self, tracking_port: int | None = 8013, **settings: Any) -> None:
        self.sent, self.shown, self.clock = Recorder(), Recorder(), Recorder()
        self.clients, self.faults = Recorder(), Recorder()
        self.server = PageServer(
            HeadsetSettings(**{"port": 0, **settings}),
            tracking_port,
            self.sent,
            self.shown,
            self.clock,
            self.clients,
            self.faults,
        )
        self.server.start()

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *error: object) -> None:
        self.server.stop()

    @property
    def port(self) -> int:
        return int(self.server.address.rpartition(":")[2])

    def page(self, **options: Any) -> AbstractContextManager[ClientConnection]:
        return connected(self.port, "/stream", **options)

    def offer(self, seq: int) -> None:
        version = np.full((4, 8), seq, np.int64)
        panorama = Panorama(pixels=NOISE, tile_size=64, tile_version=version)
        self.server.offer(panorama, Header(seq, capture_ns=seq), received_ns=1)

    def get(self, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=event_s())
        connection.putrequest("GET", path)
        connection.putheader("Connection", "close")
        connection.endheaders()
        return connection.getresponse()


@pytest.fixture
def served() -> Iterator[Served]:
    with Served() as made:
        yield made


@pytest.fixture
def encodings(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows by one each time a JPEG is made."""
    made: list[object] = []
    encode: Any = simplejpeg.encode_jpeg

    def encode_jpeg(pixels: Any, **options: Any) -> Any:
        made.append(pixels)
        return encode(pixels, **options)

    monkeypatch.setattr(picture_stream.simplejpeg, "encode_jpeg", encode_jpeg)
    return made


def state(reason: str) -> OperatorState:
    return OperatorState(
        state="holding",
        reason=reason,
        left_state="holding",
        left_reason="",
        right_state="holding",
        right_reason="",
    )


def keys() -> OperatorInput:
    return OperatorInput(
        source="",
        client="",
        engage=False,
        stop=False,
        recentre=False,
        clutch=np.zeros(2, bool),
    )


def welcome(client: ClientConnection) -> Welcome:
    message = receive(client)
    assert isinstance(message, Welcome)
    return message


def picture(client: ClientConnection) -> Picture:
    message = receive(client)
    assert isinstance(message, Picture)
    return message


def assert_no_picture_before(served: Served, marker: str, *clients: ClientConnection) -> None:
    """What was allowed to leave has left before this marker."""
    served.server.show(state(marker))
    for client in clients:
        message = receive(client)
        assert isinstance(message, OperatorState)
        assert message.reason == marker


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/main.js", "text/javascript; charset=utf-8"),
        ("/messages.js", "text/javascript; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
def test_serves_the_page(served: Served, path: str, kind: str) -> None:
    answer = served.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert answer.read() == (PAGE_FOLDER / (path[1:] or "index.html")).read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "/.",
        "/..",
        "//",
        "/../../pyproject.toml",
        "/..%2f..%2fpyproject.toml",
        "/%2e%2e/%2e%2e/pyproject.toml",
        "/..%5c..%5cpyproject.toml",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/main.js%00.html",
        "/main.js/",
        "/assets/page/main.js",
        "/static",
        "/nothing.js",
    ],
)
def test_serves_nothing_but_the_page(served: Served, path: str) -> None:
    assert served.get(path).status == 404


@pytest.mark.parametrize(
    ("tracking_port", "content"),
    [(8013, b'{"tracking": {"port": 8013, "path": "/tracking"}}'), (None, b'{"tracking": null}')],
)
def test_tells_where_tracking_is(tracking_port: int | None, content: bytes) -> None:
    with Served(tracking_port) as served:
        assert served.get("/session.json").read() == content
        with served.page() as client:
            assert welcome(client).recording is (tracking_port is None)


def test_a_taken_port_is_a_setting_to_change(served: Served) -> None:
    with pytest.raises(SettingsError) as refused, Served(port=served.port):
        pass
    for word in (str(served.port), "headset.port", "PANODORA__HEADSET__PORT", "taken"):
        assert word in str(refused.value)


def test_a_name_that_is_made_to_point_here_is_refused(served: Served) -> None:
    # DNS rebinding: to the browser the attacker's page and this server are of one origin.
    host = f"evil.example:{served.port}"
    url = f"http://127.0.0.1:{served.port}/stream"
    request = urllib.request.Request(url, headers={"Host": host, "Origin": f"http://{host}"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_the_address_is_one_that_browsers_trust(host: str) -> None:
    with Served(host=host) as served:
        assert served.server.address == f"http://localhost:{served.port}"


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:1", "null", "file://"])
def test_another_sites_page_is_refused(served: Served, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, served.page(origin=origin):
        pass
    assert refused.value.response.status_code == 403
    assert origin.encode() in refused.value.response.body


def test_our_own_page_is_welcome(served: Served) -> None:
    with served.page(origin=f"http://127.0.0.1:{served.port}") as client:
        assert welcome(client).client
        (names, watching) = served.clients.next()
        assert (len(names), watching) == (1, 1)
    assert served.clients.next() == ((), 0)


def test_a_picture_arrives_and_is_accounted_for(served: Served) -> None:
    with served.page() as client:
        name = welcome(client).client
        served.offer(12)
        got = picture(client)
        assert got.frame_seq == 12
        assert simplejpeg.decode_jpeg(got.jpeg.tobytes()).shape == NOISE.shape
        sent, header, received_ns, started_ns, sent_ns = served.sent.next()
        assert (sent.client, sent.frame_seq) == (name, 12)
        assert sent.size > got.jpeg.size
        assert header.capture_ns == 12
        assert received_ns < started_ns < sent_ns
        send(client, picture_shown(12))
        (message,) = served.shown.next()
        assert (message.frame_seq, message.client, message.clock) == (12, name, "performance.now")
        assert (message.received_ms, message.decoded_ms, message.shown_ms) == (1, 2, 5)


def answer(question: ClockQuestion) -> ClockAnswer:
    return ClockAnswer(number=question.number, received_ms=-7.0, answered_ms=-6.5)


def question(client: ClientConnection) -> ClockQuestion:
    while not isinstance(message := receive_any(client), ClockQuestion):
        pass
    return message


def test_clients_are_asked_for_their_clocks(served: Served) -> None:
    with served.page() as client, served.page() as other:
        names = [welcome(each).client for each in (client, other)]
        for _ in range(3):
            for each, name in zip((client, other), names, strict=True):
                before_ns = time.monotonic_ns()
                send(each, answer(question(each)))
                (exchange,) = served.clock.next()
                assert (exchange.client, exchange.received_ms) == (name, -7.0)
                assert exchange.asked_ns <= exchange.heard_ns
                assert before_ns < exchange.heard_ns < time.monotonic_ns()


def test_an_answer_that_nobody_asked_for_is_ignored(served: Served) -> None:
    with served.page() as client:
        asked = question(client)
        for number in (asked.number, asked.number, -1, 2**60):
            send(client, answer(ClockQuestion(number=number)))
        served.offer(0)
        picture(client)
        send(client, picture_shown(0))
        served.shown.next()
        assert len(served.clock.all()) == 1
        assert served.server.ignored == 3


@pytest.mark.parametrize("in_flight", [1, 2, 4])
def test_a_client_that_acknowledges_nothing_gets_no_more(in_flight: int) -> None:
    with Served(frames_in_flight=in_flight) as served, served.page() as client:
        welcome(client)
        for seq in range(in_flight):
            served.offer(seq)
            assert picture(client).frame_seq == seq
        for seq in range(in_flight, 20):
            served.offer(seq)
        assert_no_picture_before(served, "no credit", client)
        send(client, picture_shown(0))
        assert picture(client).frame_seq == 19  # the newest, and none of those between


@pytest.mark.parametrize("acknowledged", [[-1, 2**62], [0, 0, 0, 0], list(range(100, 200))])
def test_false_acknowledgements_buy_nothing(served: Served, acknowledged: list[int]) -> None:
    with served.page() as client:
        welcome(client)
        for seq in (0, 1):
            served.offer(seq)
            assert picture(client).frame_seq == seq
        for seq in acknowledged:
            send(client, picture_shown(seq))
        send(client, picture_shown(1))  # settles both at the latest
        for seq in (2, 3):
            served.offer(seq)
            assert picture(client).frame_seq == seq
        served.offer(4)
        assert_no_picture_before(served, "still two", client)
        assert served.server.ignored >= len(acknowledged) - 2


def test_encodes_once_for_all_and_never_for_nobody(served: Served, encodings: list[object]) -> None:
    served.offer(0)
    with served.page() as first, served.page() as second:
        for client in (first, second):
            welcome(client)
            assert picture(client).frame_seq == 0  # kept for those who come later
        served.offer(1)
        assert [picture(client).frame_seq for client in (first, second)] == [1, 1]
        assert len(encodings) == 2
        assert_no_picture_before(served, "sent to both", first, second)
        for seq in range(2, 10):  # nobody has credit
            served.offer(seq)
        assert_no_picture_before(served, "no credit", first)
        assert len(encodings) == 2


def test_a_paused_client_gets_messages_but_no_pictures(
    served: Served, encodings: list[object]
) -> None:
    with served.page() as client:
        welcome(client)
        assert served.clients.next()[1] == 1
        send(client, Watch(watching=False))
        assert served.clients.next()[1] == 0
        served.offer(0)
        assert_no_picture_before(served, "paused", client)
        assert not encodings
        send(client, Watch(watching=True))
        assert served.clients.next()[1] == 1
        assert picture(client).frame_seq == 0


def test_a_late_client_is_told_how_things_are(served: Served) -> None:
    summary = LatencySummary(
        stages=("hand to sent",),
        rate_hz=np.array([60.0]),
        lost=np.array([0]),
        p50_ms=np.array([24.0]),
        p95_ms=np.array([np.nan]),
    )
    served.server.show(state("old"))
    served.server.show(state("new"))
    served.server.show(summary)
    with served.page() as client:
        welcome(client)
        told = [receive(client), receive(client)]
    assert isinstance(told[0], OperatorState)
    assert told[0].reason == "new"
    assert isinstance(told[1], LatencySummary)
    assert told[1].p50_ms == [24.0]


def wrong_version() -> bytes:
    content = bytearray(encode_bytes(picture_shown(0), 1.0))
    content[2] = 99
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        ("shown", 1007, "expected bytes, got text"),
        (b"", 1007, "expected at least 12 bytes, got 0"),
        (encode_bytes(picture_shown(0), 1.0)[:20], 1007, "picture_shown"),
        (encode_bytes(picture_shown(0), 1.0) + b"x", 1007, "left over"),
        (encode_bytes(picture_shown(0), float("nan")), 1007, "finite"),
        (wrong_version(), 1007, "reload the page"),
        (encode_bytes(keys(), 1.0), 1008, "operator_input is not for this port"),
    ],
    ids=["text", "empty", "half", "too long", "NaN", "version", "wrong port"],
)
def test_a_client_that_talks_nonsense_is_told_and_others_notice_nothing(
    served: Served, content: str | bytes, code: int, reason: str
) -> None:
    with served.page() as good, served.page() as bad:
        welcome(good)
        name = welcome(bad).client
        bad.send(content)
        told, words = closing(bad)
        assert told == code
        assert reason in words
        (fault,) = served.faults.next()
        assert name in fault
        served.offer(0)
        assert picture(good).frame_seq == 0


def test_half_a_frame_holds_up_nobody(served: Served) -> None:
    with served.page() as good, served.page(close_timeout=0.1) as bad:
        welcome(good)
        welcome(bad)
        send_half_a_frame(bad)
        for seq in range(20):
            served.offer(seq)
            assert picture(good).frame_seq == seq
            send(good, picture_shown(seq))
            served.shown.next()


def test_a_huge_message_is_not_even_read(served: Served) -> None:
    with served.page() as good, served.page() as bad:
        welcome(good)
        welcome(bad)
        with contextlib.suppress(ConnectionClosed):
            bad.send(bytes(100_000_000))
        # The reason may get lost, as the connection is cut while the client still talks.
        assert closing(bad)[0] in (1009, 1006)
        (fault,) = served.faults.next()
        assert "headset.max_message_bytes" in fault
        served.offer(0)
        assert picture(good).frame_seq == 0


def test_a_client_that_reads_nothing_holds_up_nobody(served: Served) -> None:
    """It claims to have seen each picture, so that only its full socket can stop its stream."""
    small = socket.create_connection(("127.0.0.1", served.port))
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with served.page() as good, served.page(sock=small, max_queue=1, close_timeout=0.1) as deaf:
        welcome(good)
        name = welcome(deaf).client
        frames = 200
        for seq in range(frames):
            served.offer(seq)
            assert picture(good).frame_seq == seq
            send(good, picture_shown(seq))
            send(deaf, picture_shown(seq))
            served.shown.next()
        left = [sent for sent, *_ in served.sent.all() if sent.client == name]
        assert frames * left[0].size > 15e6
        assert sum(sent.size for sent in left) < 10e6  # what the kernel's buffers took


def test_a_client_too_many_is_told(served: Served) -> None:
    with Served(max_clients=1) as small, small.page() as first:
        welcome(first)
        with small.page() as second:
            code, reason = closing(second)
        assert code == 1013
        assert "headset.max_clients" in reason
        small.offer(0)
        assert picture(first).frame_seq == 0


def test_stops_and_starts_again_on_the_same_port(served: Served) -> None:
    with served.page() as client:
        welcome(client)
        served.server.stop()
        assert closing(client) == (1001, "the server stops")
    served.server.stop()  # once more does nothing
    served.offer(0)  # nor does a frame that comes too late
    with Served(port=served.port) as again, again.page() as client:
        welcome(client)


@pytest.mark.parametrize(
    "begun", [b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\nx"]
)
def test_a_connection_left_open_does_not_delay_the_stop(served: Served, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=event_s()) as left:
        left.sendall(b"GET /session.json HTTP/1.1\r\nHost: here\r\n\r\n")
        assert left.recv(65536).startswith(b"HTTP/1.1 200")
        left.sendall(begun)
        served.server.stop()
        with contextlib.suppress(ConnectionResetError):
            while left.recv(65536):
                pass


def test_a_page_of_its_own_kind_may_say_what_others_may_not(served: Served) -> None:
    command = AlignCommand(command="undo", gesture=4, values=np.array([1.5]), word="")
    with served.page() as page:
        receive(page)
        send(page, command)
        with pytest.raises(ConnectionClosed) as closed:
            receive(page)
    assert "align_command is not for this port" in str(closed.value)
    heard = Recorder()
    quiet = Recorder()
    server = PageServer(
        HeadsetSettings(port=0, tracking_port=None),
        None,
        *[quiet] * 5,
        on_message={AlignCommand: heard},
    )
    server.start()
    with connected(int(server.address.rpartition(":")[2]), "/stream") as page:
        welcome = receive(page)
        send(page, command)
        said, client = heard.next()
    server.stop()
    assert isinstance(welcome, Welcome)
    assert client == welcome.client
    assert said.says_the_same_as(command)
