from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from operators.hands import SIDES, Hand
from operators.messages import Hands, HandTargets, Head
from operators.preprocessing import NO_HEAD, Preprocessor, anchor_from_stage, head_yaw
from operators.transforms import matrix_from_pose, rigid, transform_points

RANDOM = np.random.default_rng(11)
HEAD = rigid(np.eye(3), [0.1, 1.6, 0.2])
NECK = np.array([0.01, -0.09, 0.07])
WRIST = rigid(np.eye(3), [0.4, 1.2, -0.3])


def head(
    pose: Any = HEAD, *, valid: bool = True, client: str = "quest", source: str = "webxr"
) -> Head:
    return Head(source=source, client=client, valid=valid, stage_from_head=np.asarray(pose))


def hands(
    wrists: Any = (WRIST, WRIST),
    joints: Any = None,
    *,
    valid: tuple[bool, bool] = (True, True),
    client: str = "quest",
) -> Hands:
    wrists = np.asarray(wrists)
    if joints is None:
        joints = np.repeat(wrists[:, None, :3, 3], 25, axis=1)
    return Hands(
        source="webxr",
        client=client,
        valid=np.array(valid),
        stage_from_wrist=wrists,
        joint_positions=np.asarray(joints),
        joint_orientations=np.full((2, 25, 4), np.nan),
        joint_radii=np.full((2, 25), np.nan),
        pinch=np.zeros(2),
        squeeze=np.zeros(2),
    )


def targets(preprocessor: Preprocessor, given: Hands) -> HandTargets:
    made = preprocessor.targets(given)
    made.check()
    return made


