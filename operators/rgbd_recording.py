"""RGB-D recordings of a robot, in the layout in which AirExo-2 collects them.

```
meta.json                        calib_timestamp; ours also depth_scale
calib/[timestamp].yml            our calibrations
cam_[serial]/color/[timestamp].png   8 bit RGB
cam_[serial]/depth/[timestamp].png   16 bit, in 1 / depth_scale m; 0 is unknown
cam_[serial]/mask/[timestamp].png    8 bit, white where the robot is seen; ours, for alignment
lowdim/robot_left.h5             timestamp (n,) ms; joint_pos (n, joints)
lowdim/gripper_left.h5           timestamp (n,) ms; width (n,) m; the whole file may be absent
```
and the same of the right. An exoskeleton's file is `airexo_left.h5`, its readings are `encoder`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.overlay_packages import overlay_package
from operators.pictured_robot import ARM_SIDES, Readings
from operators.recording import RecordingError
from operators.transforms import Array

DEPTH_SCALE: Final = 1000
"""Units of a depth picture a metre, where meta.json does not say."""

JOINTS_OF: Final = (("robot", "joint_pos"), ("airexo", "encoder"))
"""An arm's file, and what its joints are called there: a robot's, or an exoskeleton's."""


@dataclass(frozen=True, eq=False)
class RgbdFrame:
    """One instant of one camera.

    timestamp_ms: Unix time. colour: (rows, columns, 3) uint8 RGB. depth: (rows, columns) uint16,
    0 where unknown; None where none was recorded.
    """

    timestamp_ms: int
    colour: NDArray[np.uint8]
    depth: NDArray[np.uint16] | None


@dataclass(frozen=True, eq=False)
class _Series:
    timestamps_ms: NDArray[np.int64]
    values: Array

    def nearest(self, timestamp_ms: int) -> tuple[Any, int]:
        """The value nearest in time, and how far that is, ms."""
        gaps = np.abs(self.timestamps_ms - timestamp_ms)
        nearest = int(np.argmin(gaps))
        return self.values[nearest], int(gaps[nearest])


