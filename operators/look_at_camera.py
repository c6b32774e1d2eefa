"""A camera told by where it is and what it looks at, as lerobot-sim2real's settings tell one.

Its frame is the robot's URDF's own base, `kinematic_base`: x forward, y left, z up, m. (What
AirExo-2 calls `base` has other axes; the tree of frames knows how the two stand to each other.)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from operators.calibration import KINEMATIC_BASE
from operators.frames import Transform
from operators.pinhole import Pinhole
from operators.section import Vector3
from operators.transforms import Array, inverse, rigid, rotation_about
from operators.usage_error import UsageError

FOV_MIN_RAD: Final = 0.02
FOV_MAX_RAD: Final = 3.0
"""172 degrees: beyond it a picture of even pixels is no picture any more."""

NEAREST_M: Final = 1e-3
"""A target nearer than this gives no direction to rely on."""

STEEPEST: Final = 1e-3
"""Sine of the angle to the vertical under which 'upright' means nothing."""

TARGET_M: Final = 0.5
"""How far away a target is put where a pose names none."""


class CameraError(UsageError):
    """A camera that cannot be: says what was given, and what is allowed."""


@dataclass(frozen=True)
class LookAtCamera:
    """A camera that looks at a target, its picture upright: it has no roll.

    position, target: m, in `kinematic_base`. fov_y_rad: the vertical angle of view of the whole
    picture, rad. Never changes: every motion gives another camera, so that each can be undone.
    Raises CameraError for numbers that are not finite, a target at the camera, a camera that looks
    straight up or down (its picture could be turned any way), or an angle of view that is none.
    """

    position: Vector3
    target: Vector3
    fov_y_rad: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", _vector("position", self.position))
        object.__setattr__(self, "target", _vector("target", self.target))
        object.__setattr__(self, "fov_y_rad", float(self.fov_y_rad))
        if not FOV_MIN_RAD <= self.fov_y_rad <= FOV_MAX_RAD:
            degrees = FOV_MAX_RAD < self.fov_y_rad < 180.0
            hint = f"; as degrees it would be {np.radians(self.fov_y_rad):.4f}" if degrees else ""
            raise CameraError(
                f"fov: expected the vertical angle of view in radians, {FOV_MIN_RAD} to "
                f"{FOV_MAX_RAD}, got {self.fov_y_rad}{hint}"
            )
        if self.distance_m < NEAREST_M:
            raise CameraError(
                f"target {_said(self.target)}: is where the camera is; move either of them"
            )
        if np.hypot(*self.forward[:2]) < STEEPEST:
            raise CameraError(
                f"a camera at {_said(self.position)} that looks at {_said(self.target)} looks "
                "straight up or down: which side of its picture is up nothing says; move the "
                "target a little aside"
            )

    @classmethod
    def from_pose(
        cls, camera_from_kinematic_base: Transform, fov_y_rad: float, distance_m: float = TARGET_M
    ) -> tuple[Self, float]:
        """The camera nearest to a pose, and the roll that it leaves out, rad.

        distance_m: how far in front of the camera the target is put, which the pose leaves open.
        roll: how the pose's picture is turned about the direction of view, clockwise as it is seen;
        `camera_from_kinematic_base(roll)` gives the pose again.
        Raises CameraError for a pose that looks straight up or down.
        """
        pose = camera_from_kinematic_base
        base_from_camera = inverse(_in_kinematic_base(pose).matrix)
        position = base_from_camera[:3, 3]
        target = position + distance_m * base_from_camera[:3, 2]
        upright = cls(_tuple(position), _tuple(target), fov_y_rad)
        turn = upright.base_from_camera[:3, :3].T @ base_from_camera[:3, :3]
        return upright, float(np.arctan2(turn[1, 0], turn[0, 0]))

    @property
    def forward(self) -> Array:
        """The direction of view (3,), of length 1."""
        way = np.subtract(self.target, self.position)
        direction: Array = way / np.linalg.norm(way)
        return direction

    @property
    def distance_m(self) -> float:
        """From the camera to its target."""
        return float(np.linalg.norm(np.subtract(self.target, self.position)))

    @property
    def base_from_camera(self) -> Array:
        """`kinematic_base_from_camera` (4, 4), in OpenCV's axes."""
        right = np.cross(self.forward, (0.0, 0.0, 1.0))
        right /= np.linalg.norm(right)
        down = np.cross(self.forward, right)
        return rigid(np.stack([right, down, self.forward], axis=1), self.position)

    def camera_from_kinematic_base(self, roll_rad: float = 0.0) -> Transform:
        """Take the URDF's base to the camera, in OpenCV's axes: x right, y down, z forward.

        roll_rad: of a picture that is not upright, as `from_pose` gives it.
        """
        rolled = self.base_from_camera @ rigid(rotation_about(2, roll_rad), np.zeros(3))
        return Transform("camera", KINEMATIC_BASE, inverse(rolled))

    def pinhole(self, width: int, height: int) -> Pinhole:
        """Its intrinsics for pictures of a size, px: even pixels, the principal point amid them.

        Raises ImageSizeError for a size without pixels.
        """
        focal = focal_length(self.fov_y_rad, height)
        return Pinhole(width, height, focal, focal, (width - 1) / 2.0, (height - 1) / 2.0)

    def translated(self, by: ArrayLike) -> Self:
        """Move camera and target together by (3,), m: the direction of view stays.

        Raises CameraError for what is not three finite numbers.
        """
        step = np.array(_vector("translation", by))
        return replace(
            self, position=_tuple(self.position + step), target=_tuple(self.target + step)
        )

    def turned(self, target: ArrayLike) -> Self:
        """Look at another target (3,), m, from the same place. Raises CameraError."""
        return replace(self, target=_vector("target", target))

    def zoomed(self, factor: float) -> Self:
        """Enlarge what is in the middle of the picture by a factor. Raises CameraError."""
        if not (np.isfinite(factor) and factor > 0):
            raise CameraError(f"zoom: expected a factor above 0, got {factor}")
        half = np.arctan(np.tan(self.fov_y_rad / 2.0) / factor)
        return replace(self, fov_y_rad=float(2.0 * half))


def focal_length(fov_y_rad: float, height: int) -> float:
    """The focal length, px, of pictures of so many rows that show a vertical angle of view, rad."""
    return float(height / 2.0 / np.tan(fov_y_rad / 2.0))


def fov_y_rad(pinhole: Pinhole) -> float:
    """The vertical angle of view of a camera's whole picture, rad, as if its middle were amid it.

    `2 atan(height / 2 / fy)`, by which ManiSkill and MuJoCo name an angle of view.
    """
    return float(2.0 * np.arctan(pinhole.height / 2.0 / pinhole.fy))


def _in_kinematic_base(pose: Transform) -> Transform:
    if (pose.target, pose.source) != ("camera", KINEMATIC_BASE):
        raise CameraError(f"expected camera_from_{KINEMATIC_BASE}, got {pose.name}")
    return pose


def _vector(name: str, given: ArrayLike | Sequence[float]) -> Vector3:
    try:
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.shape != (3,) or not np.isfinite(numbers).all():
        raise CameraError(f"{name}: expected three finite numbers, m, got {given!r:.80}")
    return _tuple(numbers)


def _tuple(numbers: Array) -> Vector3:
    x, y, z = numbers.tolist()
    return x, y, z


def _said(place: Vector3) -> str:
    return "({:.4g}, {:.4g}, {:.4g})".format(*place)