def turned(yaw: float, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """A head at HEAD's place, turned left by yaw, then looking up by pitch, then rolled."""
    rotation = Rotation.from_euler("YXZ", [yaw, pitch, roll]).as_matrix()
    return rigid(rotation, HEAD[:3, 3])


def random_rigid(count: int, seed: int) -> np.ndarray:
    return rigid(Rotation.random(count, rng=seed).as_matrix(), RANDOM.normal(size=(count, 3)))


def opentelevision(
    head_matrix: np.ndarray, wrist_matrix: np.ndarray, landmarks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`VuerPreprocessor.process` for one hand, as published: the wrist and the fingers (25, 3)."""
    yup2zup = np.array([[0, 0, -1, 0], [-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    hand2inspire = np.array([[0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
    head_mat = yup2zup @ head_matrix @ np.linalg.inv(yup2zup)
    wrist_mat = yup2zup @ wrist_matrix @ np.linalg.inv(yup2zup)
    rel_wrist_mat = wrist_mat @ hand2inspire
    rel_wrist_mat[0:3, 3] = rel_wrist_mat[0:3, 3] - head_mat[0:3, 3]
    fingers = yup2zup @ np.concatenate([landmarks.T, np.ones((1, 25))])
    rel_fingers = np.linalg.inv(wrist_mat) @ fingers
    return rel_wrist_mat, (hand2inspire.T @ rel_fingers)[0:3, :].T


@pytest.mark.parametrize("side", range(len(SIDES)), ids=SIDES)
@pytest.mark.parametrize("seed", range(5))
def test_wrist_and_fingers_are_those_of_opentelevision(side: int, seed: int) -> None:
    (stage_from_head, *wrists), joints = random_rigid(3, seed), RANDOM.normal(size=(2, 25, 3))
    configuration = Hand.load(f"configs/hands/inspire_{SIDES[side]}.yml").configuration
    preprocessor = Preprocessor(neck_offset=(0, 0, 0))  # OpenTeleVision measures from the eyes
    preprocessor.update_head(head(stage_from_head))
    ours = targets(preprocessor, hands(wrists, joints))

    wrist, fingers = opentelevision(stage_from_head, wrists[side], joints[side])
    np.testing.assert_allclose(
        matrix_from_pose(ours.anchor_from_wrist[side]) @ configuration.wrist_from_base,
        wrist,
        atol=1e-12,
    )
    np.testing.assert_allclose(
        transform_points(configuration.retarget_from_wrist, ours.finger_joints[side]),
        fingers,
        atol=1e-12,
    )


def test_targets_worked_out_by_hand() -> None:
    # Head at (0.1, 1.6, 0.2), wrist at (0.4, 1.2, -0.3): 0.5 before it, 0.3 right of it, 0.4 below.
    # The fingers point forward and the back of the hand is up: the half-half quaternion below takes
    # the wrist's -z to the anchor's x, and its y to z.
    joints = np.zeros((2, 25, 3))
    joints[:, 14] = [0.4, 1.2, -0.48]
    joints[:, 4] = [0.46, 1.18, -0.3]
    preprocessor = Preprocessor()
    preprocessor.update_head(head())
    ours = targets(preprocessor, hands(joints=joints))
    assert ours.valid.all()
    np.testing.assert_allclose(
        ours.anchor_from_wrist[0], [0.5, -0.3, -0.4, 0.5, -0.5, -0.5, 0.5], atol=1e-12
    )
    np.testing.assert_allclose(ours.finger_joints[0, 14], [0, 0, -0.18], atol=1e-12)
    np.testing.assert_allclose(ours.finger_joints[0, 4], [0.06, -0.02, 0], atol=1e-12)
    np.testing.assert_array_equal(ours.finger_joints[0], ours.finger_joints[1])


def test_recentring_worked_out_by_hand() -> None:
    # Looking along the stage's -x, what was 0.3 to the right is behind, what was before is right.
    preprocessor = Preprocessor()
    preprocessor.update_head(head(turned(np.pi / 2)))
    assert preprocessor.recentre()
    assert preprocessor.anchor_yaw_rad == pytest.approx(np.pi / 2)
    ours = targets(preprocessor, hands())
    np.testing.assert_allclose(ours.anchor_from_wrist[0, :3], [-0.3, -0.5, -0.4], atol=1e-12)


angles = st.floats(-3.1, 3.1)


@given(yaw=angles, pitch=angles, roll=angles)
def test_hand_held_still_does_not_move_when_the_head_turns(
    yaw: float, pitch: float, roll: float
) -> None:
    """A worn head turns about its neck, any other about its eyes."""
    for source, neck in (("webxr", NECK), ("desktop", np.zeros(3))):
        about = HEAD @ rigid(np.eye(3), neck)
        rotation = Rotation.from_euler("YXZ", [yaw, pitch, roll]).as_matrix()
        turned_head = about @ rigid(rotation, -rotation @ neck)
        preprocessor = Preprocessor(NECK)
        preprocessor.update_head(head(source=source))
        before = targets(preprocessor, hands())
        preprocessor.update_head(head(turned_head, source=source))
        after = targets(preprocessor, hands())
        np.testing.assert_allclose(
            before.anchor_from_wrist, after.anchor_from_wrist, rtol=0, atol=1e-12
        )
        np.testing.assert_array_equal(before.finger_joints, after.finger_joints)


@given(yaw=angles)
def test_recentred_operator_cannot_tell_where_they_stand(yaw: float) -> None:
    """Turning the whole operator, then recentring, changes nothing."""
    turn = rigid(Rotation.from_euler("y", yaw).as_matrix(), [2.0, 0.0, -1.0])
    wrists = random_rigid(2, seed=3)
    preprocessor = Preprocessor()
    preprocessor.update_head(head())
    here = targets(preprocessor, hands(wrists))
    preprocessor.update_head(head(turn @ HEAD))
    preprocessor.recentre()
    there = targets(preprocessor, hands(turn @ wrists))
    np.testing.assert_allclose(
        matrix_from_pose(here.anchor_from_wrist),
        matrix_from_pose(there.anchor_from_wrist),
        atol=1e-9,
    )


def test_hand_moves_against_the_head() -> None:
    preprocessor = Preprocessor()
    preprocessor.update_head(head())
    before = targets(preprocessor, hands()).anchor_from_wrist
    preprocessor.update_head(head(rigid(np.eye(3), [0.1, 1.6, 0.1])))  # 0.1 m forward
    after = targets(preprocessor, hands()).anchor_from_wrist
    np.testing.assert_allclose((after - before)[:, :3], [[-0.1, 0, 0]] * 2, atol=1e-12)


@pytest.mark.parametrize("pitch", [-1.3, -0.4, 0.0, 0.4, 1.3])
@pytest.mark.parametrize("yaw", [-3.0, -0.7, 0.0, 1.6])
def test_yaw_is_read_whatever_the_pitch(yaw: float, pitch: float) -> None:
    assert head_yaw(turned(yaw, pitch)) == pytest.approx(yaw)


@pytest.mark.parametrize("pitch", [np.pi / 2, -np.pi / 2, 1.5, -1.5])
def test_yaw_is_read_of_a_head_that_looks_straight_up_or_down(pitch: float) -> None:
    assert head_yaw(turned(0.9, pitch)) == pytest.approx(0.9)


def test_rolled_head_looks_where_it_looked() -> None:
    assert head_yaw(turned(0.5, 0.3, roll=0.6)) == pytest.approx(0.5)


@pytest.mark.parametrize("yaw", [-2.0, 0.0, 1.0])
def test_anchor_points_where_the_head_looks(yaw: float) -> None:
    stage_from_head = turned(yaw)
    point = stage_from_head @ [0.2, -0.3, -2.0, 1.0]  # 2 m before, 0.2 right of, 0.3 below the head
    seen = anchor_from_stage(stage_from_head[:3, 3], yaw) @ point
    np.testing.assert_allclose(seen, [2.0, -0.2, -0.3, 1.0], atol=1e-12)


def test_a_lost_head_leaves_the_last_one() -> None:
    preprocessor = Preprocessor()
    preprocessor.update_head(head())
    before = targets(preprocessor, hands())
    preprocessor.update_head(head(turned(1.0), valid=False))
    after = targets(preprocessor, hands())
    assert after.valid.all()
    np.testing.assert_array_equal(before.anchor_from_wrist, after.anchor_from_wrist)
    assert preprocessor.recentre()
    assert preprocessor.anchor_yaw_rad == 0.0


@pytest.mark.parametrize("side", range(len(SIDES)), ids=SIDES)
def test_lost_hand_is_not_valid_and_the_other_goes_on(side: int) -> None:
    preprocessor = Preprocessor()
    preprocessor.update_head(head())
    good = targets(preprocessor, hands())
    wrists = np.stack([WRIST, WRIST])
    wrists[side] = np.nan
    ours = targets(preprocessor, hands(wrists, valid=(side != 0, side != 1)))
    assert ours.valid.tolist() == [side != 0, side != 1]
    assert np.isnan(ours.anchor_from_wrist[side]).all()
    assert np.isnan(ours.finger_joints[side]).all()
    other = 1 - side
    np.testing.assert_array_equal(ours.anchor_from_wrist[other], good.anchor_from_wrist[other])


def test_hands_without_a_head_say_so() -> None:
    preprocessor = Preprocessor()
    ours = targets(preprocessor, hands())
    assert not ours.valid.any()
    assert ours.faults == (NO_HEAD, NO_HEAD)
    assert not preprocessor.recentre()
    preprocessor.update_head(head(valid=False))
    assert not targets(preprocessor, hands()).valid.any()


def test_hands_are_not_measured_from_another_clients_head() -> None:
    preprocessor = Preprocessor()
    preprocessor.update_head(head(turned(1.0)))
    preprocessor.recentre()
    ours = targets(preprocessor, hands(client="desktop"))
    assert not ours.valid.any()
    assert ours.faults == (NO_HEAD, NO_HEAD)
    preprocessor.update_head(head(client="desktop"))
    assert preprocessor.anchor_yaw_rad == 0.0
    assert targets(preprocessor, hands(client="desktop")).valid.all()


def test_entering_a_headset_is_another_stage() -> None:
    preprocessor = Preprocessor()
    preprocessor.update_head(head(turned(1.0), source="desktop"))
    preprocessor.recentre()
    assert not preprocessor.is_worn
    preprocessor.update_head(head(valid=False))
    assert preprocessor.is_worn
    assert preprocessor.anchor_yaw_rad == 0.0
    assert not targets(preprocessor, hands()).valid.any()


def test_another_neck_is_another_origin() -> None:
    """Looking down by 90 degrees with a neck 0.1 m below the eyes: worked out by hand."""
    preprocessor = Preprocessor(neck_offset=(0, 0, 0))
    preprocessor.update_head(head(turned(0, -np.pi / 2)))
    before = targets(preprocessor, hands())
    preprocessor.neck_offset = np.array([0, -0.1, 0])
    # The neck is 0.1 m behind the eyes (+z), and straight on the eyes would be 0.1 m above it.
    after = targets(preprocessor, hands())
    np.testing.assert_allclose(
        (after.anchor_from_wrist - before.anchor_from_wrist)[0, :3], [0.1, 0, -0.1], atol=1e-12
    )


def test_head_is_copied() -> None:
    """Messages are views of buffers that their sender uses again."""
    pose = HEAD.copy()
    preprocessor = Preprocessor()
    preprocessor.update_head(head(pose))
    before = targets(preprocessor, hands())
    pose[:3, 3] = 9.0
    after = targets(preprocessor, hands())
    np.testing.assert_array_equal(before.anchor_from_wrist, after.anchor_from_wrist)
