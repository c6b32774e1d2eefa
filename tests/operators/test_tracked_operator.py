"""The operator's frame: nothing that is done to it moves the robot."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.controller_hand import hand_joints
from operators.hand_sources import STALE_S
from operators.head_watch import AWAY_S
from operators.pose_watch import FROZEN_S, SETTLED_SAMPLES
from operators.settings import OperatorSettings
from operators.tracked_operator import MOTION_SCALES
from operators.transforms import rigid
from tests.operators.person import SAMPLE_S, WRISTS, Person, assert_same, positions

Array = NDArray[np.float64]

LEFT, RIGHT = 0, 1
BOTH = (True, True)


@pytest.fixture
def person() -> Person:
    """Somebody whom the robot follows."""
    made = Person()
    made.engage()
    return made


def test_nothing_adjusted_changes_nothing(person: Person) -> None:
    """Bit for bit: a replay gives what it gave."""
    fresh = Person()
    for _ in range(3):
        fresh.move([0.01, 0.02, 0], [0.1, 0, 0])
        person.move([0.01, 0.02, 0], [0.1, 0, 0])
        np.testing.assert_array_equal(person.bases(), fresh.bases())
    assert person.targets().valid.all()


@pytest.mark.parametrize("clutch", [(True, False), (False, True), (True, True)])
def test_a_clutch_holds_its_side_alone_and_fingers_go_on(
    person: Person, clutch: tuple[bool, bool]
) -> None:
    before = person.targets()
    person.keys = {"clutch": clutch}
    person.move([0.1, -0.05, 0.02], [0, 0.4, 0])
    held = person.targets(3)
    for side in (LEFT, RIGHT):
        by = positions(held.anchor_from_wrist)[side] - positions(before.anchor_from_wrist)[side]
        # The stage's x, y, z are the anchor's -y, z, -x.
        expected = [0, 0, 0] if clutch[side] else [-0.02, -0.1, -0.05]
        np.testing.assert_allclose(by, expected, atol=1e-12)
    assert held.valid.all()
    assert person.frame.clutched.tolist() == list(clutch)
    # The fingers are those of the hand as it is, in the wrist's own frame.
    np.testing.assert_allclose(held.finger_joints, before.finger_joints, atol=1e-12)
    person.keys = {}
    assert_same(person.bases(), held.anchor_from_wrist)
    person.move([0, 0.03, 0])
    np.testing.assert_allclose(
        positions(person.bases()) - positions(held.anchor_from_wrist),
        [[0, 0, 0.03]] * 2,
        atol=1e-12,
    )


Event = Callable[[Person], None]


def clutch(person: Person) -> None:
    person.keys = {"clutch": (True, True)}


def let_go(person: Person) -> None:
    person.keys = {}


def recentre(person: Person) -> None:
    person.keys = {"recentre": True}


def scale_up(person: Person) -> None:
    person.adjusts = {"scale_up": True}


def scale_down(person: Person) -> None:
    person.adjusts = {"scale_down": True}


def stop_adjusting(person: Person) -> None:
    person.adjusts = {}


EVENTS: list[Event] = [clutch, let_go, recentre, scale_up, scale_down, stop_adjusting]
steps = st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02), st.floats(-0.1, 0.1))


@given(
    st.lists(st.tuples(st.sampled_from(EVENTS), steps, st.floats(-0.3, 0.3)), max_size=12),
    st.sampled_from(MOTION_SCALES),
)
def test_no_event_moves_the_robot_farther_than_the_own_hand_moves(
    story: list[tuple[Event, tuple[float, float, float], float]], scale: float
) -> None:
    """Whatever is held, let go, re-centred or scaled in whatever order while the hands move and the
    head turns: a step of the base is at most the hand's, scaled."""
    person = Person(OperatorSettings(motion_scale=scale, neck_offset=(0, 0, 0)))
    person.engage()
    before = person.bases()
    for event, (x, y, turn), yaw in story:
        event(person)
        person.move([x, y, 0], [0, 0, turn])
        turned = Rotation.from_euler("y", yaw).as_matrix()
        person.head = rigid(turned @ person.head[:3, :3], person.head[:3, 3])
        now = person.bases()
        furthest = max(person.frame.motion_scale, 0) * np.hypot(x, y) + 1e-9
        steps_m = np.linalg.norm(positions(now) - positions(before), axis=-1)
        assert (steps_m <= furthest).all()
        turns = Rotation.from_quat(now[:, 3:]) * Rotation.from_quat(before[:, 3:]).inv()
        assert (turns.magnitude() <= abs(turn) + 1e-7).all()
        before = now


