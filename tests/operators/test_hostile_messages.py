"""Random and mutated messages against both servers; benchmarks/faults.py sends many more."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest
from websockets.frames import Frame
from websockets.streams import StreamReader

from benchmarks.hostile_client import HostileClient
from benchmarks.hostile_messages import KINDS, frame, hostile_messages
from operators.messages import PAGE_MESSAGES, Head
from operators.page_layout import encode_bytes
from operators.seat_messages import Claim
from tests.operators.page_clients import receive, send
from tests.operators.samples import sample
from tests.operators.test_access import SOCKETS, TRACKING, Both, both
from tests.time_limits import event_s

MESSAGES = 400
VALID = [encode_bytes(sample(kind), 1.0) for kind in PAGE_MESSAGES]


@pytest.fixture(scope="module")
def servers() -> Iterator[Both]:
    with both(token="") as made:
        yield made


@SOCKETS
@pytest.mark.parametrize("seed", [1, 2])
def test_a_good_client_is_served_after_any_of_them(servers: Both, path: str, seed: int) -> None:
    addresses = (f"127.{seed}.{number // 250}.{1 + number % 250}" for number in range(MESSAGES))
    client: HostileClient | None = None
    with servers.socket(path, max_queue=None) as good:
        receive(good)
        for message in islice(hostile_messages(seed, VALID), MESSAGES):
            client = client or HostileClient(servers.ports[path], path, next(addresses))
            if not client.say(message.wire):
                client.close()
                client = None
        if client is not None:
            client.close()
        if path == TRACKING:
            send(good, Claim(drive=True))  # one of them may have taken over
            assert good.ping().wait(event_s())
            servers.messages.all()
            send(good, sample(Head))
            assert isinstance(servers.messages.next()[0], Head)
        assert good.ping().wait(event_s())


def test_the_same_seed_gives_the_same_messages() -> None:
    first, again, other = (
        list(islice(hostile_messages(seed, VALID), MESSAGES)) for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other
    assert {message.kind for message in first} == set(KINDS)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_a_frame_is_what_another_library_reads(size: int) -> None:
    random = np.random.default_rng(0)
    content = random.bytes(size)
    reader = StreamReader()
    reader.feed_data(frame(random, 0x2, content))
    parsing = Frame.parse(reader.read_exact, mask=True)
    with pytest.raises(StopIteration) as parsed:
        next(parsing)
    assert parsed.value.value.data == content
    assert parsed.value.value.fin
