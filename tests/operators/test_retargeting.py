import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from pathlib import Path

import dexi_rs
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.hands import SIDES, Hand
from operators.joint_layout import FINGERS
from operators.messages import HandTargets
from operators.retargeting import HandRetargeter, Retargeter
from operators.settings import ROOT, Settings, SettingsError

Floats = NDArray[np.float64]
Fingertips = Callable[[Hand, Mapping[str, float]], Floats]
CONFIGURATIONS = [f"configs/hands/inspire_{side}.yml" for side in SIDES]
TIPS = [4, 9, 14, 19, 24]
IDENTITY_POSE = [0.0, 0, 0, 0, 0, 0, 1]


def inspire(folder: Path, side: int, **retargeting: object) -> Hand:
    """The shipped hand with other words under `retargeting`, by default without smoothing."""
    text = ROOT.joinpath(CONFIGURATIONS[side]).read_text()
    text = text.replace("../../assets", str(ROOT / "assets"))
    for key, value in ({"low_pass_alpha": 1.0} | retargeting).items():
        head, _, tail = text.partition(f"  {key}: ")
        text = f"{head}  {key}: {value}\n{tail.partition(chr(10))[2]}"
    path = folder / f"{SIDES[side]}.yml"
    path.write_text(text)
    return Hand.load(path)


def targets(finger_joints: Floats, *, valid: tuple[bool, bool] = (True, True)) -> HandTargets:
    flags = np.array(valid)
    fingers = np.where(flags[:, None, None], finger_joints, np.nan)
    poses = np.where(flags[:, None], [IDENTITY_POSE] * 2, np.nan)
    return HandTargets(
        faults=("", ""),
        source="replay",
        client="",
        valid=flags,
        anchor_from_wrist=poses,
        finger_joints=fingers,
    )


def joints_that_reach(hand: Hand, tips: Floats) -> Floats:
    """A human hand (25, 3) in the wrist's frame, m, whose scaled fingertips are these (base)."""
    joints = np.zeros((25, 3))
    wrist_from_base = np.array(hand.configuration.wrist_from_base)[:3, :3]
    joints[TIPS] = tips @ wrist_from_base.T / hand.configuration.retargeting.scaling_factor
    return joints


def some_positions(hand: Hand, count: int) -> list[dict[str, float]]:
    """Joint positions within limits, followers worked out from the URDF's own words."""
    random = np.random.default_rng(9)
    made = []
    for _ in range(count):
        positions: dict[str, float] = {}
        for joint in ElementTree.parse(hand.urdf_path).getroot().iter("joint"):
            limit, mimic, name = joint.find("limit"), joint.find("mimic"), joint.get("name", "")
            if mimic is not None:
                leader = positions[mimic.get("joint", "")]
                offset = float(mimic.get("offset", 0))
                positions[name] = float(mimic.get("multiplier", 1)) * leader + offset
            elif limit is not None:
                low, high = float(limit.get("lower", 0)), float(limit.get("upper", 0))
                positions[name] = random.uniform(low + 0.1 * (high - low), high)
        made.append(positions)
    return made


@pytest.fixture(scope="module")
def robot_positions(human_hands: Floats) -> Floats:
    """What the shipped hands make of them: (621, 2, 12)."""
    retargeter = Retargeter.from_settings(Settings())
    commands = [retargeter.retarget(targets(fingers)) for fingers in human_hands]
    for command in commands:
        command.check()
    return np.array([[c.left_joint_positions, c.right_joint_positions] for c in commands])


def flexion(joints: Floats, knuckle: int) -> Floats:
    """How far a finger is bent in all, rad, from the angles between its bones (frames, 25, 3)."""
    points = joints[:, [0, knuckle, knuckle + 1, knuckle + 2, knuckle + 3]]
    bones = np.diff(points, axis=1)
    bones /= np.linalg.norm(bones, axis=-1, keepdims=True)
    cosines = np.sum(bones[:, 1:] * bones[:, :-1], axis=-1)
    angles: Floats = np.arccos(np.clip(cosines, -1, 1)).sum(-1)
    return angles


@pytest.mark.parametrize("side", range(2), ids=SIDES)
def test_reachable_fingertips_are_reached(
    tmp_path: Path, fingertips: Fingertips, side: int
) -> None:
    hand = inspire(tmp_path, side)
    retargeter = HandRetargeter(hand)
    errors = []
    for positions in some_positions(hand, 40):
        wanted = fingertips(hand, positions)
        for _ in range(20):  # the objective also holds on to the last answer
            found = retargeter.retarget(joints_that_reach(hand, wanted))
        reached = fingertips(hand, dict(zip(retargeter.joint_names, found, strict=True)))
        errors.append(np.linalg.norm(reached - wanted, axis=-1))
    assert np.median(errors) < 1e-3
    assert np.percentile(errors, 95) < 5e-3


