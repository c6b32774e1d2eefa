"""Leads a commanded pose or joint to a wanted one within limits of speed and acceleration.

What is wanted is followed exactly as long as it keeps within the limits. A setpoint that lags
behind approaches at a speed from which it can still brake: sqrt(2 a d) over the distance d.

Every command waits for this. It counts in Python's own numbers, as arrays of a few elements take
five times as long.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from operators.single_rotation import Numbers, turn_between, turned, unit
from operators.transforms import Array

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


class _Setpoint:
    """Numbers (n,) on their way, and how fast they are."""

    def __init__(self, start: Array) -> None:
        self._value: Numbers = np.asarray(start, np.float64).tolist()
        self.rest()

    @property
    def value(self) -> Array:
        """Where they are."""
        return np.array(self._value)

    def rest(self) -> None:
        """Stand still; what was wanted until now says nothing of what will be."""
        self._velocity = [0.0] * len(self._value)
        self._wanted: Numbers | None = None


class VectorLimiter(_Setpoint):
    """Leads a vector (n,), by its length: a position, say. It brakes before the sides of its box.

    One that begins outside is led back.
    """

    def step(self, wanted: Array, dt_s: float, limit: Limit, box: Box) -> Array:
        """Go on by dt_s (from `step_s`); returns the new value."""
        if dt_s > 0.0:
            lowest, highest = box[0].tolist(), box[1].tolist()
            aimed_at = _clipped(wanted.tolist(), lowest, highest)
            before = aimed_at if self._wanted is None else self._wanted
            wanted_velocity = _cut(
                [(w - b) / dt_s for w, b in zip(aimed_at, before, strict=True)], limit.speed
            )
            there = zip(aimed_at, self._value, wanted_velocity, strict=True)
            aim = _sum(
                wanted_velocity, _approach([w - v - s * dt_s for w, v, s in there], dt_s, limit)
            )
            # To brake along all axes at once takes no more than the whole acceleration.
            along = limit.acceleration / math.sqrt(len(aim))
            aim = [
                _braked(a, v, low, high, dt_s, along)
                for a, v, low, high in zip(aim, self._value, lowest, highest, strict=True)
            ]
            velocity = _change(self._velocity, aim, dt_s, limit)
            for n, speed in enumerate(velocity):
                self._value[n], self._velocity[n] = _moved(
                    self._value[n], speed, lowest[n], highest[n], dt_s
                )
            self._wanted = aimed_at
        return self.value


class ElementLimiter(_Setpoint):
    """Leads each element of an array (n,) by itself: joints, say. It brakes before its ends.

    One that begins beyond is led back.
    """

    def step(self, wanted: Array, dt_s: float, limit: Limit, box: Box) -> Array:
        """Go on by dt_s (from `step_s`); returns the new value."""
        if dt_s > 0.0:
            lowest, highest = box[0].tolist(), box[1].tolist()
            aimed_at = _clipped(wanted.tolist(), lowest, highest)
            before = aimed_at if self._wanted is None else self._wanted
            most = limit.acceleration * dt_s
            for n, low in enumerate(lowest):
                value, high = self._value[n], highest[n]
                wanted_velocity = _within((aimed_at[n] - before[n]) / dt_s, limit.speed)
                error = aimed_at[n] - value - wanted_velocity * dt_s
                nearer = _braking_speed(abs(error), dt_s, limit.acceleration)
                aim = _within(wanted_velocity + math.copysign(nearer, error), limit.speed)
                aim = _braked(aim, value, low, high, dt_s, limit.acceleration)
                speed = self._velocity[n] + _within(aim - self._velocity[n], most)
                self._value[n], self._velocity[n] = _moved(value, speed, low, high, dt_s)
            self._wanted = aimed_at
        return self.value


class TurnLimiter:
    """Leads a rotation, by the angle of turning: velocities are rotation vectors in the world."""

    def __init__(self, start: Array) -> None:
        """start: quaternion (4,) x y z w."""
        self._value = unit(np.asarray(start, np.float64).tolist())
        self.rest()

    @property
    def value(self) -> Array:
        """The quaternion (4,) x y z w, of length 1."""
        return np.array(self._value)

    def rest(self) -> None:
        """Stand still; what was wanted until now says nothing of what will be."""
        self._velocity = [0.0] * 3
        self._wanted: Numbers | None = None

    def step(self, wanted_quaternion: Array, dt_s: float, limit: Limit) -> Array:
        """Go on by dt_s (from `step_s`); returns the new quaternion."""
        if dt_s > 0.0:
            wanted = unit(wanted_quaternion.tolist())
            before = wanted if self._wanted is None else self._wanted
            turn = turn_between(before, wanted)
            wanted_velocity = _cut([each / dt_s for each in turn], limit.speed)
            ahead = turned(self._value, [each * dt_s for each in wanted_velocity])
            aim = _sum(wanted_velocity, _approach(turn_between(ahead, wanted), dt_s, limit))
            self._velocity = _change(self._velocity, aim, dt_s, limit)
            self._value = turned(self._value, [each * dt_s for each in self._velocity])
            self._wanted = wanted
        return self.value

    def angle_to(self, quaternion: Array) -> float:
        """How far it is from a rotation, rad."""
        return math.hypot(*turn_between(self._value, unit(quaternion.tolist())))


def _braked(
    aim: float, value: float, lowest: float, highest: float, dt_s: float, acceleration: float
) -> float:
    """No faster towards either end than what can be braked before it."""
    room = highest - value if aim > 0.0 else value - lowest
    return _within(aim, _braking_speed(room, dt_s, acceleration))


def _moved(
    value: float, speed: float, lowest: float, highest: float, dt_s: float
) -> tuple[float, float]:
    """Where a speed leads, and what is left of it at the ends.

    Steps of unlike lengths may leave a little too much speed to brake.
    """
    moved = value + speed * dt_s
    if moved > max(highest, value):
        return max(highest, value), (max(highest, value) - value) / dt_s
    if moved < min(lowest, value):
        return min(lowest, value), (min(lowest, value) - value) / dt_s
    return moved, speed


def _approach(error: Numbers, dt_s: float, limit: Limit) -> Numbers:
    """The velocity that makes up for an error as fast as it can still be braked."""
    most = _braking_speed(math.hypot(*error), dt_s, limit.acceleration)
    return _cut([each / dt_s for each in error], most)


def _braking_speed(distance: float, dt_s: float, acceleration: float) -> float:
    """From which speed one comes to rest within a distance, in steps of dt_s, to the last bit.

    In units of a dt and a dt^2: steps with speeds n + f, n - 1 + f, ... f (0 <= f < 1) cover
    (n + 1) (n / 2 + f), which is n (n + 1) / 2 at f = 0.
    """
    unit = acceleration * dt_s
    scaled = min(max(distance, 0.0) / (unit * dt_s), FARTHEST)
    whole = math.floor((math.sqrt(8 * scaled + 1) - 1) / 2)
    part = (scaled - whole * (whole + 1) / 2) / (whole + 1)
    return (whole + part) * unit


def _change(velocity: Numbers, aim: Numbers, dt_s: float, limit: Limit) -> Numbers:
    """Towards a velocity as far as the acceleration allows, and never over the speed."""
    wanted = _cut(aim, limit.speed)
    change = [w - v for w, v in zip(wanted, velocity, strict=True)]
    return _cut(_sum(velocity, _cut(change, limit.acceleration * dt_s)), limit.speed)


def _cut(vector: Numbers, most: float) -> Numbers:
    """A vector of at most this length."""
    length = math.hypot(*vector)
    return vector if length <= most else [each * (most / length) for each in vector]


def _within(number: float, most: float) -> float:
    return min(max(number, -most), most)


def _clipped(numbers: Numbers, lowest: Numbers, highest: Numbers) -> Numbers:
    return [min(max(n, a), b) for n, a, b in zip(numbers, lowest, highest, strict=True)]


def _sum(first: Numbers, second: Numbers) -> Numbers:
    return [a + b for a, b in zip(first, second, strict=True)]
