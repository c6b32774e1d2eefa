"""Tells a head that can be true from one that cannot."""

from dataclasses import replace
from typing import Final

import numpy as np

from operators.input_sources import is_steady, is_worn
from operators.messages import Head
from operators.pose_watch import Implausible, PoseWatch

AWAY_S: Final = 0.2
"""For so long the last place of a head serves: a headset that loses itself finds itself sooner, or
not at all."""


class HeadWatch:
    """Looks at every sample of one operator's head after another's.

    Both hands are measured from it: where it jumps they would, though they are held still.
    Times are the samples' own, seconds.
    """

    def __init__(self) -> None:
        self._giver = ("", "")
        self._forget()

    def look(self, head: Head, taken_at_s: float) -> Head:
        """The head, lost where it is not believed."""
        giver = (head.client, head.source)
        if giver != self._giver:
            self._giver = giver
            self._forget()
        if not head.valid:
            return head
        # One that nobody wears is told, not tracked, and may stand still to the last digit.
        is_noisy = is_worn(head.source) and not is_steady(head.source)
        noisy = head.stage_from_head if is_noisy else None
        self._fault = self._watch.look(head.stage_from_head, taken_at_s, noisy)
        if not self._fault:
            self._believed_at_s = taken_at_s
        return replace(head, valid=not self._fault)

    def fault(self, now_s: float) -> str:
        """Why no hand can be measured from the head as it is known; empty where it can be."""
        if self._fault:
            return f"the head {self._fault}"
        is_away = now_s - self._believed_at_s > AWAY_S
        return f"the head {Implausible.NOT_TRACKED}" if is_away else ""

    def _forget(self) -> None:
        self._watch = PoseWatch()
        self._fault = ""
        self._believed_at_s = -np.inf
