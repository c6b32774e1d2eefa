"""How long fitting both hands takes, and how near their joints come to the truth.

Two hands of known bones move in a ring of synthetic cameras for five seconds; pixels are exact,
have normal noise, or are astray in one of ten. `benchmarks/hand_rig.py` has the rig and the motion,
and `benchmarks/jaxopt_hands.py` the seed's solver.
"""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Final

import numpy as np

from benchmarks.figure import Figure
from benchmarks.hand_rig import Floats, cameras, disturbed, moving_hands, seen
from benchmarks.jaxopt_hands import JaxoptHands
from operators.hand_inverse_kinematics import HandFitter
from operators.triangulation import Triangulator, projections

CONDITIONS: Final = {
    "hands_ik.error_exact": (8, 0.0, 0.0),
    "hands_ik.error_1px": (8, 1.0, 0.0),
    "hands_ik.error_outliers": (8, 1.0, 0.1),
    "hands_ik.error_4_views": (4, 1.0, 0.0),
    "hands_ik.error_3_views": (3, 1.0, 0.0),
    "hands_ik.error_2_views": (2, 1.0, 0.0),
}
"""Views, noise in px, and which share of the keypoints is 60 px astray."""

NAMES: tuple[str, ...] = ("hands_ik.both_hands", *CONDITIONS, "hands_ik.jitter")

FRAMES: Final = 150
WARM_UP: Final = 5

TURN: Final = 10
"""Pictures that one solver fits before the other does, so that a busy moment meets both. One at a
time, ours would be measured on what 40 ms of the other leave of the caches."""


@dataclass(frozen=True, eq=False)
class Run:
    """What came out of a sequence: errors of fitted and of triangulated joints (n, 2, 21, 3), m."""

    fitted: Floats
    triangulated: Floats
    fit_ms: list[float]
    triangulation_ms: list[float]
    jaxopt_ms: list[float]
    jaxopt: Floats


def figures(names: Collection[str]) -> Iterator[Figure]:
    """Measure, and yield those of the figures that are asked for."""
    if not find_spec("jax"):
        return
    if NAMES[0] in names:
        yield both_hands()
    for name, (views, noise_px, strays) in CONDITIONS.items():
        if name in names:
            yield error(name, run(views, noise_px, strays))
    if NAMES[-1] in names:
        yield jitter(run(8, 1.0, 0.0))


def both_hands() -> Figure:
    """Milliseconds a fit of both hands, each from its last pose, ours and the seed's in turn."""
    measured = run(8, 1.0, 0.0, with_jaxopt=find_spec("jaxopt") is not None)
    median = float(np.median(measured.fit_ms))
    note = (
        f"8 views, 1 px of noise, both hands in one call, undistortion included; triangulation "
        f"before it {np.median(measured.triangulation_ms):.2f} ms; mean error "
        f"{mean_mm(measured.fitted):.3f} mm"
    )
    against = None
    if measured.jaxopt_ms:
        against = float(np.median(measured.jaxopt_ms))
        note += f" against {mean_mm(measured.jaxopt):.3f} mm"
    else:
        note += "; jaxopt is not installed: pip install 'panodora[reference]'"
    return Figure(
        name="hands_ik.both_hands",
        value=median,
        unit="ms",
        p95=float(np.percentile(measured.fit_ms, 95)),
        against=None
        if against is None
        else f"jaxopt {version('jaxopt')}, the seed's configuration",
        against_value=against,
        ratio=None if against is None else against / median,
        note=note,
    )


def error(name: str, measured: Run) -> Figure:
    """How far joints are from where they are, in the mean over joints and pictures."""
    ours, theirs = mean_mm(measured.fitted), mean_mm(measured.triangulated)
    compares = CONDITIONS[name][1] > 0.0  # both are as good as exact where pixels are
    return Figure(
        name=name,
        value=ours,
        unit="mm",
        p95=float(np.percentile(np.linalg.norm(measured.fitted, axis=-1), 95)) * 1e3,
        against="triangulation alone" if compares else None,
        against_value=theirs if compares else None,
        ratio=theirs / ours if compares else None,
        note=f"mean over 42 joints and {FRAMES} pictures; bones known",
    )


def jitter(measured: Run) -> Figure:
    """How much the error of a joint changes from picture to picture."""
    ours, theirs = (
        float(np.mean(np.linalg.norm(np.diff(errors, axis=0), axis=-1))) * 1e3
        for errors in (measured.fitted, measured.triangulated)
    )
    return Figure(
        name="hands_ik.jitter",
        value=ours,
        unit="mm",
        against="triangulation alone",
        against_value=theirs,
        ratio=theirs / ours,
        note="mean change of a joint's error to the next picture; 8 views, 1 px of noise",
    )


def run(views: int, noise_px: float, strays: float, with_jaxopt: bool = False) -> Run:
    """Fit the whole sequence."""
    rig, hands = cameras(views), moving_hands(FRAMES)
    random = np.random.default_rng(0)
    triangulator, fitter = Triangulator(rig), HandFitter(rig, bones=hands.skeleton)
    jaxopt = JaxoptHands(projections(rig), hands.skeleton) if with_jaxopt else None
    if jaxopt is not None:
        jaxopt.start(hands.angles[0], hands.translations[0])
    pictures = [disturbed(seen(rig, truth), random, noise_px, strays) for truth in hands.joints]
    sure = np.ones((views, 2, 21))
    fitted, triangulated, theirs = [], [], []
    times: tuple[list[float], list[float], list[float]] = ([], [], [])
    for first in range(0, FRAMES, TURN):
        for pixels in pictures[first : first + TURN]:
            started = time.perf_counter()
            points = triangulator.triangulate(pixels.reshape(views, 42, 2), sure.reshape(views, 42))
            between = time.perf_counter()
            fitted.append(fitter.fit(pixels, sure, points).joints)
            times[0].append((time.perf_counter() - between) * 1e3)
            times[1].append((between - started) * 1e3)
            triangulated.append(points.points.reshape(2, 21, 3))
        if jaxopt is None:
            continue
        for pixels in pictures[first : first + TURN]:
            started = time.perf_counter()
            theirs.append(jaxopt.fit(pixels))
            times[2].append((time.perf_counter() - started) * 1e3)
    return Run(
        np.array(fitted) - hands.joints,
        np.array(triangulated) - hands.joints,
        times[0][WARM_UP:],
        times[1][WARM_UP:],
        times[2][WARM_UP:],
        np.array(theirs) - hands.joints if theirs else np.empty((0, 2, 21, 3)),
    )


def mean_mm(errors: Floats) -> float:
    """The mean length of errors (..., 3), m, in mm."""
    return float(np.mean(np.linalg.norm(errors, axis=-1))) * 1e3
