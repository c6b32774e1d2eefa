"""The One Euro filter: a low-pass whose cutoff grows with the speed, on points and on rotations.

Casiez, Roussel, Vogel, "1€ Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems", CHI 2012. Per sample, with T the time since the last one:

    alpha(f) = 1 / (1 + 1 / (2 pi f T))
    velocity += alpha(d_cutoff) * ((sample - last sample) / T - velocity)
    estimate += alpha(min_cutoff + beta * |velocity|) * (sample - estimate)

Two things differ from the paper's Algorithm 1. The speed is that between samples, where the
algorithm has (sample - estimate) / T: that is up to 1 + 1 / (2 pi f T) times too much, and so
smooths less at 90 Hz than at 60. And a vector has one speed, its length's, so that the result does
not depend on how the axes lie. A sample that moves at constant speed v is then followed
1 / (2 pi (min_cutoff + beta v)) late, whatever the rate and however irregular.
"""

from abc import ABC, abstractmethod
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from operators.filter_settings import OneEuroSettings
from operators.transforms import Array, turn_between, turned

SHORTEST_S: Final = 1e-3
"""Samples of one moment, and samples older than the last, count as so far apart: no headset gives
1000 a second, and neither an infinite speed nor an unfiltered sample can come of it."""

LONGEST_S: Final = 0.1
"""Of a longer silence only so much counts: the sample after it is approached and not jumped to.
Three frames of a 30 Hz camera are less, and a hand that was lost is to be reset anyway."""

UNIT_TOLERANCE: Final = 1e-3


class OneEuroFilter(ABC):
    """Filters one signal, sample by sample.

    settings: cutoffs in Hz, and beta in Hz for every unit of speed. `enabled` is not looked at: who
    owns the filter leaves it out.
    """

    def __init__(self, settings: OneEuroSettings) -> None:
        self._settings = settings
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next sample passes unchanged, and as if it were at rest."""
        self._sample: Array | None = None
        self._estimate = self._velocity = np.empty(0)
        self._time_s = 0.0

    def filter(self, sample: ArrayLike, time_s: float) -> Array:
        """Take a sample, and return where the signal is, less its noise.

        time_s: when the sample was taken. SHORTEST_S and LONGEST_S bound what has passed since the
        last one.
        The first sample is returned as it is. Only what is tracked may be given: raises ValueError
        for numbers that are not finite and for another shape than before, and forgets nothing then.
        """
        sample = self._checked(sample, time_s)
        if self._sample is None:
            self._estimate, self._velocity = sample, np.zeros_like(self._way(sample, sample))
        else:
            interval_s = min(max(time_s - self._time_s, SHORTEST_S), LONGEST_S)
            velocity = self._way(self._sample, sample) / interval_s
            weight = _weight(self._settings.d_cutoff_hz, interval_s)
            self._velocity = self._velocity + weight * (velocity - self._velocity)
            speed = np.sqrt((self._velocity**2).sum(axis=-1, keepdims=True))
            cutoff_hz = self._settings.min_cutoff_hz + self._settings.beta * speed
            step = _weight(cutoff_hz, interval_s) * self._way(self._estimate, sample)
            self._estimate = self._moved(self._estimate, step)
        self._sample, self._time_s = sample, time_s
        return self._estimate.copy()

    def _checked(self, sample: ArrayLike, time_s: float) -> Array:
        """An own copy of a sample that may be filtered."""
        sample = np.array(sample, dtype=np.float64)
        if self._sample is not None and sample.shape != self._sample.shape:
            raise ValueError(f"sample must be {self._sample.shape} as before, got {sample.shape}")
        if not (np.isfinite(sample).all() and np.isfinite(time_s)):
            raise ValueError(
                f"sample and time must be finite, got {sample} at {time_s} s; reset the filter "
                "where the hand is lost"
            )
        return sample

    @abstractmethod
    def _way(self, start: Array, end: Array) -> Array:
        """What leads from one sample to another, as vectors along the last axis."""

    @abstractmethod
    def _moved(self, start: Array, way: Array) -> Array:
        """Where a way leads."""


class OneEuroPoints(OneEuroFilter):
    """Filters points (..., n), each at its own speed; the estimate is among the samples so far.

    beta is in Hz for every unit a second: for points in m, Hz for every m/s.
    """

    def _way(self, start: Array, end: Array) -> Array:
        return end - start

    def _moved(self, start: Array, way: Array) -> Array:
        return start + way


class OneEuroRotations(OneEuroFilter):
    """Filters rotations (..., 4), unit quaternions x y z w, each at its own speed.

    What is weighed is the turn (rotation vector) from the estimate to the sample, and it is walked
    along the shortest arc. q and -q are the same sample; all estimates but the first have w >= 0.
    beta is in Hz for every rad/s. Also raises ValueError for quaternions that are not of length 1.
    """

    def _checked(self, sample: ArrayLike, time_s: float) -> Array:
        quaternion = super()._checked(sample, time_s)
        length = np.linalg.norm(quaternion, axis=-1)
        if quaternion.shape[-1:] != (4,) or (np.abs(length - 1.0) > UNIT_TOLERANCE).any():
            raise ValueError(f"sample must be unit quaternions (..., 4), got {quaternion}")
        return quaternion

    def _way(self, start: Array, end: Array) -> Array:
        return turn_between(start, end)

    def _moved(self, start: Array, way: Array) -> Array:
        return turned(start, way)


def _weight(cutoff_hz: ArrayLike, interval_s: float) -> Array:
    """The weight of a sample that came an interval after the last, for a first-order low-pass."""
    weight: Array = 1.0 / (1.0 + 1.0 / (2.0 * np.pi * np.asarray(cutoff_hz) * interval_s))
    return weight
