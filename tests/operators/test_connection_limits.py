"""Connections: how many, how fast, and what becomes of those that ask for nothing."""

import contextlib
import select
import socket
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from operators import client_socket, connection_limits, server_thread, watched_connection
from operators.connection_limits import ConnectionLimits
from operators.messages import Head, OperatorInput
from tests.operators.page_clients import closing, picture_shown, send
from tests.operators.samples import sample
from tests.operators.test_access import SOCKETS, TRACKING, Both, both
from tests.time_limits import event_s


def test_an_address_has_its_share_and_others_have_theirs() -> None:
    now = [0.0]
    limits = ConnectionLimits(lambda: now[0])
    for _ in range(connection_limits.OPEN_OF_ADDRESS):
        assert limits.admits("203.0.113.5")
    assert not limits.admits("203.0.113.5")
    assert limits.admits("203.0.113.6")
    limits.ended("203.0.113.5")
    assert limits.admits("203.0.113.5")
    assert limits.refused == 1


def test_connections_that_come_and_go_too_fast_are_refused_for_a_while() -> None:
    now = [0.0]
    limits = ConnectionLimits(lambda: now[0])

    def come_and_go() -> bool:
        admitted = limits.admits("203.0.113.5")
        if admitted:
            limits.ended("203.0.113.5")
        return admitted

    assert [come_and_go() for _ in range(150)].count(True) == connection_limits.AT_ONCE
    assert limits.admits("203.0.113.6")
    now[0] = 1.0  # however many were refused
    assert [come_and_go() for _ in range(150)].count(True) == connection_limits.PER_S


def test_all_addresses_together_have_no_more_than_there_is_room_for() -> None:
    limits = ConnectionLimits(lambda: 0.0)
    admitted = [limits.admits(f"203.0.113.{number}") for number in range(256)]
    assert all(admitted)
    assert not limits.admits("203.0.114.1")
    limits.ended("203.0.113.9")
    assert limits.admits("203.0.114.1")


@pytest.fixture
def servers() -> Iterator[Both]:
    with both(token="") as made:
        yield made


def connection(servers: Both, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(
        ("127.0.0.1", servers.ports[TRACKING]), timeout=event_s(), source_address=(source, 0)
    )


def is_closed(client: socket.socket) -> bool:
    """Whether the server ends the connection before long, however it does."""
    try:
        while client.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def send_for_ever(client: socket.socket, content: bytes) -> None:
    while True:
        client.sendall(content)


def is_open(client: socket.socket) -> bool:
    """Whether the server has not ended the connection until now."""
    readable, _, _ = select.select([client], [], [], 0)
    return not readable


def test_one_address_cannot_take_all_connections(servers: Both) -> None:
    with contextlib.ExitStack() as left_open:
        crowd = [
            left_open.enter_context(connection(servers, "127.0.0.66"))
            for _ in range(connection_limits.OPEN_OF_ADDRESS + 5)
        ]
        assert all(is_closed(each) for each in crowd[-5:])
        assert all(is_open(each) for each in crowd[:-5])
        with servers.socket(TRACKING) as good:  # from 127.0.0.1
            send(good, sample(Head))
            assert isinstance(servers.messages.next()[0], Head)
        assert any("127.0.0.66" in fault for (fault,) in servers.faults.all())


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /tracking HTTP/1.1\r\n",
        b"GET /tracking HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nslow",
    ],
    ids=["nothing", "half a line", "half a header", "half a second request", "half a body"],
)
def test_who_begins_and_never_ends_is_cut_off(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_thread, "IDLE_S", 0.2)
    monkeypatch.setattr(server_thread, "LINGER_S", 0.2)
    with both(token="") as servers, connection(servers) as slow:
        slow.sendall(begun)
        assert is_closed(slow)


