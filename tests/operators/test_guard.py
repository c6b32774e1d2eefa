import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from operators.guard import hold_both
from operators.guard_states import GuardState
from operators.messages import HandCommands
from operators.motion_limits import LONGEST_STEP_S
from operators.settings import GuardSettings
from tests.operators.guarded_robot import AHEAD, FRAME_S, JOINTS, RANGES, Robot, posture, wanted

STOPPED, ENGAGING, TRACKING, HOLDING = "stopped", "engaging", "tracking", "holding"
BOTH = wanted(posture(AHEAD), posture(AHEAD * [1, -1, 1]))
ONE = wanted(None, posture(AHEAD * [1, -1, 1]), faults=("it is not tracked", ""))


@pytest.fixture
def robot() -> Robot:
    return Robot()


@pytest.fixture
def tracking(robot: Robot) -> Robot:
    """One that follows both hands, which stand still."""
    robot.engage()
    robot.frames(BOTH, 120)
    assert robot.states == (TRACKING, TRACKING)
    return robot


def test_nothing_passes_before_someone_engages(robot: Robot) -> None:
    robot.tell_scene()
    assert not robot.frames(BOTH, 30).valid.any()
    assert robot.guard.state.state == STOPPED
    assert "Enter" in robot.guard.state.reason


def test_a_robot_that_is_not_heard_of_cannot_be_engaged(robot: Robot) -> None:
    robot.press()
    robot.press(engage=True)
    assert not robot.command(BOTH).valid.any()
    assert robot.guard.state.state == STOPPED
    assert "nothing is heard of the robot" in robot.guard.state.reason


def test_engaging_starts_where_the_robot_is_and_ramps(robot: Robot) -> None:
    start = robot.postures[0][0][:3]
    robot.engage()
    first = robot.frames(BOTH, 1)
    assert robot.states == (ENGAGING, ENGAGING)
    slow = robot.settings.speed * robot.settings.engaging_share
    assert np.linalg.norm(first.world_from_base[0, :3] - start) <= slow * LONGEST_STEP_S
    at = start
    while robot.states[0] == ENGAGING:
        safe = robot.frames(BOTH, 1)
        step = np.linalg.norm(safe.world_from_base[0, :3] - at)
        assert step <= slow * FRAME_S * (1 + 1e-6)
        at = safe.world_from_base[0, :3]
    assert robot.states[0] == TRACKING
    np.testing.assert_allclose(at, AHEAD, atol=0.011)
    np.testing.assert_allclose(robot.frames(BOTH, 60).world_from_base[0, :3], AHEAD, atol=1e-6)


def test_what_keeps_within_the_limits_passes_as_it_is(tracking: Robot) -> None:
    for k in range(60):
        swing = AHEAD + np.array([0.0, 0.0, 0.05 * (1 - np.cos(4 * k * FRAME_S))])
        given_pose = posture(swing, turn=(0.0, 0.1 * (1 - np.cos(4 * k * FRAME_S)), 0.0))
        safe = tracking.frames(wanted(given_pose, posture(AHEAD * [1, -1, 1])), 1)
        np.testing.assert_allclose(safe.world_from_base[0, :3], swing, atol=1e-9)
        np.testing.assert_allclose(safe.left_joint_positions, given_pose[1], atol=1e-9)


def test_a_key_that_was_down_at_the_start_engages_nothing(robot: Robot) -> None:
    robot.tell_scene()
    robot.press(engage=True)
    assert not robot.command(BOTH).valid.any()


@pytest.mark.parametrize("frames_before", [1, 3, 120])
def test_stop_acts_at_once_wins_over_engage_and_needs_a_release(
    robot: Robot, frames_before: int
) -> None:
    robot.engage()
    robot.frames(BOTH, frames_before)
    halt = robot.press(engage=True, stop=True)
    assert halt is not None
    assert not halt.valid.any()
    assert not robot.command(BOTH).valid.any()
    robot.press(engage=True)  # stop was let go, engage never was: still stopped
    assert robot.states == (STOPPED, STOPPED)
    robot.engage()
    assert robot.command(BOTH).valid.all()


