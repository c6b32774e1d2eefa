"""Alignment of a camera: how exactly, how sure, how fast.

Each alignment starts off by 5 cm and 5 degrees, each in any direction, and with a focal length 5%
too long or too short. Points are projected by OpenCV; silhouettes and depths are drawn by MuJoCo,
which reads the robot's URDF by itself.
"""

import os
import sys
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage import covers
from benchmarks.figure import Figure
from benchmarks.mask_noise import noisy_depth, noisy_mask
from operators.aligned_camera import AlignedCamera
from operators.correspondence_alignment import Correspondences, align_correspondences
from operators.frame_configuration import load_frames
from operators.frames import Transform
from operators.overlay_settings import OverlaySettings
from operators.pictured_robot import Readings
from operators.pinhole import Pinhole
from operators.posed_camera import PosedCamera, pixel_steps, zoomed
from operators.robot_view import RobotModel, RobotView
from operators.settings import resolve
from operators.silhouette_alignment import DEPTH_SCALE_SD, Bounds, align_silhouettes
from operators.synthetic_robot import SyntheticRobot
from operators.transforms import Array, inverse, rigid

NAMES = (
    "align.correspondences_efficiency",
    "align.coverage_95",
    "align.silhouette_position",
    "align.silhouette_rotation",
    "align.silhouette_time",
    "align.depth_gain",
)

OFF_M = 0.05
OFF_DEG = 5.0
OFF_FOCAL = 1.05

POINTS = 200
TRIALS = 200
POINT_NOISE_PX = 0.5
LOW_M = np.array([0.0, -0.6, -0.25])
HIGH_M = np.array([0.9, 0.6, 0.6])

POSES_S = np.linspace(0.0, 9.3, 5)
MASK_NOISE_PX = 0.5
STARTS = 12
DEPTH_TOO_LONG = 1.01
CONDITION_STARTS = 6


def figures(names: Collection[str] = NAMES) -> Iterator[Figure]:
    """Measure the figures that are asked for."""
    measures: dict[str, Callable[[], Figure]] = {
        "align.correspondences_efficiency": measure_efficiency,
        "align.coverage_95": measure_coverage,
        "align.silhouette_position": measure_silhouette_position,
        "align.silhouette_rotation": measure_silhouette_rotation,
        "align.silhouette_time": measure_silhouette_time,
        "align.depth_gain": measure_depth_gain,
    }
    for name in names:
        yield measures[name]()


@dataclass(frozen=True)
class Condition:
    """What silhouettes are aligned by.

    noise_px: how far the masks' edges are astray; 0 leaves the masks whole. depth: by what factor
    depths are too long, None without any. trusted: their scale is not sought. misread_deg: up to so
    much every joint. sought_deg: up to so much each joint's offset. Masks and starts of the same
    number are the same under all conditions.
    """

    noise_px: float = MASK_NOISE_PX
    depth: float | None = None
    trusted: bool = False
    poses: int = len(POSES_S)
    fov_free: bool = True
    width: int = 1280
    misread_deg: float = 0.0
    sought_deg: float = 0.0
    starts: int = STARTS


USUAL = Condition()
CONDITIONS = {
    "as above": USUAL,
    "masks without noise": Condition(noise_px=0.0),
    "edges astray by 1 px": Condition(noise_px=1.0),
    "field of view known": Condition(fov_free=False),
    "two poses": Condition(poses=2),
    "one pose": Condition(poses=1),
    "with depths that are 1% too long": Condition(depth=DEPTH_TOO_LONG),
    "the same, `--trust-depth`": Condition(depth=DEPTH_TOO_LONG, trusted=True),
    "right depths, `--trust-depth`": Condition(depth=1.0, trusted=True),
    "pictures of 640x360 with the same errors in pixels": Condition(width=640),
    "joints misread by up to 1 degree, trusted": Condition(misread_deg=1.0),
    "the same, `--joints 2`": Condition(misread_deg=1.0, sought_deg=2.0),
}


