"""What leads each robot hand: the operator's hand, or the controller in it."""

from enum import Enum, auto
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from operators.controller_hand import squeezed, with_controllers
from operators.hands import SIDES
from operators.input_sources import is_steady
from operators.messages import Controllers, Hands
from operators.pose_watch import PoseWatch

STALE_S: Final = 0.1
"""Controllers that were not told of for so long, when hands were, are away: a lost message must
not leave them driving. They are told of in every sample, 11 to 28 ms apart."""


class _Source(Enum):
    NOTHING = auto()
    HAND = auto()
    CONTROLLER = auto()


class Led(NamedTuple):
    """What leads now.

    hands: tracked ones, and those made of controllers. faults: why nothing leads a side, empty
    where something does. begins: (2,), whether the side goes on from where the robot's hand is.
    changes: (2,), whether it was led otherwise in the last sample.
    """

    hands: Hands
    faults: tuple[str, ...]
    begins: NDArray[np.bool_]
    changes: NDArray[np.bool_]


class HandSources:
    """Lets a controller lead where the hand is not tracked, as long as it is squeezed and believed.

    Its squeeze button is a dead man's: let go of, it leads nothing, whatever the trigger does. Its
    place is watched all the same, so that it may move meanwhile.
    Times are the samples' own, s.
    """

    def __init__(self) -> None:
        self._controllers: Controllers | None = None
        self._told_at_s = -np.inf
        self._watches = tuple(PoseWatch() for _ in SIDES)
        self._faults = ["" for _ in SIDES]
        self._now = [_Source.NOTHING for _ in SIDES]
        self._last = [_Source.NOTHING for _ in SIDES]

    def update_controllers(self, controllers: Controllers, time_s: float) -> None:
        """Keep the controllers as they are now."""
        if self._controllers is None or controllers.client != self._controllers.client:
            self._watches = tuple(PoseWatch() for _ in SIDES)
        self._controllers, self._told_at_s = controllers, time_s
        for side, watch in enumerate(self._watches):
            self._faults[side] = ""
            if controllers.valid[side]:
                grip = controllers.stage_from_grip[side]
                noisy = None if is_steady(controllers.source) else grip
                self._faults[side] = watch.look(grip, time_s, noisy)
            else:
                watch.lose()

    def choose(self, hands: Hands, faults: tuple[str, ...], time_s: float) -> Led:
        """Choose for a sample of the hands; of another client than the hands' nothing is taken.

        faults: why a side's hand is not believed, empty where it is.
        """
        controllers = self._present(hands.client, time_s)
        held = np.zeros(len(SIDES), bool)
        if controllers is not None:
            asked = squeezed(controllers) & ~hands.valid
            held = asked & [not fault for fault in self._faults]
            hands = with_controllers(hands, controllers, held)
            said = zip(asked, self._faults, faults, strict=True)
            faults = tuple(f"its controller {own}" if a and own else f for a, own, f in said)
        faults = tuple("" if v else f for v, f in zip(hands.valid, faults, strict=True))
        begins, changes = np.zeros((2, len(SIDES)), bool)
        for side in range(len(SIDES)):
            source = _Source.CONTROLLER if held[side] else _Source.HAND
            source = source if hands.valid[side] else _Source.NOTHING
            before, self._now[side] = self._now[side], source
            if source is _Source.NOTHING:
                continue
            last, self._last[side] = self._last[side], source
            squeezed_anew = source is _Source.CONTROLLER and before is _Source.NOTHING
            begins[side] = source is not last or squeezed_anew
            changes[side] = before not in (_Source.NOTHING, source)
        return Led(hands, faults, begins, changes)

    def advice(self, client: str, time_s: float) -> str:
        """What somebody needs to know who holds a controller that leads nothing; or empty."""
        controllers = self._present(client, time_s)
        if controllers is None:
            return ""
        idle = controllers.valid & ~squeezed(controllers)
        idle &= [source is _Source.NOTHING for source in self._now]
        names = [name for name, is_idle in zip(SIDES, idle, strict=True) if is_idle]
        if not names:
            return ""
        which = "the controllers" if len(names) == len(SIDES) else f"the {names[0]} controller"
        return f"squeeze {which} to move"

    def _present(self, client: str, time_s: float) -> Controllers | None:
        controllers = self._controllers
        if controllers is None or controllers.client != client:
            return None
        return controllers if time_s - self._told_at_s <= STALE_S else None
