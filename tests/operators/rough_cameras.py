"""Cameras that are off, as alignment meets them."""

import numpy as np
from scipy.spatial.transform import Rotation

from operators.frames import Transform
from operators.posed_camera import PosedCamera, zoomed
from operators.transforms import inverse, rigid


def rough(truth: PosedCamera, seed: int, off: float = 1.0) -> PosedCamera:
    """Off by 5 cm, 5 degrees and 5% of the focal length, times `off`, in any direction."""
    random = np.random.default_rng(seed)
    ways = random.normal(size=(2, 3))
    way, axis = ways / np.linalg.norm(ways, axis=1, keepdims=True)
    base_from_camera = inverse(truth.pose.matrix)
    turn = Rotation.from_rotvec(np.radians(5.0) * off * axis).as_matrix()
    moved = rigid(turn @ base_from_camera[:3, :3], base_from_camera[:3, 3] + 0.05 * off * way)
    pose = Transform(truth.pose.target, truth.pose.source, inverse(moved))
    return PosedCamera(pose, zoomed(truth.pinhole, 1.05 ** (off * random.choice([-1, 1]))))