@pytest.mark.parametrize("side", range(2), ids=SIDES)
def test_limits_hold_and_followers_follow(robot_positions: Floats, side: int) -> None:
    hand = Hand.load(CONFIGURATIONS[side])
    by_name = dict(zip(hand.joint_names, robot_positions[:, side].T, strict=True))
    followers = 0
    for joint in ElementTree.parse(hand.urdf_path).getroot().iter("joint"):
        limit, mimic, name = joint.find("limit"), joint.find("mimic"), joint.get("name", "")
        if limit is None:
            continue
        assert by_name[name].min() >= float(limit.get("lower", "nan")) - 1e-12, name
        assert by_name[name].max() <= float(limit.get("upper", "nan")) + 1e-12, name
        if mimic is not None:
            leader = by_name[mimic.get("joint", "")]
            expected = float(mimic.get("multiplier", 1)) * leader + float(mimic.get("offset", 0))
            np.testing.assert_allclose(by_name[name], expected, atol=1e-15)
            followers += 1
    assert followers == 6


@pytest.mark.parametrize("finger", range(1, 5), ids=FINGERS[1:])
@pytest.mark.parametrize("side", range(2), ids=SIDES)
def test_robot_bends_its_fingers_as_the_human_does(
    robot_positions: Floats, human_hands: Floats, side: int, finger: int
) -> None:
    hand = Hand.load(CONFIGURATIONS[side])
    prefix = hand.configuration.base_link[:2]
    joint = hand.joint_names.index(f"{prefix}{FINGERS[finger]}_proximal_joint")
    human = flexion(human_hands[:, side], 5 * finger + 1)
    assert np.corrcoef(human, robot_positions[:, side, joint])[0, 1] > 0.85


@pytest.mark.parametrize("side", range(2), ids=SIDES)
def test_robots_thumb_crosses_the_palm_as_the_humans_does(
    robot_positions: Floats, human_hands: Floats, fingertips: Fingertips, side: int
) -> None:
    hand = Hand.load(CONFIGURATIONS[side])
    wrist_from_base = np.array(hand.configuration.wrist_from_base)[:3, :3]
    every_tenth = slice(None, None, 10)
    robot = [
        wrist_from_base @ fingertips(hand, dict(zip(hand.joint_names, positions, strict=True)))[0]
        for positions in robot_positions[every_tenth, side]
    ]
    human = human_hands[every_tenth, side, TIPS[0]]
    assert np.corrcoef(human[:, 0], np.array(robot)[:, 0])[0, 1] > 0.9


def test_relaxed_hand_of_a_headset_leaves_the_robot_nearly_open(relaxed_left_hand: Floats) -> None:
    retargeter = HandRetargeter(Hand.load(CONFIGURATIONS[0]))
    for _ in range(30):
        found = retargeter.retarget(relaxed_left_hand)
    positions = dict(zip(retargeter.joint_names, found, strict=True))
    assert all(0.0 <= positions[f"L_{name}_proximal_joint"] < 0.6 for name in FINGERS[1:])
    assert 0.0 < positions["L_thumb_proximal_yaw_joint"] < 0.5


def test_left_and_right_agree(robot_positions: Floats) -> None:
    difference = np.abs(robot_positions[:, 0] - robot_positions[:, 1])
    assert difference[:, 4:].max() < 0.02  # fingers: the URDFs differ by rounded origins
    # The thumbs' origins differ by 1.6 mm between OpenTeleVision's two hands.
    assert np.median(difference[:, :4], axis=0).max() < 0.05


@pytest.mark.parametrize("side", range(2), ids=SIDES)
def test_flat_forward_hand_points_the_robot_forward_palm_down(
    fingertips: Fingertips, side: int
) -> None:
    # The wrist's -z towards the anchor's x, its y up: the quaternion of WebXR's axes in the world.
    given = targets(np.zeros((2, 25, 3)))
    given.anchor_from_wrist[:] = [0.3, -0.1, -0.4, 0.5, -0.5, -0.5, 0.5]
    command = Retargeter.from_settings(Settings()).retarget(given)
    pose = command.world_from_base[side]
    # OpenTeleVision adds (-0.6, 0, 1.6).
    np.testing.assert_allclose(pose[:3], [-0.3, -0.1, 1.2], atol=1e-12)
    rotation = Rotation.from_quat(pose[3:])
    np.testing.assert_allclose(rotation.apply([0, -1, 0]), [1, 0, 0], atol=1e-12)  # fingers
    np.testing.assert_allclose(rotation.apply([-1, 0, 0]), [0, 0, -1], atol=1e-12)  # palm
    # The thumb's side: the robot's left for a right hand, its right for a left one.
    hand = Hand.load(CONFIGURATIONS[side])
    _, index, _, _, pinky = fingertips(hand, {})
    thumb = rotation.apply(index - pinky)
    assert np.sign(thumb[1]) == (-1 if side == 0 else 1)


