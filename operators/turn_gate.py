"""A gate for a wrist that seems to turn faster than a wrist can."""

from typing import Final

import numpy as np

from operators.transforms import Array

MOST_TURN_RAD: Final = float(np.deg2rad(60.0))
"""From one picture to the next. A palm seen edge on is taken for its back in single pictures: 19 of
378 in a video of a hand that turns about, with jumps of up to 170 degrees. At 30 pictures a second
this gate passes 1800 degrees a second."""

GIVES_UP_S: Final = 0.25
"""A hand that stays turned for so long has been turned."""


class TurnGate:
    """Lets orientations pass that follow from the one before."""

    def __init__(self) -> None:
        self._last: Array | None = None
        self._last_s = 0.0

    def passes(self, rotation: Array, time_s: float) -> bool:
        """Whether a rotation (3, 3) may follow the last one that passed.

        time_s: of the sample, by a clock that never goes back.
        """
        if self._last is not None and time_s - self._last_s < GIVES_UP_S:
            cosine = (np.trace(self._last.T @ rotation) - 1.0) / 2.0
            if cosine < np.cos(MOST_TURN_RAD):
                return False
        self._last, self._last_s = rotation, time_s
        return True
