import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from operators.header import Header
from operators.messages import Panorama
from operators.page_layout import decode_bytes
from operators.page_messages import Picture
from operators.picture_stream import FLAT_BLOCK_BYTES, Frame, PictureCredit
from operators.tile_atlas import BLOCK


def panorama(rows: int = 64, version: NDArray[np.int64] | int = 0) -> Panorama:
    """Red at the left and green at the right, in tiles of 32 pixels."""
    pixels = np.zeros((rows, 2 * rows, 3), np.uint8)
    pixels[:, :rows] = (200, 30, 60)
    pixels[:, rows:] = (20, 160, 90)
    versions = np.broadcast_to(np.asarray(version, np.int64), (rows // 32, rows // 16))
    return Panorama(pixels=pixels, tile_size=32, tile_version=versions)


def frame(seq: int, shown: Panorama | None = None) -> Frame:
    return Frame(shown or panorama(), Header(seq, 10 * seq), received_ns=seq, jpeg_quality=95)


def picture(content: bytes) -> Picture:
    message, _ = decode_bytes(content)
    assert isinstance(message, Picture)
    return message


def noise(share: float, seed: int = 5, rows: int = 256) -> Panorama:
    """A picture of which this share is noise, with every third tile changed since version 0."""
    random = np.random.default_rng(seed)
    pixels = np.full((rows, 2 * rows, 3), 120, np.uint8)
    noisy = random.random(pixels.shape[:2]) < share
    pixels[noisy] = random.integers(0, 256, (int(noisy.sum()), 3), np.uint8)
    version = (np.indices((rows // 32, rows // 16)).sum(axis=0) % 3 == 0).astype(np.int64)
    return Panorama(pixels=pixels, tile_size=32, tile_version=version)


def credit(sent: list[int], in_flight: int = 2) -> PictureCredit:
    made = PictureCredit(in_flight)
    for seq in sent:
        made.take(frame(seq))
    return made


def test_who_has_nothing_gets_the_whole_panorama_in_rgb() -> None:
    message = picture(frame(7).encoded(None))
    assert (message.frame_seq, message.capture_ns) == (7, 70)
    assert (message.rows, message.columns, message.tile_size) == (64, 128, 32)
    assert message.whole
    assert message.tiles.size == 0
    blue_green_red = cv2.imdecode(message.jpeg, cv2.IMREAD_COLOR)
    np.testing.assert_allclose(
        blue_green_red[32, [20, 100]], [(60, 30, 200), (90, 160, 20)], atol=6
    )


def test_who_has_an_earlier_frame_gets_what_changed_since() -> None:
    held = frame(6, panorama(256)).versions
    version = np.zeros((8, 16), np.int64)
    version[2, 7:9] = version[5, 15] = 7
    message = picture(frame(7, panorama(256, version)).encoded(held))
    assert not message.whole
    assert message.tiles.tolist() == [2 * 16 + 7, 2 * 16 + 8, 5 * 16 + 15]
    blue_green_red = cv2.imdecode(message.jpeg, cv2.IMREAD_COLOR)
    assert blue_green_red.shape == (32, 32 + 32 + 16 + 32, 3)
    np.testing.assert_allclose(
        blue_green_red[16, [16, 48, 96]], [(60, 30, 200), (90, 160, 20), (90, 160, 20)], atol=6
    )


def test_nothing_is_sent_of_what_did_not_change() -> None:
    message = picture(frame(7, panorama(256)).encoded(frame(6, panorama(256)).versions))
    assert (message.frame_seq, message.rows, message.columns) == (7, 256, 512)
    assert not message.whole
    assert (message.tiles.size, message.jpeg.size) == (0, 0)


@pytest.mark.parametrize(
    "held",
    [
        panorama(128),  # of another size
        panorama(256, 900),  # from before the camera restarted, whatever is counted there
        Panorama(
            pixels=np.zeros((512, 1024, 3), np.uint8),
            tile_size=64,
            tile_version=np.zeros((8, 16), np.int64),
        ),
    ],
    ids=["size", "restart", "tiles"],
)
def test_who_has_another_panorama_gets_the_whole(held: Panorama) -> None:
    assert picture(frame(0, panorama(256)).encoded(frame(7, held).versions)).whole


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.1, 1.0])
@pytest.mark.parametrize("rows", [32, 64, 256])
def test_a_patch_is_never_larger_than_the_whole(share: float, rows: int) -> None:
    shown = noise(share, rows=rows)
    held = frame(0, panorama(rows)).versions
    made = frame(1, shown)
    patch, whole = made.encoded(held), made.encoded(None)
    assert len(patch) <= len(whole)
    assert picture(patch).whole or len(patch) < len(whole)


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_no_jpeg_has_less_than_a_flat_one(colour: int) -> None:
    def size(rows: int) -> int:
        pixels = np.full((rows, 2 * rows, 3), colour, np.uint8)
        flat = Panorama(pixels=pixels, tile_size=rows, tile_version=np.zeros((1, 2), np.int64))
        return picture(frame(0, flat).encoded(None)).jpeg.size

    blocks = 2 * (640**2 - 64**2) // BLOCK**2
    assert size(640) - size(64) == pytest.approx(FLAT_BLOCK_BYTES * blocks, rel=0.001)


def test_who_lacks_the_same_shares_what_was_encoded() -> None:
    version = np.zeros((8, 16), np.int64)
    version[3, 3] = 2
    made = frame(2, panorama(256, version))
    assert made.started_ns == 0
    both = [frame(seq, panorama(256)).versions for seq in (0, 1)]
    patch = made.encoded(both[0])
    started_ns = made.started_ns
    assert started_ns > 0
    assert made.encoded(both[1]) is patch
    assert made.encoded(None) is made.encoded(frame(0, panorama(128)).versions)
    assert made.started_ns == started_ns


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


def test_a_client_has_what_it_says_that_it_has_shown() -> None:
    counted = PictureCredit(3)
    frames = [frame(seq, panorama(64, seq)) for seq in range(3)]
    for each in frames:
        counted.take(each)
    assert counted.held is None
    assert counted.shown(1)  # and 0 was dropped, or drawn before
    assert counted.held is frames[1].versions
    assert not counted.shown(0)
    assert counted.held is frames[1].versions


def test_a_number_that_comes_again_stands_for_the_older() -> None:
    """Of which less is known to be there; the camera has restarted between the two."""
    counted = PictureCredit(2)
    before, after = frame(0, panorama(64, 1)), frame(0, panorama(64, 900))
    counted.take(before)
    counted.take(after)
    assert counted.shown(0)
    assert counted.held is before.versions
    assert counted.shown(0)
    assert counted.held is after.versions


def test_a_pause_takes_no_pictures_and_forgets_those_under_way() -> None:
    counted = credit([0, 1])
    counted.watch(False)
    assert not counted.ready
    counted.watch(True)
    assert counted.ready
    assert not counted.shown(1)


@pytest.mark.parametrize("watching", [False, True])
def test_who_pauses_or_starts_over_has_nothing(watching: bool) -> None:
    counted = credit([0])
    assert counted.shown(0)
    counted.watch(watching)
    assert counted.held is None