class RgbdRecording:
    """Reads one camera's pictures, and what the arms' sensors read at the time.

    folder: the recording. serial: the camera. joint_gap_ms: how far a reading may be from its
    picture.
    Raises RecordingError for a folder or a camera that is not there, naming those that are, and
    UsageError without the extra `overlay`.
    """

    def __init__(self, folder: Path, serial: str, joint_gap_ms: int = 100) -> None:
        self._folder = folder
        self._gap_ms = joint_gap_ms
        self.meta = _read_meta(folder)
        """What meta.json says."""
        camera = folder / f"cam_{serial}"
        if not camera.is_dir():
            known = ", ".join(sorted(p.name.removeprefix("cam_") for p in folder.glob("cam_*")))
            raise RecordingError(
                f"{folder}: no camera '{serial}'; there are {known or 'none'}: set overlay.serial"
            )
        self._camera = camera
        self.timestamps_ms: tuple[int, ...] = tuple(
            sorted(int(p.stem) for p in (camera / "color").glob("*.png") if p.stem.isdecimal())
        )
        """Of the pictures."""
        if not self.timestamps_ms:
            raise RecordingError(f"{camera}/color: no pictures here (such as 1737548651048.png)")
        self._joints = {side: _joints(folder / "lowdim", side) for side in ARM_SIDES}
        self._widths = {side: _widths(folder / "lowdim", side) for side in ARM_SIDES}

    @property
    def depth_scale(self) -> int:
        """Units of its depth pictures a metre. Raises RecordingError if it is no whole number."""
        scale = self.meta.get("depth_scale", DEPTH_SCALE)
        if not isinstance(scale, int) or scale < 1:
            raise RecordingError(
                f"{self._folder}/meta.json: depth_scale: expected a whole number above 0, got "
                f"{scale!r:.40}"
            )
        return scale

    def frame(self, timestamp_ms: int) -> RgbdFrame:
        """Read the pictures of one instant. Raises RecordingError naming a file that is wrong."""
        colour_path = self._camera / "color" / f"{timestamp_ms}.png"
        depth_path = self._camera / "depth" / f"{timestamp_ms}.png"
        colour = cv2.imread(str(colour_path), cv2.IMREAD_COLOR_RGB)
        if colour is None:
            raise RecordingError(f"{colour_path}: cannot be read as a picture")
        depth = None
        if depth_path.exists():
            depth = cv2.imread(str(depth_path), cv2.IMREAD_UNCHANGED)
            if depth is None or depth.dtype != np.uint16 or depth.ndim != 2:
                raise RecordingError(f"{depth_path}: expected a picture of 16 bit in one channel")
            if depth.shape != colour.shape[:2]:
                raise RecordingError(
                    f"{depth_path}: {depth.shape[1]}x{depth.shape[0]} px, but the colours have "
                    f"{colour.shape[1]}x{colour.shape[0]}; align it to the colours first"
                )
        return RgbdFrame(timestamp_ms, np.asarray(colour, np.uint8), depth)

    def has_mask(self, timestamp_ms: int) -> bool:
        """Whether it is told where the robot is seen at one instant."""
        return (self._camera / "mask" / f"{timestamp_ms}.png").exists()

    def silhouette(self, timestamp_ms: int) -> NDArray[np.bool_] | None:
        """Where the robot is seen at one instant, (rows, columns); None where that is not told.

        Raises RecordingError naming a file that is wrong.
        """
        path = self._camera / "mask" / f"{timestamp_ms}.png"
        if not path.exists():
            return None
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if mask is None:
            raise RecordingError(f"{path}: cannot be read as a picture")
        seen: NDArray[np.bool_] = np.asarray(mask) > 127
        return seen

    def readings(self, timestamp_ms: int) -> dict[str, Readings]:
        """What both arms read nearest to one instant.

        Raises RecordingError where that is farther away than it may be.
        """
        found = {}
        for side in ARM_SIDES:
            joints, gap_ms = self._joints[side].nearest(timestamp_ms)
            if gap_ms > self._gap_ms:
                raise RecordingError(
                    f"{self._folder}/lowdim: the {side} arm's reading nearest to {timestamp_ms} is "
                    f"{gap_ms} ms away; overlay.joint_gap_ms allows {self._gap_ms}"
                )
            widths = self._widths[side]
            width = None if widths is None else float(widths.nearest(timestamp_ms)[0])
            found[side] = Readings(joints, width)
        return found


class FrameStore:
    """Keeps the first frames that are read, for a recording that is played again and again.

    Decoding PNG takes 25 ms a frame, most of what a short loop would cost.
    """

    def __init__(self, recording: RgbdRecording, bytes_kept: int = 400 * 2**20) -> None:
        self._recording = recording
        self._left = bytes_kept
        self._frames: dict[int, RgbdFrame] = {}

    def frame(self, timestamp_ms: int) -> RgbdFrame:
        """The pictures of one instant. Raises RecordingError naming a file that is wrong."""
        kept = self._frames.get(timestamp_ms)
        if kept is not None:
            return kept
        frame = self._recording.frame(timestamp_ms)
        size = frame.colour.nbytes + (0 if frame.depth is None else frame.depth.nbytes)
        if size <= self._left:
            self._left -= size
            self._frames[timestamp_ms] = frame
        return frame