@pytest.mark.parametrize(
    "huge",
    [
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nCookie: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(10_000)) + b"\r\n",
        b"x" * 100_000,
    ],
    ids=["address", "header", "headers", "nonsense"],
)
def test_a_huge_request_is_refused(servers: Both, huge: bytes) -> None:
    with connection(servers) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(huge)
        try:
            answer = client.recv(100)
        except ConnectionResetError:
            answer = b""
        assert not answer or b" 400 " in answer


def test_who_takes_no_answers_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_connection, "DEAF_S", 0.2)
    with both(token="") as servers:
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(event_s())
        with deaf:
            deaf.connect(("127.0.0.1", servers.ports["/stream"]))
            # Less than a stranger may send; the answers, 19 MB, are more than sockets hold.
            deaf.sendall(b"GET /main.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1500)
            assert "took nothing" in servers.faults.next()[0]


# Frames that never make a message: continuations of one that began (RFC 6455, section 5.4).
ENDLESS = [b"\x02\x80mask", b"\x00\x80mask" * 10_000]


def flood(client: ClientConnection, begin: bytes, for_ever: bytes) -> None:
    with contextlib.suppress(OSError):  # it is cut off, or the client's own thread has noticed
        client.socket.sendall(begin)
        send_for_ever(client.socket, for_ever)


def test_who_sends_more_than_a_headset_is_cut_off_and_kept_out(servers: Both) -> None:
    with servers.socket(TRACKING, source_address=("127.0.0.66", 0), close_timeout=0.1) as client:
        flood(client, *ENDLESS)
        assert "127.0.0.66 sent more than 1 MB a second" in servers.faults.next()[0]
    with connection(servers, "127.0.0.66") as again:
        assert is_closed(again)
    with servers.socket(TRACKING) as good:
        send(good, sample(Head))
        assert isinstance(servers.messages.next()[0], Head)


def test_who_was_kept_out_may_come_again() -> None:
    now = [0.0]
    limits = ConnectionLimits(lambda: now[0])
    limits.bar("203.0.113.5")
    assert not limits.admits("203.0.113.5")
    assert limits.admits("203.0.113.6")
    now[0] = connection_limits.BARRED_S
    assert limits.admits("203.0.113.5")


def test_a_stranger_may_send_less_than_who_is_let_in(servers: Both) -> None:
    with connection(servers) as stranger:
        with contextlib.suppress(ConnectionError):
            long = b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + 3000 * b"x" + b"\r\n\r\n"
            send_for_ever(stranger, long)
        assert is_closed(stranger)
    assert "before he is let in" in servers.faults.next()[0]


@pytest.mark.parametrize("frame", ["ping", "pong"])
@SOCKETS
def test_too_many_messages_end_the_connection_with_a_word(
    monkeypatch: pytest.MonkeyPatch, path: str, frame: str
) -> None:
    monkeypatch.setattr(client_socket, "MESSAGES_PER_S", 0)
    monkeypatch.setattr(client_socket, "MESSAGES_AT_ONCE", 10)
    monkeypatch.setattr(client_socket, "EXCESS", 20)
    with both(token="") as servers, servers.socket(path) as client:
        for _ in range(9):
            send(client, picture_shown(0) if path == "/stream" else sample(Head))
        with contextlib.suppress(ConnectionClosed):
            for _ in range(22):
                getattr(client, frame)()
        code, reason = closing(client)
        assert code == 1008
        assert "messages a second" in reason


def test_of_too_many_messages_a_stop_is_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_socket, "MESSAGES_PER_S", 0)
    monkeypatch.setattr(client_socket, "MESSAGES_AT_ONCE", 10)
    with both(token="") as servers, servers.socket(TRACKING) as client:
        for _ in range(20):
            send(client, sample(Head))
        send(client, sample(OperatorInput, stop=True))
        heard = [servers.messages.next()[0] for _ in range(11)]
    assert [type(message) for message in heard] == [Head] * 10 + [OperatorInput]
    assert heard[-1].stop
    assert "dropped 11 messages of page" in servers.faults.next()[0]
