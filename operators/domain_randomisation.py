"""A simulated picture's chance: where the cube lies, the robot's colour, the light, the camera."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from operators.aligned_view import AlignedView
from operators.alignment_file import AlignmentFile, DomainRandomization
from operators.section import Vector3
from operators.simulated_camera import Cube, Look
from operators.transforms import Array

CUBE, COLOUR, LIGHT, CAMERA = range(4)
"""Each has a stream of chance of its own, so that to switch one on changes no other."""

UPRIGHT: Final = 0.1
"""The light stays so far above the table: its direction's least height."""


@dataclass(frozen=True)
class Sample:
    """One draw. cube: None where the file has no spawn box."""

    view: AlignedView
    look: Look
    cube: Cube | None


class DomainRandomisation:
    """Draws within the bounds of a camera's file.

    The same seed and number give the same sample, on every machine and in any order.

    table_z_m: how high the table is on which the cube lies, in the base. cube_size_m: its edge.
    """

    def __init__(
        self, alignment: AlignmentFile, *, table_z_m: float, cube_size_m: float, seed: int
    ) -> None:
        self._alignment = alignment
        self._table_z_m = table_z_m
        self._cube_size_m = cube_size_m
        self._seed = seed

    def cube(self, number: int) -> Cube | None:
        """Where the cube of a sample lies: anywhere in the spawn box, turned in any way."""
        pos, half = self._alignment.spawn_box_pos, self._alignment.spawn_box_half_size
        if pos is None or half is None:
            return None
        chance = self._chance(CUBE, number)
        x, y = (pos + chance.uniform(-half, half, 2)).tolist()
        z = self._table_z_m + self._cube_size_m / 2.0
        return Cube((x, y, z), float(chance.uniform(-np.pi, np.pi)), self._cube_size_m)

    def sample(self, view: AlignedView, number: int) -> Sample:
        """Draw everything anew, about a view. Raises CameraError where a bound is beyond all."""
        bounds = self._alignment.domain_randomization_config
        return Sample(
            self._view(bounds, view, self._chance(CAMERA, number)),
            self._look(bounds, number),
            self.cube(number),
        )

    def plain_look(self) -> Look:
        """How things look without chance: the robot of the file's colour, if that is one."""
        colour = self._alignment.domain_randomization_config.robot_color
        return Look(robot_colour=None if isinstance(colour, str) else colour)

    def _view(
        self, bounds: DomainRandomization, view: AlignedView, chance: np.random.Generator
    ) -> AlignedView:
        offset = chance.uniform(-1.0, 1.0, 3) * bounds.max_camera_offset
        aside = chance.uniform(-1.0, 1.0, 3) * bounds.camera_target_noise
        roll, fov = chance.uniform(-1.0, 1.0, 2) * (
            bounds.camera_view_rot_noise,
            bounds.camera_fov_noise,
        )
        moved = view.camera.translated(offset)
        turned = AlignedView(moved.turned(moved.target + aside), view.roll_rad + float(roll))
        return turned.with_fov(view.camera.fov_y_rad + float(fov))

    def _look(self, bounds: DomainRandomization, number: int) -> Look:
        look = self.plain_look()
        colour = look.robot_colour
        if bounds.robot_color == "random":
            drawn = self._chance(COLOUR, number).uniform(
                bounds.robot_color_low, bounds.robot_color_high
            )
            colour = _vector(drawn)
        if not bounds.randomize_lighting:
            return Look(robot_colour=colour)
        chance = self._chance(LIGHT, number)
        brightness = float(chance.uniform(*bounds.light_brightness))
        tilt = _tilted(np.array(look.light_from), bounds.light_direction_noise, chance)
        return Look(colour, brightness, _vector(tilt))

    def _chance(self, stream: int, number: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, stream, number])


def _tilted(direction: Array, most_rad: float, chance: np.random.Generator) -> Array:
    """Turn a direction by up to an angle to any side, evenly over the cap; never below a table."""
    direction = direction / np.linalg.norm(direction)
    aside = np.linalg.svd(direction[None])[2][1:]
    cosine = chance.uniform(np.cos(most_rad), 1.0)
    around = chance.uniform(0.0, 2.0 * np.pi)
    sideways = np.cos(around) * aside[0] + np.sin(around) * aside[1]
    tilted: Array = cosine * direction + np.sqrt(1.0 - cosine**2) * sideways
    tilted[2] = max(tilted[2], UPRIGHT)
    return tilted


def _vector(numbers: Array) -> Vector3:
    x, y, z = np.asarray(numbers, np.float64).tolist()
    return x, y, z
