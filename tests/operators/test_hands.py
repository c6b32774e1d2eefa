import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from operators.hands import SIDES, Hand
from operators.settings import SettingsError

SHIPPED = [f"configs/hands/inspire_{side}.yml" for side in SIDES]

LITTLE_URDF = """
<robot name="little">
  <link name="palm"/><link name="near"/><link name="far"/><link name="tip"/>
  <joint name="bend" type="revolute"><parent link="palm"/><child link="near"/>
    <axis xyz="0 0 1"/><limit lower="-0.5" upper="1.5"/></joint>
  <joint name="follow" type="revolute"><parent link="near"/><child link="far"/>
    <axis xyz="0 0 1"/><limit lower="-1" upper="2"/>
    <mimic joint="bend" multiplier="-0.5" offset="0.25"/></joint>
  <joint name="end" type="fixed"><parent link="far"/><child link="tip"/></joint>
  <transmission name="drive"><joint name="bend"/></transmission>
</robot>
"""
LITTLE_YAML = """
urdf: little.urdf
base_link: palm
joint_layout: webxr25
wrist_from_base: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
retarget_from_wrist: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
retargeting:
  type: vector
  target_origin_link_names: [palm]
  target_task_link_names: [tip]
  target_link_human_indices: [[0], [9]]
"""


def little_hand(folder: Path, *, yaml: str = LITTLE_YAML, urdf: str = LITTLE_URDF) -> Path:
    (folder / "little.urdf").write_text(urdf)
    path = folder / "little.yml"
    path.write_text(yaml)
    return path


@pytest.mark.parametrize("path", SHIPPED)
def test_shipped_hand_has_the_joints_of_its_urdf(path: str) -> None:
    hand = Hand.load(path)
    robot = ElementTree.parse(hand.urdf_path).getroot()
    moving = [joint for joint in robot.iter("joint") if joint.get("type") == "revolute"]
    assert hand.joint_names == tuple(joint.get("name") for joint in moving)
    assert len(hand.joints) == 12
    assert set(hand.target_joint_names) == set(hand.leader_names)
    assert len(hand.leader_names) == 6
    for joint, element in zip(hand.joints, moving, strict=True):
        limit, mimic = element.find("limit"), element.find("mimic")
        assert limit is not None
        assert [joint.lower_rad, joint.upper_rad] == [
            float(limit.get("lower", "nan")),
            float(limit.get("upper", "nan")),
        ]
        assert joint.leader == (None if mimic is None else mimic.get("joint"))
    np.testing.assert_array_equal(hand.limits_rad[1], [joint.upper_rad for joint in hand.joints])


@pytest.mark.parametrize("path", SHIPPED)
def test_shipped_retarget_frame_is_the_base(path: str) -> None:
    configuration = Hand.load(path).configuration
    np.testing.assert_array_equal(
        np.array(configuration.retarget_from_wrist) @ configuration.wrist_from_base, np.eye(4)
    )


def test_shipped_hands_differ_in_their_side_alone() -> None:
    left, right = (Hand.load(path).configuration.model_dump_json() for path in SHIPPED)
    assert right.replace("R_", "L_").replace("right", "left") == left


def test_a_urdf_may_come_with_dexi() -> None:
    hand = Hand.load("configs/hands/allegro_right.yml")
    assert hand.urdf_path.is_file()
    assert hand.urdf_path.name == "allegro_hand_right.urdf"
    assert len(hand.joints) == 16


