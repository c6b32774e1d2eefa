"""Views of the robot out of a recording, to align its camera by."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from operators.aligned_camera import AlignmentError
from operators.background_silhouette import background_silhouette
from operators.green_screen import read_background
from operators.pictured_robot import Readings
from operators.pinhole import Pinhole
from operators.rgbd_recording import RgbdRecording
from operators.robot_view import RobotView
from operators.transforms import Array
from operators.undistortion import Undistortion


@dataclass(frozen=True, eq=False)
class RecordedView:
    """A view, and its picture (rows, columns, 3) RGB without distortion, for who looks at it."""

    timestamp_ms: int
    picture: NDArray[np.uint8]
    view: RobotView


def recorded_views(
    recording: RgbdRecording,
    pinhole: Pinhole,
    count: int,
    with_depth: bool = True,
    background: Path | None = None,
) -> list[RecordedView]:
    """Choose so many frames with the arms in poses as different as there are, in order of time.

    pinhole: of the camera; distortion is taken out. background: a picture without the robot, of
    which silhouettes are made, without distortion as the alignment's page captures it; without one
    they are read from the recording's mask folder, and drawn in the pictures as they come.
    Raises AlignmentError where there are no silhouettes, ImageSizeError for another size, and
    RecordingError or SettingsError naming a file that is wrong.
    """
    empty = None if background is None else read_background(background, "background")
    ideal = Undistortion(pinhole)
    times = [t for t in recording.timestamps_ms if empty is not None or recording.has_mask(t)]
    if not times:
        raise AlignmentError(
            "the recording has no silhouettes (cam_[serial]/mask/[ms].png, white where the robot "
            "is seen): make them with any segmenter, or give a background picture without the robot"
        )
    readings = [recording.readings(t) for t in times]
    joints = np.array([_joints(read) for read in readings])
    views = []
    for chosen in _most_different(joints, count):
        frame = recording.frame(times[chosen])
        pinhole.check_size(frame.colour, "picture")
        picture = ideal.picture(frame.colour)
        if empty is not None:
            seen = background_silhouette(picture, empty)
        else:
            told = recording.silhouette(times[chosen])
            assert told is not None
            pinhole.check_size(told, f"mask {times[chosen]}")
            mask = ideal.picture(np.repeat(255 * told.astype(np.uint8)[..., None], 3, axis=2))
            seen = mask[..., 0] > 127
        depth_m = None
        if with_depth and frame.depth is not None:
            depth_m = (ideal.depth(frame.depth) / recording.depth_scale).astype(np.float32)
        view = RobotView(seen, readings[chosen], depth_m)
        views.append(RecordedView(times[chosen], picture, view))
    return views


def _most_different(joints: Array, count: int) -> list[int]:
    """Rows chosen one by one, each the farthest from all before it; the first is the first."""
    chosen = [0]
    nearest = np.linalg.norm(joints - joints[0], axis=1)
    while len(chosen) < min(count, len(joints)):
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(joints - joints[chosen[-1]], axis=1))
    return sorted(set(chosen))


def _joints(readings: dict[str, Readings]) -> Array:
    return np.concatenate([np.asarray(read.joints, np.float64) for read in readings.values()])
