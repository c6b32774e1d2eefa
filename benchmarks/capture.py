"""Several cameras to joint angles, on a real pair of views: how often a hand is found, how well.

The two views of shared/data, every picture through the operators of dataflows/capture_angles.yml.
Their calibration's unit is the side of the board's squares, whose length nobody wrote down: it is
taken to be 45 mm, which makes the hand 19 cm long. Pixels do not depend on it, for bones are
measured in the same unit.
"""

import os
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from operators.calibration import CalibratedCamera
from operators.calibration_import_two_view import import_two_view
from operators.camera_messages import CameraImage, Keypoints
from operators.capture_messages import HandAngles, HandJoints
from operators.hand_fitting import HandFitting
from operators.hand_triangulation import HandTriangulation
from operators.keypoint_finder import KeypointFinder
from operators.picture_source import VideoFile
from operators.settings import ROOT, Settings, load_settings
from operators.triangulation import undistorted

NAMES = ("capture.two_view_both", "capture.two_view_any", "capture.two_view_reprojection")

SQUARE_M = 0.045
SIZE = (720, 720)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Capture:
    """What every moment of the two views came to; keypoints: by camera."""

    keypoints: dict[str, list[Keypoints]]
    joints: list[HandJoints]
    angles: list[HandAngles]


def figures(names: Collection[str]) -> Iterator[Figure]:
    """Measure, and yield those of the figures that are asked for; nothing without the data."""
    folder = Path(os.environ.get("PANODORA_SHARED", ROOT / "../shared")).resolve() / "data"
    if not (folder / "two_view_cam0.mp4").is_file():
        print(f"# skipped: {folder}/two_view_cam0.mp4 is absent", file=sys.stderr)
        return
    cameras = import_two_view(folder, *SIZE, SQUARE_M, 1).cameras
    settings = load_settings("configs/capture_angles.yml")
    capture = captured(settings, folder, cameras)
    sides = np.array([[k.valid for k in each] for each in capture.keypoints.values()])
    found = sides.any(axis=2)
    shares = ", ".join(
        f"{name} {share:.3f}" for name, share in zip(cameras, found.mean(axis=1), strict=True)
    )
    if "capture.two_view_both" in names:
        yield Figure(
            name="capture.two_view_both",
            value=float(np.any(sides.all(axis=0), axis=1).mean()),
            unit="share",
            note=f"of {found.shape[1]} moments, the same side; of any side "
            f"{found.all(axis=0).mean():.3f}; {shares}",
        )
    if "capture.two_view_any" in names:
        yield Figure(
            name="capture.two_view_any",
            value=float(found.any(axis=0).mean()),
            unit="share",
            note=f"fitted in {np.mean([a.valid.any() for a in capture.angles]):.3f}",
        )
    if "capture.two_view_reprojection" in names:
        fitted = beside(cameras, capture, [a.joints for a in capture.angles])
        triangulated = beside(cameras, capture, [j.joints for j in capture.joints])
        yield Figure(
            name="capture.two_view_reprojection",
            value=float(np.median(fitted)),
            unit="px",
            p95=float(np.percentile(fitted, 95)),
            against="triangulation alone, whose bones change",
            against_value=float(np.median(triangulated)),
            note=f"of {len(fitted)} joints as one camera sees each; triangulated alone p95 is "
            f"{np.percentile(triangulated, 95):.1f} px",
        )


def captured(settings: Settings, folder: Path, cameras: Mapping[str, CalibratedCamera]) -> Capture:
    """Take every picture of both views to angles."""
    keypoints = {
        name: seen(settings, folder / f"two_view_cam{name[-1]}.mp4", name) for name in cameras
    }
    triangulation = HandTriangulation(cameras, settings.capture.tolerance_px)
    fitting = HandFitting(cameras, settings.hand_fit, ahead=True)
    capture = Capture(keypoints, [], [])
    for views in zip(*keypoints.values(), strict=True):
        joints = triangulation.triangulate(dict(zip(cameras, views, strict=True)), 0)
        capture.joints.append(joints)
        capture.angles.extend(fitting.add(joints))
    capture.angles.extend(fitting.finish())
    return capture


def seen(settings: Settings, video: Path, name: str) -> list[Keypoints]:
    """The keypoints of every picture of a video."""
    source = VideoFile(video)
    found: list[Keypoints] = []
    nothing = {"lens": np.full(4, np.nan), "distortion": np.full(14, np.nan)}
    with KeypointFinder(settings.keypoints) as finder:
        while (pixels := source.read()) is not None:
            image = CameraImage(camera=name, pixels=pixels, **nothing)
            number = len(found)
            found.append(finder.find(image, number, round(number * 1e9 / source.rate_hz)))
    source.close()
    return found


def beside(
    cameras: Mapping[str, CalibratedCamera], capture: Capture, joints: list[Floats]
) -> Floats:
    """How far from where each camera sees a joint it is, px: all that are there and seen.

    joints: (2, 21, 3) of each moment.
    """
    distances = []
    for moment, at in zip(capture.joints, joints, strict=True):
        ideal = undistorted(tuple(cameras.values()), moment.pixels.reshape(len(cameras), -1, 2))
        for camera, pixels in zip(cameras.values(), ideal, strict=True):
            in_camera = camera.camera_from_marker.matrix @ np.c_[at.reshape(-1, 3), np.ones(42)].T
            distances.append(
                np.linalg.norm(camera.pinhole.ideal.project(in_camera[:3].T) - pixels, axis=-1)
            )
    every = np.concatenate(distances)
    kept: Floats = every[np.isfinite(every)]
    return kept
