"""Clients that misbehave while a real dataflow runs: its loop and its other clients go on."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from operators.acknowledging_client import AcknowledgingClient
from operators.messages import Hands
from operators.page_layout import encode_bytes
from operators.page_messages import ClockAnswer
from tests.dataflows.running import Running, assert_nothing_left, left_shared_memory, running
from tests.operators.page_clients import connected, picture_shown, send, send_half_a_frame
from tests.operators.samples import sample
from tests.time_limits import event_s

pytestmark = [pytest.mark.dataflow, pytest.mark.gl]

MORE_PICTURES = 30


@pytest.fixture(scope="module")
def loop() -> Iterator[tuple[Running, AcknowledgingClient]]:
    """A running loop with one good client."""
    before = left_shared_memory()
    with running(["dora", "run", "dataflows/teleop.yml"]) as run:
        run.wait_for("Open http://localhost:")
        client = AcknowledgingClient(run.ports[0])
        client.start()
        assert client.wait_for_pictures(3, event_s())
        yield run, client
        client.stop()
        assert run.interrupt() == 0
    assert "Traceback" not in run.said
    assert_nothing_left(run, before)


def acknowledge_everything(client: ClientConnection) -> None:
    for seq in [-1, 2**62, *range(1000)]:
        send(client, picture_shown(seq))
        send(client, ClockAnswer(number=seq, received_ms=float(seq), answered_ms=1e300))


def flood(client: ClientConnection, frame: bytes) -> None:
    """Two million bytes of a frame (RFC 6455), or as many as are taken."""
    with contextlib.suppress(OSError):
        client.socket.sendall(b"\x02\x80mask" if frame[0] == 0 else b"")
        for _ in range(30):
            client.socket.sendall(frame * 11_000)


MISBEHAVIOUR: dict[str, Callable[[ClientConnection], object]] = {
    "never acknowledges": lambda client: None,
    "acknowledges everything": acknowledge_everything,
    "text for binary": lambda client: client.send("hands"),
    "half a message": lambda client: client.send(encode_bytes(sample(Hands), 1.0)[:500]),
    "half a frame": send_half_a_frame,
    "100 MB": lambda client: client.send(bytes(100_000_000)),
    "a flood of messages": lambda client: flood(client, b"\x82\x80mask"),
    "a flood of pings": lambda client: flood(client, b"\x89\x80mask"),
    "frames without an end": lambda client: flood(client, b"\x00\x80mask"),
}

ADDRESSES = (f"127.0.0.{number}" for number in range(2, 255))
"""Each from an address of its own: who floods is kept out for a while."""


@pytest.mark.parametrize("path", ["/stream", "/tracking?client=hostile"])
@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_the_loop_and_other_clients_go_on(
    loop: tuple[Running, AcknowledgingClient], name: str, path: str
) -> None:
    run, good = loop
    port = run.ports[0 if path == "/stream" else 1]
    source = (next(ADDRESSES), 0)
    with connected(port, path, close_timeout=0.1, source_address=source) as hostile:
        with contextlib.suppress(ConnectionClosed):
            MISBEHAVIOUR[name](hostile)
        seen = len(good.arrivals)
        assert good.wait_for_pictures(seen + MORE_PICTURES, event_s())
    numbers = [seq for seq, _, _ in good.arrivals]
    assert numbers == sorted(set(numbers))  # one connection all along, and nothing twice
    assert run.process.poll() is None
