import numpy as np
import pytest

from operators.head_watch import AWAY_S, HeadWatch
from operators.messages import Head
from operators.pose_watch import FASTEST_M_S, FROZEN_S, NOISE_M, SETTLED_SAMPLES, Implausible
from operators.transforms import rigid

FRAME_S = 1 / 72
PLACE = np.array([0.1, 1.6, 0.2])
random = np.random.default_rng(5)


def head(
    place: np.ndarray = PLACE,
    *,
    valid: bool = True,
    source: str = "webxr",
    client: str = "page",
    noise_m: float = 1e-4,
) -> Head:
    pose = rigid(np.eye(3), place + random.normal(scale=noise_m, size=3))
    return Head(source=source, client=client, valid=valid, stage_from_head=pose)


def fault(watch: HeadWatch, given: Head, at_s: float) -> str:
    """Why it is not believed, which is said in the same sample."""
    believed = watch.look(given, at_s)
    said = watch.fault(at_s)
    if given.valid:
        assert believed.valid == (said == "")
    return said


def unlike(pose: np.ndarray) -> Head:
    return Head(source="webxr", client="page", valid=True, stage_from_head=pose)


WRONG = {
    Implausible.AT_ORIGIN: np.eye(4),
    Implausible.NOT_RIGID: np.diag([1.0, 1.0, 1.1, 1.0]),
    Implausible.JUMPED: rigid(np.eye(3), PLACE + np.array([0.0, 0.0, 1.0])),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_head_that_cannot_be_is_not_believed_before_it_is_back(why: Implausible) -> None:
    watch = HeadWatch()
    assert fault(watch, head(), 0.0) == ""
    assert fault(watch, unlike(WRONG[why]), FRAME_S) == f"the head {why}"
    after = [fault(watch, head(), k * FRAME_S) for k in range(2, 2 + SETTLED_SAMPLES)]
    assert after[-1] == ("" if why is not Implausible.JUMPED else f"the head {why}")
    assert fault(watch, head(), (2 + SETTLED_SAMPLES) * FRAME_S) == ""


def test_nothing_is_said_for_a_head_before_one_was_there() -> None:
    watch = HeadWatch()
    assert watch.fault(0.0) == "the head is not tracked"
    assert fault(watch, head(valid=False), 0.0) == "the head is not tracked"
    assert fault(watch, head(np.array([3.0, 1.0, 2.0])), 0.0) == ""


def test_a_jump_while_the_head_was_lost_for_a_moment_is_one() -> None:
    """Its last place serves meanwhile, so no hand is held that could be found anywhere."""
    watch = HeadWatch()
    fault(watch, head(), 0.0)
    assert fault(watch, head(valid=False), FRAME_S) == ""
    far = PLACE + np.array([0.0, 0.0, NOISE_M + FASTEST_M_S * 2 * FRAME_S + 0.01])
    assert fault(watch, head(far), 2 * FRAME_S) == f"the head {Implausible.JUMPED}"


def test_a_disbelieved_head_that_is_then_lost_is_not_believed() -> None:
    watch = HeadWatch()
    fault(watch, head(), 0.0)
    fault(watch, unlike(np.eye(4)), FRAME_S)
    assert fault(watch, head(valid=False), 2 * FRAME_S) == f"the head {Implausible.AT_ORIGIN}"


def test_the_last_place_serves_for_a_while_only() -> None:
    watch = HeadWatch()
    fault(watch, head(), 1.0)
    assert watch.fault(1.0 + AWAY_S - 1e-3) == ""
    assert watch.fault(1.0 + AWAY_S + 1e-3) == "the head is not tracked"
    assert fault(watch, head(), 1.0 + AWAY_S + FRAME_S) == ""


@pytest.mark.parametrize(
    ("source", "is_believed"),
    [("webxr", False)]
    + [(s, True) for s in ("webxr-emulator", "desktop", "replay", "video", "mediapipe")],
)
def test_a_head_that_stands_still_to_the_last_digit(source: str, is_believed: bool) -> None:
    watch, frozen = HeadWatch(), head(source=source, noise_m=0.0)
    for k in range(int(FROZEN_S / FRAME_S) + 3):
        said = fault(watch, frozen, k * FRAME_S)
    assert said == ("" if is_believed else f"the head {Implausible.FROZEN}")


@pytest.mark.parametrize("who", [{"client": "another"}, {"source": "webxr-emulator"}])
def test_another_head_is_elsewhere(who: dict[str, str]) -> None:
    watch = HeadWatch()
    fault(watch, unlike(np.eye(4)), 0.0)
    assert fault(watch, head(valid=False, **who), FRAME_S) == "the head is not tracked"
    assert fault(watch, head(PLACE + 1.0, **who), 2 * FRAME_S) == ""
