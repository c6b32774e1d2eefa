"""Measuring an operator's neck on demand, with words on what to do."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from operators.neck_pivot import USUAL_NECK_OFFSET_M, NeckCalibration, NeckFit, NeckOutcome
from operators.section import Vector3
from operators.transforms import Array

RESULT_S: Final = 6.0
"""How long the operator is told what has come of it."""

_MEANWHILE: Final = {
    NeckOutcome.TOO_SHORT: "turn your head left and right, then nod, and keep your body still",
    NeckOutcome.TOO_LITTLE_TURNED: "turn your head further left and right",
    NeckOutcome.TOO_LITTLE_NODDED: "nod further up and down",
    NeckOutcome.MOVED: "turn your head alone and keep your body still",
    NeckOutcome.MEASURED: "that is enough of turning",
}


class NeckMeasurement:
    """Knows the pivot of the operator's neck: a grown person's, a fixed one, or as measured.

    fixed: (right, up, back) from the eyes in m, which then stays; None lets it be measured.
    """

    def __init__(self, fixed: Vector3 | None) -> None:
        self._is_fixed = fixed is not None
        self._usual: Array = np.array(USUAL_NECK_OFFSET_M if fixed is None else fixed)
        self._calibration: NeckCalibration | None = None
        self._held = False
        self._told = ""
        self._told_at_s = -np.inf
        self.forget()

    def forget(self) -> None:
        """Another operator is here."""
        self.offset = self._usual
        self.is_measured = False
        self._calibration = None
        self._told = ""

    def hold(self, held: bool, is_worn: bool, time_s: float) -> None:
        """Begin when the key goes down, and solve when it is let go.

        is_worn: whether the head is a person's. What is not accepted changes nothing.
        """
        if held and not self._held:
            if self._is_fixed:
                self._tell("your neck is as the setting operator.neck_offset has it", time_s)
            elif not is_worn:
                self._tell("your neck can be measured in a headset only", time_s)
            else:
                self._calibration = NeckCalibration()
        elif not held and self._calibration is not None:
            self._finish(self._calibration.fit(), time_s)
            self._calibration = None
        self._held = held

    def add(self, stage_from_head: ArrayLike) -> None:
        """Take a head's pose (4, 4) into account while measuring."""
        if self._calibration is not None:
            self._calibration.add(stage_from_head)

    def advice(self, time_s: float) -> str:
        """What to do now, or what has come of it just before; empty otherwise."""
        if self._calibration is not None:
            return _MEANWHILE[self._calibration.fit().outcome]
        return self._told if time_s - self._told_at_s <= RESULT_S else ""

    def _finish(self, fit: NeckFit, time_s: float) -> None:
        words = str(fit.outcome)
        if fit.outcome is NeckOutcome.MEASURED:
            self.offset, self.is_measured = fit.offset, True
            _, up, back = 1e3 * fit.offset
            words += f": it turns {back:.0f} mm behind and {-up:.0f} mm below your eyes"
        self._tell(words, time_s)

    def _tell(self, words: str, time_s: float) -> None:
        self._told, self._told_at_s = words, time_s
