"""The hand that the page makes for those who have none tracked, run in Node.js."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.hands import SIDES, Hand
from operators.joint_layout import FINGER_METACARPALS
from operators.preprocessing import anchor_from_stage
from operators.retargeting import HandRetargeter
from operators.settings import HandsSettings
from operators.transforms import is_rigid, transform_points
from tests.operators.node_js import run_in_node

pytestmark = pytest.mark.browser

Array = NDArray[np.float64]

CLOSURES = np.linspace(0, 1, 5)
TIPS = [4, 9, 14, 19, 24]
CHAINS = [[1, 2, 3, 4], *([f, f + 1, f + 2, f + 3, f + 4] for f in FINGER_METACARPALS)]

SCRIPT = """
import { handJoints, sampleHand } from "./page/desktop_hand.js";
import { POSTURES } from "./page/desktop.js";
const sides = [0, 1];
const place = { position: [0.1, 1.3, -0.4], angles: { yaw: 0.4, pitch: -0.7, roll: 0.2 } };
result = {
  joints: sides.map((side) => given.map((closure) => handJoints(side, closure))),
  samples: sides.map((side) => given.map((closure) => sampleHand(side, { ...place, closure }))),
  postures: Object.fromEntries(Object.entries(POSTURES).map(([name, angles]) =>
    [name, sampleHand(1, { position: [0, 0, 0], angles, closure: 0 }).stageFromWrist])),
};
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    result: Mapping[str, Any] = run_in_node(
        SCRIPT, CLOSURES.tolist(), tmp_path_factory.mktemp("node")
    )
    return result


@pytest.fixture(scope="module")
def joints(made: Mapping[str, Any]) -> Array:
    """(2, closures, 25, 3), wrist frame, m."""
    return np.array(made["joints"])


def test_has_webxrs_axes(joints: Array) -> None:
    left, right = joints[:, 0]
    np.testing.assert_array_equal(joints[:, :, 0], 0)  # the wrist
    assert (joints[:, :, 1:, 2] < 0).all()  # everything is towards the fingers
    assert (joints[:, :, TIPS, 1] < 0).all()  # and bends to the palm
    assert right[1, 0] < 0 < right[21, 0]  # of a right hand, palm down, the thumb is left
    np.testing.assert_allclose(left, right * [-1, 1, 1])


def test_bones_keep_their_lengths(joints: Array) -> None:
    for chain in CHAINS:
        bones = np.linalg.norm(np.diff(joints[:, :, chain], axis=2), axis=-1)
        np.testing.assert_allclose(bones, np.broadcast_to(bones[0, 0], bones.shape))
        assert ((bones > 0.015) & (bones < 0.08)).all()


def test_is_as_large_as_a_persons_hand(joints: Array, relaxed_left_hand: Array) -> None:
    reach = np.linalg.norm(joints[0, 0, TIPS[1:]], axis=-1)
    np.testing.assert_allclose(
        reach, np.linalg.norm(relaxed_left_hand[TIPS[1:]], axis=-1), rtol=0.2
    )


def test_closes_around_a_cube(joints: Array) -> None:
    gap = np.linalg.norm(joints[:, :, 4] - joints[:, :, 9], axis=-1)
    assert (np.diff(gap, axis=1) < 0).all()
    assert (gap[:, 0] > 0.08).all()
    assert (gap[:, -1] < 0.02).all()


def test_an_inspire_hand_follows_to_a_grasp_that_holds(joints: Array) -> None:
    """Joint positions that were found by trial to hold a 5 cm cube, open and closed."""
    settings = HandsSettings()
    for side, path in enumerate((settings.left, settings.right)):
        hand = Hand.load(path)
        for closure, thumb_pitch, finger in ((0, 0.0, 0.12), (-1, 0.26, 0.75)):
            retargeter = HandRetargeter(hand)
            for _ in range(30):  # its smoothing comes to rest
                positions = retargeter.retarget(joints[side, closure])
            found = dict(zip(hand.joint_names, positions, strict=True))
            for name in hand.leader_names:
                wanted = {"thumb_proximal_yaw": 1.3, "thumb_proximal_pitch": thumb_pitch}.get(
                    name[2:].removesuffix("_joint"), finger
                )
                assert abs(found[name] - wanted) < 0.08, (SIDES[side], closure, name)


def test_a_sample_is_the_joints_at_the_wrists_place(made: Mapping[str, Any], joints: Array) -> None:
    turn = Rotation.from_euler("YXZ", [0.4, -0.7, 0.2]).as_matrix()
    for side in range(2):
        for i, sample in enumerate(made["samples"][side]):
            stage_from_wrist = np.array(sample["stageFromWrist"]).reshape(4, 4)
            assert is_rigid(stage_from_wrist, 1e-9)
            np.testing.assert_allclose(stage_from_wrist[:3, :3], turn)
            np.testing.assert_allclose(stage_from_wrist[:3, 3], [0.1, 1.3, -0.4])
            np.testing.assert_allclose(
                np.array(sample["joints"]).reshape(25, 3),
                transform_points(stage_from_wrist, joints[side, i]),
            )
            assert sample["squeeze"] == CLOSURES[i]
            assert 0 <= sample["pinch"] <= 1
        assert made["samples"][side][0]["pinch"] == 0
        assert made["samples"][side][-1]["pinch"] == 1


def test_the_grasping_posture_turns_the_base_as_a_grasp_that_holds(made: Mapping[str, Any]) -> None:
    wrist_from_base = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    world_from_stage = anchor_from_stage(np.zeros(3), 0.0)
    stage_from_wrist = np.array(made["postures"]["grasp"]).reshape(4, 4)
    base = (world_from_stage @ stage_from_wrist)[:3, :3] @ wrist_from_base
    apart = Rotation.from_matrix(base) * Rotation.from_quat([0.6287, -0.3236, 0.3236, 0.6287]).inv()
    assert apart.magnitude() < 1e-3
    np.testing.assert_allclose(np.array(made["postures"]["flat"]).reshape(4, 4), np.eye(4))
