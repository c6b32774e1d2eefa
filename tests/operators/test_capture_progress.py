"""What is said while footage is worked at."""

from operators.capture_progress import CaptureProgress
from tests.operators.captured_hands import fitted


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_it_says_how_far_it_is_once_a_second() -> None:
    clock = Clock()
    progress = CaptureProgress(80, clock)
    said = []
    for number in range(30):
        said.append(progress.add(fitted(0.0, number, side=number % 4 == 0)))
        clock.now_s += 0.0625
    lines = [line for line in said if line]
    assert len(lines) == 1
    assert lines[0] == (
        "17 of 80 moments (21%), 17 a second, 4 s left; left hand in 70.6%, right hand in 29.4%; "
        "fitted joints 1.5 px beside (median)"
    )


def test_live_nobody_knows_how_many_will_come() -> None:
    clock = Clock()
    progress = CaptureProgress(None, clock)
    assert progress.found == "no hand found"
    progress.add(fitted(0.0, 0))
    clock.now_s += 2.0
    assert progress.add(fitted(0.0, 1)).startswith("2 moments, 1 a second; right hand in 100.0%")
