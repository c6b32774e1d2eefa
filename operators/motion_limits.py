"""Leads a commanded pose or joint to a wanted one within limits of speed and acceleration.

What is wanted is followed exactly as long as it keeps within the limits. A setpoint that lags
behind approaches at a speed from which it can still brake: sqrt(2 a d) over the distance d.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from operators.transforms import Array, turn_between, turned

LONGEST_STEP_S: Final = 0.05
"""After a pause no step is longer than one of this time: what was missed is not made up for."""

FARTHEST: Final = 1e12
"""Farther than anything brakes from, and so near that numbers still tell steps apart."""

SHORTEST_STEP_S: Final = 1e-6
"""Two samples of one moment move nothing."""


Box = tuple[Array, Array]
"""The lowest and the highest values that there may be, each (n,)."""


@dataclass(frozen=True)
class Limit:
    """speed: m/s or rad/s, acceleration: m/s^2 or rad/s^2."""

    speed: float
    acceleration: float


def step_s(elapsed_s: float) -> float:
    """The time that a step may use: never long, and none where none has passed to speak of."""
    return min(elapsed_s, LONGEST_STEP_S) if elapsed_s > SHORTEST_STEP_S else 0.0


class VectorLimiter:
    """Leads a vector (n,), by its length: a position, say. It brakes before the sides of its box.

    One that begins outside is led back.
    """

    def __init__(self, start: Array) -> None:
        self.value: Array = np.array(start, np.float64)
        self.rest()

    def rest(self) -> None:
        """Stand still; what was wanted until now says nothing of what will be."""
        self._velocity = np.zeros_like(self.value)
        self._wanted: Array | None = None

    def step(self, wanted: Array, dt_s: float, limit: Limit, box: Box) -> Array:
        """Go on by dt_s (from `step_s`); returns the new value."""
        if dt_s > 0.0:
            wanted = np.clip(wanted, *box)
            before = wanted if self._wanted is None else self._wanted
            wanted_velocity = _cut((wanted - before) / dt_s, limit.speed)
            error = wanted - self.value - wanted_velocity * dt_s
            aim = wanted_velocity + _approach(error, dt_s, limit)
            # To brake along all axes at once takes no more than the whole acceleration.
            along = Limit(limit.speed, limit.acceleration / np.sqrt(len(self.value)))
            aim = _braked(aim, self.value, box, dt_s, along)
            velocity = _change(self._velocity, aim, dt_s, limit)
            self.value, self._velocity = _moved(self.value, velocity, box, dt_s)
            self._wanted = np.array(wanted)
        return self.value


class ElementLimiter:
    """Leads each element of an array (n,) by itself: joints, say. It brakes before its ends.

    One that begins beyond is led back.
    """

    def __init__(self, start: Array) -> None:
        self.value: Array = np.array(start, np.float64)
        self.rest()

    def rest(self) -> None:
        """Stand still; what was wanted until now says nothing of what will be."""
        self._velocity = np.zeros_like(self.value)
        self._wanted: Array | None = None

    def step(self, wanted: Array, dt_s: float, limit: Limit, box: Box) -> Array:
        """Go on by dt_s (from `step_s`); returns the new value."""
        if dt_s > 0.0:
            wanted = np.clip(wanted, *box)
            most = limit.acceleration * dt_s
            before = wanted if self._wanted is None else self._wanted
            wanted_velocity = np.clip((wanted - before) / dt_s, -limit.speed, limit.speed)
            error = wanted - self.value - wanted_velocity * dt_s
            aim = wanted_velocity + np.sign(error) * _braking_speeds(np.abs(error), dt_s, limit)
            aim = _braked(np.clip(aim, -limit.speed, limit.speed), self.value, box, dt_s, limit)
            velocity = self._velocity + np.clip(aim - self._velocity, -most, most)
            self.value, self._velocity = _moved(self.value, velocity, box, dt_s)
            self._wanted = np.array(wanted)
        return self.value


class TurnLimiter:
    """Leads a rotation, by the angle of turning: velocities are rotation vectors in the world."""

    def __init__(self, start: Array) -> None:
        """start: quaternion (4,) x y z w."""
        self.value: Array = _unit(start)
        """Of length 1."""
        self.rest()

    def rest(self) -> None:
        """Stand still; what was wanted until now says nothing of what will be."""
        self._velocity = np.zeros(3)
        self._wanted: Array | None = None

    def step(self, wanted_quaternion: Array, dt_s: float, limit: Limit) -> Array:
        """Go on by dt_s (from `step_s`); returns the new quaternion."""
        if dt_s > 0.0:
            wanted = _unit(wanted_quaternion)
            before = wanted if self._wanted is None else self._wanted
            wanted_velocity = _cut(turn_between(before, wanted) / dt_s, limit.speed)
            error = turn_between(turned(self.value, wanted_velocity * dt_s), wanted)
            aim = wanted_velocity + _approach(error, dt_s, limit)
            self._velocity = _change(self._velocity, aim, dt_s, limit)
            self.value = turned(self.value, self._velocity * dt_s)
            self._wanted = wanted
        return self.value

    def angle_to(self, quaternion: Array) -> float:
        """How far it is from a rotation, rad."""
        return _length(turn_between(self.value, _unit(quaternion)))


def _braked(aim: Array, value: Array, box: Box, dt_s: float, limit: Limit) -> Array:
    """No faster towards any side of the box than what can be braked before it."""
    lowest, highest = box
    room = np.where(aim > 0.0, highest - value, value - lowest)
    most = _braking_speeds(room, dt_s, limit)
    return np.clip(aim, -most, most)


def _moved(value: Array, velocity: Array, box: Box, dt_s: float) -> tuple[Array, Array]:
    """Where a velocity leads, and what is left of it at the sides of the box.

    Steps of unlike lengths may leave a little too much speed to brake.
    """
    lowest, highest = np.minimum(box[0], value), np.maximum(box[1], value)
    moved = np.clip(value + velocity * dt_s, lowest, highest)
    return moved, np.where((moved > lowest) & (moved < highest), velocity, (moved - value) / dt_s)


def _approach(error: Array, dt_s: float, limit: Limit) -> Array:
    """The velocity that makes up for an error as fast as it can still be braked."""
    distance = _length(error)
    return _cut(error / dt_s, _braking_speed(distance, dt_s, limit))


def _braking_speeds(distances: Array, dt_s: float, limit: Limit) -> Array:
    return np.array([_braking_speed(each, dt_s, limit) for each in distances.tolist()])


def _braking_speed(distance: float, dt_s: float, limit: Limit) -> float:
    """From which speed one comes to rest within a distance, in steps of dt_s, to the last bit.

    In units of a dt and a dt^2: steps with speeds n + f, n - 1 + f, ... f (0 <= f < 1) cover
    (n + 1) (n / 2 + f), which is n (n + 1) / 2 at f = 0. Numbers of Python's own: arrays of a few
    elements take longer.
    """
    unit = limit.acceleration * dt_s
    scaled = min(max(distance, 0.0) / (unit * dt_s), FARTHEST)
    whole = math.floor((math.sqrt(8 * scaled + 1) - 1) / 2)
    part = (scaled - whole * (whole + 1) / 2) / (whole + 1)
    return (whole + part) * unit


def _change(velocity: Array, aim: Array, dt_s: float, limit: Limit) -> Array:
    """Towards a velocity as far as the acceleration allows, and never over the speed."""
    changed = velocity + _cut(_cut(aim, limit.speed) - velocity, limit.acceleration * dt_s)
    return _cut(changed, limit.speed)


def _cut(vector: Array, most: float) -> Array:
    """A vector of at most this length."""
    length = _length(vector)
    return vector if length <= most else vector * (most / length)


def _length(vector: Array) -> float:
    return math.sqrt(vector @ vector)


def _unit(quaternion: Array) -> Array:
    return np.asarray(quaternion, np.float64) / _length(quaternion)