class RgbdWriter:
    """Writes such a recording: pictures as they come, the sensors' files at the end."""

    def __init__(self, folder: Path, serial: str, meta: Mapping[str, Any]) -> None:
        """Begin one. Raises RecordingError if the folder holds one already."""
        if (folder / "meta.json").exists():
            raise RecordingError(f"{folder}: holds a recording already; name another folder")
        for kind in ("color", "depth"):
            (folder / f"cam_{serial}" / kind).mkdir(parents=True, exist_ok=True)
        (folder / "meta.json").write_text(json.dumps(dict(meta), indent=2) + "\n")
        self._folder, self._serial = folder, serial
        self._rows: list[tuple[int, Mapping[str, Readings]]] = []

    def write(
        self,
        frame: RgbdFrame,
        readings: Mapping[str, Readings],
        silhouette: NDArray[np.bool_] | None = None,
    ) -> None:
        """Add an instant: its pictures, what both arms read, and where the robot is seen."""
        camera = self._folder / f"cam_{self._serial}"
        name = f"{frame.timestamp_ms}.png"
        cv2.imwrite(str(camera / "color" / name), frame.colour[..., ::-1])
        if frame.depth is not None:
            cv2.imwrite(str(camera / "depth" / name), frame.depth)
        if silhouette is not None:
            (camera / "mask").mkdir(exist_ok=True)
            cv2.imwrite(str(camera / "mask" / name), 255 * silhouette.astype(np.uint8))
        self._rows.append((frame.timestamp_ms, readings))

    def close(self) -> None:
        """Write the sensors' files."""
        h5py = overlay_package("h5py")
        lowdim = self._folder / "lowdim"
        lowdim.mkdir(exist_ok=True)
        times = np.array([timestamp for timestamp, _ in self._rows], np.int64)
        for side in ARM_SIDES:
            joints = np.array([readings[side].joints for _, readings in self._rows], np.float64)
            widths = [readings[side].width_m for _, readings in self._rows]
            with h5py.File(lowdim / f"robot_{side}.h5", "w") as file:
                file["timestamp"], file["joint_pos"] = times, joints
            if None not in widths:
                with h5py.File(lowdim / f"gripper_{side}.h5", "w") as file:
                    file["timestamp"], file["width"] = times, np.array(widths, np.float64)


def calibration_time(folder: Path) -> int | None:
    """The calibration that a recording names in its meta.json, ms; None where it names none.

    A live robot has no recording: then there is none either.
    """
    if not (folder / "meta.json").exists():
        return None
    named = _read_meta(folder).get("calib_timestamp")
    if named is not None and not isinstance(named, int):
        raise RecordingError(f"{folder}/meta.json: calib_timestamp: expected ms, got {named!r:.40}")
    return named


def _read_meta(folder: Path) -> dict[str, Any]:
    path = folder / "meta.json"
    try:
        meta = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise RecordingError(
            f"{folder}: no recording here (no meta.json); `panodora synthesize {folder}` makes one"
        ) from None
    except ValueError as error:
        raise RecordingError(f"{path}: not JSON: {error}") from None
    if not isinstance(meta, dict):
        raise RecordingError(f"{path}: expected names with values")
    return meta


def _joints(lowdim: Path, side: str) -> _Series:
    for arm, name in JOINTS_OF:
        path = lowdim / f"{arm}_{side}.h5"
        if path.exists():
            return _series(path, name, axes=2)
    names = " or ".join(f"{arm}_{side}.h5" for arm, _ in JOINTS_OF)
    raise RecordingError(f"{lowdim}: no {names} here")


def _widths(lowdim: Path, side: str) -> _Series | None:
    path = lowdim / f"gripper_{side}.h5"
    return _series(path, "width", axes=1) if path.exists() else None


def _series(path: Path, name: str, axes: int) -> _Series:
    h5py = overlay_package("h5py")
    try:
        with h5py.File(path, "r") as file:
            missing = [key for key in ("timestamp", name) if key not in file]
            if missing:
                raise RecordingError(
                    f"{path}: no '{missing[0]}'; there are {', '.join(file) or 'none'}"
                )
            times = np.asarray(file["timestamp"], np.int64)
            values = np.asarray(file[name], np.float64)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read as HDF5: {error}") from None
    if values.ndim == axes + 1 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != axes or len(values) != len(times) or not len(times):
        raise RecordingError(
            f"{path}: {name}: expected {len(times)} rows of {axes} axes as timestamp has, got "
            f"{values.shape}"
        )
    return _Series(times, values)