@pytest.mark.parametrize("lost", range(2), ids=SIDES)
def test_lost_side_is_nan_and_the_other_goes_on(human_hands: Floats, lost: int) -> None:
    valid = (lost != 0, lost != 1)
    retargeter = Retargeter.from_settings(Settings())
    command = retargeter.retarget(targets(human_hands[0], valid=valid))
    command.check()
    positions = (command.left_joint_positions, command.right_joint_positions)
    assert command.valid.tolist() == list(valid)
    assert np.isnan(command.world_from_base[lost]).all()
    assert np.isnan(positions[lost]).all()
    assert positions[lost].shape == (12,)
    assert np.isfinite(positions[1 - lost]).all()


def test_hand_that_returns_is_not_blended_with_old_positions(
    tmp_path: Path, human_hands: Floats
) -> None:
    hands = [inspire(tmp_path, side, low_pass_alpha=0.5) for side in range(2)]
    fresh = Retargeter(hands, (0, 0, 0)).retarget(targets(human_hands[600]))
    retargeter = Retargeter(hands, (0, 0, 0))
    for fingers in human_hands[:20]:
        retargeter.retarget(targets(fingers))
    blended = retargeter.retarget(targets(human_hands[600]))
    assert np.abs(blended.left_joint_positions - fresh.left_joint_positions).max() > 0.05
    retargeter.retarget(targets(human_hands[600], valid=(False, True)))
    returned = retargeter.retarget(targets(human_hands[600]))
    np.testing.assert_array_equal(returned.left_joint_positions, fresh.left_joint_positions)


def test_smoothing_is_an_exponential_mean(tmp_path: Path, human_hands: Floats) -> None:
    frames = human_hands[::100, 1]
    sharp = HandRetargeter(inspire(tmp_path, 1))
    smooth = HandRetargeter(inspire(tmp_path, 1, low_pass_alpha=0.25))
    mean = np.array([])
    for fingers in frames:
        newest = sharp.retarget(fingers)
        mean = newest if not mean.size else 0.75 * mean + 0.25 * newest
        np.testing.assert_allclose(smooth.retarget(fingers), mean, atol=1e-12)


def test_order_of_the_targets_does_not_matter(tmp_path: Path, human_hands: Floats) -> None:
    hand = inspire(tmp_path, 1)
    expected = HandRetargeter(hand).retarget(human_hands[300, 1])
    names = list(reversed(hand.target_joint_names))
    text = hand.path.read_text()
    start, end = text.index("  target_joint_names:"), text.index("  # From the wrist")
    hand.path.write_text(f"{text[:start]}  target_joint_names: {names}\n{text[end:]}")
    found = HandRetargeter(Hand.load(hand.path)).retarget(human_hands[300, 1])
    # The solver's steps differ in the order of its variables.
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_mediapipe_indices_find_the_same_joints(tmp_path: Path, human_hands: Floats) -> None:
    hand = inspire(tmp_path, 1)
    expected = HandRetargeter(hand).retarget(human_hands[300, 1])
    text = hand.path.read_text().replace("joint_layout: webxr25", "joint_layout: mediapipe21")
    hand.path.write_text(text.replace("[4, 9, 14, 19, 24]]", "[4, 8, 12, 16, 20]]"))
    found = HandRetargeter(Hand.load(hand.path)).retarget(human_hands[300, 1])
    np.testing.assert_array_equal(found, expected)


# As dex-retargeting ships them for dex-urdf's hand: MediaPipe's landmarks in the MANO frame.
SHIPPED_BY_DEX_RETARGETING = {
    "vector": """
  type: vector
  target_joint_names: [pinky_proximal_joint, ring_proximal_joint, middle_proximal_joint,
    index_proximal_joint, thumb_proximal_pitch_joint, thumb_proximal_yaw_joint]
  target_origin_link_names: [base, base, base, base, base]
  target_task_link_names: [thumb_tip, index_tip, middle_tip, ring_tip, pinky_tip]
  scaling_factor: 1.15
  target_link_human_indices: [[0, 0, 0, 0, 0], [4, 8, 12, 16, 20]]
  low_pass_alpha: 0.2
""",
    "dexpilot": """
  type: DexPilot
  target_joint_names: null
  wrist_link_name: base
  finger_tip_link_names: [thumb_tip, index_tip, middle_tip, ring_tip, pinky_tip]
  scaling_factor: 1.15
  low_pass_alpha: 0.2
""",
}


