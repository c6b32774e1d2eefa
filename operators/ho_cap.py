"""Sequences of HO-Cap: eight calibrated cameras, their pictures, and where the hands truly are.

https://irvlutd.github.io/HOCap, CC BY 4.0. Its labels come of fitting MANO to all cameras, not of
measuring; its authors compare them with points set by hand.

    calibration/intrinsics/<serial>.yaml           color: fx fy ppx ppy width height
    calibration/extrinsics/extrinsics_<date>.yaml  extrinsics: rs_master from camera, 12 numbers
    subject_8/20231024_180733/meta.yaml            realsense: serials width height; num_frames
    subject_8/20231024_180733/<serial>/            color_000000.jpg, label_000000.npz
"""

import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from operators.calibration import CalibratedCamera, Calibration
from operators.calibration_import import orthonormal
from operators.frames import Transform
from operators.hands import SIDES
from operators.pinhole import Pinhole
from operators.section import Section
from operators.transforms import Array
from operators.usage_error import UsageError
from operators.yaml_section import load_section

RIGHT_LEFT: Final = ("right", "left")
"""In which order HO-Cap has the hands, whichever of them a sequence shows."""

ABSENT: Final = -1.0
"""Stands for whatever is not seen."""

ORIGIN: Final = "tag_1"
"""The tag on the table whose frame is HO-Cap's world."""

BOX_MARGIN_PX: Final = 3.0


class _Published(Section):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class _Color(_Published):
    width: int
    height: int
    fx: float
    fy: float
    ppx: float
    ppy: float


class _Intrinsics(_Published):
    color: _Color


class _Extrinsics(_Published):
    extrinsics: dict[str, tuple[float, ...]]


class _RealSense(_Published):
    serials: tuple[str, ...] = Field(min_length=1)


class _Meta(_Published):
    realsense: _RealSense
    num_frames: int = Field(ge=1)
    extrinsics: str | None = None


@dataclass(frozen=True)
class HoCapLabel:
    """What is true of one camera's picture; left, then right, joints in MediaPipe's order.

    valid: (2,) bool, whether the hand is labelled. joints: (2, 21, 3) m, in the calibration's
    marker frame. pixels: (2, 21, 2) px. boxes: (2, 4) px, left, top, right, bottom around what is
    seen of the hand, within the picture. NaN where nothing is.
    """

    valid: NDArray[np.bool_]
    joints: Array
    pixels: Array
    boxes: Array


class HoCapSequence:
    """Reads a sequence's folder, and the dataset's calibration two folders above it.

    Lenses are taken without distortion, as the labels are.
    Raises SettingsError or UsageError naming the file, and what is missing or wrong in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        meta = load_section(folder / "meta.yaml", _Meta)
        self.serials = meta.realsense.serials
        self.frames = meta.num_frames
        calibration = folder.resolve().parent.parent / "calibration"
        self.calibration = Calibration(
            _time_ms(folder), "marker", _cameras(calibration, self.serials, meta.extrinsics)
        )
        """Of kind marker: the marker is the tag on the table."""

    def pictures(self, serial: str) -> Path:
        """A camera's pictures, as `capture.cameras.<serial>.source` takes them."""
        return self.folder / serial / "color_*.jpg"

    def label(self, serial: str, frame: int) -> HoCapLabel:
        """What is true of a camera's picture; where it has no label, that no hand is.

        Raises CalibrationError for a camera that is not there, UsageError for a file that is wrong.
        """
        camera = self.calibration.camera(serial)
        path = self.folder / serial / f"label_{frame:06d}.npz"
        if not path.is_file():
            return _label(np.full((2, 21, 3), np.nan), np.full((2, 21, 2), np.nan), camera)
        try:
            with np.load(path, allow_pickle=False) as content:
                joints, pixels = content["hand_joints_3d"], content["hand_joints_2d"]
        except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
            raise UsageError(f"{path}: cannot be read: {error}") from None
        if joints.shape != (2, 21, 3) or pixels.shape != (2, 21, 2):
            raise UsageError(
                f"{path}: expected hand_joints_3d (2, 21, 3) and hand_joints_2d (2, 21, 2), got "
                f"{joints.shape} and {pixels.shape}"
            )
        order = [RIGHT_LEFT.index(side) for side in SIDES]
        return _label(_seen(joints[order]), _seen(pixels[order]), camera)