@pytest.mark.parametrize("why", ["another page", "a node", "silence"])
def test_who_engages_all_along_must_let_go_after_any_stop(tracking: Robot, why: str) -> None:
    """To grip with both controllers, or to pinch with both hands, is to engage."""
    tracking.press(engage=True)
    match why:
        case "another page":  # whoever watches may stop the robot: said as if by the driver
            tracking.press(stop=True)
        case "a node":
            tracking.guard.restarted("retarget", tracking.now_s)
        case "silence":
            tracking.now_s += 2 * tracking.settings.control_timeout_s
            tracking.tick()
    for _ in range(10):
        tracking.press(engage=True)
        assert not tracking.command(BOTH).valid.any()
    assert tracking.states == (STOPPED, STOPPED)
    tracking.engage()
    assert tracking.command(BOTH).valid.all()


def test_a_lost_hand_holds_at_once_and_the_other_follows(tracking: Robot) -> None:
    safe = tracking.command(ONE)
    assert safe.valid.tolist() == [False, True]
    assert tracking.states == (HOLDING, TRACKING)
    state = tracking.guard.state
    assert (state.state, state.reason) == (TRACKING, "left hand: it is not tracked")


def test_the_reason_is_what_the_robot_waits_for_at_present(tracking: Robot) -> None:
    tracking.now_s += 0.075
    tracking.tell_scene()
    tracking.tick()
    assert tracking.guard.state.reason == "no hands are coming in"
    tracking.command(ONE)
    assert tracking.guard.state.left_reason == "left hand: it is not tracked"


def test_a_hand_that_is_found_elsewhere_is_approached_slowly(tracking: Robot) -> None:
    tracking.frames(ONE, 60)
    before = tracking.postures[0][0][:3]
    far = wanted(posture(AHEAD + np.array([0.0, 0.5, 0.0])), posture(AHEAD * [1, -1, 1]))
    safe = tracking.frames(far, 1)
    assert tracking.states == (ENGAGING, TRACKING)
    assert np.linalg.norm(safe.world_from_base[0, :3] - before) < 0.01
    tracking.frames(far, 240)
    assert tracking.states == (TRACKING, TRACKING)


def test_a_hand_that_is_lost_for_a_blink_goes_on_at_once(tracking: Robot) -> None:
    tracking.frames(ONE, 2)
    tracking.frames(BOTH, 1)
    assert tracking.states == (TRACKING, TRACKING)


def test_a_hand_that_is_lost_for_long_stops_and_must_be_engaged(tracking: Robot) -> None:
    tracking.frames(ONE, int(tracking.settings.stop_after_s / FRAME_S) + 2)
    assert tracking.states == (STOPPED, TRACKING)
    tracking.frames(BOTH, 10)
    assert tracking.states == (STOPPED, TRACKING)
    assert "too long" in tracking.guard.state.left_reason
    tracking.engage()
    tracking.frames(BOTH, 1)
    assert tracking.states == (TRACKING, TRACKING)


SILENCES = {
    "hands": ("input_timeout_s", HOLDING, "no hands are coming in"),
    "scene": ("state_timeout_s", HOLDING, "nothing is heard of the robot"),
    "keys": ("control_timeout_s", STOPPED, "nothing is heard of the operator"),
}


@pytest.mark.parametrize("silent", SILENCES)
def test_what_does_not_come_in_time_holds_or_stops(tracking: Robot, silent: str) -> None:
    setting, expected, reason = SILENCES[silent]
    since_s = tracking.now_s
    while tracking.states == (TRACKING, TRACKING):
        tracking.now_s += 0.005
        if silent != "keys":
            tracking.press()
        if silent != "scene":
            tracking.tell_scene()
        if silent != "hands":
            tracking.command(BOTH)
        halt = tracking.tick()
        assert tracking.now_s - since_s < 1.0
    assert halt is not None
    assert not halt.valid.any()
    assert tracking.states == (expected, expected)
    assert reason in tracking.guard.state.reason
    timeout_s = getattr(tracking.settings, setting)
    assert timeout_s - 0.006 < tracking.now_s - since_s < timeout_s + 0.011