@dataclass(frozen=True)
class Trial:
    """One alignment: how far off it ended, and how long it took."""

    aligned: AlignedCamera
    position_mm: float
    rotation_deg: float
    seconds: float
    covered: bool


def measure_efficiency() -> Figure:
    """The errors' root mean square over the least that any unbiased method can have."""
    truth = true_camera()
    whole, part, bound = [], [], []
    for seen, trial in _point_trials():
        _, slopes = pixel_steps(truth.pose.points(seen.points), truth.pinhole)
        jacobian = slopes.reshape(-1, slopes.shape[-1])
        information = jacobian.T @ jacobian / POINT_NOISE_PX**2
        step = truth.step_to(trial.aligned.camera)
        whole.append(float(step @ information @ step) / len(step))
        part.append((trial.position_mm / 1e3) ** 2)
        bound.append(float(np.trace(np.linalg.inv(information)[3:6, 3:6])))
    position = float(np.sqrt(np.mean(part) / np.mean(bound)))
    return Figure(
        "align.correspondences_efficiency",
        max(float(np.sqrt(np.mean(whole))), position),
        "ratio",
        note=f"root mean square over the Cramer-Rao bound, {TRIALS} trials of {POINTS} points, "
        f"1280x720, {POINT_NOISE_PX} px, field of view free; the larger of all seven parts "
        f"({np.sqrt(np.mean(whole)):.3f}) and the position alone ({position:.3f}), whose bound is "
        f"{1e3 * np.sqrt(np.mean(bound)):.2f} mm",
    )


def measure_coverage() -> Figure:
    """How often the truth lies in the region that is said to have it 95 times of 100."""
    covered = [trial.covered for _, trial in _point_trials()]
    return Figure(
        "align.coverage_95",
        float(np.mean(covered)),
        "share",
        note=f"{len(covered)} trials, all seven parts at once, the noise taken from the residuals",
    )


def measure_silhouette_position() -> Figure:
    """How far from where it is the camera is found."""
    trials = _silhouette_trials(USUAL)
    errors = [trial.position_mm for trial in trials]
    clean = [trial.position_mm for trial in _silhouette_trials(Condition(noise_px=0.0))]
    rough = [
        trial.position_mm for trial in _silhouette_trials(Condition(noise_px=2 * MASK_NOISE_PX))
    ]
    return Figure(
        "align.silhouette_position",
        float(np.median(errors)),
        "mm",
        float(np.percentile(errors, 95)),
        note=f"{_conditions()}; worst {max(errors):.2f}; the truth in the 95% region of "
        f"{sum(trial.covered for trial in trials)} of them; masks without noise: median "
        f"{np.median(clean):.2f}, worst {max(clean):.2f}; with {2 * MASK_NOISE_PX:g} px: median "
        f"{np.median(rough):.2f}, worst {max(rough):.2f}",
    )


def measure_silhouette_rotation() -> Figure:
    """How far from how it is the camera is found turned."""
    errors = [trial.rotation_deg for trial in _silhouette_trials(USUAL)]
    return Figure(
        "align.silhouette_rotation",
        float(np.median(errors)),
        "degrees",
        float(np.percentile(errors, 95)),
        note=f"{_conditions()}; worst {max(errors):.3f}",
    )


def measure_silhouette_time() -> Figure:
    """How long one alignment takes."""
    seconds = [trial.seconds for trial in _silhouette_trials(USUAL)]
    return Figure(
        "align.silhouette_time",
        float(np.median(seconds)),
        "s",
        float(np.percentile(seconds, 95)),
        note=f"{_conditions()}; {len(os.sched_getaffinity(0))} cores, load "
        f"{os.getloadavg()[0]:.1f} after",
    )


