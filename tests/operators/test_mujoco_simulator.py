import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from operators.message import MessageError
from operators.messages import HandCommands
from operators.mujoco_simulator import MujocoSimulator
from operators.scene import build_scene
from operators.settings import SceneObject, SceneSettings, Settings, SimulationSettings

SETTINGS = Settings()
SCENE = build_scene(SETTINGS)
LEFT, RIGHT = SCENE.hands
TABLE, CUBE = SETTINGS.scene.objects
BASES = ["left/L_hand_base_link", "right/R_hand_base_link"]
TABLE_TOP_M = 1.25
PALM_HALF_THICKNESS_M = 0.010  # from the base's origin down, palm down
STEP_S = 1 / 240


@pytest.fixture
def simulator():
    return MujocoSimulator(SCENE, SETTINGS)


def with_objects(*objects, **simulation):
    settings = Settings(
        scene=SceneSettings(objects=objects), simulation=SimulationSettings(**simulation)
    )
    return MujocoSimulator(build_scene(settings), settings)


def body(state, name):
    return state.body_poses[state.body_names.index(name)]


def bases(state):
    return np.array([body(state, name) for name in BASES])


START = bases(MujocoSimulator(SCENE, SETTINGS).state())


def commands(poses=START, left=None, right=None, valid=(True, True), **changes):
    """A command to both hands, open unless said otherwise."""
    positions = [np.zeros(12) if p is None else np.array(p) for p in (left, right)]
    fields = {
        "valid": np.array(valid),
        "faults": ("", ""),
        "world_from_base": np.array(poses, dtype=np.float64),
        "left_joint_names": LEFT.joint_names,
        "left_joint_positions": positions[0],
        "right_joint_names": RIGHT.joint_names,
        "right_joint_positions": positions[1],
    }
    return HandCommands(**(fields | changes))


def moved(x, y, z, side=1):
    """The start poses with one hand (the right one by default) somewhere else, m."""
    poses = START.copy()
    poses[side, :3] = x, y, z
    return poses


def same(one, other):
    one.check()
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in one.FIELDS
    )


def test_everything_is_at_its_start_before_the_first_step(simulator):
    state = simulator.state()
    state.check()
    assert (state.step, state.simulation_time_s, state.command_seq) == (0, 0.0, -1)
    assert state.model_digest == simulator.model_digest == SCENE.digest
    np.testing.assert_allclose(body(state, "cube"), [0, 0, 1.275, 0, 0, 0, 1])
    np.testing.assert_array_equal(state.joint_positions, np.zeros(24))


def test_hands_stay_where_they_start_without_a_command(simulator):
    simulator.step(240)
    state = simulator.state()
    assert (state.step, state.simulation_time_s) == (240, pytest.approx(1.0))
    np.testing.assert_allclose(bases(state), START, atol=1e-4)
    np.testing.assert_allclose(state.joint_positions, 0.0, atol=1e-3)


def test_a_command_acts_from_the_next_step_and_the_state_says_so(simulator):
    simulator.command(commands(moved(-0.3, -0.2, 1.4)), seq=6)
    simulator.command(commands(moved(-0.4, -0.2, 1.4)), seq=7)
    assert simulator.state().command_seq == -1
    simulator.step(0)
    assert simulator.state().command_seq == -1
    simulator.step()
    state = simulator.state()
    assert (state.step, state.command_seq) == (1, 7)
    assert bases(state)[1, 0] < START[1, 0]


def test_a_hand_goes_where_it_is_sent_and_the_other_stays(simulator):
    poses = moved(-0.2, -0.1, 1.6)
    turn = Rotation.from_euler("zyx", [0.7, -0.5, 0.3]) * Rotation.from_quat(START[1, 3:])
    poses[1, 3:] = turn.as_quat(canonical=True)
    simulator.command(commands(poses), 0)
    simulator.step(240)
    reached = bases(simulator.state())
    np.testing.assert_allclose(reached[:, :3], poses[:, :3], atol=1e-4)
    np.testing.assert_allclose(reached[0], START[0], atol=1e-4)
    between = Rotation.from_quat(reached[1, 3:]).inv() * turn
    assert between.magnitude() < 1e-3


