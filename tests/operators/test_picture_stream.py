import cv2
import numpy as np
import pytest

from operators.header import Header
from operators.messages import Panorama, Picture
from operators.page_layout import decode_bytes
from operators.picture_stream import Frame, PictureCredit


def panorama(rows: int = 64) -> Panorama:
    pixels = np.zeros((rows, 2 * rows, 3), np.uint8)
    pixels[:, :rows] = (200, 30, 60)
    pixels[:, rows:] = (20, 160, 90)
    return Panorama(pixels=pixels, tile_size=32, tile_version=np.zeros((2, 4), np.int64))


def frame(seq: int) -> Frame:
    return Frame(panorama(), Header(seq, 10 * seq), received_ns=seq, jpeg_quality=95)


def credit(sent: list[int], in_flight: int = 2) -> PictureCredit:
    made = PictureCredit(in_flight)
    for seq in sent:
        made.take(frame(seq))
    return made


def test_a_frame_is_a_jpeg_of_the_whole_panorama_in_rgb() -> None:
    message, _ = decode_bytes(frame(7).encoded())
    assert isinstance(message, Picture)
    assert (message.frame_seq, message.capture_ns) == (7, 70)
    assert (message.rows, message.columns, message.tile_size) == (64, 128, 32)
    assert message.tiles.size == 0
    blue_green_red = cv2.imdecode(message.jpeg, cv2.IMREAD_COLOR)
    np.testing.assert_allclose(
        blue_green_red[32, [20, 100]], [(60, 30, 200), (90, 160, 20)], atol=6
    )


def test_a_frame_is_encoded_once_and_then_lets_its_pixels_go() -> None:
    made = frame(0)
    assert made.started_ns == 0
    encoded = made.encoded()
    started_ns = made.started_ns
    assert started_ns > 0
    assert made.encoded() is encoded
    assert made.started_ns == started_ns
    assert made._panorama is None


@pytest.mark.parametrize("in_flight", [1, 2, 5])
def test_no_more_than_the_allowed_pictures_are_in_flight(in_flight: int) -> None:
    full = credit(list(range(in_flight)), in_flight)
    assert not full.ready
    assert full.shown(0)
    assert full.may_take(frame(in_flight))


@pytest.mark.parametrize(
    ("sent", "acknowledged", "accepted", "ready"),
    [
        ([], [0], [False], True),  # nothing was sent
        ([4, 5], [6], [False], False),  # from the future
        ([4, 5], [4, 4], [True, False], True),  # twice
        ([4, 5], [5], [True], True),  # the newer settles the older
        ([4, 5], [5, 4], [True, False], True),
        ([4, 5], list(range(100)), [n in (4, 5) for n in range(100)], True),
        ([900, 0], [0], [True], True),  # the panorama's node was restarted and counts anew
    ],
)
def test_only_what_was_sent_can_be_acknowledged(
    sent: list[int], acknowledged: list[int], accepted: list[bool], ready: bool
) -> None:
    counted = credit(sent)
    assert [counted.shown(seq) for seq in acknowledged] == accepted
    assert counted.ready is ready


def test_the_same_frame_is_not_sent_twice() -> None:
    counted = PictureCredit(2)
    same = frame(3)
    assert counted.may_take(same)
    counted.take(same)
    assert counted.shown(3)
    assert not counted.may_take(same)
    assert not counted.may_take(None)
    assert counted.may_take(frame(3))


def test_a_pause_takes_no_pictures_and_forgets_those_under_way() -> None:
    counted = credit([0, 1])
    counted.watch(False)
    assert not counted.ready
    counted.watch(True)
    assert counted.ready
    assert not counted.shown(1)
