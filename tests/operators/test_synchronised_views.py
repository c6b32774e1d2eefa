"""Views of several cameras, put together by their times."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from operators.synchronised_views import Moment, SynchronisedViews
from tests.operators.rigs import calibrated, capture_settings, two_cameras

MS = 1_000_000
SIZE = (640, 480)
PERIOD = 33 * MS


class Session:
    """Cameras whose pictures arrive at their times, as long as nothing else is said."""

    def __init__(self, is_live: bool = True, third: bool = False, **changes: object) -> None:
        self.said: list[str] = []
        self.left_out: list[str] = []
        cameras = two_cameras()
        if third:
            cameras["top"] = calibrated((0.1, -0.3, -0.4))
        self.views = SynchronisedViews[str](
            cameras,
            capture_settings(**changes),
            lambda _, fault: self.said.append(fault),
            is_live=is_live,
            leave_out=self.left_out.append,
        )
        self.moments: list[Moment[str]] = []

    def add(
        self,
        camera: str,
        at: int,
        now: int | None = None,
        size: tuple[int, int] = SIZE,
        received: int | None = None,
    ) -> None:
        view = f"{camera} {at // MS}"
        now = at if now is None else now
        self.moments += self.views.add(camera, view, size, at, now, received)

    def run(self, streams: dict[str, Iterator[int]], count: int = 60) -> None:
        for _ in range(count):
            for camera, times in streams.items():
                self.add(camera, next(times))


def times(start: int = 0, period: int = PERIOD) -> Iterator[int]:
    at = start
    while True:
        yield at
        at += period


def test_what_was_taken_together_comes_together_with_its_skew() -> None:
    session = Session()
    session.run({"left": times(), "right": times(5 * MS)}, 3)
    first, second, third = session.moments
    assert first.views == {"left": "left 0", "right": "right 5"}
    assert (first.skew_ns, first.time_ns) == (5 * MS, 2_500_000)
    assert [*second.views.values()] == ["left 33", "right 38"]
    assert third.times_ns == {"left": 66 * MS, "right": 71 * MS}
    assert session.said == []


def test_a_moment_waits_for_a_camera_that_is_slow() -> None:
    session = Session()
    for at in (0, 33, 66):
        session.add("left", at * MS)
    assert session.moments == []
    session.add("right", 1 * MS, now=70 * MS)
    assert [dict(m.views) for m in session.moments] == [{"left": "left 0", "right": "right 1"}]


def test_a_camera_that_lost_a_picture_is_not_waited_for_once_its_next_is_there() -> None:
    session = Session(is_live=False)
    session.run({"left": times(), "right": times()}, 1)
    session.add("left", 33 * MS)
    session.add("left", 66 * MS)
    session.add("right", 66 * MS)
    assert [len(m.views) for m in session.moments] == [2, 1, 2]
    assert session.moments[1].views == {"left": "left 33"}


def test_live_a_moment_is_not_waited_for_longer_than_patience_says() -> None:
    session = Session(patience_s=0.05)
    session.add("left", 0)
    assert session.views.poll(49 * MS) == []
    (moment,) = session.views.poll(50 * MS)
    assert moment.views == {"left": "left 0"}
    session.add("right", 2 * MS, now=60 * MS)
    assert session.moments == []
    assert session.said == ["camera 'right': a picture came after its moment was given without it"]
    assert session.left_out == ["right 2"]


def test_footage_is_waited_for_until_it_ends() -> None:
    session = Session(is_live=False)
    session.add("left", 0)
    assert session.views.poll(10**12) == []
    (moment,) = session.views.end("right", 10**12)
    assert moment.views == {"left": "left 0"}


def test_moments_come_in_order_and_every_view_once() -> None:
    random = np.random.default_rng(3)
    session = Session(is_live=False, third=True)
    streams = {
        name: np.cumsum(random.integers(30 * MS, 36 * MS, 90)).tolist()
        for name in ("left", "right", "top")
    }
    for name, taken in streams.items():  # one camera after the other, as quickly as files are read
        for at in taken:
            session.add(name, at, now=0)
        session.moments += session.views.end(name, 0)
    given = [m.time_ns for m in session.moments]
    assert given == sorted(given)
    for name, taken in streams.items():
        assert [m.times_ns[name] for m in session.moments if name in m.times_ns] == taken
    assert max(m.skew_ns for m in session.moments) <= 16 * MS


def test_an_offset_is_added_to_a_cameras_times() -> None:
    cameras = {"left": {}, "right": {"offset_s": -3600.0}}
    session = Session(cameras=cameras)
    session.run({"left": times(), "right": times(3_600_000 * MS + 4 * MS)}, 2)
    assert [len(m.views) for m in session.moments] == [2, 2]
    assert session.moments[0].skew_ns == 4 * MS


def test_a_camera_that_stops_is_said_and_the_others_go_on() -> None:
    session = Session(third=True)
    session.run({name: times() for name in ("left", "right", "top")}, 3)
    session.moments.clear()
    for i in range(3, 70):
        for name in ("left", "top"):
            session.add(name, i * PERIOD)
    assert {tuple(m.views) for m in session.moments} == {("left", "top")}
    # Only as long as it may come back is it waited for: 100 ms, three pictures.
    assert session.moments[-1].times_ns["left"] == 69 * PERIOD
    assert "camera 'right' has given nothing for 1 s; going on with left, top" in session.said[0]
    session.add("right", 70 * PERIOD)
    assert session.said[-1] == "camera 'right' gives pictures again"


def test_a_camera_that_never_starts_is_said() -> None:
    session = Session()
    session.run({"left": times()}, 40)
    assert "camera 'right' has given nothing for 1 s; going on with left" in session.said[0]


def test_pictures_of_another_size_are_left_out_and_said() -> None:
    session = Session()
    session.add("left", 0)
    session.add("right", 0, size=(1280, 720))
    assert (
        "camera 'right': pictures are 1280x720 px, but its calibration is for 640x480"
        in (session.said[0])
    )
    assert session.moments == []
    assert session.left_out == ["right 0"]


def test_a_camera_without_calibration_is_said() -> None:
    session = Session()
    session.add("door", 0)
    assert session.said == ["camera 'door' has no calibration; known are left, right"]
    assert session.left_out == ["door 0"]


def test_a_clock_that_goes_back_is_said() -> None:
    session = Session()
    session.add("left", 5_000 * MS)
    session.add("left", 3_000 * MS)
    assert "camera 'left': its clock went back by 2.000 s" in session.said[0]
    assert session.left_out == ["left 3000"]


@pytest.mark.parametrize("tolerance_s", [0.016, 0.2])
def test_every_view_is_of_a_moment_or_left_out(tolerance_s: float) -> None:
    session = Session(is_live=False, sync_tolerance_s=tolerance_s)
    session.run({"left": times(), "right": times(5 * MS)}, 30)
    for camera in ("left", "right"):
        session.moments += session.views.end(camera, 0)
    taken = [view for moment in session.moments for view in moment.views.values()]
    assert len(taken) + len(session.left_out) == 60
    assert bool(session.left_out) == (tolerance_s > 0.1)


def delayed(delay_ms: Callable[[int], float], start: int) -> Iterator[tuple[int, int]]:
    """Times of a camera's clock, and when its pictures came, some later than others."""
    random = np.random.default_rng(start)
    for i in range(10_000):
        late = int((5 + random.exponential(8)) * MS)
        yield i * PERIOD + int(delay_ms(i) * MS), i * PERIOD + late