def test_fingers_go_where_they_are_sent_by_name_and_followers_follow(simulator):
    leaders = {"yaw": 1.0, "pitch": 0.3, "index": 0.2, "middle": 0.5, "ring": 0.9, "pinky": 1.3}
    expected = {}
    for joint in LEFT.joints:
        key = next(key for key in leaders if key in (joint.leader or joint.name))
        expected[joint.name] = joint.multiplier * leaders[key]
    names = tuple(sorted(LEFT.joint_names, key=lambda name: name[::-1]))
    assert names != LEFT.joint_names
    simulator.command(commands(left=[expected[n] for n in names], left_joint_names=names), 0)
    simulator.step(240)
    state = simulator.state()
    reached = dict(zip(state.joint_names, state.joint_positions, strict=True))
    for name, position in expected.items():
        assert reached[f"left/{name}"] == pytest.approx(position, abs=0.01), name


def test_a_joint_is_not_driven_beyond_its_limit(simulator):
    simulator.command(commands(left=np.full(12, 3.0)), 0)
    simulator.step(240)
    assert (simulator.state().joint_positions[:12] < LEFT.limits_rad[1] + 0.01).all()


def test_teleported_fingers_are_where_they_are_sent_after_one_step():
    simulator = with_objects(TABLE, CUBE, finger_drive="teleport")
    wanted = np.linspace(0.05, 0.45, 12)
    simulator.command(commands(left=wanted), 0)
    simulator.step()
    np.testing.assert_allclose(simulator.state().joint_positions[:12], wanted, atol=1e-3)


def test_a_side_that_is_not_valid_stays_where_it_was_sent(simulator):
    sent = moved(-0.3, -0.1, 1.5)
    simulator.command(commands(sent), 0)
    simulator.step(240)
    poses = np.full((2, 7), np.nan)
    nothing = np.full(12, np.nan)
    simulator.command(commands(poses, nothing, nothing, valid=(False, False)), 1)
    simulator.step(240)
    state = simulator.state()
    assert state.command_seq == 1
    np.testing.assert_allclose(bases(state), sent, atol=1e-4)


def test_a_hand_that_is_lost_in_motion_stops_short(simulator):
    """The look ahead, 14 mm at 1 m/s, is taken back at once."""
    for frame in range(30):
        simulator.command(commands(moved(-0.35 + 0.0125 * frame, -0.2, 1.6)), frame)
        simulator.step(3)
    simulator.command(commands(valid=(False, False)), 30)
    farthest = -np.inf
    for _ in range(60):
        simulator.step()
        farthest = max(farthest, bases(simulator.state())[1, 0])
    last_sent = -0.35 + 0.0125 * 29
    assert last_sent - 0.001 < farthest < last_sent + 0.011


def not_a_number(index, shape=12):
    values = np.zeros(shape)
    values[index] = np.nan
    return values


WRONG = [
    (
        {"right": not_a_number(4)},
        r"right_joint_positions must be finite, got R_index_proximal_joint nan",
    ),
    (
        {"poses": np.where(np.eye(2, 7), np.inf, START)},
        r"world_from_base of the left hand must be finite, got \[inf",
    ),
    ({"poses": START * [1, 1, 1, 2, 2, 2, 2]}, "left hand must end in a unit quaternion .* 2"),
    (
        {"left_joint_names": ("L_little_joint", *LEFT.joint_names[1:])},
        r"left_joint_names do not fit left.urdf: missing L_thumb_proximal_yaw_joint; "
        r"unknown L_little_joint",
    ),
    (
        {"right_joint_names": RIGHT.joint_names[1:], "right": np.zeros(11)},
        r"right_joint_names do not fit right.urdf: missing R_thumb_proximal_yaw_joint",
    ),
]


@pytest.mark.parametrize(("change", "complaint"), WRONG)
def test_a_wrong_command_is_refused_by_name_and_changes_nothing(simulator, change, complaint):
    untouched = MujocoSimulator(SCENE, SETTINGS)
    for each in (simulator, untouched):
        each.command(commands(moved(-0.3, -0.1, 1.5)), 3)
        each.step(5)
    with pytest.raises(MessageError, match=complaint):
        simulator.command(commands(**change), 4)
    for each in (simulator, untouched):
        each.step(5)
    assert same(simulator.state(), untouched.state())


def test_what_is_wrong_on_a_side_that_is_not_valid_is_not_looked_at(simulator):
    simulator.command(commands(right=not_a_number(4), valid=(True, False)), 0)


def wander(simulator, frames, look=False):
    """Random commands to both hands, among the objects: a busy scene."""
    random = np.random.default_rng(4)
    states = []
    for frame in range(frames):
        poses = START.copy()
        poses[:, :3] = random.uniform([-0.3, -0.3, 1.2], [0.1, 0.3, 1.5], (2, 3))
        fingers = random.uniform(*LEFT.limits_rad), random.uniform(*RIGHT.limits_rad)
        simulator.command(commands(poses, *fingers), frame)
        for _ in range(10):
            simulator.step()
            if look:
                simulator.state()
        states.append(simulator.state())
    return states


