"""`panodora align`: bring a camera into line with its robot, and write the calibration."""

import argparse
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from operators.aligned_calibration import (
    aligned_calibration,
    in_kinematic_base,
    looking_camera,
    posed_camera,
)
from operators.aligned_camera import AlignedCamera
from operators.alignment_file import AlignmentFile, read_alignment, write_alignment
from operators.alignment_report import Shown, numbers, outlined, pointed, write_alignment_report
from operators.calibration import Calibration
from operators.calibration_file import write_calibration
from operators.correspondence_alignment import Correspondences, align_correspondences
from operators.frame_configuration import load_frames
from operators.frames import FrameTree
from operators.look_at_camera import TARGET_M, LookAtCamera, fov_y_rad
from operators.overlay import load_calibration
from operators.overlay_settings import OverlaySettings
from operators.picked_points import read_points
from operators.posed_camera import PosedCamera, zoomed
from operators.real_lens import RealLens
from operators.recorded_views import RecordedView, recorded_views
from operators.rgbd_recording import RgbdRecording, calibration_time
from operators.robot_view import RobotModel
from operators.settings import ROOT, load_settings, resolve
from operators.silhouette_alignment import DEPTH_SCALE_SD, Bounds, align_silhouettes
from operators.usage_error import UsageError
from operators.view_equations import ViewLevel

EXAMPLES = """\
examples:
  panodora align                        by the robot's silhouettes in the recording of overlay.yml,
                                        starting from its own calibration
  panodora align --start camera.json    starting from a camera that was aligned roughly, by hand
  panodora align --points picked.json   by points of the robot that were picked in its first picture
  panodora align --points picked.json --silhouettes      by these first, then by silhouettes too
  panodora align --joints 2             also seek offsets of the joints' readings, up to 2 degrees
  panodora align --joints 2 --within 30 3     as AirExo-2's solver: the camera up to 3 cm and 3
                                        degrees from where it is started

Then: set overlay.calibrations to out/align/calib, and run dataflows/overlay.yml to see it.
"""


def add_parser(commands: Any) -> None:
    """Add `panodora align`."""
    parser = commands.add_parser(
        "align",
        help="bring a camera into line with its robot: pose, field of view, and how sure they are",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--settings",
        type=Path,
        default=ROOT / "configs/overlay.yml",
        help="whose section `overlay` says which robot, camera and recording",
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="JSON",
        help="a camera as pos, target and fov; principal point, pixels and distortion stay those "
        "of the settings' calibration (default: all of it is that calibration's)",
    )
    parser.add_argument("--points", type=Path, metavar="JSON", help="points that were picked")
    parser.add_argument("--silhouettes", action="store_true", help="after the points")
    parser.add_argument(
        "--background",
        type=Path,
        metavar="PNG",
        help="a picture without the robot, to make silhouettes with (default: the masks beside "
        "the recording's pictures)",
    )
    parser.add_argument("--poses", type=int, default=5, help="of the arms, the most different")
    parser.add_argument("--no-depth", action="store_true", help="leave the recording's depth out")
    parser.add_argument(
        "--trust-depth", action="store_true", help="do not seek the scale of the depths"
    )
    parser.add_argument("--fixed-fov", action="store_true", help="trust the field of view")
    parser.add_argument("--joints", type=float, default=0.0, metavar="DEGREES")
    parser.add_argument(
        "--within",
        type=float,
        nargs=2,
        metavar=("MM", "DEGREES"),
        help="of where it is started, before any points",
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "out/align", help="where to write")
    parser.set_defaults(run=run)


@dataclass(frozen=True)
class _Start:
    """From where alignment starts."""

    camera: PosedCamera
    frames: FrameTree
    calibration: Calibration | None
    file: AlignmentFile | None


def run(chosen: argparse.Namespace) -> int:
    """Align, write calibration, camera and report, and say what came of it."""
    began = time.monotonic()
    bounds = _bounds(chosen)
    settings = load_settings(chosen.settings).overlay
    folder = resolve(settings.recording)
    recording = RgbdRecording(folder, settings.serial, settings.joint_gap_ms)
    first = recording.frame(recording.timestamps_ms[0]).colour
    start = _start(chosen.start, settings, first.shape[1], first.shape[0])
    start.camera.pinhole.check_size(first, f"camera {settings.serial}")
    pictures: list[Shown] = []
    camera, aligned = start.camera, None
    if chosen.points is not None:
        picked = read_points(chosen.points)
        picked.check_size(camera.pinhole)
        seen = picked.correspondences(start.frames["base_from_kinematic_base"])
        aligned = align_correspondences(camera, seen, not chosen.fixed_fov)
        pictures.append(_shown_points(first, start.camera, aligned, seen))
        camera = aligned.camera
    if chosen.points is None or chosen.silhouettes:
        model = RobotModel.of(settings)
        with_depth = not chosen.no_depth
        lens = camera.pinhole
        background = chosen.background
        views = recorded_views(recording, lens, chosen.poses, with_depth, background)
        ideal = replace(camera, pinhole=lens.ideal)
        scale_sd = 0.0 if chosen.trust_depth else DEPTH_SCALE_SD
        seen_views = [view.view for view in views]
        before = replace(start.camera, pinhole=start.camera.pinhole.ideal)
        limits = replace(bounds, about=before)
        aligned = align_silhouettes(
            ideal, model, seen_views, not chosen.fixed_fov, limits, scale_sd
        )
        pictures += _shown_views(model, before, aligned, views)
        factor = aligned.camera.pinhole.fy / lens.fy
        camera = replace(aligned.camera, pinhole=zoomed(lens, factor))
    assert aligned is not None
    _write(chosen, settings, start, replace(aligned, camera=camera), pictures, began)
    return 0


