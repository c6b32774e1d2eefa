"""Where the simulated camera is, and the motions by which a person brings it into line.

The two that matter are kept apart: camera and target moved together, so that the direction of view
stays, and the target moved alone, so that the place stays.
"""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from operators.alignment_file import FARTHEST_M
from operators.frames import Transform
from operators.look_at_camera import CameraError, LookAtCamera
from operators.pinhole import Pinhole
from operators.transforms import Array

ROLL_MAX_RAD: Final = np.pi
AXES: Final = ("x", "y", "z")


@dataclass(frozen=True)
class AlignedView:
    """A camera that looks at a target, and how its picture is turned about the direction of view.

    roll_rad: clockwise as it is seen. The camera's JSON file does not hold it.
    """

    camera: LookAtCamera
    roll_rad: float = 0.0

    def __post_init__(self) -> None:
        farthest = max(map(abs, (*self.camera.position, *self.camera.target)))
        if farthest > FARTHEST_M:
            raise CameraError(
                f"camera and target: expected within {FARTHEST_M:g} m of the base, got "
                f"{farthest:.4g} m"
            )
        if not (np.isfinite(self.roll_rad) and abs(self.roll_rad) <= ROLL_MAX_RAD):
            raise CameraError(f"roll: expected -pi to pi, rad, got {self.roll_rad}")

    @property
    def camera_from_kinematic_base(self) -> Transform:
        """Take the URDF's base to the camera, in OpenCV's axes."""
        return self.camera.camera_from_kinematic_base(self.roll_rad)

    @property
    def _base_from_picture(self) -> Array:
        """Directions (3, 3) of the picture: right, down, forward."""
        return self.camera_from_kinematic_base.matrix[:3, :3].T

    def pinhole(self, width: int, height: int) -> Pinhole:
        """Its intrinsics for pictures of a size, px."""
        return self.camera.pinhole(width, height)

    def dragged(self, right_px: float, down_px: float, depth_m: float, height: int) -> Self:
        """Move camera and target so that what is seen at a depth goes so far in the picture.

        height: of the picture, px. The direction of view stays.
        """
        metres = depth_m / self.pinhole(height, height).fy
        return self.stepped(-right_px * metres, down_px * metres, 0.0)

    def stepped(self, right_m: float, up_m: float, forward_m: float) -> Self:
        """Move camera and target along the picture's axes; the direction of view stays."""
        step = self._base_from_picture @ (right_m, -up_m, forward_m)
        return replace(self, camera=self.camera.translated(step))

    def turned(self, right_px: float, down_px: float, height: int) -> Self:
        """Move the target alone, so that what is in the middle goes so far in the picture.

        The target keeps its distance.
        """
        focal = self.pinhole(height, height).fy
        way = np.array([-right_px / focal, -down_px / focal, 1.0])
        forward = self._base_from_picture @ (way / np.linalg.norm(way))
        target = self.camera.position + self.camera.distance_m * forward
        return replace(self, camera=self.camera.turned(target))

    def zoomed(self, factor: float) -> Self:
        """Enlarge what is in the middle of the picture."""
        return replace(self, camera=self.camera.zoomed(factor))

    def rolled(self, by_rad: float) -> Self:
        """Turn the camera about its direction of view."""
        return replace(self, roll_rad=self.roll_rad + by_rad)

    def with_position(self, axis: int, metres: float) -> Self:
        """Move camera and target along an axis of the base, until the camera is there."""
        step = np.zeros(3)
        step[axis] = metres - self.camera.position[axis]
        return replace(self, camera=self.camera.translated(step))

    def with_target(self, axis: int, metres: float) -> Self:
        """Move the target alone along an axis of the base."""
        target = np.array(self.camera.target)
        target[axis] = metres
        return replace(self, camera=self.camera.turned(target))

    def with_fov(self, fov_y_rad: float) -> Self:
        """See a vertical angle, rad."""
        return replace(self, camera=replace(self.camera, fov_y_rad=fov_y_rad))
