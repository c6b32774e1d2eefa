"""What one stage of the loop did."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PERCENTS: Final = (50, 95, 99)
"""The percentiles that every table of delays has."""


@dataclass(frozen=True)
class StageReport:
    """What one node, or the page, did over a time. Delays are arrays in ms, one entry a frame."""

    stage: str
    rate_hz: float
    lost: int
    skipped: int
    transit_ms: NDArray[np.float64]
    waiting_ms: NDArray[np.float64]
    working_ms: NDArray[np.float64]

    @property
    def delay_ms(self) -> NDArray[np.float64]:
        """From the sender's send to this stage's own."""
        return self.transit_ms + self.waiting_ms + self.working_ms


def percentile(values: NDArray[np.float64], percent: float) -> float:
    """A percentile, NaN of nothing."""
    return float(np.percentile(values, percent)) if values.size else float("nan")
