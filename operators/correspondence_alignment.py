"""Aligns a camera by points of the robot whose pixels are known: clicked, or detected."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.aligned_camera import AlignedCamera, AlignmentError, inverse_information
from operators.posed_camera import STEP, ZOOM, PosedCamera, pixel_steps
from operators.robust_equations import TUKEY
from operators.transforms import Array

ITERATIONS: Final = 60
SETTLED: Final = 1e-9
"""A step whose parts are all below this, rad, m and 1, is none."""

NEAREST_M: Final = 1e-3

MEDIAN_LENGTH: Final = 1.17741
"""The median length of a 2-D normal vector, in its standard deviations."""

OUTLIER: Final = 4.0
"""Deviations beyond which a point counts as a mistake; of good ones 3 in 10 000 are so far."""

ROBUST_FROM: Final = 10
"""With fewer points, which of them is wrong cannot be told."""

LEAST_SD_PX: Final = 1e-3
THIN: Final = 0.02
"""A set of points is a line if it is narrower than this share of its length."""

ROUGH_PX: Final = 5.0
"""Nobody who looks clicks farther off than this."""


@dataclass(frozen=True, eq=False)
class Correspondences:
    """Points of the robot, and where the picture shows them.

    points: (n, 3) m, in the base's frame. pixels: (n, 2) px, column and row, (0, 0) the centre of
    the upper left pixel.
    Raises AlignmentError for other shapes, numbers that are not finite, and too few points.
    """

    points: Array
    pixels: Array

    def __post_init__(self) -> None:
        points, pixels = (np.array(a, dtype=np.float64) for a in (self.points, self.pixels))
        if points.ndim != 2 or points.shape[1:] != (3,) or pixels.shape != (len(points), 2):
            raise AlignmentError(
                f"correspondences: expected points (n, 3) and pixels (n, 2), got {points.shape} "
                f"and {pixels.shape}"
            )
        if not (np.isfinite(points).all() and np.isfinite(pixels).all()):
            raise AlignmentError("correspondences: there are numbers that are not finite")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "pixels", pixels)


def align_correspondences(
    start: PosedCamera,
    seen: Correspondences,
    fov_free: bool = True,
    pixel_sd: float | None = None,
) -> AlignedCamera:
    """Find the camera that sees points where the picture has them.

    Least squares by Levenberg and Marquardt; from ten points on, those that do not agree with the
    others are found (Tukey's biweight) and left out of what is given back.

    start: from where; 5 cm, 5 degrees and 5% of the field of view off are no matter. fov_free:
    whether the focal length is sought too. pixel_sd: how exact the pixels are, px; without one the
    residuals tell.
    Raises AlignmentError for too few points, points in one line or behind the camera, pixels
    outside of the picture, and whatever leaves the camera open.
    """
    free = np.arange(len(STEP)) if fov_free else np.delete(np.arange(len(STEP)), ZOOM)
    _check(start, seen, len(free))
    hint = "pick points farther apart, in depth too" + (
        ", or hold the field of view fixed" if fov_free else ""
    )
    camera = start
    inliers = np.ones(len(seen.points), bool)
    if len(seen.points) >= ROBUST_FROM:
        camera = _minimised(camera, seen, inliers, free, robust=True)
        lengths = np.linalg.norm(_residuals(camera, seen), axis=1)
        # Few residuals are small because they were fitted (Rousseeuw and Leroy, Robust Regression
        # and Outlier Detection, 1987, chapter 5).
        few = 1.0 + 5.0 / (2 * len(lengths) - len(free))
        inliers = lengths <= OUTLIER * few * _deviation(lengths)
        _check_enough(int(inliers.sum()), len(free), " that agree with each other")
    camera = _minimised(camera, seen, inliers, free, robust=False)
    residuals = _residuals(camera, seen)[inliers]
    _, slopes = pixel_steps(camera.pose.points(seen.points[inliers]), camera.pinhole)
    jacobian = slopes.reshape(-1, len(STEP))[:, free]
    freedom = residuals.size - len(free)
    variance = float((residuals**2).sum()) / freedom if pixel_sd is None else pixel_sd**2
    covariance = np.zeros((len(STEP), len(STEP)))
    covariance[np.ix_(free, free)] = inverse_information(
        jacobian.T @ jacobian, variance, free, hint
    )
    rms = float(np.sqrt((residuals**2).mean()))
    return AlignedCamera(
        camera,
        covariance,
        float(freedom) if pixel_sd is None else np.inf,
        rms,
        (int(inliers.sum()), len(inliers)),
        doubts=_doubts(rms, inliers, freedom),
    )


def _minimised(
    camera: PosedCamera,
    seen: Correspondences,
    counted: NDArray[np.bool_],
    free: NDArray[np.intp],
    robust: bool,
) -> PosedCamera:
    """Levenberg and Marquardt, with Marquardt's scaling of the damping."""
    damping = 1e-4
    residuals = _residuals(camera, seen)
    for _ in range(ITERATIONS):
        _, slopes = pixel_steps(camera.pose.points(seen.points), camera.pinhole)
        lengths = np.linalg.norm(residuals, axis=1)
        cut = TUKEY * _deviation(lengths[counted]) if robust else np.inf
        weights = np.where(counted, np.clip(1.0 - (lengths / cut) ** 2, 0.0, None) ** 2, 0.0)
        jacobian = slopes[..., free]
        information = np.einsum("n,nij,nik->jk", weights, jacobian, jacobian)
        gradient = np.einsum("n,nij,ni->j", weights, jacobian, residuals)
        cost = float(weights @ lengths**2)
        while True:
            damped = information + damping * np.diag(np.diag(information) + 1e-12)
            step = np.zeros(len(STEP))
            step[free] = -np.linalg.solve(damped, gradient)
            tried = camera.stepped(step)
            if tried.pose.points(seen.points[counted])[:, 2].min() > NEAREST_M:
                found = _residuals(tried, seen)
                if float(weights @ (found**2).sum(axis=1)) <= cost:
                    break
            if damping > 1e9:
                return camera
            damping *= 10.0
        camera, residuals, damping = tried, found, max(damping / 10.0, 1e-12)
        if np.abs(step).max() < SETTLED:
            break
    return camera


def _residuals(camera: PosedCamera, seen: Correspondences) -> Array:
    """Seen by the model less seen in the picture, (n, 2) px."""
    residuals: Array = camera.project(seen.points) - seen.pixels
    return residuals


def _deviation(lengths: Array) -> float:
    return max(float(np.median(lengths)) / MEDIAN_LENGTH, LEAST_SD_PX)


def _check(start: PosedCamera, seen: Correspondences, parameters: int) -> None:
    both = np.hstack([seen.points, seen.pixels])
    _check_enough(len(np.unique(both, axis=0)), parameters, "")
    size = np.array([start.pinhole.width, start.pinhole.height])
    outside = ((seen.pixels < -0.5) | (seen.pixels > size - 0.5)).any(axis=1)
    if outside.any():
        column, row = seen.pixels[outside][0]
        raise AlignmentError(
            f"pixel ({column:.1f}, {row:.1f}) is outside of a picture of {size[0]}x{size[1]} px: "
            "were these points picked in a picture of another size?"
        )
    for name, places in (("points", seen.points), ("pixels", seen.pixels)):
        spread = np.linalg.svd(places - places.mean(axis=0), compute_uv=False)
        if spread[1] <= THIN * spread[0]:
            raise AlignmentError(
                f"the {name} lie in one line, about which the camera could turn: pick others too"
            )
    behind = start.pose.points(seen.points)[:, 2] <= NEAREST_M
    if behind.any():
        x, y, z = seen.points[behind][0]
        raise AlignmentError(
            f"point ({x:.3f}, {y:.3f}, {z:.3f}) m is behind the camera that is started from: bring "
            "that nearer to the truth by hand, or give points in the frame of the robot's base"
        )


def _check_enough(count: int, parameters: int, which: str) -> None:
    least = parameters // 2 + 1
    if count < least:
        raise AlignmentError(
            f"{count} different points{which} are too few for {parameters} unknowns: at least "
            f"{least}, and better ten or more"
        )


def _doubts(rms: float, inliers: NDArray[np.bool_], freedom: int) -> tuple[str, ...]:
    said = []
    if rms > ROUGH_PX:
        said.append(f"the points fit to {rms:.1f} px only: is one of them another point?")
    if not inliers.all():
        wrong = ", ".join(str(i + 1) for i in np.flatnonzero(~inliers))
        said.append(f"left out, because they do not agree with the others: points {wrong}")
    if freedom < 6:
        said.append(
            f"only {freedom} more numbers than unknowns: a wrong click could not be told, and how "
            "sure the result is neither"
        )
    return tuple(said)
