"""How one hand of the operator leads one of the robot: directly, scaled, from elsewhere, or not."""

import numpy as np
from numpy.typing import ArrayLike

from operators.transforms import (
    Array,
    quaternion_from_rotation,
    rotation_from_quaternion,
)


class HandMapping:
    """Leads a robot hand by an own hand, and never makes it jump.

    At first the robot's hand goes where the own hand is. After a pause it goes on from where it
    has stopped: by `scale` times the own hand's way, and turned as the own hand turns, about the
    same axes. Poses are [x y z qx qy qz qw] in the anchor.
    """

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self.clear()

    def clear(self) -> None:
        """Forget the way that was made apart: the next pose is the robot's too."""
        self._own: Array | None = None  # positions that belong together
        self._robot = np.zeros(3)
        self._turn = np.eye(3)  # robot's rotation = own rotation @ turn
        self._last_own: Array | None = None
        self._last: Array | None = None
        self._goes_on = False

    @property
    def scale(self) -> float:
        """How far the robot's hand goes for each metre of the own hand. Rotations are as they are.

        A change moves nothing: the new scale holds about where the hand is then.
        """
        return self._scale

    @scale.setter
    def scale(self, scale: float) -> None:
        if scale != self._scale and self._last is not None and self._last_own is not None:
            self._own, self._robot = self._last_own[:3], self._last[:3]
        self._scale = scale

    def hold(self, pose: ArrayLike) -> Array:
        """The robot's pose (7,) while the own hand, at `pose` (7,), moves without it."""
        if self._last is None:
            self._last = np.array(pose, dtype=np.float64)
        self._goes_on = True
        return self._last.copy()

    def pause(self) -> None:
        """Let the next pose, wherever it is, be where the robot's hand has stopped."""
        self._goes_on = True

    def follow(self, pose: ArrayLike) -> Array:
        """The robot's pose (7,) for the own hand's (7,)."""
        own = np.array(pose, dtype=np.float64)
        if self._goes_on and self._last is not None:
            self._own, self._robot = own[:3], self._last[:3]
            turned = rotation_from_quaternion(own[3:])
            self._turn = turned.T @ rotation_from_quaternion(self._last[3:])
        elif self._own is None and self._scale != 1.0:
            self._own, self._robot = own[:3], own[:3]
        self._goes_on = False
        self._last_own = own
        self._last = own if self._own is None else self._led(own, self._own)
        return self._last.copy()

    def _led(self, own: Array, start: Array) -> Array:
        position = self._robot + self._scale * (own[:3] - start)
        rotation = rotation_from_quaternion(own[3:]) @ self._turn
        return np.concatenate([position, quaternion_from_rotation(rotation)])