def _bounds(chosen: argparse.Namespace) -> Bounds:
    if chosen.silhouettes and chosen.points is None:
        raise UsageError("--silhouettes: is what is done without --points")
    if chosen.points is not None and not chosen.silhouettes:
        given = {
            "--within": chosen.within is not None,
            "--joints": chosen.joints != 0,
            "--background": chosen.background is not None,
            "--no-depth": chosen.no_depth,
            "--trust-depth": chosen.trust_depth,
        }
        if told := [name for name, is_given in given.items() if is_given]:
            raise UsageError(
                f"{', '.join(told)}: of no use to points alone; add --silhouettes, or leave it out"
            )
    if not 0.0 <= chosen.joints <= 10.0:
        raise UsageError(f"--joints: expected 0 to 10 degrees, got {chosen.joints:g}")
    if not 1 <= chosen.poses <= 100:
        raise UsageError(f"--poses: expected 1 to 100, got {chosen.poses}")
    joint_rad = float(np.radians(chosen.joints))
    if chosen.within is None:
        return Bounds(joint_rad=joint_rad)
    millimetres, degrees = chosen.within
    if min(millimetres, degrees) <= 0:
        raise UsageError("--within: expected mm and degrees above 0")
    return Bounds(millimetres / 1e3, float(np.radians(degrees)), joint_rad)


def _start(path: Path | None, settings: OverlaySettings, width: int, height: int) -> _Start:
    frames = load_frames(resolve(settings.frames))
    if path is None:
        recorded_ms = calibration_time(resolve(settings.recording))
        calibration = load_calibration(settings, recorded_ms)
        camera = posed_camera(calibration, settings.serial, frames)
        return _Start(camera, frames, calibration, None)
    file = read_alignment(path)
    for doubt in file.doubts:
        print(f"{path}: {doubt}")
    lens = RealLens.of_recording(settings)
    if lens.calibration is None:
        print(f"{path}: no calibration tells the lens: taken without distortion, amid the picture")
    pinhole = lens.calibrated(file.camera, width, height)
    camera = replace(looking_camera(file.camera, width, height, frames), pinhole=pinhole)
    return _Start(camera, frames, lens.calibration, file)


def _shown_points(
    picture: Any, start: PosedCamera, aligned: AlignedCamera, seen: Correspondences
) -> Shown:
    before = pointed(picture, start, seen)
    return Shown("the points", before, pointed(picture, aligned.camera, seen))


def _shown_views(
    model: RobotModel, start: PosedCamera, aligned: AlignedCamera, views: Sequence[RecordedView]
) -> list[Shown]:
    none = np.zeros(len(model.joint_names))
    found = np.array([aligned.joint_offsets_rad.get(name, 0.0) for name in model.joint_names])
    shown = []
    unmoved = np.zeros((0, len(model.visuals), 4, 4))
    with closing(ViewLevel(start.pinhole, tuple(model.visuals), 1)) as level:
        for view in views:
            pictures = []
            for camera, offsets in ((start, none), (aligned.camera, found)):
                poses = model.base_from_meshes(view.view.readings, offsets)
                robot = level.surface(camera, poses, unmoved).silhouette
                pictures.append(outlined(view.picture, robot, view.view.silhouette))
            shown.append(Shown(f"{view.timestamp_ms}", *pictures))
    return shown


def _write(
    chosen: argparse.Namespace,
    settings: OverlaySettings,
    start: _Start,
    aligned: AlignedCamera,
    pictures: Sequence[Shown],
    began: float,
) -> None:
    """Write all that comes of it, and say so."""
    now_ms = time.time_ns() // 1_000_000
    calibration = aligned_calibration(aligned.camera, settings.serial, now_ms, start.calibration)
    written = write_calibration(calibration, chosen.folder / "calib")
    found = replace(aligned, camera=in_kinematic_base(aligned.camera, start.frames))
    begun = in_kinematic_base(start.camera, start.frames)
    distance = TARGET_M if start.file is None else start.file.camera.distance_m
    looking, roll = LookAtCamera.from_pose(
        found.camera.pose, fov_y_rad(found.camera.pinhole), distance
    )
    took = f"{time.monotonic() - began:.1f} s"
    about = [
        ("camera", settings.serial),
        ("by", "points" if chosen.points and not chosen.silhouettes else "silhouettes"),
        ("roll", f"{np.degrees(roll):.2f}°"),
        ("took", took),
    ]
    report = chosen.folder / "report.html"
    write_alignment_report(report, begun, found, pictures, about)
    for name, before, after, sure in numbers(begun, found):
        print(f"{name:28} {before:>10} {after:>12}   {sure}")
    for doubt in aligned.doubts:
        print(f"mind: {doubt}")
    print(f"{written}\n{report}\ntook {took}")
    if start.file is not None:
        path = chosen.folder / chosen.start.name
        write_alignment(start.file.with_camera(looking), path)
        print(
            f"{path}: without the roll of {np.degrees(roll):.2f} degrees, and with the middle of "
            "the picture amid it, which pos, target and fov cannot tell otherwise; the calibration "
            "has all"
        )
