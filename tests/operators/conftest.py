"""What several operator tests read."""

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.hands import Hand
from operators.mano_frame import mirror_hand, wrist_joints_from_mano

ROOT = Path(__file__).resolve().parents[2]

RELAXED_LEFT_MM = np.array(
    [
        *[[0, 0, 0], [30, -16, -34], [51, -27, -57], [73, -33, -82], [87, -40, -101]],
        *[[20, -10, -36], [24, -7, -96], [30, -9, -133], [34, -15, -156], [35, -22, -178]],
        *[[4, -8, -34], [2, -2, -96], [-4, -2, -138], [-7, -10, -164], [-10, -16, -188]],
        *[[-15, -6, -35], [-18, -6, -89], [-26, -3, -126], [-32, -8, -152], [-35, -13, -176]],
        *[[-23, -9, -34], [-35, -14, -78], [-48, -12, -106], [-56, -17, -124], [-62, -22, -144]],
    ],
    dtype=np.float64,
)

Fingertips = Callable[[Hand, Mapping[str, float]], NDArray[np.float64]]


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of recordings that are too large for the project; skips where it is absent."""
    folder = Path(os.environ.get("PANODORA_SHARED", ROOT / "../shared")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}: set PANODORA_SHARED to their folder")
    return folder


@pytest.fixture(scope="session")
def human_hand_mano(shared_folder: Path) -> NDArray[np.float64]:
    """A right hand that opens and closes: (621, 21, 3), MediaPipe's landmarks, MANO frame, m."""
    path = shared_folder / "data/human_hand_right_joints.npz"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    joints: NDArray[np.float64] = np.load(path)["joints"].astype(np.float64)
    return joints


@pytest.fixture(scope="session")
def relaxed_left_hand() -> NDArray[np.float64]:
    """A relaxed left hand (25, 3) in WebXR's wrist frame, m: what those who define it mean by it.

    From Meta's WebXR emulator (IWER 2.5.0, `relaxed.js`, MIT), rounded.
    """
    return RELAXED_LEFT_MM * 1e-3


@pytest.fixture(scope="session")
def human_hands(human_hand_mano: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same as both hands in their wrists' frames, the left by mirroring: (621, 2, 25, 3), m."""
    right = wrist_joints_from_mano(human_hand_mano)
    return np.stack([mirror_hand(right), right], axis=1)


@pytest.fixture(scope="session")
def fingertips() -> Fingertips:
    """Fingertips (5, 3) in the base, m: forward kinematics of a URDF, by scipy's rotations."""
    return _fingertips


def _fingertips(hand: Hand, positions: Mapping[str, float]) -> NDArray[np.float64]:
    words = hand.configuration.retargeting
    joint_above: dict[str, ElementTree.Element] = {}
    for joint in ElementTree.parse(hand.urdf_path).getroot().iter("joint"):
        child = joint.find("child")
        if child is not None:
            joint_above[child.get("link", "")] = joint

    def place(link: str, point: NDArray[np.float64]) -> NDArray[np.float64]:
        if link not in joint_above:
            return point
        joint = joint_above[link]
        angle = positions.get(joint.get("name", ""), 0.0)
        turn = Rotation.from_rotvec(angle * _numbers(joint, "axis", "xyz"))
        frame = Rotation.from_euler("xyz", _numbers(joint, "origin", "rpy"))
        moved = frame.apply(turn.apply(point)) + _numbers(joint, "origin", "xyz")
        parent = joint.find("parent")
        assert parent is not None
        return place(parent.get("link", ""), moved)

    tips = words.finger_tip_link_names or words.target_task_link_names or ()
    return np.array([place(tip, np.zeros(3)) for tip in tips])


def _numbers(joint: ElementTree.Element, tag: str, key: str) -> NDArray[np.float64]:
    element = joint.find(tag)
    text = "0 0 0" if element is None else element.get(key, "0 0 0")
    return np.array([float(number) for number in text.split()])
