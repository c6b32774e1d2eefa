"""What both simulators promise: the same commands mean the same, and so do the states."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.equirectangular import direction_of_pixel
from operators.message import MessageError
from operators.messages import HandCommands, SceneState
from operators.panorama import PanoramaCapture
from operators.scene import build_scene
from operators.settings import Settings
from operators.simulator import Simulator
from operators.simulators import make_simulator
from operators.stitched_panorama import StitchedPanorama
from operators.view_messages import Faces
from tests.operators.doubled_isaac_gym import doubled

Array = NDArray[np.float64]

SIMULATORS = ("mujoco", "isaacgym")
SCENE = build_scene(Settings())
LEFT, RIGHT = SCENE.hands
BASES = [3, SCENE.body_names.index("right/R_hand_base_link")]
AWAY = np.array([[-0.3, 0.35, 1.75], [-0.2, -0.3, 1.6]])
TURNS = Rotation.from_euler("zyx", [[0.7, -0.5, 0.3], [-0.4, 0.6, 1.1]])
START = np.array([[-0.35, 0.2, 1.4, 0.5, -0.5, 0.5, 0.5], [-0.35, -0.2, 1.4, 0.5, -0.5, 0.5, 0.5]])
LEADERS = {"yaw": 1.0, "pitch": 0.3, "index": 0.2, "middle": 0.5, "ring": 0.9, "pinky": 1.3}
SETTLED_S = 1.0


def settings_of(simulator: str, folder: Path) -> Settings:
    return doubled(folder, simulation={"simulator": simulator})


@pytest.fixture(scope="module", params=SIMULATORS)
def running(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Simulator]:
    simulator = make_simulator(settings_of(request.param, tmp_path_factory.mktemp("simulator")))
    simulator.start()
    yield simulator
    simulator.close()


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.start()
    return running


def settle(simulator: Simulator) -> SceneState:
    simulator.step(round(SETTLED_S / simulator.time_step_s))
    state = simulator.state()
    state.check()
    return state


def curled(hand: Any) -> Array:
    """Positions of every joint, followers where their leader takes them, rad."""
    positions = []
    for joint in hand.joints:
        key = next(key for key in LEADERS if key in (joint.leader or joint.name))
        positions.append(joint.multiplier * LEADERS[key] + joint.offset_rad)
    return np.array(positions)


def command(**changes: Any) -> HandCommands:
    poses = START.copy()
    poses[:, :3] = AWAY
    poses[:, 3:] = (TURNS * Rotation.from_quat(START[:, 3:])).as_quat()
    fields = {
        "valid": np.array([True, True]),
        "faults": ("", ""),
        "world_from_base": poses,
        "left_joint_names": LEFT.joint_names,
        "left_joint_positions": curled(LEFT),
        "right_joint_names": RIGHT.joint_names,
        "right_joint_positions": curled(RIGHT),
    }
    return HandCommands(**(fields | changes))


def assert_poses_agree(poses: Array, expected: Array, m: float, rad: float) -> None:
    np.testing.assert_allclose(poses[:, :3], expected[:, :3], atol=m)
    between = Rotation.from_quat(poses[:, 3:]).inv() * Rotation.from_quat(expected[:, 3:])
    assert between.magnitude().max() < rad


def test_names_are_the_scenes(simulator: Simulator) -> None:
    state = simulator.state()
    assert simulator.joint_names == state.joint_names == SCENE.joint_names
    assert state.body_names == SCENE.body_names
    assert simulator.model_digest == state.model_digest


def test_everything_is_at_its_start(simulator: Simulator) -> None:
    state = simulator.state()
    state.check()
    assert (state.step, state.simulation_time_s, state.command_seq) == (0, 0.0, -1)
    assert_poses_agree(state.body_poses[BASES], START, 1e-4, 1e-3)
    np.testing.assert_allclose(
        state.body_poses[:3, :3], [[0] * 3, [0, 0, 1.2], [0, 0, 1.275]], atol=1e-4
    )
    np.testing.assert_allclose(state.joint_positions, 0.0, atol=1e-3)


def test_steps_are_counted_in_simulated_time(simulator: Simulator) -> None:
    simulator.step(3)
    state = simulator.state()
    assert state.step == 3
    assert state.simulation_time_s == pytest.approx(3 * simulator.time_step_s)


def test_the_newest_command_acts_from_the_next_step_and_the_state_says_so(
    simulator: Simulator,
) -> None:
    simulator.command(command(valid=np.array([False, False])), 6)
    simulator.command(command(), 7)
    assert simulator.state().command_seq == -1
    simulator.step(0)
    assert simulator.state().command_seq == -1
    simulator.step()
    assert simulator.state().command_seq == 7


def test_hands_go_where_they_are_sent(simulator: Simulator) -> None:
    sent = command()
    simulator.command(sent, 0)
    state = settle(simulator)
    assert_poses_agree(state.body_poses[BASES], sent.world_from_base, 1e-3, 1e-2)
    np.testing.assert_allclose(
        state.joint_positions, np.concatenate([curled(LEFT), curled(RIGHT)]), atol=0.01
    )


def test_joints_are_matched_by_name(simulator: Simulator) -> None:
    order = np.random.default_rng(3).permutation(12)
    names = tuple(LEFT.joint_names[i] for i in order)
    shuffled = {"left_joint_names": names, "left_joint_positions": curled(LEFT)[order]}
    simulator.command(command(**shuffled), 0)
    state = settle(simulator)
    found = dict(zip(state.joint_names, state.joint_positions, strict=True))
    for name, position in zip(LEFT.joint_names, curled(LEFT), strict=True):
        assert found[f"left/{name}"] == pytest.approx(position, abs=0.01), name


def test_a_side_that_is_not_valid_stays(simulator: Simulator) -> None:
    simulator.command(command(), 0)
    before = settle(simulator)
    nothing = {
        "valid": np.array([False, False]),
        "world_from_base": np.full((2, 7), np.nan),
        "left_joint_names": (),
        "left_joint_positions": np.zeros(0),
        "right_joint_names": (),
        "right_joint_positions": np.zeros(0),
    }
    simulator.command(command(**nothing), 1)
    after = settle(simulator)
    assert after.command_seq == 1
    assert_poses_agree(after.body_poses, before.body_poses, 1e-3, 1e-2)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"left_joint_positions": np.full(12, np.nan)}, "left_joint_positions must be finite"),
        ({"world_from_base": 2 * START}, "left hand must end in a unit quaternion"),
        (
            {"right_joint_names": ("R_little_joint", *RIGHT.joint_names[1:])},
            "missing R_thumb_proximal_yaw_joint; unknown R_little_joint",
        ),
    ],
)
def test_a_wrong_command_is_refused_by_name_and_changes_nothing(
    simulator: Simulator, changes: dict[str, Any], complaint: str
) -> None:
    simulator.command(command(), 3)
    with pytest.raises(MessageError, match=complaint):
        simulator.command(command(**changes), 4)
    simulator.step()
    assert simulator.state().command_seq == 3


def test_a_state_is_the_callers_to_keep(simulator: Simulator) -> None:
    before = simulator.state()
    kept = before.body_poses.copy(), before.joint_positions.copy()
    simulator.command(command(), 0)
    settle(simulator)
    np.testing.assert_array_equal(before.body_poses, kept[0])
    np.testing.assert_array_equal(before.joint_positions, kept[1])


def test_all_of_both_robots_is_in_the_same_places(tmp_path: Path) -> None:
    """Every link of both hands: MuJoCo's kinematics against the double's own."""
    states = []
    for name in SIMULATORS:
        simulator = make_simulator(settings_of(name, tmp_path))
        simulator.start()
        simulator.command(command(), 0)
        states.append(settle(simulator))
        simulator.close()
    ours, theirs = states
    assert ours.body_names == theirs.body_names
    assert ours.joint_names == theirs.joint_names
    assert ours.model_digest == theirs.model_digest
    assert_poses_agree(theirs.body_poses, ours.body_poses, 2e-3, 0.02)


def panorama_of_double(
    folder: Path, variables: dict[str, str], **sections: Any
) -> NDArray[np.uint8]:
    settings = doubled(folder, variables=variables, **sections)
    simulator = make_simulator(settings)
    simulator.start()
    faces = simulator.faces()
    assert faces is not None
    panorama = StitchedPanorama(settings.panorama).panorama(Faces(pixels=faces))
    simulator.close()
    return panorama.pixels


@pytest.mark.parametrize("image_tensors", [False, True])
def test_every_pixel_of_the_panorama_shows_its_own_direction(
    tmp_path: Path, image_tensors: bool
) -> None:
    """The double colours directions: a face that is turned, mirrored or exchanged would be seen."""
    seen = panorama_of_double(
        tmp_path,
        {"ISAACGYM_DOUBLE_PICTURES": "directions"},
        isaacgym={"image_tensors": image_tensors},
        panorama={"face_size": 128, "width": 256},
    )
    row, column = np.indices(seen.shape[:2])
    expected = 127.5 * (1.0 + direction_of_pixel(column, row, *seen.shape[:2]))
    assert np.abs(seen - expected).max() < 2.0


@pytest.mark.gl
def test_both_panoramas_show_the_same_colour_in_the_same_direction(tmp_path: Path) -> None:
    """A room with the double's six colours on its walls, far above the ground, round MuJoCo's."""
    colours = {
        (1, 0, 0): (220, 50, 40),
        (0, -1, 0): (50, 170, 60),
        (-1, 0, 0): (40, 80, 200),
        (0, 1, 0): (235, 200, 50),
        (0, 0, 1): (120, 210, 240),
        (0, 0, -1): (110, 80, 60),
    }
    anchor = np.array([0.0, 0.0, 50.0])
    walls = [
        {
            "name": f"wall{i}",
            "size": tuple(np.where(np.abs(towards), 0.2, 20.2).tolist()),
            "position": tuple((anchor + 10.1 * np.array(towards)).tolist()),
            "colour": tuple((np.array(colour) / 255).tolist()),
        }
        for i, (towards, colour) in enumerate(colours.items())
    ]
    sections = {
        "scene": {"objects": walls, "anchor_position": tuple(anchor)},
        "panorama": {"face_size": 64, "width": 128, "tile_size": 32},
    }
    theirs = panorama_of_double(tmp_path, {}, **sections)
    settings = Settings.model_validate(sections)
    scene = build_scene(settings)
    simulator = make_simulator(settings)
    with PanoramaCapture(scene.model, settings) as capture:
        ours = capture.capture(simulator.state().body_poses).pixels.copy()

    def nearest(pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
        hues = np.array(list(colours.values()), float)
        hues /= np.linalg.norm(hues, axis=1, keepdims=True)
        found: NDArray[np.intp] = (pixels.astype(float) @ hues.T).argmax(axis=-1)
        return found

    # Where they differ are the hands, which the double does not draw, and edges of walls.
    assert (nearest(ours) == nearest(theirs)).mean() > 0.93
    height, width = ours.shape[:2]
    for (x, y, z), colour in colours.items():
        row = round((0.5 - np.arctan2(z, np.hypot(x, y)) / np.pi) * (height - 1))
        column = round((0.5 - np.arctan2(y, x) / (2 * np.pi)) * width) % width
        assert tuple(theirs[row, column]) == colour
