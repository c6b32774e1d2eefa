"""What a robot's hand may do, and what changes that: all of it in one table."""

import enum
from typing import Final


class GuardState(enum.StrEnum):
    """What a robot's hand does."""

    STOPPED = "stopped"
    """Nothing, until somebody engages."""
    ENGAGING = "engaging"
    """Goes slowly from where it is to where the operator's hand is."""
    TRACKING = "tracking"
    """Follows."""
    HOLDING = "holding"
    """Stays where it is, and goes on by itself once the operator's hand is there again."""


class GuardEvent(enum.Enum):
    """What happens to a hand."""

    STOP = enum.auto()
    """Somebody or something stops the robot."""
    ENGAGE = enum.auto()
    """The operator starts it."""
    ARRIVED = enum.auto()
    """The robot's hand is where the operator's is."""
    LOST = enum.auto()
    """The operator's hand, or the way to it, is not there."""
    FOUND = enum.auto()
    """It is there again."""
    EXPIRED = enum.auto()
    """It was not there for too long."""


_S, _E = GuardState, GuardEvent

TRANSITIONS: Final = {
    (_S.STOPPED, _E.ENGAGE): _S.ENGAGING,
    (_S.ENGAGING, _E.STOP): _S.STOPPED,
    (_S.ENGAGING, _E.ARRIVED): _S.TRACKING,
    (_S.ENGAGING, _E.LOST): _S.HOLDING,
    (_S.TRACKING, _E.STOP): _S.STOPPED,
    (_S.TRACKING, _E.LOST): _S.HOLDING,
    (_S.HOLDING, _E.STOP): _S.STOPPED,
    (_S.HOLDING, _E.FOUND): _S.ENGAGING,
    (_S.HOLDING, _E.EXPIRED): _S.STOPPED,
}
"""Every change there is; any other event leaves the state as it is."""

MOVING: Final = frozenset({_S.ENGAGING, _S.TRACKING})


def after(state: GuardState, event: GuardEvent) -> GuardState:
    """The state that follows."""
    return TRANSITIONS.get((state, event), state)


def overall(states: tuple[GuardState, ...]) -> GuardState:
    """What the robot does as a whole: what moves comes before what holds."""
    order = (_S.TRACKING, _S.ENGAGING, _S.HOLDING, _S.STOPPED)
    return next(state for state in order if state in states)
