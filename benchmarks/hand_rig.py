"""Cameras around two hands that move, all of it known: what fits and triangulation are held to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.calibration import CalibratedCamera
from operators.frames import Transform
from operators.hand_joint_limits import bend_axes
from operators.hand_kinematics import HandSkeleton
from operators.pinhole import Pinhole
from operators.transforms import rigid

Floats = NDArray[np.float64]

RING: Final = 8
RADIUS_M: Final = 0.9
SIZE_PX: Final = (640, 480)
FOCAL_PX: Final = 610.0

CHOSEN: Final = {8: range(8), 4: (0, 2, 4, 6), 3: (0, 3, 6), 2: (0, 2)}
"""Which of the ring's cameras make a rig of so many, as far from in line as they can be."""

RATE_HZ: Final = 30.0
STRAY_PX: Final = 60.0


@dataclass(frozen=True, eq=False)
class MovingHands:
    """Both hands over time: angles (n, 2, 16, 3), translations (n, 2, 3), joints (n, 2, 21, 3)."""

    skeleton: HandSkeleton
    angles: Floats
    translations: Floats
    joints: Floats


def cameras(count: int = RING, distortion: Sequence[float] = ()) -> list[CalibratedCamera]:
    """Of eight cameras in a ring, at three heights, that look at its middle, so many."""
    return [_camera(place, tuple(distortion)) for place in CHOSEN[count]]


def moving_hands(
    frames: int = 150, seed: int = 0, skeleton: HandSkeleton | None = None
) -> MovingHands:
    """Two hands that turn, wander and bend all fingers, each at its own pace, at 30 Hz."""
    skeleton = HandSkeleton.average() if skeleton is None else skeleton
    axes = bend_axes(skeleton)
    angles, places = np.zeros((frames, 2, 16, 3)), np.zeros((frames, 2, 3))
    for side in (0, 1):
        random = np.random.default_rng([seed, side])
        facing = random.normal(size=3)
        swings = np.stack([_swing(random, frames, 0.3 + 0.1 * k) for k in range(3)], axis=-1)
        angles[:, side, 0] = 1.2 * facing / np.linalg.norm(facing) + 0.5 * swings
        turns = np.zeros((frames, 5, 3, 2))
        for finger in range(5):
            most = 0.6 if finger == 0 else 1.1
            for joint in range(3):
                bend = _swing(random, frames, random.uniform(0.3, 0.9))
                turns[:, finger, joint, 0] = -most * (1.0 + bend) / 2.0
            turns[:, finger, 0, 1] = 0.12 * _swing(random, frames, 0.4)
        fingers = np.einsum("fjxa,tfja->tfjx", axes[side], turns)
        angles[:, side, 1:] = fingers.reshape(frames, 15, 3)
        ways = np.stack([_swing(random, frames, 0.25 + 0.1 * k) for k in range(3)], axis=-1)
        places[:, side] = np.array([-0.12 if side == 0 else 0.12, 0.0, 0.15]) + 0.06 * ways
    return MovingHands(skeleton, angles, places, skeleton.joints(angles, places))


def seen(rig: Sequence[CalibratedCamera], points: Floats) -> Floats:
    """Where cameras see points (..., 3), m: (views, ..., 2), px."""
    views = []
    for camera in rig:
        matrix = camera.camera_from_marker.matrix
        views.append(camera.pinhole.project(points @ matrix[:3, :3].T + matrix[:3, 3]))
    return np.stack(views)


def disturbed(
    pixels: Floats, random: np.random.Generator, noise_px: float, strays: float = 0.0
) -> Floats:
    """Pixels (..., 2) with normal noise, and a share of them 60 px astray, in any direction."""
    stray = random.uniform(size=pixels.shape[:-1]) < strays
    towards = random.uniform(0.0, 2.0 * np.pi, stray.shape)
    away = STRAY_PX * np.stack([np.cos(towards), np.sin(towards)], axis=-1)
    moved: Floats = pixels + random.normal(0.0, noise_px, pixels.shape)
    return np.where(stray[..., None], moved + away, moved)


def _camera(place: int, distortion: tuple[float, ...]) -> CalibratedCamera:
    around = 2.0 * np.pi * place / RING
    centre = np.array(
        [RADIUS_M * np.cos(around), RADIUS_M * np.sin(around), 0.35 + 0.25 * (place % 3)]
    )
    ahead = np.array([0.0, 0.0, 0.15]) - centre
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(ahead, right), ahead])
    width, height = SIZE_PX
    middle = ((width - 1) / 2.0, (height - 1) / 2.0)
    return CalibratedCamera(
        Pinhole(width, height, FOCAL_PX, FOCAL_PX, *middle, distortion),
        Transform("camera", "marker", rigid(rotation, -rotation @ centre)),
    )


def _swing(random: np.random.Generator, frames: int, rate_hz: float) -> Floats:
    """A sine (frames,) that starts anywhere."""
    time_s = np.arange(frames) / RATE_HZ
    swing: Floats = np.sin(2.0 * np.pi * rate_hz * time_s + random.uniform(0.0, 2.0 * np.pi))
    return swing