def test_another_client_must_engage_for_itself(tracking: Robot) -> None:
    halt = tracking.press(engage=True, client="another")
    assert halt is not None
    assert not halt.valid.any()
    assert tracking.states == (STOPPED, STOPPED)
    tracking.press(engage=True, client="another")  # the key was down when it came
    assert tracking.states == (STOPPED, STOPPED)
    tracking.engage(client="another")
    assert tracking.command(BOTH).valid.all()


def test_a_simulation_that_begins_anew_stops_the_robot(tracking: Robot) -> None:
    halt = tracking.tell_scene(step=1)
    assert halt is not None
    assert not halt.valid.any()
    assert tracking.states == (STOPPED, STOPPED)


def test_a_node_that_restarts_stops_the_robot(tracking: Robot) -> None:
    halt = tracking.guard.restarted("retarget", tracking.now_s)
    assert halt is not None
    assert not halt.valid.any()
    assert "retarget has restarted" in tracking.guard.state.reason


def test_commands_for_other_joints_stop_the_robot(tracking: Robot) -> None:
    tracking.press(stop=True)
    tracking.engage()
    strange = wanted(posture(), posture())
    strange = HandCommands(**{**vars(strange), "left_joint_names": (JOINTS[0][0], "sixth")})
    assert not tracking.command(strange).valid[0]
    assert "joints" in tracking.guard.state.reason


def test_no_joint_leaves_its_range(tracking: Robot) -> None:
    for bend in (50.0, -50.0):
        tracking.frames(
            wanted(*(posture(AHEAD * [1, y, 1], joints=(bend, bend)) for y in (1, -1))), 120
        )
        for (_, joints), ranges in zip(tracking.postures, RANGES, strict=True):
            assert joints == pytest.approx([ends[bend > 0] for ends in ranges.values()])


def test_a_base_that_is_carried_over_the_edge_of_the_workspace_stops_at_it(
    tracking: Robot,
) -> None:
    highest = tracking.settings.highest[1]
    for frame in range(120):
        place = AHEAD + np.array([0.0, 1.4 / 60 * frame, 0.0])
        safe = tracking.frames(wanted(posture(place), posture(AHEAD * [1, -1, 1])), 1)
        assert safe.world_from_base[0, 1] <= highest
    assert safe.world_from_base[0, 1] == pytest.approx(highest, abs=1e-3)


@pytest.mark.parametrize("where", ["pose", "joints"])
def test_a_command_that_is_no_number_holds_and_spoils_nothing(tracking: Robot, where: str) -> None:
    pose, joints = posture()
    (pose if where == "pose" else joints)[1] = np.nan
    safe = tracking.command(wanted((pose, joints), posture(AHEAD * [1, -1, 1])))
    assert safe.valid.tolist() == [False, True]
    assert tracking.frames(BOTH, 5).valid.all()


def test_no_base_leaves_the_workspace(tracking: Robot) -> None:
    outside = posture((5.0, 0.0, -3.0))
    safe = tracking.frames(wanted(outside, outside), 600)
    for pose in safe.world_from_base:
        np.testing.assert_allclose(pose[[0, 2]], [tracking.settings.highest[0], 0.2], atol=1e-6)


def test_holding_is_a_complete_message() -> None:
    hold_both().check()


@pytest.mark.parametrize("engaged", [False, True])
def test_the_state_is_always_a_complete_message(robot: Robot, engaged: bool) -> None:
    if engaged:
        robot.engage()
    robot.guard.state.check()


