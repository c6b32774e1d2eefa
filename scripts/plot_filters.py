"""Draws docs/filtering/*.png and prints the figures of docs/filtering.md: lag against jitter.

python scripts/plot_filters.py
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.followed_signal import (
    CAMERA_HZ,
    HEADSET_HZ,
    REPLAY_HZ,
    SEEDS,
    Apply,
    Array,
    Signal,
    along_x,
    made_smooth,
    noisy_points,
    noisy_rotations,
    own_noise_m,
    points_minus,
    reach_m,
    recorded_fingertips,
    recorded_wrists,
    standing,
    steady_m,
)
from benchmarks.retarget import recorded_hands
from operators.filter_settings import FiltersSettings, OneEuroSettings
from operators.hands import Hand
from operators.one_euro import OneEuroFilter, OneEuroPoints, OneEuroRotations
from operators.retargeting import HandRetargeter
from operators.settings import ROOT

FOLDER: Final = ROOT / "docs/filtering"
DEFAULTS: Final = FiltersSettings()

MIN_CUTOFFS_HZ: Final = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
SLOW_RAD_S: Final = 0.5

INK, QUIET, CHOSEN, PLAIN, OTHER = "#1d2733", "#9aa5b1", "#0b6e99", "#c2571a", "#7a4fa3"
STYLE: Final[Any] = {
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "grid.color": "#e4e8ec",
    "lines.linewidth": 1.3,
    "legend.frameon": False,
}


def main() -> None:
    """Draw everything, and print what the page says in numbers."""
    FOLDER.mkdir(exist_ok=True)
    save("tradeoff", (10.0, 3.9), draw_tradeoff)
    save("speed", (8.0, 3.0), draw_speed)
    save("responses", (10.0, 5.6), draw_responses)
    print_figures()


# Filters


def one_euro(kind: type[OneEuroFilter], settings: OneEuroSettings) -> Apply:
    """A One Euro filter that starts afresh."""

    def apply(samples: Array, rate_hz: float) -> Array:
        smooth = kind(settings)
        return np.array([smooth.filter(sample, i / rate_hz) for i, sample in enumerate(samples)])

    return apply


def changed(settings: OneEuroSettings, **changes: float) -> OneEuroSettings:
    """The same with other numbers."""
    return settings.model_copy(update=changes)


def exponential_mean(alpha: float) -> Apply:
    """A low-pass of points with one weight for each sample, as retargeting libraries have it."""

    def apply(samples: Array, _: float) -> Array:
        smooth = [samples[0]]
        for sample in samples[1:]:
            smooth.append(smooth[-1] + alpha * (sample - smooth[-1]))
        return np.array(smooth)

    return apply


def unfiltered(samples: Array, _: float) -> Array:
    """The samples themselves."""
    return samples


# Pictures


def save(name: str, size_in: tuple[float, float], draw: Callable[[Figure], None]) -> None:
    """Write a picture."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size_in, layout="constrained", facecolor="white")
        draw(figure)
        path = FOLDER / f"{name}.png"
        figure.savefig(path, dpi=110, metadata={"Software": None})
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


def draw_tradeoff(figure: Figure) -> None:
    """Lag of recorded motion against the tremble that is left, a curve a beta."""
    left, middle, right = figure.subplots(1, 3)
    poses = recorded_wrists()
    moving, still = noisy_points(poses[:, :3], REPLAY_HZ), noisy_points(standing(poses[0, :3]))

    def positions(apply: Apply) -> tuple[float, float]:
        return moving.lag_ms(apply), 1e3 * still.tremble(apply)

    draw_curves(left, positions, OneEuroPoints, DEFAULTS.position, (0, 10, 30, 100), "Hz per m/s")
    others = OneEuroSettings(min_cutoff_hz=2.0, beta=0.04, d_cutoff_hz=1.5)
    mark(left, positions(one_euro(OneEuroPoints, others)), OTHER, "dora-openarm-webxr")
    left.set_title("Wrist position")
    left.set_ylabel("tremble left of a still hand, mm")

    turning = noisy_rotations(poses[:, 3:], REPLAY_HZ)
    held = noisy_rotations(standing(poses[0, 3:]))

    def rotations(apply: Apply) -> tuple[float, float]:
        return turning.lag_ms(apply), float(np.degrees(held.tremble(apply)))

    draw_curves(
        middle, rotations, OneEuroRotations, DEFAULTS.rotation, (0, 3, 10, 30), "Hz per rad/s"
    )
    middle.set_title("Wrist rotation")
    middle.set_ylabel("tremble left of a still hand, degrees")

    tips = recorded_fingertips()

    def fingers(apply: Apply) -> tuple[float, float]:
        return tips.lag_ms(apply), 1e3 * own_noise_m(tips, apply)

    draw_curves(right, fingers, OneEuroPoints, DEFAULTS.fingers, (0, 10, 30, 100), "Hz per m/s")
    mark(right, fingers(exponential_mean(0.5)), PLAIN, "low_pass_alpha: 0.5")
    right.set_title("Fingertips of a real hand")
    right.set_ylabel("tremble left of a slow fingertip, mm")
    for axes in (left, middle, right):
        axes.set_xlabel("lag on the recorded motion, ms")


