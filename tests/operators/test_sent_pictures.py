"""How many pictures may be on their way."""

import threading

import pytest

from operators.sent_pictures import SentPictures
from tests.time_limits import event_s


@pytest.mark.parametrize(
    ("sent", "looked_at", "in_flight", "has_room"),
    [
        ([], [], 1, True),
        ([0], [], 1, False),
        ([0], [0], 1, True),
        ([0, 1, 2, 3], [], 4, False),
        ([0, 1, 2, 3], [0], 4, True),
        ([0, 1, 2, 3], [-1], 4, False),  # a moment without this camera
        ([0, 1, 2, 3], [3, 1], 1, True),  # what was looked at stays so
    ],
)
def test_there_is_room_for_so_many(
    sent: list[int], looked_at: list[int], in_flight: int, has_room: bool
) -> None:
    pictures = SentPictures()
    for seq in sent:
        pictures.add(seq)
    for seq in looked_at:
        pictures.looked_at(seq)
    assert pictures.wait_for_room(in_flight, timeout_s=0.0) == has_room


@pytest.mark.parametrize("end", ["looked_at", "stop"])
def test_who_waits_is_woken(end: str) -> None:
    pictures = SentPictures()
    pictures.add(0)
    waited: list[bool] = []
    waiter = threading.Thread(target=lambda: waited.append(pictures.wait_for_room(1, event_s())))
    waiter.start()
    pictures.stop() if end == "stop" else pictures.looked_at(0)
    waiter.join(event_s())
    assert waited == [True]


def test_after_the_end_no_picture_is_missed() -> None:
    pictures = SentPictures()
    assert pictures.silent_s() >= 0.0
    pictures.end()
    assert pictures.silent_s() == 0.0