def test_little_hand_is_read(tmp_path: Path) -> None:
    hand = Hand.load(little_hand(tmp_path))
    assert hand.joint_names == ("bend", "follow")
    assert hand.target_joint_names == ("bend",)
    assert hand.link_names == ("palm", "near", "far", "tip")
    follower = hand.joints[1]
    assert (follower.leader, follower.multiplier, follower.offset_rad) == ("bend", -0.5, 0.25)
    np.testing.assert_array_equal(hand.limits_rad, [[-0.5, -1], [1.5, 2]])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("base_link: palm", "base_link: plam", "base_link: plam not among .* palm, near, far, tip"),
        ("names: [tip]", "names: [top]", "retargeting.target_task_link_names: top not among"),
        (
            "type: vector",
            "type: vector\n  target_joint_names: [bned]",
            "retargeting.target_joint_names: bned not among .* bend$",
        ),
        (
            "type: vector",
            "type: vector\n  target_joint_names: [bend, follow]",
            "retargeting.target_joint_names: follow not among .* follow no other",
        ),
        ("[[0], [9]]", "[[0], [25]]", r"\[25\] are no joints of webxr25, which counts 0 to 24"),
        ("[[0], [9]]", "[[0], [-1]]", r"\[-1\] are no joints"),
        ("[[0], [9]]", "[[0, 0], [9, 14]]", r"equally long, got \[1, 1, 2, 2\]"),
        ("type: vector", "type: position", "retargeting.type: .*'vector' or 'dexpilot'"),
        ("type: vector", "type: dexpilot", "needs wrist_link_name, finger_tip_link_names"),
        ("webxr25", "webxr26", "joint_layout: .*'webxr25' or 'mediapipe21', got 'webxr26'"),
        ("webxr25", "mediapipe21", None),
        (
            "[[0], [9]]",
            "[[0], [9]]\n  low_pass_alpha: 0",
            "low_pass_alpha: .* greater than 0, got 0",
        ),
        ("[[0], [9]]", "[[0], [9]]\n  scale: 2", "retargeting.scale: Extra .* not permitted"),
        ("urdf: little", "urdf: big", "urdf: cannot read .*big.urdf: No such file"),
        (
            "urdf: little.urdf",
            "urdf: dexi:little.urdf",
            r"urdf: dexi:little.urdf is not in dexi-rs .* dexi:shadow_hand/shadow_hand_left.urdf",
        ),
        ("urdf: little.urdf", "missing_meshes: ok\nurdf: little.urdf", "'refuse' or 'skeleton'"),
        ("base_link: palm", "", "base_link: Field required"),
        ("[1, 0, 0, 0], [0, 1", "[2, 0, 0, 0], [0, 1", "wrist_from_base: .*rigid transform"),
        ("urdf: little.urdf", "urdf: [", "not YAML"),
    ],
)
def test_wrong_configuration_is_refused_by_file_and_key(
    tmp_path: Path, old: str, new: str, expected: str | None
) -> None:
    assert old in LITTLE_YAML
    path = little_hand(tmp_path, yaml=LITTLE_YAML.replace(old, new, 1))
    if expected is None:
        Hand.load(path)
        return
    with pytest.raises(SettingsError, match=f"(?s)^{path}: .*{expected}"):
        Hand.load(path)


@pytest.mark.parametrize("content", ["", "a word", "[1, 2]"])
def test_what_is_no_configuration_is_refused(tmp_path: Path, content: str) -> None:
    path = little_hand(tmp_path, yaml=content)
    with pytest.raises(SettingsError, match=f"^{path}: the whole file: "):
        Hand.load(path)


def test_absent_configuration_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"none\.yml: cannot read .*configs/hands/"):
        Hand.load("configs/hands/none.yml")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("</robot>", "", "not XML"),
        ('mimic joint="bend"', 'mimic joint="bned"', "follow mimics bned"),
        ('mimic joint="bend"', 'mimic joint="follow"', "follow mimics follow"),
        ('upper="1.5"', 'upper="-0.5"', "bend: limits -0.5 to -0.5 leave no room"),
        ('upper="1.5"', 'upper="far"', "bend: could not convert"),
        ('name="bend" type="revolute"', 'name="bend" type="continuous"', "bend: .*revolute"),
        ('<limit lower="-0.5" upper="1.5"/>', "", "bend: .*without one"),
    ],
)
def test_wrong_urdf_is_refused_by_file_and_joint(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in LITTLE_URDF
    path = little_hand(tmp_path, urdf=LITTLE_URDF.replace(old, new, 1))
    with pytest.raises(SettingsError, match=f"^{tmp_path / 'little.urdf'}: .*{expected}"):
        Hand.load(path)