def draw_curves(
    axes: Axes,
    measure: Callable[[Apply], tuple[float, float]],
    kind: type[OneEuroFilter],
    default: OneEuroSettings,
    betas: Iterable[float],
    unit: str,
) -> None:
    """A curve a beta, along which the cutoff at rest varies, and where the default is."""
    for k, beta in enumerate(betas):
        lags_ms, left = zip(
            *(
                measure(one_euro(kind, changed(default, beta=beta, min_cutoff_hz=cutoff)))
                for cutoff in MIN_CUTOFFS_HZ
            ),
            strict=True,
        )
        style: dict[str, Any] = {"color": PLAIN} if beta == 0 else {"color": INK, "alpha": 0.3 * k}
        label = "fixed low-pass" if beta == 0 else f"beta {beta:g} {unit}"
        axes.plot(lags_ms, left, ".-", label=label, **style)
    mark(axes, measure(unfiltered), QUIET, "unfiltered")
    mark(axes, measure(one_euro(kind, default)), CHOSEN, "the default")
    axes.set_xlim(-3, 110)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7.5)


def mark(axes: Axes, at: tuple[float, float], colour: str, label: str) -> None:
    """Put a large dot, and say in the legend what it is."""
    axes.plot(*at, "o", color=colour, markersize=8, label=label, zorder=5)
    axes.legend(fontsize=7.5)


def draw_speed(figure: Figure) -> None:
    """How late, and how far behind, a hand is at a steady speed: by the formula, and measured."""
    late, behind = figure.subplots(1, 2)
    speeds = np.geomspace(0.005, 2.0, 200)
    tried = (0.01, 0.03, 0.1, 0.25, 0.5, 1.0, 1.5)
    chosen = DEFAULTS.position
    plain = changed(chosen, beta=0.0)
    for settings, colour, label in (
        (plain, PLAIN, f"fixed low-pass, {plain.min_cutoff_hz:g} Hz"),
        (chosen, CHOSEN, "the default"),
    ):
        lags_ms = 1e3 / (2 * np.pi * (settings.min_cutoff_hz + settings.beta * speeds))
        late.plot(speeds, lags_ms, color=colour, label=label)
        behind.plot(speeds, lags_ms * speeds, color=colour)
    measured = [steady_lag_ms(speed, chosen) for speed in tried]
    late.plot(tried, measured, "o", color=CHOSEN, label="with tracking noise")
    behind.plot(tried, np.multiply(measured, tried), "o", color=CHOSEN)
    for axes in (late, behind):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda speed, _: f"{speed:g}")
        axes.set_xlabel("speed of the wrist, m/s")
    late.set_ylabel("ms late")
    late.legend()
    behind.set_ylabel("mm behind")
    behind.set_ylim(0, 20)


