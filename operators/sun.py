"""The sun of a model, and the map of its shadows: one picture taken from where it stands.

The map is a square around the camera, at right angles to the light. Its columns and rows do not
move with anything, so that a shadow depends on nothing but what casts it.
"""

from dataclasses import dataclass
from typing import Final, Self

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.changed_regions import MARGIN, Bounds

HALF_EXTENT_M: Final = 5.0
"""The map reaches so far from the camera; beyond it nothing casts or has a shadow."""

MAP_SIZE: Final = 2048
"""Texels along the map, 4.9 mm each. Twice as many add 2 ms to a frame on two cores, although only
those that something moves over are drawn anew."""

TEXEL_M: Final = 2.0 * HALF_EXTENT_M / MAP_SIZE

STEP_TEXELS: Final = 1.5
"""Between the looks at the map that are averaged, two along each of its axes."""

SPREAD_M: Final = (STEP_TEXELS / 2 + 1.0) * TEXEL_M
"""How far from a place its light is still looked up: half of the width of a shadow's edge."""

LIFT_M: Final = 0.3 * SPREAD_M
"""How far towards the sun a place is looked up: the spread times the sine of 15 degrees, by which
the sides of a finger's mesh lean from its normals."""

REACH_M: Final = 2.0 * np.sqrt(2.0) * SPREAD_M + 2.0 * TEXEL_M
"""A shadow changes nothing farther than this from the shape that casts it, seen from the sun: the
look-ups' spread, the way that a surface is lifted by, and the map's own grid."""

DEPTH_M: Final = 100.0
"""Of the map, towards the sun and away from it."""

USUAL_TOWARDS_SUN: Final = (-0.25, 0.25, 1.0)
"""Where a model has no directional light."""


@dataclass(frozen=True)
class Sun:
    """Parallel light.

    map_from_centred: rotation (3, 3) from the world's axes to the map's columns, its rows, and
    away from the sun.
    """

    map_from_centred: NDArray[np.float64]

    @classmethod
    def of_model(cls, model: mujoco.MjModel) -> Self:
        """The first directional light that is fixed to the world."""
        is_sun = (model.light_type == mujoco.mjtLightType.mjLIGHT_DIRECTIONAL) & (
            model.light_bodyid == 0
        )
        towards = -model.light_dir[np.argmax(is_sun)] if is_sun.any() else USUAL_TOWARDS_SUN
        return cls.standing(np.asarray(towards, dtype=np.float64))

    @classmethod
    def standing(cls, towards: NDArray[np.float64]) -> Self:
        """A sun in this direction (3,), of any length but zero."""
        away = -towards / np.linalg.norm(towards)
        column = np.cross(away, np.eye(3)[np.argmin(np.abs(away))])
        column /= np.linalg.norm(column)
        return cls(np.stack([column, np.cross(away, column), away]))

    @property
    def towards(self) -> NDArray[np.float64]:
        """The unit direction of the sun (3,)."""
        towards: NDArray[np.float64] = -self.map_from_centred[2]
        return towards

    @property
    def clip_from_centred(self) -> NDArray[np.float64]:
        """The projection (4, 4) with which OpenGL draws the map."""
        projection = np.eye(4)
        scale = 1.0 / np.array([HALF_EXTENT_M, HALF_EXTENT_M, DEPTH_M])
        projection[:3, :3] = self.map_from_centred * scale[:, None]
        return projection

    @property
    def texture_from_centred(self) -> NDArray[np.float64]:
        """The same (4, 4) to columns, rows and depths from 0 to 1."""
        texture_from_clip = np.eye(4) * (0.5, 0.5, 0.5, 1.0)
        texture_from_clip[:3, 3] = 0.5
        return np.asarray(texture_from_clip @ self.clip_from_centred)

    def bounds(self, centres: NDArray[np.float64], radii: NDArray[np.float64]) -> Bounds:
        """Texels that spheres can cover: (n, 1, 4) as changed_regions.sphere_bounds has them.

        centres: (n, 3), m, along the world's axes with the camera at the origin; radii: (n,), m.
        """
        seen = centres @ self.map_from_centred[:2].T
        half = MAP_SIZE / 2
        first = np.floor((seen - radii[:, None]) / TEXEL_M + half) - MARGIN
        last = np.ceil((seen + radii[:, None]) / TEXEL_M + half) + MARGIN
        bounds: Bounds = np.concatenate([first, last], axis=-1).clip(0, MAP_SIZE).astype(np.int32)
        return bounds[:, None]
