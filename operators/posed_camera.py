"""A camera with its place and its lens, and the small steps by which alignment moves it."""

from dataclasses import dataclass, replace
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import ArrayLike

from operators.frames import Transform
from operators.pinhole import Pinhole
from operators.transforms import Array, inverse, rigid

STEP: Final = ("turn x", "turn y", "turn z", "shift x", "shift y", "shift z", "zoom")
"""What a step (7,) is made of: a rotation vector, rad, and a shift, m, of what the camera sees,
both in the camera's axes, and the logarithm of both focal lengths' factor."""

ZOOM: Final = 6
"""The place of the focal length in a step."""


@dataclass(frozen=True, eq=False)
class PosedCamera:
    """Where a camera is, and how it sees.

    pose: takes the robot's base, by whatever name, to the camera: `camera_from_...`.
    """

    pose: Transform
    pinhole: Pinhole

    @property
    def position(self) -> Array:
        """(3,) m, in the base's frame."""
        place: Array = inverse(self.pose.matrix)[:3, 3]
        return place

    def project(self, points: ArrayLike) -> Array:
        """Where points (..., 3), m, of the base's frame are seen: (..., 2) px."""
        at = np.asarray(points, dtype=np.float64)
        return self.pinhole.project(self.pose.points(at.reshape(-1, 3)).reshape(at.shape))

    def stepped(self, step: ArrayLike) -> Self:
        """The camera that a step (7,) leads to: what it sees is turned, then shifted."""
        change = np.asarray(step, dtype=np.float64)
        turned = rigid(cv2.Rodrigues(change[:3])[0], change[3:6]) @ self.pose.matrix
        return replace(
            self,
            pose=Transform(self.pose.target, self.pose.source, _orthonormal(turned)),
            pinhole=zoomed(self.pinhole, float(np.exp(change[ZOOM]))),
        )

    def step_to(self, other: "PosedCamera") -> Array:
        """The step (7,) that leads to another camera; undoes `stepped`."""
        change = other.pose.matrix @ inverse(self.pose.matrix)
        zoom = np.log(other.pinhole.fy / self.pinhole.fy)
        return np.array([*cv2.Rodrigues(change[:3, :3])[0].ravel(), *change[:3, 3], zoom])

    def position_error_m(self, other: "PosedCamera") -> float:
        """How far another camera is from this one."""
        return float(np.linalg.norm(other.position - self.position))

    def rotation_error_rad(self, other: "PosedCamera") -> float:
        """By which angle another camera is turned to this one."""
        return float(np.linalg.norm(self.step_to(other)[:3]))


def zoomed(pinhole: Pinhole, factor: float) -> Pinhole:
    """The same lens with both focal lengths times a factor."""
    return replace(pinhole, fx=pinhole.fx * factor, fy=pinhole.fy * factor)


def pixel_steps(camera_points: ArrayLike, pinhole: Pinhole) -> tuple[Array, Array]:
    """Where points are seen, and how a step moves their pixels.

    camera_points: (n, 3) m, in the camera's frame. Returns (n, 2) px, and (n, 2, 7) px a unit of
    the step, by OpenCV's derivatives of its projection, distortion included.
    """
    points = np.asarray(camera_points, dtype=np.float64).reshape(-1, 1, 3)
    if not len(points):
        return np.zeros((0, 2)), np.zeros((0, 2, len(STEP)))
    nowhere = np.zeros(3)
    pixels, slopes = cv2.projectPoints(
        points, nowhere, nowhere, pinhole.matrix, pinhole.distortion_terms
    )
    slopes = np.asarray(slopes, dtype=np.float64).reshape(-1, 2, slopes.shape[1])
    lens = slopes[..., 6:8] @ np.array([pinhole.fx, pinhole.fy])
    steps = np.concatenate([slopes[..., :6], lens[..., None]], axis=-1)
    return np.asarray(pixels, dtype=np.float64).reshape(-1, 2), steps


def _orthonormal(matrix: Array) -> Array:
    """The same with its rotation made exact: many steps would wear it out."""
    left, _, right = np.linalg.svd(matrix[:3, :3])
    return rigid(left @ right, matrix[:3, 3])