def test_the_same_commands_give_the_same_states_bit_for_bit(simulator):
    first = wander(simulator, 60)
    assert any(len(state.contact_forces) for state in first)
    simulator.start()
    again = wander(simulator, 60)
    other = wander(MujocoSimulator(SCENE, SETTINGS), 60, look=True)
    assert all(map(same, first, again))
    assert all(map(same, first, other))


def test_a_state_is_the_callers_to_keep(simulator):
    before = simulator.state()
    kept = before.body_poses.copy(), before.joint_positions.copy()
    simulator.command(commands(moved(-0.2, -0.1, 1.6), right=np.full(12, 0.2)), 0)
    simulator.step(20)
    np.testing.assert_array_equal(before.body_poses, kept[0])
    np.testing.assert_array_equal(before.joint_positions, kept[1])


def test_an_object_falls_as_the_closed_form_says():
    ball = SceneObject(
        name="ball", shape="sphere", size=(0.1, 0.1, 0.1), position=(2, 0, 5), mass=0.3
    )
    simulator = with_objects(ball)
    simulator.step(100)
    # Semi-implicit Euler: velocity first, so that n steps fall g dt2 n (n + 1) / 2.
    assert body(simulator.state(), "ball")[2] == pytest.approx(
        5 - 9.81 * STEP_S**2 * 100 * 101 / 2, abs=1e-9
    )


def test_the_table_carries_the_cubes_weight(simulator):
    simulator.step(480)
    state = simulator.state()
    pairs = {tuple(sorted(state.body_names[i] for i in pair)) for pair in state.contact_bodies}
    assert pairs == {("cube", "table")}
    assert state.contact_forces.sum() == pytest.approx(0.1 * 9.81, rel=1e-3)
    np.testing.assert_allclose(state.contact_positions[:, 2], TABLE_TOP_M, atol=1e-3)


def test_a_loose_object_that_falls_off_comes_back_at_rest():
    cube = CUBE.model_copy(update={"position": (1.0, 0.0, 1.3)})
    simulator = with_objects(TABLE, cube)
    heights = []
    for _ in range(240):
        simulator.step()
        heights.append(body(simulator.state(), "cube")[2])
    # It falls 0.4 m to respawn_below in sqrt(2 h / g) = 0.286 s, again and again.
    back = [i + 1 for i in range(1, 240) if heights[i] > heights[i - 1]]
    assert np.diff(back) == pytest.approx(0.286 / STEP_S, abs=1)
    assert [heights[i - 1] for i in back] == pytest.approx([1.3] * len(back))
    assert min(heights) >= 0.9


def test_a_loose_object_that_is_nowhere_comes_back(simulator):
    cube = SCENE.model.joint("cube").dofadr[0]
    simulator._data.qvel[cube : cube + 3] = np.nan
    simulator.step(120)
    state = simulator.state()
    state.check()
    np.testing.assert_allclose(body(state, "cube")[:3], [0, 0, 1.275], atol=1e-3)


def test_a_diverged_hand_starts_over_and_says_so(simulator, caplog):
    simulator.command(commands(moved(-0.2, -0.1, 1.6)), 5)
    simulator.step(10)
    base = SCENE.model.joint("left/base").dofadr[0]
    simulator._data.qvel[base] = np.nan
    simulator.step()
    state = simulator.state()
    state.check()
    assert (state.step, state.command_seq) == (0, 5)
    np.testing.assert_allclose(bases(state), START, atol=1e-3)
    assert "diverged" in caplog.text


@pytest.mark.parametrize(("speed", "most_mm"), [(1.0, 10.0), (2.0, 20.0)])
def test_a_moving_hand_is_followed_closely(simulator, speed, most_mm):
    """Without looking ahead it trails by damping over stiffness, 14 mm at 1 m/s, and more."""
    amplitude, errors, sent = 0.2, [], -1

    def place(t):
        return -0.3 + amplitude * np.sin(speed / amplitude * t)

    for step in range(480):
        t = step * STEP_S
        if int(t * 72) != sent:
            sent = int(t * 72)
            simulator.command(commands(moved(place(t), -0.1, 1.6)), sent)
        simulator.step()
        if t > 0.5:
            reached = bases(simulator.state())[1, 0]
            errors.append(1e3 * abs(reached - place(t + STEP_S)))
    assert max(errors) < most_mm