def _label(joints_in_camera: Array, pixels: Array, camera: CalibratedCamera) -> HoCapLabel:
    marker_from_camera = camera.camera_from_marker.inverse
    joints = marker_from_camera.points(joints_in_camera.reshape(-1, 3)).reshape(2, 21, 3)
    boxes = np.full((2, 4), np.nan)
    last = np.array([camera.pinhole.width - 1.0, camera.pinhole.height - 1.0])
    for box, seen in zip(boxes, pixels, strict=True):
        known = seen[np.isfinite(seen).all(axis=-1)]
        if len(known):
            box[:2] = np.clip(known.min(axis=0) - BOX_MARGIN_PX, 0.0, last)
            box[2:] = np.clip(known.max(axis=0) + BOX_MARGIN_PX, 0.0, last)
    valid = np.isfinite(joints).reshape(2, -1).all(axis=1)
    return HoCapLabel(np.asarray(valid), joints, pixels, boxes)


def _seen(values: NDArray[np.generic]) -> Array:
    """NaN where HO-Cap says absent."""
    seen = values.astype(np.float64)
    seen[(seen == ABSENT).all(axis=-1)] = np.nan
    return seen


def _cameras(
    folder: Path, serials: tuple[str, ...], extrinsics: str | None
) -> dict[str, CalibratedCamera]:
    path = _extrinsics_file(folder / "extrinsics", extrinsics)
    master_from = load_section(path, _Extrinsics).extrinsics
    lacking = [name for name in (ORIGIN, *serials) if name not in master_from]
    if lacking:
        raise UsageError(f"{path}: no {lacking[0]}; there are {', '.join(master_from)}")
    master_from_origin = _transform(path, ORIGIN, master_from[ORIGIN])
    cameras = {}
    for serial in serials:
        master_from_camera = _transform(path, serial, master_from[serial])
        camera_from_marker = (master_from_camera.inverse @ master_from_origin).matrix
        color = load_section(folder / "intrinsics" / f"{serial}.yaml", _Intrinsics).color
        pinhole = Pinhole(color.width, color.height, color.fx, color.fy, color.ppx, color.ppy)
        cameras[serial] = CalibratedCamera(
            pinhole, Transform("camera", "marker", camera_from_marker)
        )
    return cameras


def _extrinsics_file(folder: Path, name: str | None) -> Path:
    found = sorted(folder.glob("*.yaml"))
    named = [path for path in found if name is None or path.stem in (name, f"extrinsics_{name}")]
    if len(named) != 1:
        which = "one file of extrinsics" if name is None else f"extrinsics '{name}'"
        raise UsageError(
            f"{folder}: expected {which}, found {', '.join(p.name for p in found) or 'none'}"
        )
    return named[0]


def _transform(path: Path, name: str, numbers: tuple[float, ...]) -> Transform:
    if len(numbers) != 12:
        raise UsageError(f"{path}: extrinsics.{name}: expected 12 numbers, got {len(numbers)}")
    matrix = np.vstack([np.reshape(numbers, (3, 4)), [0.0, 0.0, 0.0, 1.0]])
    source = "marker" if name == ORIGIN else "camera"
    try:
        return Transform("master", source, orthonormal(f"extrinsics.{name}", matrix))
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _time_ms(folder: Path) -> int:
    """When a sequence was recorded, which is its folder's name; its clock is taken for UTC."""
    name = folder.resolve().name
    if not re.fullmatch(r"\d{8}_\d{6}", name):
        raise UsageError(f"{folder}: expected a sequence's folder, such as 20231024_180733")
    try:
        taken = datetime.strptime(name, "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise UsageError(f"{folder}: {error}") from None
    return round(taken.timestamp() * 1000)