def measure_depth_gain() -> Figure:
    """How many times nearer the camera is found with depth than by silhouettes alone."""
    alone = [trial.position_mm for trial in _silhouette_trials(USUAL)]
    deep, right = Condition(depth=DEPTH_TOO_LONG), Condition(depth=1.0, trusted=True)
    both = [trial.position_mm for trial in _silhouette_trials(deep)]
    trusted = [trial.position_mm for trial in _silhouette_trials(right)]
    ratio = float(np.sqrt(np.mean(np.square(alone)) / np.mean(np.square(both))))
    return Figure(
        "align.depth_gain",
        ratio,
        "ratio",
        against="silhouettes alone, mm",
        against_value=float(np.median(alone)),
        ratio=ratio,
        note=f"{_conditions()}; root mean square of the position's errors, of the same masks and "
        f"starts; with depth median {np.median(both):.2f} mm, worst {max(both):.2f}; the depth's "
        "noise 6 mm at 2 m, growing with the square of the distance, and "
        f"{DEPTH_TOO_LONG - 1:.0%} too long, which is sought too; of right depths whose scale is "
        f"trusted median {np.median(trusted):.2f} mm, worst {max(trusted):.2f}",
    )


def condition_rows() -> Iterator[str]:
    """The rows of docs/alignment.md's second table."""
    for words, condition in CONDITIONS.items():
        trials = _silhouette_trials(replace(condition, starts=CONDITION_STARTS))
        errors = [trial.position_mm for trial in trials]
        yield f"| {words} | {np.median(errors):#.3g} mm ({max(errors):#.3g}) |"


def true_camera(width: int = 1280) -> PosedCamera:
    """The simulated robot's camera."""
    pinhole, camera_from_kinematic_base, _, _ = _drawn_by_mujoco(width)
    frames = load_frames(resolve(OverlaySettings().frames))
    pose = Transform("camera", "kinematic_base", camera_from_kinematic_base)
    return PosedCamera(pose @ frames["kinematic_base_from_base"], pinhole)


def rough_start(truth: PosedCamera, random: np.random.Generator) -> PosedCamera:
    """A camera off by 5 cm, 5 degrees and 5%."""
    base_from_camera = inverse(truth.pose.matrix)
    turn, _ = cv2.Rodrigues(np.radians(OFF_DEG) * _direction(random))
    rotation = turn @ base_from_camera[:3, :3]
    position = base_from_camera[:3, 3] + OFF_M * _direction(random)
    pose = Transform("camera", truth.pose.source, inverse(rigid(rotation, position)))
    return PosedCamera(pose, zoomed(truth.pinhole, OFF_FOCAL ** random.choice([-1, 1])))


def _point_trials() -> list[tuple[Correspondences, Trial]]:
    return list(_cached_point_trials())


@cache
def _cached_point_trials() -> tuple[tuple[Correspondences, Trial], ...]:
    truth = true_camera()
    base_from_kinematic = load_frames(resolve(OverlaySettings().frames))["base_from_kinematic_base"]
    trials = []
    for number in range(TRIALS):
        random = np.random.default_rng(number)
        points = base_from_kinematic.points(random.uniform(LOW_M, HIGH_M, (4 * POINTS, 3)))
        rotation, _ = cv2.Rodrigues(truth.pose.matrix[:3, :3])
        place = truth.pose.matrix[:3, 3]
        pixels, _ = cv2.projectPoints(points, rotation, place, truth.pinhole.matrix, np.zeros(5))
        pixels = pixels[:, 0]
        size = truth.pinhole.width - 1.0, truth.pinhole.height - 1.0
        within = ((pixels > 5) & (pixels < np.subtract(size, 5))).all(axis=1)
        chosen = np.flatnonzero(within)[:POINTS]
        noise = POINT_NOISE_PX * random.normal(size=(POINTS, 2))
        seen = Correspondences(points[chosen], pixels[chosen] + noise)
        start = rough_start(truth, random)
        begun = time.perf_counter()
        trials.append((seen, _trial(truth, align_correspondences(start, seen), begun)))
    return tuple(trials)