@given(yaw=st.floats(-3, 3))
def test_recentring_moves_neither_hand_and_turns_what_comes_after(yaw: float) -> None:
    person = Person()
    person.engage()
    before = person.bases()
    person.head = rigid(Rotation.from_euler("y", yaw).as_matrix(), person.head[:3, 3])
    assert_same(person.bases(), before)
    assert_same(person.press(recentre=True).anchor_from_wrist, before)
    assert person.frame.anchor_yaw_rad == pytest.approx(yaw)
    assert_same(person.bases(), before)
    ahead = [-np.sin(yaw), 0, -np.cos(yaw)]  # where the head looks
    person.move(0.1 * np.array(ahead))
    np.testing.assert_allclose(
        positions(person.bases()) - positions(before), [[0.1, 0, 0]] * 2, atol=1e-9
    )


def test_recentring_that_is_held_turns_once(person: Person) -> None:
    person.keys = {"recentre": True}
    person.targets()
    person.head = rigid(Rotation.from_euler("y", 1.0).as_matrix(), person.head[:3, 3])
    person.targets(5)
    assert person.frame.anchor_yaw_rad == 0.0
    assert person.frame.clutched.all()


def test_scale_steps_by_its_keys_to_its_ends(person: Person) -> None:
    assert person.frame.motion_scale == 1.0
    seen = []
    for _ in range(4):
        person.adjust(scale_down=True)
        seen.append(person.frame.motion_scale)
    assert seen == [0.7, 0.5, 0.35, 0.25]
    person.adjust(scale_down=True)
    assert person.frame.motion_scale == 0.25
    for _ in range(9):
        person.adjust(scale_up=True)
    assert person.frame.motion_scale == 2.0


def test_a_key_that_is_held_steps_once(person: Person) -> None:
    person.adjusts = {"scale_down": True}
    person.targets(100)
    assert person.frame.motion_scale == 0.7


def test_scaled_motion_is_about_where_it_was_set(person: Person) -> None:
    before = person.bases()
    person.adjust(scale_down=True)
    person.adjust(scale_down=True)
    person.move([0, 0.2, 0])
    np.testing.assert_allclose(
        positions(person.bases()) - positions(before), [[0, 0, 0.1]] * 2, atol=1e-9
    )


def test_scale_of_the_settings_holds_about_where_the_hands_engage() -> None:
    person = Person(OperatorSettings(motion_scale=0.5, neck_offset=(0, 0, 0)))
    before = person.bases()
    person.move([0, 0.2, 0])  # nobody has engaged yet
    np.testing.assert_allclose(person.bases()[:, 2], before[:, 2] + 0.2)
    person.engage()
    person.move([0, 0.2, 0])
    np.testing.assert_allclose(person.bases()[:, 2], before[:, 2] + 0.3, atol=1e-9)


def shifted(person: Person) -> Array:
    """Take the robot's hands away from the own ones; where the own ones are."""
    person.keys = {"clutch": BOTH}
    person.targets()
    person.move([0.2, 0, 0], [0, 0.5, 0])
    person.targets()
    person.keys = {}
    assert not np.allclose(person.bases(), unshifted(person))
    return unshifted(person)


def unshifted(person: Person) -> Array:
    other = Person()
    other.wrists = person.wrists
    return other.bases()


def stopped_by_the_key(person: Person) -> None:
    person.press(stop=True)


def stopped_by_the_guard(person: Person) -> None:
    person.hear("tracking")
    person.hear("stopped")


def taken_over(person: Person) -> None:
    person.client = "other"


@pytest.mark.parametrize("end", [stopped_by_the_key, stopped_by_the_guard, taken_over])
def test_what_ends_the_following_brings_the_hands_together(person: Person, end: Event) -> None:
    own = shifted(person)
    end(person)
    assert_same(person.bases(), own)
    person.engage()
    assert_same(person.bases(), own)


def test_offset_outlives_a_lost_hand_and_another_press_of_the_key(person: Person) -> None:
    shifted(person)
    person.hear("tracking")
    before = person.bases()
    person.press(engage=True)
    assert_same(person.bases(), before)
    person.wrists, held = [None, None], person.wrists
    assert not person.targets(20).valid.any()
    person.hear("holding")
    person.wrists = held
    assert_same(person.bases(), before)


def test_a_state_from_before_the_key_was_heard_does_not_end_the_following(person: Person) -> None:
    own = shifted(person)
    before = person.bases()
    person.hear("stopped")
    assert_same(person.bases(), before)
    person.press(engage=True)  # the guard has never followed: this begins anew
    assert_same(person.bases(), own)


