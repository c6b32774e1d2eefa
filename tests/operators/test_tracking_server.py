import asyncio
import contextlib
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from operators import tracking_server
from operators.fault_report import FaultReport
from operators.message import Message
from operators.messages import Controllers, Hands, Head, OperatorInput
from operators.page_layout import encode_bytes
from operators.page_messages import Watch
from operators.seat_messages import Claim, Heard, Seat
from operators.settings import HeadsetSettings, SettingsError
from operators.tracking_server import TrackingServer
from tests.operators.page_clients import (
    Recorder,
    closing,
    connected,
    receive,
    send,
    send_half_a_frame,
)
from tests.operators.samples import sample
from tests.time_limits import event_s


class Served:
    """A tracking server, and what it calls back."""

    def __init__(self, **settings: Any) -> None:
        self.messages, self.faults = Recorder(), Recorder()
        self.server = TrackingServer(
            HeadsetSettings(**{"tracking_port": 0, "silence_s": event_s(), **settings}),
            self.messages,
            self.faults,
        )
        self.server.start()

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *error: object) -> None:
        self.server.stop()

    def client(
        self, name: str = "page-1", *, query: str = "", **options: Any
    ) -> AbstractContextManager[ClientConnection]:
        return connected(self.server.port, f"/tracking?client={name}{query}", **options)

    def assert_let_go(self, client: str) -> None:
        """The next that is heard of a client: its hands are lost, and the robot shall stop."""
        hands, name, _, received_ns = self.messages.next()
        assert isinstance(hands, Hands)
        hands.check()
        assert (name, hands.client) == (client, client)
        assert not hands.valid.any()
        assert np.isnan(hands.stage_from_wrist).all()
        keys, name, _, also_received_ns = self.messages.next()
        assert isinstance(keys, OperatorInput)
        assert (name, received_ns) == (client, also_received_ns)
        assert keys.stop
        assert not any((keys.engage, keys.recentre, *keys.clutch))


@pytest.fixture
def served() -> Iterator[Served]:
    with Served() as made:
        yield made


def seat(client: ClientConnection) -> Seat:
    """The next that a client is told of who drives."""
    while isinstance(message := receive(client), Heard):
        pass
    assert isinstance(message, Seat)
    return message


def told(client: ClientConnection) -> tuple[bool, bool, int, str]:
    """Whether it drives, whether anyone does, how many others there are, and why."""
    message = seat(client)
    return message.drives, message.taken, message.others, message.reason


def wait_for_pong(client: ClientConnection) -> None:
    """What was sent before has been looked at."""
    assert client.ping().wait(event_s())


def same(left: Message, right: Message, but: str = "") -> bool:
    return type(left) is type(right) and all(
        np.array_equal(getattr(left, field.name), getattr(right, field.name), equal_nan=False)
        for field in left.FIELDS
        if field.name != but
    )


@pytest.mark.parametrize("message_type", [Head, Hands, Controllers, OperatorInput])
def test_hands_on_what_the_page_says(served: Served, message_type: type[Message]) -> None:
    with served.client("page-7", origin="http://127.0.0.1:8012") as client:
        said = sample(message_type, client="someone else")
        send(client, said, time_ms=1234.5)
        message, name, time_ms, received_ns = served.messages.next()
    assert same(message, said, but="client")
    assert (message.client, name, time_ms) == ("page-7", "page-7", 1234.5)
    assert received_ns > 0


def test_a_client_is_told_which_of_its_samples_came(served: Served) -> None:
    with served.client() as client:
        send(client, sample(Hands), time_ms=7.5)
        while not isinstance(heard := receive(client), Heard):
            pass
        assert heard.sample_ms == 7.5
        # One that a busy server comes to late speaks for those before it.
        for k in range(20):
            send(client, sample(Hands), time_ms=8.5 + k)
        while heard.sample_ms < 27.5:
            later = receive(client)
            assert isinstance(later, Heard)
            assert later.sample_ms > heard.sample_ms
            heard = later


def test_a_taken_port_is_a_setting_to_change(served: Served) -> None:
    with pytest.raises(SettingsError) as refused, Served(tracking_port=served.server.port):
        pass
    for word in (str(served.server.port), "headset.tracking_port", "PANODORA__HEADSET__TRACKING"):
        assert word in str(refused.value)


