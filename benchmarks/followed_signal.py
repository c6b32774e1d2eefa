"""Signals that are followed, recorded or by formula, and how late and how calmly they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.retarget import recorded_hands
from operators.messages import Hands, Head
from operators.preprocessing import Preprocessor
from operators.recording import RecordingReader
from operators.settings import ROOT
from operators.transforms import turn_between, turned

Array = NDArray[np.float64]

Apply = Callable[[Array, float], Array]
"""A filter run over a signal of so many samples a second."""

TRACKER_HZ: Final = 30.0
"""A Quest tracks hands so often by default (Meta, Horizon OS documentation, "Hands Technology")."""
NOISE_M: Final = 1e-3
"""About what the recorded fingers have by themselves (`own_noise_m`): a headset's is not known."""
NOISE_RAD: Final = 0.5 * np.pi / 180.0
HEADSET_HZ: Final = 72.0
REPLAY_HZ: Final = 60.0
CAMERA_HZ: Final = 30.0
"""Of the recorded fingers."""

TIPS: Final = [4, 9, 14, 19, 24]
SLOW_M_S: Final = 0.05
TRUTH_FRAMES: Final = 1.5
"""Deviation of the bell curve whose means stand for the recorded fingers' true way: 50 ms."""
STILL_S, STEADY_S = 60.0, 8.0
SEEDS: Final = 4


@dataclass(frozen=True)
class Signal:
    """Something that is followed: its true way, the samples of it, and what is done with both.

    minus: vectors (samples, ..., n) from the second argument to the first.
    """

    truth: Array
    samples: Array
    rate_hz: float
    minus: Callable[[Array, Array], Array]

    @property
    def velocity(self) -> Array:
        """Of the truth: the same vectors a second, by central differences."""
        steps = self.minus(self.truth[1:], self.truth[:-1])
        ends = [steps[:1], (steps[1:] + steps[:-1]) / 2, steps[-1:]]
        return np.concatenate(ends) * self.rate_hz

    def lag_ms(self, apply: Apply) -> float:
        """How late the filtered samples are: the delay that explains most of their error."""
        error = self.minus(self.truth, apply(self.samples, self.rate_hz))
        velocity = self.velocity
        return float(1e3 * (error * velocity).sum() / (velocity * velocity).sum())

    def tremble(self, apply: Apply) -> float:
        """What is left of the noise where the truth stands still: standard deviation an axis."""
        error = self.minus(apply(self.samples, self.rate_hz), self.truth)[int(self.rate_hz) :]
        return float(np.sqrt((error * error).mean()))

    def tremble_speed(self, apply: Apply) -> float:
        """How fast what stands still seems to move: root mean square an axis, a second."""
        smooth = apply(self.samples, self.rate_hz)[int(self.rate_hz) :]
        steps = self.minus(smooth[1:], smooth[:-1]) * self.rate_hz
        return float(np.sqrt((steps * steps).mean()))


def standing(sample: Array) -> Array:
    """A sample again and again."""
    return np.tile(sample, (int(STILL_S * HEADSET_HZ), 1))


def points_minus(end: Array, start: Array) -> Array:
    """Vectors between points."""
    return end - start


def rotations_minus(end: Array, start: Array) -> Array:
    """Rotation vectors between unit quaternions, rad."""
    return turn_between(start, end)


def tracking_noise(count: int, rate_hz: float, deviation: float, seed: int) -> Array:
    """Noise (count, 3): normal, drawn at each of the tracker's frames, straight lines between."""
    frames = np.arange(count) * TRACKER_HZ / rate_hz
    drawn = np.random.default_rng(seed).normal(0.0, deviation, (int(frames[-1]) + 2, 3))
    before, part = frames.astype(int), (frames % 1.0)[:, None]
    return np.asarray((1 - part) * drawn[before] + part * drawn[before + 1])


def noisy_points(truth: Array, rate_hz: float = HEADSET_HZ, seed: int = 0) -> Signal:
    """Points (samples, 3), m, as a tracker would give them."""
    noise = tracking_noise(len(truth), rate_hz, NOISE_M, seed)
    return Signal(truth, truth + noise, rate_hz, points_minus)


def noisy_rotations(truth: Array, rate_hz: float = HEADSET_HZ, seed: int = 0) -> Signal:
    """Unit quaternions (samples, 4) as a tracker would give them."""
    noise = tracking_noise(len(truth), rate_hz, NOISE_RAD, seed)
    return Signal(truth, turned(truth, noise), rate_hz, rotations_minus)


def recorded_wrists() -> Array:
    """The right wrist's poses (samples, 7) in the shipped recording, until it is lost: 60 Hz."""
    preprocessor, poses = Preprocessor(), []
    for recorded in RecordingReader(ROOT / "assets/recordings/two_hands").messages():
        if isinstance(recorded.message, Head):
            preprocessor.update_head(recorded.message)
        elif isinstance(recorded.message, Hands):
            targets = preprocessor.targets(recorded.message)
            if not targets.valid[1]:
                break
            poses.append(targets.anchor_from_wrist[1])
    return np.array(poses)


def recorded_fingertips() -> Signal:
    """The real hand's fingertips (frames, 5, 3), m, with the noise that they have."""
    tips = recorded_hands()[:, 1, TIPS]
    return Signal(made_smooth(tips), tips, CAMERA_HZ, points_minus)


def made_smooth(points: Array) -> Array:
    """Points (frames, n, 3) averaged with those before and after, which makes nothing late."""
    reach = int(4 * TRUTH_FRAMES)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / TRUTH_FRAMES) ** 2)
    padded = np.pad(points, ((reach, reach), (0, 0), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(weights), axis=0)
    return np.asarray(windows @ (weights / weights.sum()))


def own_noise_m(signal: Signal, apply: Apply) -> float:
    """Tremble of what moves: the white noise an axis with the same second differences, m.

    Taken where the truth is slow, so that what the second differences see is no movement.
    """
    smooth = apply(signal.samples, signal.rate_hz)
    second = np.diff(smooth - signal.truth, 2, axis=0) / np.sqrt(6.0)
    slow = np.linalg.norm(signal.velocity, axis=-1)[1:-1] < SLOW_M_S
    return float(np.sqrt((second[slow] ** 2).mean()))


def reach_m(duration_s: float, way_m: float) -> Array:
    """A hand's reach along x: least jerk (Flash and Hogan, J. Neuroscience 5(7), 1985)."""
    times = np.arange(int(2.2 * HEADSET_HZ)) / HEADSET_HZ
    part: Array = np.clip((times - 0.4) / duration_s, 0.0, 1.0)
    return along_x(way_m * (10 * part**3 - 15 * part**4 + 6 * part**5))


def steady_m(speed_m_s: float) -> Array:
    """A hand that moves at one speed along x."""
    return along_x(speed_m_s * np.arange(int(STEADY_S * HEADSET_HZ)) / HEADSET_HZ)


def along_x(x: NDArray[np.floating[Any]]) -> Array:
    """Points (samples, 3) on a line."""
    return np.stack([x, np.zeros_like(x), np.zeros_like(x)], axis=-1, dtype=np.float64)