def test_a_restarted_node_learns_from_the_guard_that_the_robot_follows() -> None:
    person = Person()
    person.targets()
    person.hear("tracking")
    shifted(person)


def test_clutch_and_scale_are_idle_while_the_robot_may_not_move() -> None:
    person = Person()
    before = person.bases()
    person.keys = {"clutch": BOTH}
    person.move([0, 0.1, 0])
    np.testing.assert_allclose(person.bases()[:, 2], before[:, 2] + 0.1)
    assert not person.frame.clutched.any()


def test_stop_wins_over_engage_and_clutch(person: Person) -> None:
    shifted(person)
    person.keys = {"stop": True, "engage": True, "clutch": BOTH}
    assert_same(person.bases(), unshifted(person))
    assert not person.frame.clutched.any()


def test_a_hand_lost_in_the_clutch_goes_on_from_where_the_robots_is(person: Person) -> None:
    before = person.bases()
    person.keys = {"clutch": BOTH}
    person.targets()
    held, person.wrists = person.wrists, [None, None]
    assert not person.targets(3).valid.any()
    person.wrists, person.keys = held, {}
    person.move([0.3, 0, 0])
    assert_same(person.bases(), before)


def test_another_client_begins_with_the_usual_frame(person: Person) -> None:
    person.head = rigid(Rotation.from_euler("y", 1.0).as_matrix(), person.head[:3, 3])
    person.targets()
    person.press(recentre=True)
    person.adjust(scale_up=True)
    assert person.frame.anchor_yaw_rad == pytest.approx(1.0)
    person.client = "other"
    person.press(engage=True, recentre=True, clutch=BOTH)  # held since before it came
    frame = person.frame
    assert (frame.client, frame.anchor_yaw_rad, frame.motion_scale) == ("other", 0.0, 1.0)
    assert not frame.clutched.any()


# A head that cannot be


def at_the_origin(person: Person) -> None:
    person.head = np.eye(4)


def jumped(person: Person) -> None:
    person.head = rigid(np.eye(3), person.head[:3, 3] + [0.0, 0.0, 1.6])


def stands_still(person: Person) -> None:
    person.source = "webxr"
    person.targets(int(FROZEN_S / SAMPLE_S) + 1)


def silent(person: Person) -> None:
    person.says_head = False
    person.targets(int(AWAY_S / SAMPLE_S))


def not_tracked(person: Person) -> None:
    person.head_is_tracked = False
    person.targets(int(AWAY_S / SAMPLE_S))


WRONG_HEADS = {
    at_the_origin: "the head is where a tracker puts it that knows nothing",
    jumped: "the head moved faster than it can",
    stands_still: "the head stands still to the last digit",
    silent: "the head is not tracked",
    not_tracked: "the head is not tracked",
}


@pytest.mark.parametrize("event", WRONG_HEADS)
def test_no_hand_is_measured_from_a_head_that_cannot_be(person: Person, event: Event) -> None:
    assert person.targets().valid.all()
    event(person)
    targets = person.targets()
    assert not targets.valid.any()
    assert targets.faults == (WRONG_HEADS[event],) * 2


def test_a_head_that_is_back_is_as_if_it_had_never_gone(person: Person) -> None:
    before, head = person.bases(), person.head
    person.head = rigid(Rotation.from_euler("y", 1.0).as_matrix(), np.zeros(3))
    person.targets()
    person.press(recentre=True)
    person.head = head
    assert person.frame.anchor_yaw_rad == 0.0
    assert_same(person.bases(), before)


def test_a_side_says_what_is_wrong_with_its_hand_before_what_is_with_the_head(
    person: Person,
) -> None:
    person.head = np.eye(4)
    person.wrists[LEFT] = None
    person.faults = ("it is not tracked", "")
    faults = person.targets().faults
    assert faults == ("it is not tracked", WRONG_HEADS[at_the_origin])


# Controllers


@pytest.fixture
def gripping(person: Person) -> Person:
    """Somebody whom the robot follows by controllers."""
    person.take_controllers()
    person.squeeze = [1.0, 1.0]
    person.targets(2)
    person.press(stop=True)
    person.engage()
    return person


def test_controllers_drive_only_while_they_are_squeezed(gripping: Person) -> None:
    assert gripping.targets().valid.all()
    gripping.squeeze = [0.0, 1.0]
    assert gripping.targets().valid.tolist() == [False, True]
    assert gripping.frame.advice == "squeeze the left controller to move"
    gripping.squeeze = [0.0, 0.0]
    assert not gripping.targets().valid.any()
    assert gripping.frame.advice == "squeeze the controllers to move"
    gripping.squeeze = [1.0, 1.0]
    assert gripping.targets().valid.all()
    assert gripping.frame.advice == ""