@pytest.mark.parametrize("origin", ["http://evil.example:8012", "null", "http://127.0.0.1.evil"])
def test_another_sites_page_is_refused(served: Served, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, served.client(origin=origin):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("name", ["", "a%20b", "x" * 65, "%0a", "../x"])
def test_a_client_must_have_a_name(served: Served, name: str) -> None:
    with pytest.raises(InvalidStatus) as refused, served.client(name):
        pass
    assert refused.value.response.status_code == 400


def not_a_number() -> bytes:
    head = sample(Head)
    head.stage_from_head[0, 3] = np.nan
    return encode_bytes(head, 1.0)


def sheared() -> bytes:
    hands = sample(Hands)
    hands.stage_from_wrist[1, 0, 1] += 0.5
    return encode_bytes(hands, 1.0)


def wrong_version() -> bytes:
    content = bytearray(encode_bytes(sample(Head), 1.0))
    content[2] = 99
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("hands", "expected bytes, got text"),
        (b"\x00", "expected at least 12 bytes"),
        (encode_bytes(sample(Hands), 1.0)[:-1], "hands.squeeze"),
        (b"\xff" * 64, "finite time"),
        (not_a_number(), "head.stage_from_head"),
        (sheared(), "hands.stage_from_wrist: expected rigid"),
        (wrong_version(), "expected version 1, got 99"),
        (encode_bytes(Watch(watching=True), 1.0), "watch is not for this port"),
    ],
)
def test_a_message_that_cannot_be_used_is_dropped_and_the_next_is_taken(
    served: Served, content: bytes | str, words: str
) -> None:
    with served.client() as client:
        client.send(content)
        send(client, sample(Head))
        assert isinstance(served.messages.next()[0], Head)
        (fault,) = served.faults.next()
        assert "page-1" in fault
        assert words in fault


def test_half_a_frame_neither_drives_nor_keeps_others_from_driving() -> None:
    with Served(silence_s=0.01) as served, served.client("half", close_timeout=0.1) as half:
        send(half, sample(Hands))
        assert served.messages.next()[0].valid.all()
        send_half_a_frame(half)
        served.assert_let_go("half")
        with served.client("whole", query="&take_over=1") as whole:
            send(whole, sample(Head))
            served.assert_let_go("half")
            assert served.messages.next()[1] == "whole"


def test_a_huge_message_ends_the_connection_and_the_robot_is_let_go(served: Served) -> None:
    with served.client() as client:
        send(client, sample(Hands))
        served.messages.next()
        with contextlib.suppress(ConnectionClosed):
            client.send(bytes(100_000_000))
        assert closing(client)[0] in (1009, 1006)
        served.assert_let_go("page-1")
        assert "headset.max_message_bytes" in served.faults.next()[0]
    with served.client("page-2", source_address=("127.0.0.2", 0)) as client:
        send(client, sample(Head))
        assert served.messages.next()[1] == "page-2"


def test_the_robot_is_let_go_when_its_driver_leaves(served: Served) -> None:
    with served.client() as client:
        send(client, sample(OperatorInput, engage=True))
        assert served.messages.next()[0].engage
    served.assert_let_go("page-1")


def test_the_robot_is_let_go_when_its_driver_falls_silent() -> None:
    with Served(silence_s=0.01) as served, served.client() as client:
        send(client, sample(Hands))
        assert served.messages.next()[0].valid.all()
        served.assert_let_go("page-1")
        send(client, sample(Hands))  # it may go on
        assert served.messages.next()[0].valid.all()
        served.assert_let_go("page-1")
    served.assert_let_go("page-1")
    assert not served.messages.all()  # and is not let go twice


def test_who_comes_second_watches_and_may_take_over(served: Served) -> None:
    with served.client("first") as first:
        assert told(first) == (True, True, 0, "")
        send(first, sample(Hands))
        assert served.messages.next()[1] == "first"
        with served.client("second") as second:
            assert told(second) == (False, True, 1, "somebody else drives")
            assert seat(first).others == 1
            send(second, sample(Hands))
            send(second, Claim(drive=True))
            served.assert_let_go("first")  # what the second said before was not for the robot
            assert seat(second).drives
            assert told(first) == (False, True, 1, "somebody else has taken over")
            send(first, sample(Hands))
            send(second, sample(Head))
            assert served.messages.next()[1] == "second"
        served.assert_let_go("second")
        # Nobody drives because someone else has left: to drive again is to say so.
        assert told(first) == (False, False, 0, "nobody drives")
        send(first, sample(Hands))
        send(first, Claim(drive=True))
        assert seat(first).drives
        send(first, sample(Head))
        assert isinstance(served.messages.next()[0], Head)