@cache
def _silhouette_trials(condition: Condition) -> tuple[Trial, ...]:
    truth = true_camera(condition.width)
    model = RobotModel.of(OverlaySettings())
    with SyntheticRobot(16, 9) as robot:
        readings = [robot.readings(time_s) for time_s in POSES_S]
    scale_sd = 0.0 if condition.trusted else DEPTH_SCALE_SD
    bounds = Bounds(joint_rad=float(np.radians(condition.sought_deg)))
    trials = []
    for number in range(condition.starts):
        random = np.random.default_rng(number)
        views = _views(condition, random, np.random.default_rng([number, 1]))
        start = rough_start(truth, random)
        if not condition.fov_free:
            start = replace(start, pinhole=truth.pinhole)
        misread = _misread(readings, condition, np.random.default_rng([number, 2]))
        chosen = [replace(v, readings=r) for v, r in zip(views, misread, strict=True)]
        begun = time.perf_counter()
        found = align_silhouettes(
            start, model, chosen[: condition.poses], condition.fov_free, bounds, scale_sd
        )
        trials.append(_trial(truth, found, begun))
    return tuple(trials)


def _views(
    condition: Condition, of_masks: np.random.Generator, of_depths: np.random.Generator
) -> list[RobotView]:
    """All poses without readings; chance of their own keeps masks the same with depths."""
    _, _, masks, depths_m = _drawn_by_mujoco(condition.width)
    views = []
    for whole, depth_m in zip(masks, depths_m, strict=True):
        mask = noisy_mask(whole, of_masks, condition.noise_px or MASK_NOISE_PX)
        seen_m = None
        if condition.depth is not None:
            seen_m = np.float32(condition.depth) * noisy_depth(depth_m, of_depths)
        views.append(RobotView(mask if condition.noise_px else whole, {}, seen_m))
    return views


def _misread(
    readings: list[dict[str, Readings]], condition: Condition, random: np.random.Generator
) -> list[dict[str, Readings]]:
    off = {
        side: random.uniform(-1.0, 1.0, len(np.asarray(read.joints)))
        for side, read in readings[0].items()
    }
    most_rad = float(np.radians(condition.misread_deg))
    return [
        {
            side: Readings(np.asarray(read.joints) + most_rad * off[side], read.width_m)
            for side, read in pose.items()
        }
        for pose in readings
    ]


def _trial(truth: PosedCamera, aligned: AlignedCamera, begun: float) -> Trial:
    seconds = time.perf_counter() - begun
    return Trial(
        aligned,
        1e3 * truth.position_error_m(aligned.camera),
        float(np.degrees(truth.rotation_error_rad(aligned.camera))),
        seconds,
        covers(aligned, truth),
    )


@cache
def _drawn_by_mujoco(
    width: int = 1280,
) -> tuple[Pinhole, Array, list[NDArray[np.bool_]], list[NDArray[np.float32]]]:
    """Lens, place, silhouettes and depths, m, of the simulated robot in five poses."""
    with SyntheticRobot(width, width * 9 // 16) as robot:
        masks = [robot.silhouette(time_s) for time_s in POSES_S]
        depths = [robot.frame(time_s).depth for time_s in POSES_S]
        metres = [(d / 1e3).astype(np.float32) for d in depths if d is not None]
        return robot.pinhole, robot.camera_from_kinematic_base, masks, metres


def _direction(random: np.random.Generator) -> Array:
    way = random.normal(size=3)
    unit: Array = way / np.linalg.norm(way)
    return unit


def _conditions() -> str:
    return (
        f"{STARTS} starts, {len(POSES_S)} poses at 1280x720, a table and a post before the robot; "
        f"MuJoCo's segmentation, its edge astray by {MASK_NOISE_PX} px (standard deviation, alike "
        "over 12 px along it), with 5 pieces of 10 px radius missing and 5 too many in each"
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--conditions"]:
        for row in condition_rows():
            print(row, flush=True)
    else:
        for figure in figures():
            print(figure.json_line())
