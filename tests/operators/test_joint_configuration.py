from pathlib import Path

import numpy as np
import pytest

from operators.joint_configuration import JointConfiguration
from operators.settings import ROOT, SettingsError
from operators.urdf_kinematics import JointError

ROBOT = JointConfiguration.load(ROOT / "configs/arms/two_arms_left.yml")
EXOSKELETON = JointConfiguration.load(ROOT / "configs/arms/exoskeleton_left.yml")


def arm(folder: Path, content: str) -> JointConfiguration:
    path = folder / "arm.yml"
    path.write_text(content)
    return JointConfiguration.load(path)


def test_a_robots_readings_are_its_joints() -> None:
    readings = np.linspace(-1.0, 1.0, 7)
    positions = ROBOT.positions(readings, 0.03)
    assert [positions[f"left_joint{i + 1}"] for i in range(7)] == readings.tolist()
    assert tuple(positions) == ROBOT.joint_names


def test_an_encoder_counts_from_its_zero() -> None:
    positions = EXOSKELETON.positions([133.31, 298.78, 197.52, 289.77, 353.77, 16.94, 53.28])
    assert positions["left_joint1"] == pytest.approx(np.radians(10.0))
    assert positions["left_joint2"] == 0.0
    assert positions["left_joint7"] == pytest.approx(np.radians(-10.0))


def test_a_direction_turns_the_sign(tmp_path: Path) -> None:
    content = "reads: encoder\nunit: rad\njoints: [{name: a, direction: -1, zero: 0.5}]"
    assert arm(tmp_path, content).positions([0.7])["a"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (0.0, 0.725),
        (0.085, 0.725 - np.arcsin(0.085 / 0.1143)),
        (0.2, 0.725 - np.arcsin(0.085 / 0.1143)),
        (-0.1, 0.725),
        (None, 0.725 - np.arcsin(0.05 / 0.1143)),
        (np.nan, 0.725 - np.arcsin(0.05 / 0.1143)),
    ],
)
def test_a_grippers_width_becomes_its_joint(width: float | None, expected: float) -> None:
    assert ROBOT.positions(np.zeros(7), width)["left_finger_joint"] == pytest.approx(expected)


def test_a_parallel_gripper_slides_by_half(tmp_path: Path) -> None:
    content = (
        "reads: joint_angle\nunit: rad\njoints: []\n"
        "gripper: {joint: finger, formula: half_width, max_width: 0.105}"
    )
    assert arm(tmp_path, content).positions([], 0.08) == {"finger": 0.04}


def test_followers_turn_with_the_gripper(tmp_path: Path) -> None:
    content = (
        "reads: joint_angle\nunit: rad\njoints: []\n"
        "gripper: {joint: finger, formula: robotiq_2f85, followers: {other: -1, third: 0.5}}"
    )
    configuration = arm(tmp_path, content)
    assert configuration.joint_names == ("finger", "other", "third")
    assert configuration.positions([], 0.0) == {"finger": 0.725, "other": -0.725, "third": 0.3625}


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        (np.zeros(6), "expected 7 readings, of left_joint1, .*; got 6"),
        (np.zeros(8), "got 8"),
        (np.zeros((7, 1)), r"got \(7, 1\)"),
        ([0, 0, np.inf, 0, 0, 0, 0], "the reading of left_joint3 is not finite"),
    ],
)
def test_readings_that_do_not_fit_are_refused(readings: object, words: str) -> None:
    with pytest.raises(JointError, match=words):
        ROBOT.positions(readings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("reads: encoder\nunit: deg\njoints: [{name: a, direction: 2}]", "joints.0.direction"),
        ("reads: encoder\nunit: turns\njoints: []", "unit: Input should be 'rad' or 'deg'"),
        ("reads: encoder\nunit: deg\njoints: [{name: a}, {name: a}]", "each joint once"),
        ("reads: joint_angle\nunit: rad\njoints: [{name: a, zero: 3}]", "neither direction nor"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        arm(tmp_path, content)
    assert words in str(refused.value)