PLACES = st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(-1, 4))
TURNS = st.tuples(*[st.floats(-2, 2)] * 3)
BENDS = st.tuples(*[st.floats(-1, 2)] * 2)
POSTURES = st.none() | st.builds(posture, PLACES, TURNS, BENDS)
EVENTS = st.one_of(
    st.tuples(st.just("command"), st.builds(wanted, POSTURES, POSTURES)),
    st.tuples(st.just("command"), st.just(BOTH)),
    st.tuples(st.just("keys"), st.tuples(st.booleans(), st.booleans(), st.sampled_from("ab"))),
    st.tuples(st.just("engage"), st.none()),
    st.tuples(st.just("tick"), st.none()),
    st.tuples(st.just("scene"), st.booleans()),
    st.tuples(st.just("restart"), st.none()),
)
SEQUENCES = st.lists(st.tuples(st.floats(0, 0.3) | st.just(FRAME_S), EVENTS), max_size=60)


def happen(robot: Robot, event: str, value: object) -> HandCommands | None:
    match event, value:
        case "command", HandCommands() as command:
            return robot.command(command)
        case "keys", (bool(engage), bool(stop), str(client)):
            return robot.press(engage=engage, stop=stop, client=client)
        case "engage", _:
            robot.engage()
        case "tick", _:
            return robot.tick()
        case "scene", bool(anew):
            return robot.tell_scene(step=0 if anew else None)
        case "restart", _:
            return robot.obey(robot.guard.restarted("retarget", robot.now_s))
    return None


@given(SEQUENCES)
@settings(max_examples=150)
def test_no_sequence_of_events_moves_anything_too_fast_or_too_far_or_while_stopped(
    sequence: list[tuple[float, tuple[str, object]]],
) -> None:
    robot = Robot()
    limits = robot.settings
    lowest, highest = np.array(limits.lowest), np.array(limits.highest)
    moved_at_s = [robot.now_s] * 2
    for elapsed_s, (event, value) in sequence:
        robot.now_s += elapsed_s
        before = list(robot.postures)
        safe = happen(robot, event, value)
        for side in range(2):
            is_commanded = safe is not None and safe.valid[side]
            if robot.states[side] in (STOPPED, HOLDING):
                assert not is_commanded
            if not is_commanded:
                assert robot.postures[side] is before[side]
                continue
            assert event == "command"
            time_s = min(robot.now_s - moved_at_s[side], LONGEST_STEP_S)
            moved_at_s[side] = robot.now_s
            (old, old_joints), (new, new_joints) = before[side], robot.postures[side]
            assert np.linalg.norm(new[:3] - old[:3]) <= limits.speed * time_s + 1e-12
            turned = Rotation.from_quat(new[3:]) * Rotation.from_quat(old[3:]).inv()
            assert turned.magnitude() <= limits.turn_speed * time_s + 1e-7
            assert np.abs(new_joints - old_joints).max() <= limits.joint_speed * time_s + 1e-12
            assert (new[:3] >= lowest - 1e-9).all()
            assert (new[:3] <= highest + 1e-9).all()
            for bend, (low, high) in zip(new_joints, RANGES[side].values(), strict=True):
                assert low <= bend <= high


def test_the_same_events_at_the_same_times_give_the_same_bits() -> None:
    """So that in lockstep, where times are the samples' own, a replay's speed changes nothing."""
    random = np.random.default_rng(7)
    places = AHEAD + random.normal(size=(50, 2, 3))
    commands = [wanted(posture(left), posture(right)) for left, right in places]

    def outcome() -> list[bytes]:
        robot = Robot()
        robot.engage()
        return [robot.frames(command, 1).world_from_base.tobytes() for command in commands]

    assert outcome() == outcome()


def test_all_states_are_named() -> None:
    assert {state.value for state in GuardState} == {STOPPED, ENGAGING, TRACKING, HOLDING}


def test_limits_hold_with_any_settings() -> None:
    slow = GuardSettings(speed=0.01, joint_speed=0.01, turn_speed=0.01)
    robot = Robot(slow)
    robot.engage()
    before = robot.postures[0][0][:3]
    robot.frames(BOTH, 60)
    assert np.linalg.norm(robot.postures[0][0][:3] - before) <= 0.01 * 1.1
