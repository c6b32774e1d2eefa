"""Calibrations that OpenCV's FileStorage wrote: YAML, XML or JSON."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from operators.calibration import CalibratedCamera, Calibration
from operators.calibration_import import orthonormal
from operators.frames import Transform
from operators.pinhole import Pinhole
from operators.transforms import Array
from operators.usage_error import UsageError

MATRIX_NAMES: Final = ("camera_matrix", "cameraMatrix", "Camera_Matrix", "K", "M", "intrinsics")
DISTORTION_NAMES: Final = (
    "distortion_coefficients",
    "distCoeffs",
    "Distortion_Coefficients",
    "dist_coeffs",
    "D",
)
SIZE_NAMES: Final = ("image_size", "imageSize", "image_Size", "size")
WIDTH_NAMES: Final = ("image_width", "image_Width", "width")
HEIGHT_NAMES: Final = ("image_height", "image_Height", "height")
ROTATION_NAMES: Final = ("R", "rvec", "rotation")
TRANSLATION_NAMES: Final = ("T", "tvec", "translation")

PAIR: Final = ("left", "right")
"""What OpenCV's stereo_calib calls its cameras 1 and 2."""

Entries = Mapping[str, Array]


def import_opencv(
    files: Mapping[str, Path],
    size: tuple[int, int] | None,
    unit_m: float | None,
    timestamp_ms: int,
) -> Calibration:
    """Read a file a camera, as OpenCV's calibration sample writes it.

    files: by the cameras' names. size: columns and rows of the pictures, where a file does not tell
    it. unit_m: how many metres the unit of the translations is; needed where there are any.
    R (3, 3), or a rotation vector, and T are `camera_from_marker`: what OpenCV calls extrinsics.
    One camera alone needs none; its marker is where it is itself. Only the file's numbers are used.
    Raises UsageError naming the file, and what is missing or wrong in it.
    """
    cameras = {}
    for name, path in files.items():
        entries = _read(path)
        try:
            place = _place(entries, unit_m)
            if place is None and len(files) > 1:
                raise UsageError("no R and T, so how the cameras stand to each other is not known")
            cameras[name] = CalibratedCamera(
                _lens(entries, "", size),
                Transform("camera", "marker", np.eye(4) if place is None else place),
            )
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from None
    return Calibration(timestamp_ms, "marker", cameras)


def import_opencv_pair(
    paths: Iterable[Path],
    size: tuple[int, int] | None,
    unit_m: float | None,
    timestamp_ms: int,
) -> Calibration:
    """Read two cameras as OpenCV's stereo sample writes them, in one file or in two.

    M1 D1 M2 D2 are their lenses, R and T take the first camera's coordinates to the second's. They
    are named left and right, and the first one's frame is the marker's. Arguments and errors as in
    `import_opencv`.
    """
    chosen = tuple(paths)
    entries: dict[str, Array] = {}
    for path in chosen:
        entries.update(_read(path))
    try:
        place = _place(entries, unit_m)
        if place is None:
            raise UsageError("no R and T, so how the cameras stand to each other is not known")
        places = (np.eye(4), place)
        cameras = {
            name: CalibratedCamera(
                _lens(entries, str(i + 1), size), Transform("camera", "marker", places[i])
            )
            for i, name in enumerate(PAIR)
        }
    except UsageError as error:
        raise UsageError(f"{', '.join(map(str, chosen))}: {error}") from None
    return Calibration(timestamp_ms, "marker", cameras)


def _lens(entries: Entries, number: str, size: tuple[int, int] | None) -> Pinhole:
    matrix = _entry(entries, [name + number for name in MATRIX_NAMES])
    if matrix is None:
        raise UsageError(f"no {MATRIX_NAMES[0]}{number}; there are {', '.join(entries) or 'none'}")
    distortion = _entry(entries, [name + number for name in DISTORTION_NAMES])
    told = _size(entries)
    if told is not None and size is not None and told != size:
        raise UsageError(
            f"is for pictures of {told[0]}x{told[1]} px, and {size[0]}x{size[1]} was given; "
            "calibrate at that size"
        )
    columns_rows = told or size
    if columns_rows is None:
        raise UsageError("does not tell the size of the pictures: give it, such as 1280x720")
    return Pinhole.from_matrix(matrix, *columns_rows, () if distortion is None else distortion)


def _size(entries: Entries) -> tuple[int, int] | None:
    both = _entry(entries, SIZE_NAMES)
    if both is not None and both.size == 2:
        return int(both.flat[0]), int(both.flat[1])
    width, height = _entry(entries, WIDTH_NAMES), _entry(entries, HEIGHT_NAMES)
    if width is None or height is None:
        return None
    return int(width.flat[0]), int(height.flat[0])


def _place(entries: Entries, unit_m: float | None) -> Array | None:
    """A rigid transform (4, 4), m; None where there is none."""
    rotation, translation = _entry(entries, ROTATION_NAMES), _entry(entries, TRANSLATION_NAMES)
    if rotation is None or translation is None:
        return None
    if unit_m is None:
        raise UsageError("has a T, but not its unit: give how long it is, in mm")
    if rotation.size == 3:
        rotation = np.asarray(cv2.Rodrigues(rotation.reshape(3))[0], np.float64)
    if rotation.shape != (3, 3) or translation.size != 3:
        raise UsageError(
            f"R: expected 3x3 or 3 numbers, and T: 3; got {rotation.shape} and {translation.shape}"
        )
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, translation.ravel() * unit_m
    return orthonormal("R", matrix)


def _entry(entries: Entries, names: Iterable[str]) -> Array | None:
    return next((entries[name] for name in names if name in entries), None)


def _read(path: Path) -> dict[str, Array]:
    """All entries at the top that are numbers, matrices or lists of numbers."""
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    try:
        storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
        root = storage.root()
        nodes = {name: root.getNode(name) for name in root.keys()}  # noqa: SIM118 (no mapping)
        entries = {name: _numbers(node) for name, node in nodes.items()}
        storage.release()
    except (cv2.error, SystemError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UsageError(f"{path}: not a file of OpenCV's FileStorage: {reason:.120}") from None
    return {name: value for name, value in entries.items() if value is not None}


def _numbers(node: cv2.FileNode) -> Array | None:
    if node.isInt() or node.isReal():
        return np.array([node.real()])
    if node.isSeq():
        items = [node.at(i) for i in range(node.size())]
        if items and all(item.isInt() or item.isReal() for item in items):
            return np.array([item.real() for item in items])
        return None
    matrix = node.mat() if node.isMap() and "data" in node.keys() else None  # noqa: SIM118
    return None if matrix is None else np.asarray(matrix, np.float64)