def hand_of_dex_retargeting(folder: Path, side: int, objective: str) -> Hand:
    """dex-urdf's Inspire hand, which dexi-rs ships, under dex-retargeting's own words."""
    urdf = dexi_rs.asset_path(f"robots/hands/inspire_hand/inspire_hand_{SIDES[side]}.urdf")
    matrix = "[[0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, -1, 0], [0, 0, 0, 1]]"
    path = folder / f"{objective}.yml"
    path.write_text(
        f"urdf: {urdf}\nbase_link: base\njoint_layout: mediapipe21\nwrist_from_base: {matrix}\n"
        f"retarget_from_wrist: {matrix}\nretargeting:{SHIPPED_BY_DEX_RETARGETING[objective]}"
    )
    return Hand.load(path)


@pytest.mark.parametrize("objective", SHIPPED_BY_DEX_RETARGETING)
@pytest.mark.parametrize("side", range(2), ids=SIDES)
def test_hand_of_dex_retargeting_is_one_configuration_away(
    tmp_path: Path, human_hands: Floats, side: int, objective: str
) -> None:
    hand = hand_of_dex_retargeting(tmp_path, side, objective)
    retargeter = HandRetargeter(hand)
    frames = human_hands[:, side]
    positions = np.array([retargeter.retarget(fingers) for fingers in frames])
    lower, upper = hand.limits_rad
    assert (positions >= lower - 1e-12).all()
    assert (positions <= upper + 1e-12).all()
    index = positions[:, hand.joint_names.index("index_proximal_joint")]
    assert np.corrcoef(flexion(frames, 6), index)[0, 1] > 0.8


@pytest.mark.parametrize(
    ("joints", "expected"),
    [
        (np.zeros((21, 3)), r"must be \(25, 3\), got \(21, 3\)"),
        (np.full((25, 3), np.nan), "finite"),
    ],
)
def test_malformed_joints_are_refused(joints: Floats, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        HandRetargeter(Hand.load(CONFIGURATIONS[0])).retarget(joints)


BENT_FINGER = """
<robot name="finger">
  <link name="palm"/><link name="near"/><link name="far"/><link name="tip"/>
  <joint name="bend" type="revolute"><parent link="palm"/><child link="near"/>
    <axis xyz="1 0 0"/><limit lower="-1" upper="1"/></joint>
  <joint name="follow" type="revolute"><parent link="near"/><child link="far"/>
    <origin xyz="0 0 -0.1"/><axis xyz="1 0 0"/><limit lower="{lower}" upper="{upper}"/>
    <mimic joint="bend" multiplier="-0.5" offset="0.1"/></joint>
  <joint name="end" type="fixed"><parent link="far"/><child link="tip"/>
    <origin xyz="0 0 -0.01"/></joint>
</robot>
"""
FINGER = """
urdf: finger.urdf
base_link: palm
joint_layout: webxr25
wrist_from_base: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
retarget_from_wrist: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
retargeting:
  {type: vector, target_origin_link_names: [palm], target_task_link_names: [tip],
   target_link_human_indices: [[0], [9]]}
"""


def finger(folder: Path, lower: float, upper: float) -> Hand:
    (folder / "finger.urdf").write_text(BENT_FINGER.format(lower=lower, upper=upper))
    (folder / "finger.yml").write_text(FINGER)
    return Hand.load(folder / "finger.yml")


@pytest.mark.parametrize(
    ("angle", "expected"),
    [(0.15, 0.15), (2.0, 0.4), (-2.0, -0.2)],
    ids=["within", "up to the follower's lower limit", "down to its upper limit"],
)
def test_leader_stops_where_its_follower_must(
    tmp_path: Path, angle: float, expected: float
) -> None:
    # follow = 0.1 - 0.5 bend within -0.1 to 0.2 keeps bend within -0.2 to 0.4.
    retargeter = HandRetargeter(finger(tmp_path, lower=-0.1, upper=0.2))
    joints = np.zeros((25, 3))
    far = Rotation.from_rotvec([0.1 - 0.5 * angle, 0, 0])
    tip = np.array([0, 0, -0.1]) + far.apply([0, 0, -0.01])
    joints[9] = Rotation.from_rotvec([angle, 0, 0]).apply(tip)
    for _ in range(50):
        bend, follow = retargeter.retarget(joints)
    assert bend == pytest.approx(expected, abs=0.01)
    assert -0.2 - 1e-12 <= bend <= 0.4 + 1e-12
    assert follow == pytest.approx(0.1 - 0.5 * bend, abs=1e-15)


def test_limits_with_nothing_in_common_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"finger.urdf: joint bend: .* nothing in common"):
        HandRetargeter(finger(tmp_path, lower=1.0, upper=1.5))