def test_a_hand_whose_commands_cease_ends_where_it_was_last_sent(simulator):
    for frame in range(20):
        simulator.command(commands(moved(-0.35 + 0.01 * frame, -0.2, 1.6)), frame)
        simulator.step(3)
    simulator.step(120)
    np.testing.assert_allclose(bases(simulator.state())[1, 0], -0.35 + 0.19, atol=1e-4)


@pytest.mark.parametrize("depth_m", [0.05, 0.15, 0.35])
@pytest.mark.parametrize(("x", "y"), [(-0.25, -0.25), (-0.1, 0.2), (0.1, -0.1)])
def test_a_jump_into_the_table_ends_on_the_table(simulator, x, y, depth_m):
    above, below = moved(x, y, TABLE_TOP_M + 0.2), moved(x, y, TABLE_TOP_M - depth_m)
    simulator.command(commands(above), 0)
    simulator.step(120)
    simulator.command(commands(below), 1)
    lowest = np.inf
    for _ in range(30):
        simulator.step(4)
        lowest = min(lowest, bases(simulator.state())[1, 2])
    assert lowest > TABLE_TOP_M
    simulator.step(240)
    # At rest, pressing with the drive's full 60 N, the palm sinks in by a few millimetres.
    assert bases(simulator.state())[1, 2] > TABLE_TOP_M + PALM_HALF_THICKNESS_M - 0.005
    simulator.command(commands(above), 2)
    simulator.step(240)
    np.testing.assert_allclose(bases(simulator.state())[1], above[1], atol=2e-3)


def test_hands_sent_to_the_same_place_stay_apart(simulator):
    poses = START.copy()
    poses[:, :3] = -0.2, 0.0, 1.6
    simulator.command(commands(poses), 0)
    simulator.step(360)
    state = simulator.state()
    sides = [{state.body_names[i].split("/")[0] for i in pair} for pair in state.contact_bodies]
    assert {"left", "right"} in sides
    left, right = bases(state)
    assert np.linalg.norm(left[:3] - right[:3]) > 0.03


def test_under_stress_states_are_finite_and_speeds_bounded(simulator):
    """Teleports, any turn, any fingers, both hands at once: 10 s."""
    random = np.random.default_rng(0)
    previous = simulator.state()
    fastest = dict.fromkeys([*BASES, "cube"], 0.0)
    for frame in range(20):
        poses = np.empty((2, 7))
        poses[:, :3] = random.uniform([-0.4, -0.5, 1.0], [0.4, 0.5, 1.6], (2, 3))
        poses[:, 3:] = Rotation.random(2, rng=random).as_quat()
        fingers = random.uniform(*LEFT.limits_rad), random.uniform(*RIGHT.limits_rad)
        simulator.command(commands(poses, *fingers), frame)
        for _ in range(120):
            simulator.step()
            state = simulator.state()
            state.check()
            for name, most in fastest.items():
                speed = np.linalg.norm(body(state, name)[:3] - body(previous, name)[:3]) / STEP_S
                came_back = name == "cube" and body(previous, name)[2] < 0.95
                fastest[name] = most if came_back else max(most, speed)
            previous = state
    assert max(fastest[name] for name in BASES) < 8.0
    assert fastest["cube"] < 10.0


def test_the_renderer_draws_not_the_simulator(simulator):
    assert simulator.faces() is None
    simulator.close()


HIGH = (-0.35, -0.2, 1.8)  # 0.4 m above the start


def test_a_hand_that_is_held_stops_where_it_is(simulator):
    """What comes of Stop: on the way to a goal 0.4 m off, at more than 1 m/s."""
    closed = np.clip(np.full(12, 1.0), *RIGHT.limits_rad)
    simulator.command(commands(moved(*HIGH), right=closed), 0)
    simulator.step(16)
    before = simulator.state()
    simulator.command(commands(valid=(False, False)), 1)
    simulator.step(240)
    after = simulator.state()
    assert HIGH[2] - bases(before)[1, 2] > 0.1
    travelled = np.linalg.norm(bases(after)[1, :3] - bases(before)[1, :3])
    assert travelled < 0.06
    turned = np.abs(after.joint_positions - before.joint_positions).max()
    assert turned < 0.35
    simulator.step(240)
    assert np.abs(bases(simulator.state()) - bases(after)).max() < 1e-3


def test_to_hold_on_changes_nothing(simulator):
    closed = np.clip(np.full(12, 0.8), *RIGHT.limits_rad)
    simulator.command(commands(right=closed), 0)
    simulator.step(10)
    states = []
    for seq in range(1, 120):
        simulator.command(commands(valid=(False, False)), seq)
        simulator.step(4)
        states.append(simulator.state().joint_positions)
    assert np.abs(states[-1] - states[-60]).max() < 1e-3