def test_letting_go_of_the_squeeze_is_a_clutch(gripping: Person) -> None:
    before = gripping.bases()
    gripping.squeeze = [0.0, 0.0]
    gripping.targets()
    gripping.move([0.3, 0.1, 0], [0, 1, 0])
    gripping.targets(SETTLED_SAMPLES)
    gripping.squeeze = [1.0, 1.0]
    assert_same(gripping.bases(), before)
    gripping.move([0, 0.05, 0])
    np.testing.assert_allclose(
        positions(gripping.bases()) - positions(before), [[0, 0, 0.05]] * 2, atol=1e-9
    )


def test_trigger_closes_the_hand(gripping: Person) -> None:
    gripping.trigger = [0.0, 1.0]
    fingers = gripping.targets().finger_joints
    np.testing.assert_allclose(fingers[LEFT], hand_joints(LEFT, 0), atol=1e-12)
    np.testing.assert_allclose(fingers[RIGHT], hand_joints(RIGHT, 1), atol=1e-12)


def test_between_hand_and_controller_a_side_is_lost_once_and_does_not_jump(person: Person) -> None:
    before = person.bases()
    held = person.wrists
    person.take_controllers()
    person.squeeze = [1.0, 1.0]
    assert not person.targets().valid.any()
    assert_same(person.bases(), before)
    person.wrists = held
    person.move([0.1, 0.1, 0.1])
    assert not person.targets().valid.any()
    assert_same(person.bases(), before)
    assert person.targets().valid.all()


def test_a_tracked_hand_goes_before_its_controller(person: Person) -> None:
    wrists = person.wrists
    before = person.bases()
    person.take_controllers()
    person.wrists, person.squeeze = wrists, [1.0, 1.0]
    person.grips = [rigid(np.eye(3), [0, 0, 0])] * 2
    np.testing.assert_array_equal(person.bases(), before)
    assert person.frame.advice == ""


def test_one_side_may_have_a_controller(person: Person) -> None:
    person.take_controllers()
    person.wrists[LEFT] = WRISTS[LEFT].copy()
    person.squeeze = [1.0, 1.0]
    assert person.targets().valid.tolist() == [True, False]
    assert person.targets().valid.all()


@pytest.mark.parametrize("away", ["silent", "not tracked", "another client's"])
def test_controllers_that_are_away_do_not_drive(gripping: Person, away: str) -> None:
    if away == "silent":
        gripping.has_controllers = False
        gripping.targets(int(STALE_S / SAMPLE_S) + 1)
    elif away == "not tracked":
        gripping.grips = [None, None]
    else:
        gripping.has_controllers = False
        gripping.client = "other"
    assert not gripping.targets().valid.any()
    assert gripping.frame.advice == ""


def test_a_controller_at_the_origin_does_not_drive(gripping: Person) -> None:
    gripping.grips[LEFT] = np.eye(4)
    targets = gripping.targets()
    assert targets.valid.tolist() == [False, True]
    assert targets.faults == (
        "its controller is where a tracker puts it that knows nothing",
        "",
    )
    assert gripping.frame.advice == ""  # it is squeezed already


def test_a_controller_that_jumps_goes_on_from_where_the_robots_hand_is(gripping: Person) -> None:
    before = gripping.bases()
    gripping.move([0, 0, 2.0])
    for _ in range(SETTLED_SAMPLES):
        targets = gripping.targets()
        assert not targets.valid.any()
        assert targets.faults == ("its controller moved faster than it can",) * 2
    assert_same(gripping.bases(), before)


def test_a_controller_that_jumps_while_it_is_let_go_of_is_watched(gripping: Person) -> None:
    gripping.squeeze = [0.0, 0.0]
    gripping.move([0, 0, 2.0])
    gripping.targets()
    gripping.squeeze = [1.0, 1.0]
    assert not gripping.targets().valid.any()


@pytest.mark.parametrize("trigger", [[0.0, 0.0], [0.5, 1.0]])
def test_a_controller_that_stands_still_to_the_last_digit_does_not_drive(
    gripping: Person, trigger: list[float]
) -> None:
    def shake_head() -> None:
        gripping.head = rigid(np.eye(3), gripping.head[:3, 3] + [1e-4, 0, 0])

    gripping.source = "webxr"
    gripping.trigger = trigger
    for _ in range(int(FROZEN_S / SAMPLE_S) + 2):
        shake_head()
        targets = gripping.targets()
    assert targets.faults == ("its controller stands still to the last digit",) * 2
    assert not targets.valid.any()
    gripping.move([1e-4, 0, 0])
    shake_head()
    assert gripping.targets().valid.all()
