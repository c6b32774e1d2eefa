"""Where a hand's base is pulled to at each step, so that it neither jumps, nor lags, nor tunnels.

The base is a free body that six actuators pull towards a target (see `driven_hand`). What they
see is never the operator's hand itself but a point on the way there, on a short leash: however far
the goal is, the pull and the speed stay bounded, and the hand stops at what is in between. The way
is straight: a hand behind an obstacle stays there until its goal is brought round.
"""

from typing import Final

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.driven_hand import (
    BASE_ANGULAR_DAMPING,
    BASE_ANGULAR_STIFFNESS,
    BASE_DAMPING,
    BASE_JOINT,
    BASE_STIFFNESS,
    TARGET,
)

Array = NDArray[np.float64]

LEASH_M: Final = 0.05
"""Without it a hand freed from a blockade flies off at up to 28 m/s; with it at 5.5."""

LEASH_RAD: Final = 0.3

STOP_M: Final = 0.02
"""A hand that keeps up trails its goal by less, and comes to rest there; one that was far from its
goal stops about here. To stop dead instead would overshoot by as much, at 1 m/s."""

STOP_RAD: Final = 0.2

LEAD_S: Final = BASE_DAMPING / BASE_STIFFNESS
"""A drive damped against the world trails a moving target by so long. Aiming so much ahead cancels
it: 10 ms of lag instead of 24 in motion at 1 m/s."""

ANGULAR_LEAD_S: Final = BASE_ANGULAR_DAMPING / BASE_ANGULAR_STIFFNESS

LEAD_LIFETIME_S: Final = 0.1
"""When no goal has come for so long the hand is not taken to be moving any more."""

MOST_LEAD_SPEED: Final = 3.0
"""m/s. A hand hardly moves faster; what does is a jump of the tracking."""

MOST_LEAD_TURN: Final = 12.0
"""rad/s."""


class BaseServo:
    """Pulls one hand's base towards a goal pose.

    model: a scene's; side: left or right. Quaternions here are MuJoCo's, w x y z.
    """

    def __init__(self, model: mujoco.MjModel, side: str) -> None:
        address = int(model.joint(f"{side}/{BASE_JOINT}").qposadr[0])
        self._position = slice(address, address + 3)
        self._quaternion = slice(address + 3, address + 7)
        self._mocap = int(model.body(f"{side}/{TARGET}").mocapid[0])
        self._time_step_s = float(model.opt.timestep)
        self._start = model.qpos0[address : address + 7].copy()
        self.start()

    def start(self) -> None:
        """Hold the base where it starts."""
        self._goal_position = self._start[:3].copy()
        self._goal_quaternion = self._start[3:].copy()
        self._interval_s: float | None = None
        self._stand_at_goal()

    def aim(self, position: Array, quaternion: Array) -> None:
        """Send the base to a new goal: position (3,) m, unit quaternion (4,), both in the world."""
        velocity, turn = np.zeros(3), np.zeros(3)
        if self._interval_s is not None and self._interval_s <= LEAD_LIFETIME_S:
            velocity = (position - self._goal_position) / self._interval_s
            mujoco.mju_subQuat(turn, quaternion, self._goal_quaternion)
            turn /= self._interval_s
        self._goal_position[:] = position
        self._goal_quaternion[:] = quaternion
        self._aim_position = position + LEAD_S * _shortened(velocity, MOST_LEAD_SPEED)
        self._aim_quaternion = quaternion.copy()
        mujoco.mju_quatIntegrate(
            self._aim_quaternion, _shortened(turn, MOST_LEAD_TURN), ANGULAR_LEAD_S
        )
        self._interval_s = 0.0

    def hold(self, data: mujoco.MjData) -> None:
        """Stop: go on towards the goal no farther than STOP_M and STOP_RAD."""
        base = data.qpos[self._position]
        self._goal_position[:] = base + _shortened(self._goal_position - base, STOP_M)
        quaternion = data.qpos[self._quaternion].copy()
        self._goal_quaternion[:] = _turned_towards(self._goal_quaternion, quaternion, STOP_RAD)
        self._stand_at_goal()

    def _stand_at_goal(self) -> None:
        """Take the goal for something that does not move."""
        self._aim_position = self._goal_position.copy()
        self._aim_quaternion = self._goal_quaternion.copy()
        self._interval_s = None

    def pull(self, data: mujoco.MjData) -> None:
        """Place the target for the step to come, no farther than the leash from the base."""
        if self._interval_s is not None:
            if self._interval_s > LEAD_LIFETIME_S:
                self._stand_at_goal()
            else:
                self._interval_s += self._time_step_s
        base = data.qpos[self._position]
        data.mocap_pos[self._mocap] = base + _shortened(self._aim_position - base, LEASH_M)
        quaternion = data.qpos[self._quaternion].copy()
        data.mocap_quat[self._mocap] = _turned_towards(self._aim_quaternion, quaternion, LEASH_RAD)


def _shortened(vector: Array, most: float) -> Array:
    """The vector (3,) with its length cut to `most`."""
    length = float(np.sqrt(vector @ vector))
    return vector if length <= most else vector * (most / length)


def _turned_towards(goal: Array, quaternion: Array, most: float) -> Array:
    """The quaternion (4,) turned towards the goal, by `most` rad at the most."""
    turn, turned = np.empty(3), quaternion.copy()
    mujoco.mju_subQuat(turn, goal, quaternion)
    mujoco.mju_quatIntegrate(turned, _shortened(turn, most), 1.0)
    return turned