@pytest.mark.parametrize(
    ("delay_ms", "words"),
    [
        (lambda i: 0.0, None),
        (lambda i: 9.0, None),
        (lambda i: -100.0, "camera 'right': its times are 0.1"),
        (lambda i: 3_600_000.0, "ahead of those of 'left': another clock? If so, add -3600.0"),
        (lambda i: 0.1 * i, "camera 'right': its times have gained"),
        (lambda i: -0.1 * i, "camera 'right': its times have lost"),
    ],
    ids=["same", "a little", "behind", "hours ahead", "fast", "slow"],
)
def test_another_clock_is_said_live(delay_ms: Callable[[int], float], words: str | None) -> None:
    session = Session()
    left, right = delayed(lambda i: 0.0, 1), delayed(delay_ms, 2)
    for _ in range(250):
        for name, stream in (("left", left), ("right", right)):
            at, received = next(stream)
            session.add(name, at, now=received, received=received)
    said = [s for s in session.said if "its times" in s]
    assert said == [] if words is None else words in said[0]


def test_pictures_that_are_late_at_first_are_no_other_clock_for_ever() -> None:
    session = Session()
    for i in range(100):
        late = 60 * MS if i < 30 else 5 * MS
        session.add("left", i * PERIOD, now=i * PERIOD + late, received=i * PERIOD + 5 * MS)
        session.add("right", i * PERIOD, now=i * PERIOD + late, received=i * PERIOD + late)
        if i == 50:
            assert any("its times are 0.055 s behind" in s for s in session.said)
            session.said.clear()
    assert session.said == []


@pytest.mark.parametrize(
    ("period", "start_ms", "words"),
    [
        (PERIOD, 12, None),
        (PERIOD, 17, None),  # as far from the one before as tolerance allows
        (PERIOD, 16.5, "camera 'right': its times are 0.01"),
        (PERIOD + MS // 10, 0, "camera 'right': its times have gained 8 ms on those of 'left'"),
        (PERIOD - MS // 10, 0, "camera 'right': its times have lost 8 ms on those of 'left'"),
    ],
    ids=["in time", "nearly between", "between", "slow file", "fast file"],
)
def test_another_clock_is_said_of_footage(period: int, start_ms: float, words: str | None) -> None:
    session = Session(is_live=False, sync_tolerance_s=0.016)
    session.run({"left": times(PERIOD), "right": times(PERIOD + int(start_ms * MS), period)}, 200)
    said = [s for s in session.said if "its times" in s]
    assert said == [] if words is None else words in said[0]
