"""Points of the robot that a person has picked in the simulated picture and in the real one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from operators.pinhole import Pinhole
from operators.section import Vector3
from operators.simulated_camera import Cube, SimulatedPicture
from operators.transforms import Array, transform_points
from operators.urdf_visuals import Visual
from operators.usage_error import UsageError

SNAP_PX: Final = 8.0
"""A mesh's corner so near to a click is what was meant."""

VISIBLE_M: Final = 0.004
"""A corner so little behind what its pixel shows is seen."""

NEAREST_PX: Final = 15.0
"""A click so near to an arm's edge means the edge."""


class PickError(UsageError):
    """A click that means nothing: says what to do."""


@dataclass(frozen=True)
class ClickedPoint:
    """place: of the robot, m, in kinematic_base. pixel: where the real camera sees it, px."""

    place: Vector3
    pixel: tuple[float, float] | None = None


class ClickedPoints:
    """The points, of which the last may wait for its place in the real picture."""

    def __init__(self) -> None:
        self._points: list[ClickedPoint] = []

    @property
    def places(self) -> Array:
        """(points, 3), m, in kinematic_base."""
        return np.array([p.place for p in self._points]).reshape(-1, 3)

    @property
    def pixels(self) -> Array:
        """(points, 2), px; NaN where one waits."""
        waiting = (np.nan, np.nan)
        return np.array([p.pixel or waiting for p in self._points]).reshape(-1, 2)

    @property
    def waits(self) -> bool:
        """Whether the last one has no place in the real picture yet."""
        return bool(self._points) and self._points[-1].pixel is None

    def pairs(self) -> tuple[Array, Array]:
        """Places (n, 3), m, and pixels (n, 2) of the points that have both."""
        whole = ~np.isnan(self.pixels[:, 0])
        return self.places[whole], self.pixels[whole]

    def pick(self, place: Vector3) -> None:
        """Begin with a point of the robot, in the place of one that still waits."""
        if self.waits:
            self._points.pop()
        self._points.append(ClickedPoint(place))

    def put(self, pixel: tuple[float, float]) -> None:
        """Say where the real camera sees the point that waits. Raises PickError if none does."""
        if not self.waits:
            raise PickError("click the point on the simulated robot first")
        self._points[-1] = replace(self._points[-1], pixel=pixel)

    def remove_last(self) -> None:
        """Take the last one back. Raises PickError where there is none."""
        if not self._points:
            raise PickError("no points have been picked")
        self._points.pop()

    def clear(self) -> None:
        """Take all back."""
        self._points.clear()


def point_at(
    pixel: tuple[float, float],
    simulated: SimulatedPicture,
    pinhole: Pinhole,
    camera_from_base: Array,
    base_from_meshes: Array,
    visuals: Sequence[Visual],
    cube: Cube | None = None,
) -> Vector3:
    """The robot's point, m, in the base, that a click in the simulated picture means.

    A corner of a mesh nearby is taken before the surface under the click: a person finds corners
    again in the real picture. Raises PickError for a click beside the robot, or on the cube.
    """
    rotation, translation = camera_from_base[:3, :3], camera_from_base[:3, 3]

    def at_depth(at_pixel: tuple[float, float], depth_m: float) -> Vector3:
        ray = np.array([*pinhole.normalised(np.array(at_pixel)), 1.0])
        return _vector(rotation.T @ (depth_m * ray - translation))

    nearest, depth_m = _shown_near(pixel, simulated)
    if cube is not None and cube.holds(at_depth(nearest, depth_m)):
        raise PickError("that is the cube, which is only simulated: click a corner of the robot")
    corners = np.concatenate(
        [
            transform_points(base_from_mesh, visual.vertices)
            for base_from_mesh, visual in zip(base_from_meshes, visuals, strict=True)
        ]
    )
    seen = transform_points(camera_from_base, corners)
    before = seen[:, 2] > 0.0
    corners, seen = corners[before], seen[before]
    at = pinhole.project(seen)
    near = np.linalg.norm(at - pixel, axis=-1)
    candidates = np.flatnonzero(near < SNAP_PX)
    columns, rows = np.round(at[candidates]).astype(int).T
    inside = (columns >= 0) & (columns < pinhole.width) & (rows >= 0) & (rows < pinhole.height)
    candidates, columns, rows = candidates[inside], columns[inside], rows[inside]
    shown_m = simulated.depth_m[rows, columns]
    candidates = candidates[seen[candidates, 2] < shown_m + VISIBLE_M]
    if candidates.size:
        return _vector(corners[candidates[np.argmin(near[candidates])]])
    return at_depth(pixel, depth_m)


def _shown_near(
    pixel: tuple[float, float], simulated: SimulatedPicture
) -> tuple[tuple[float, float], float]:
    """The nearest pixel at which there is anything, and its depth, m. Raises PickError."""
    rows, columns = np.nonzero(simulated.shown)
    if rows.size:
        gaps = np.hypot(columns - pixel[0], rows - pixel[1])
        nearest = int(np.argmin(gaps))
        if gaps[nearest] <= NEAREST_PX:
            row, column = rows[nearest], columns[nearest]
            return (float(column), float(row)), float(simulated.depth_m[row, column])
    raise PickError("the simulated robot is not there: click a corner of it that you can see")


def _vector(numbers: Array) -> Vector3:
    x, y, z = numbers.tolist()
    return x, y, z