def test_a_driver_hands_over(served: Served) -> None:
    with served.client("first") as first, served.client("second") as second:
        send(first, sample(Hands))
        served.messages.next()
        send(first, Claim(drive=False))
        served.assert_let_go("first")
        while (told := seat(second)).taken:
            pass
        assert told.reason == "nobody drives"
        send(second, Claim(drive=True))
        send(second, sample(Head))
        assert served.messages.next()[1] == "second"


@pytest.mark.parametrize("query", ["&watch=1", "&watch=1&take_over=1"])
def test_who_only_watches_gets_no_seat(served: Served, query: str) -> None:
    with served.client("onlooker", query=query) as onlooker:
        assert not seat(onlooker).taken
        with served.client("driver") as driver:
            assert seat(driver).drives


@pytest.mark.parametrize("stop", [False, True])
def test_whoever_watches_can_stop_the_robot_and_do_nothing_else(served: Served, stop: bool) -> None:
    with served.client("driver") as driver, served.client("onlooker") as onlooker:
        send(driver, sample(Head))
        served.messages.next()
        pressed = sample(OperatorInput, engage=True, stop=stop)
        send(onlooker, pressed)
        send(onlooker, Claim(drive=False))  # is not its to give
        wait_for_pong(onlooker)
        heard = served.messages.all()
        assert len(heard) == stop
        for keys, name, *_ in heard:
            assert (keys.client, name, keys.stop, keys.engage) == ("driver", "driver", True, False)


def test_the_same_tab_that_connects_anew_drives_again(served: Served) -> None:
    with served.client("page-1", query="&operator=tab-a") as before:
        send(before, sample(Hands))
        served.messages.next()
        with served.client("page-2", query="&operator=tab-a") as after:
            assert seat(after).drives
            assert closing(before)[0] == 4001
            served.assert_let_go("page-1")


def test_a_driver_that_is_silent_for_long_yields_to_who_comes(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served.client("hidden") as hidden:
        send(hidden, sample(Hands))
        served.messages.next()
        with served.client("second") as second:
            assert not seat(second).drives
        monkeypatch.setattr(tracking_server, "YIELDS_AFTER_S", -1.0)
        with served.client("third") as third:
            assert seat(third).drives
            served.assert_let_go("hidden")


def test_no_more_clients_than_allowed() -> None:
    with Served(max_clients=1) as served, served.client("one") as one:
        assert seat(one).drives
        with served.client("two") as two:
            code, reason = closing(two)
        assert code == 1013
        assert "headset.max_clients" in reason


def test_who_is_told_much_and_reads_nothing_holds_up_nobody(served: Served) -> None:
    small = socket.create_connection(("127.0.0.1", served.server.port))
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with (
        served.client("deaf", sock=small, max_queue=1, close_timeout=0.1),
        served.client("good") as good,
    ):
        for turn in range(400):
            send(good, Claim(drive=turn % 2 == 0))
            while seat(good).drives != (turn % 2 == 0):
                pass
        send(good, Claim(drive=True))
        send(good, sample(Head))
        assert served.messages.next()[1] == "good"


def test_stopping_lets_the_robot_go(served: Served) -> None:
    with served.client() as client:
        send(client, sample(Hands))
        served.messages.next()
        served.server.stop()
        served.assert_let_go("page-1")
        assert closing(client) == (1001, "the server stops")


def test_faults_are_told_at_once_and_then_counted() -> None:
    said = Recorder()

    async def make_faults() -> None:
        faults = FaultReport(said, interval_s=0.001)
        for number in range(1000):
            faults.add(f"fault {number}")
        assert said.all() == [("fault 0",)]
        while not (told := said.all()):
            await asyncio.sleep(0)
        assert told == [("999 more faults, the latest: fault 999",)]
        assert faults.total == 1000

    asyncio.run(make_faults())


def test_a_client_that_goes_on_talking_still_learns_that_it_was_replaced(served: Served) -> None:
    """Or it would come back, and both would take over from each other for ever."""
    with served.client("first", query="&operator=tab-a", max_queue=None) as first:
        send(first, sample(Hands))
        served.messages.next()
        with served.client("second", query="&operator=tab-a") as second:
            for _ in range(200):
                with contextlib.suppress(ConnectionClosed):
                    send(first, sample(Head))
            assert closing(first)[0] == 4001
            assert seat(second).drives