def steady_lag_ms(speed_m_s: float, settings: OneEuroSettings) -> float:
    """How late a hand at a steady speed is, with tracking noise, when it has long been moving."""
    lags_ms = []
    for seed in range(SEEDS):
        signal = noisy_points(steady_m(speed_m_s), seed=seed)
        smooth = one_euro(OneEuroPoints, settings)(signal.samples, signal.rate_hz)
        error = (signal.truth - smooth)[len(smooth) // 2 :, 0]
        lags_ms.append(1e3 * error.mean() / speed_m_s)
    return float(np.mean(lags_ms))


def draw_responses(figure: Figure) -> None:
    """A step, a ramp, a reach, and a stretch of the real hand."""
    (step, ramp), (reach, finger) = figure.subplots(2, 2)
    times = np.arange(int(1.2 * HEADSET_HZ)) / HEADSET_HZ
    draw_response(step, noisy_points(along_x(np.where(times < 0.3, 0.0, 0.05))), DEFAULTS.position)
    step.set_title("Step of 5 cm")
    draw_response(
        ramp, noisy_points(along_x(0.5 * np.clip(times - 0.3, 0.0, 0.4))), DEFAULTS.position
    )
    ramp.set_title("Ramp of 0.5 m/s")
    draw_response(reach, noisy_points(reach_m(0.6, 0.3)), DEFAULTS.position)
    reach.set_title("Reach of 0.3 m in 0.6 s")
    reach.set_xlim(0.3, 1.3)
    tips = recorded_fingertips()
    stretch = slice(285, 405)
    index = Signal(tips.truth[stretch, 1], tips.samples[stretch, 1], tips.rate_hz, points_minus)
    draw_response(finger, index, DEFAULTS.fingers, axis=2)
    finger.set_title("A real index fingertip, from the wrist")
    step.legend()


def draw_response(axes: Axes, signal: Signal, settings: OneEuroSettings, axis: int = 0) -> None:
    """What comes in and what goes out, along one axis."""
    times = np.arange(len(signal.samples)) / signal.rate_hz
    plain = one_euro(OneEuroPoints, changed(settings, beta=0.0))
    chosen = one_euro(OneEuroPoints, settings)
    for apply, colour, label in (
        (unfiltered, QUIET, "unfiltered"),
        (plain, PLAIN, f"fixed low-pass, {settings.min_cutoff_hz:g} Hz"),
        (chosen, CHOSEN, "the default"),
    ):
        millimetres = 1e3 * apply(signal.samples, signal.rate_hz)[:, axis]
        axes.plot(times, millimetres, color=colour, label=label)
    axes.set_xlabel("s")
    axes.set_ylabel("mm")


# Numbers


def print_figures() -> None:
    """What docs/filtering.md says in numbers."""
    poses, tips = recorded_wrists(), recorded_fingertips()
    moving, turning = (
        noisy_points(poses[:, :3], REPLAY_HZ),
        noisy_rotations(poses[:, 3:], REPLAY_HZ),
    )
    still, held = noisy_points(standing(poses[0, :3])), noisy_rotations(standing(poses[0, 3:]))
    for name, signal, resting, kind, default in (
        ("position, mm", moving, still, OneEuroPoints, DEFAULTS.position),
        ("rotation, mrad", turning, held, OneEuroRotations, DEFAULTS.rotation),
    ):
        for title, apply in (("unfiltered", unfiltered), ("filtered", one_euro(kind, default))):
            print(
                f"{name}, {title}: tremble {1e3 * resting.tremble(apply):.2f}, "
                f"its speed {1e3 * resting.tremble_speed(apply):.1f} a second, "
                f"lag of the recording {signal.lag_ms(apply):.0f} ms"
            )
    for speed in (0.01, 0.05, 0.5):
        late_ms = steady_lag_ms(speed, DEFAULTS.position)
        print(f"at {speed} m/s: {late_ms:.0f} ms late, {late_ms * speed:.1f} mm behind")
    print("d_cutoff_hz: tremble mm, worst of a reach mm behind, tips' lag ms and tremble mm")
    reach = reach_m(0.6, 0.3)
    for d_cutoff_hz in (0.5, 1.0, 2.0, 3.0, 6.0, 12.0):
        apply = one_euro(OneEuroPoints, changed(DEFAULTS.position, d_cutoff_hz=d_cutoff_hz))
        behind_mm = 1e3 * np.abs(reach - apply(reach, HEADSET_HZ)).max()
        print(
            f"  {d_cutoff_hz:g}: {1e3 * still.tremble(apply):.2f} {behind_mm:.1f} "
            f"{tips.lag_ms(apply):.0f} {1e3 * own_noise_m(tips, apply):.2f}"
        )
    print("robot joints: lag ms, error rad, error rad while slow")
    for name in ("inspire", "shadow", "allegro"):
        print_joints(Hand.load(f"configs/hands/{name}_right.yml"))


def print_joints(hand: Hand) -> None:
    """What reaches a robot hand's joints from the recorded hand, smoothed before, after, twice."""
    fingers = recorded_hands()[:, 1]
    smooth = one_euro(OneEuroPoints, DEFAULTS.fingers)(fingers, CAMERA_HZ)
    truth = retargeted(hand, made_smooth(fingers), 1.0)
    for title, given, alpha in (
        ("neither", fingers, 1.0),
        ("low_pass_alpha 0.5", fingers, 0.5),
        ("both", smooth, 0.5),
        ("One Euro", smooth, 1.0),
    ):
        signal = Signal(truth, retargeted(hand, given, alpha), CAMERA_HZ, points_minus)
        error = signal.samples - truth
        slow = np.abs(signal.velocity) < SLOW_RAD_S
        print(
            f"  {hand.path.stem}, {title}: {signal.lag_ms(unfiltered):.0f} "
            f"{error.std():.3f} {error[slow].std():.3f}"
        )


def retargeted(hand: Hand, fingers: Array, alpha: float) -> Array:
    """Joint positions (frames, joints), rad."""
    words = hand.configuration.retargeting.model_copy(update={"low_pass_alpha": alpha})
    configuration = hand.configuration.model_copy(update={"retargeting": words})
    retargeter = HandRetargeter(replace(hand, configuration=configuration))
    return np.array([retargeter.retarget(joints) for joints in fingers])


if __name__ == "__main__":
    main()
