"""When pictures are due, by a clock that the test moves."""

from typing import Any

import numpy as np
import pytest

from operators import camera
from operators.camera import Camera
from operators.camera_settings import PictureSettings
from operators.picture_source import CameraStoppedError, Pixels, VideoFile
from operators.settings import SettingsError

RATE_HZ = 20.0
PERIOD_NS = 50_000_000


class Clock:
    """Stands still unless somebody waits, or is said to have been busy."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000_000

    def monotonic_ns(self) -> int:
        return self.now_ns


class Numbered:
    """A file of numbered pictures, or a camera whose reads end as they are told to."""

    name = "a test"
    rate_hz = RATE_HZ

    def __init__(self, count: int, is_live: bool = False) -> None:
        self.is_live = is_live
        self.count, self.next, self.opened = count, 0, 1
        self.stops_at: set[int] = set()

    def read(self) -> Pixels | None:
        if self.next in self.stops_at:
            self.stops_at.remove(self.next)
            raise CameraStoppedError(f"{self.name} gives no pictures")
        if self.next >= self.count:
            return None
        pixels = np.zeros((2, 3, 3), np.uint8)
        pixels[0, 0] = self.next
        self.next += 1
        return pixels

    def skip(self) -> bool:
        self.next += 1
        return self.next <= self.count

    def rewind(self) -> None:
        self.opened += 1
        if not self.is_live:
            self.next = 0

    def close(self) -> None:
        pass


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()

    class StoppableWait:
        def __init__(self) -> None:
            self.stopped = False

        def wait(self, seconds: float) -> bool:
            clock.now_ns += round(seconds * 1e9)
            return self.stopped

        def is_set(self) -> bool:
            return self.stopped

        def set(self) -> None:
            self.stopped = True

    monkeypatch.setattr(camera, "time", clock)
    monkeypatch.setattr(camera, "Event", StoppableWait)
    return clock


@pytest.fixture
def made(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Any:
    said: list[str] = []

    def make(source: Numbered, **settings: object) -> tuple[Camera, list[str]]:
        monkeypatch.setattr(camera, "open_source", lambda *_: source)
        chosen = PictureSettings.model_validate(settings)
        return Camera(chosen, "camera", lambda _, words: said.append(words)), said

    return make


def number(taken: camera.TakenPicture | None) -> int:
    assert taken is not None
    return int(taken.pixels[0, 0, 0])


@pytest.mark.parametrize("pace", ["live", "paced"])
def test_pictures_come_at_the_files_own_rate(made: Any, clock: Clock, pace: str) -> None:
    taking, _ = made(Numbered(4), pace=pace)
    began_ns = clock.now_ns
    for expected in range(4):
        taken = taking.next()
        assert number(taken) == expected
        assert taken.capture_ns == began_ns + expected * PERIOD_NS == clock.now_ns
    assert taking.next() is None


def test_live_leaves_out_pictures_whose_time_has_passed(made: Any, clock: Clock) -> None:
    taking, _ = made(Numbered(20))
    began_ns = clock.now_ns
    assert number(taking.next()) == 0
    clock.now_ns = began_ns + 5 * PERIOD_NS + PERIOD_NS // 2
    taken = taking.next()
    assert (number(taken), taken.capture_ns) == (5, began_ns + 5 * PERIOD_NS)
    assert number(taking.next()) == 6


def test_paced_leaves_none_out_and_does_not_hurry_after_a_wait(made: Any, clock: Clock) -> None:
    taking, _ = made(Numbered(4), pace="paced")
    assert number(taking.next()) == 0
    clock.now_ns += 7 * PERIOD_NS
    late_ns = clock.now_ns
    taken = taking.next()
    assert (number(taken), taken.capture_ns) == (1, late_ns)
    taken = taking.next()
    assert (number(taken), taken.capture_ns) == (2, late_ns + PERIOD_NS)


def test_footage_is_read_as_fast_as_it_is_taken_with_its_time_in_the_file(
    made: Any, clock: Clock
) -> None:
    taking, _ = made(Numbered(3), pace="footage")
    began_ns = clock.now_ns
    taken = [taking.next() for _ in range(3)]
    assert [number(t) for t in taken] == [0, 1, 2]
    assert [t.capture_ns for t in taken] == [0, PERIOD_NS, 2 * PERIOD_NS]
    assert taking.next() is None
    assert clock.now_ns == began_ns


def test_footage_of_an_uneven_rate_is_told_of(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Uneven(VideoFile):
        def __init__(self) -> None:
            self.name, self.rate_hz, self.uneven_s = "a telephone's", 30.0, 0.0

        def read(self) -> Pixels | None:
            self.uneven_s += 0.015
            return np.zeros((2, 3, 3), np.uint8)

    said: list[str] = []
    monkeypatch.setattr(camera, "open_source", lambda *_: Uneven())
    taking = Camera(PictureSettings(pace="footage"), "camera", lambda _, words: said.append(words))
    taking.next()
    assert not said
    taking.next()
    assert "a telephone's: pictures are up to 30 ms from an even rate" in said[0]


def test_a_live_camera_is_no_footage(made: Any) -> None:
    with pytest.raises(SettingsError, match=r"camera\.pace: footage .* a test is live"):
        made(Numbered(3, is_live=True), pace="footage")


def test_a_file_that_loops_starts_again_and_time_goes_on(made: Any, clock: Clock) -> None:
    taking, _ = made(Numbered(2), loop=True)
    began_ns = clock.now_ns
    taken = [taking.next() for _ in range(5)]
    assert [number(t) for t in taken] == [0, 1, 0, 1, 0]
    assert [t.capture_ns for t in taken] == [began_ns + k * PERIOD_NS for k in range(5)]


def test_a_mirrored_picture_is_turned_back(made: Any) -> None:
    taking, _ = made(Numbered(2), mirrored=True)
    taking.next()
    pixels = taking.next().pixels
    np.testing.assert_array_equal(pixels[0, :, 0], [0, 0, 1])


def test_a_stopped_camera_is_said_so_and_opened_anew(made: Any, clock: Clock) -> None:
    source = Numbered(9, is_live=True)
    taking, said = made(source)
    assert number(taking.next()) == 0
    source.stops_at = {1}
    clock.now_ns += PERIOD_NS
    assert number(taking.next()) == 1
    assert source.opened == 2
    assert said == ["a test gives no pictures. Trying again"]


def test_pictures_that_a_camera_drops_are_counted(made: Any, clock: Clock) -> None:
    taking, said = made(Numbered(9, is_live=True))
    for periods in (1.0, 1.2, 4.1, 1.0):
        taking.next()
        clock.now_ns += round(periods * PERIOD_NS)
    taking.next()
    assert said == ["a test dropped 3 pictures"]


@pytest.mark.parametrize("is_live", [False, True])
def test_after_a_stop_no_picture_comes(made: Any, is_live: bool) -> None:
    taking, _ = made(Numbered(9, is_live=is_live))
    taking.next()
    taking.stop()
    assert taking.next() is None
