from pathlib import Path

import numpy as np
import pytest

from operators.joint_configuration import JointConfiguration
from operators.pictured_robot import PicturedRobot, Readings, RobotPart
from operators.settings import ROOT, SettingsError
from operators.transforms import rigid, rotation_about
from operators.urdf_kinematics import JointError

LEFT_URDF = ROOT / "assets/robots/two_arms/left_arm.urdf"
LEFT = {"left": JointConfiguration.load(ROOT / "configs/arms/two_arms_left.yml")}
CAMERA = rigid(rotation_about(0, 2.0), [0.1, 0.2, 1.5])
READINGS = {"left": Readings(np.linspace(-0.6, 0.6, 7), 0.04)}


def test_a_tool_stands_where_its_link_has_it() -> None:
    link_from_tool = rigid(rotation_about(2, 0.3), [0.0, 0.0, 0.17])
    part = RobotPart(LEFT_URDF, CAMERA, LEFT, {"probe": ("left_flange", link_from_tool)})
    poses = part.camera_from_links(READINGS)
    np.testing.assert_allclose(poses["probe"], poses["left_flange"] @ link_from_tool, atol=1e-12)
    # The URDF's own tool centre point is as far from the flange.
    np.testing.assert_allclose(poses["probe"][:3, 3], poses["left_tcp"][:3, 3], atol=1e-12)


@pytest.mark.parametrize("tool", [("probe", "nowhere"), ("left_flange", "left_flange")])
def test_a_tool_without_a_link_or_a_name_of_its_own_is_refused(tool: tuple[str, str]) -> None:
    name, link = tool
    with pytest.raises(SettingsError, match=f"tool {name} at link {link}"):
        RobotPart(LEFT_URDF, CAMERA, LEFT, {name: (link, np.eye(4))})


def test_joints_that_no_arm_moves_stay_at_zero() -> None:
    part = RobotPart(LEFT_URDF, CAMERA, {})
    still = RobotPart(LEFT_URDF, CAMERA, LEFT)
    at_zero = {"left": Readings(np.zeros(7), 0.04)}
    for link in ("left_link3", "left_tcp"):
        np.testing.assert_allclose(
            part.camera_from_links({})[link], still.camera_from_links(at_zero)[link], atol=1e-12
        )


def test_a_joint_of_which_nobody_says_where_it_is_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.urdf"
    text = LEFT_URDF.read_text()
    broken.write_text(
        text.replace('mimic joint="left_finger_joint" multiplier="1"', 'mimic joint="x"')
    )
    with pytest.raises(JointError, match=r"left_other_finger_pad_joint mimics x, .*{followers"):
        RobotPart(broken, CAMERA, LEFT)
    arm = (ROOT / "configs/arms/two_arms_left.yml").read_text()
    told = tmp_path / "told.yml"
    told.write_text(arm + "  followers: {left_other_finger_pad_joint: 1}\n")
    part = RobotPart(broken, CAMERA, {"left": JointConfiguration.load(told)})
    sound = RobotPart(LEFT_URDF, CAMERA, LEFT)
    for link, pose in sound.camera_from_links(READINGS).items():
        np.testing.assert_allclose(part.camera_from_links(READINGS)[link], pose, atol=1e-12)


def test_meshes_follow_their_links() -> None:
    part = RobotPart(LEFT_URDF, CAMERA, LEFT)
    robot = PicturedRobot([part, part])
    links = robot.camera_from_links(READINGS)
    poses = robot.camera_from_meshes(links)
    assert len(poses) == 2 * len(part.visuals)
    visual = part.visuals[4]
    expected = links[0][visual.link] @ visual.link_from_mesh
    np.testing.assert_allclose(poses[4], expected, atol=1e-15)
    np.testing.assert_allclose(poses[4 + len(part.visuals)], expected, atol=1e-15)
    assert robot.named_visuals[-1][0].startswith("1:")


def test_an_offset_is_the_same_as_another_reading() -> None:
    robot = PicturedRobot([RobotPart(LEFT_URDF, CAMERA, LEFT)])
    assert robot.read_joint_names[1] == "0:left_joint2"
    assert len(robot.read_joint_names) == 7
    more = np.linspace(-0.6, 0.6, 7)
    more[1] += 0.02
    expected = robot.camera_from_links({"left": Readings(more, 0.04)})[0]
    found = robot.camera_from_links(READINGS, {"0:left_joint2": 0.02})[0]
    for link, pose in expected.items():
        np.testing.assert_allclose(found[link], pose, atol=1e-12)
