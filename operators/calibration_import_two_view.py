"""Calibrations in the layout of TemugeB's stereo calibration, `c0.dat` and `rot_trans_c0.dat`.

https://github.com/TemugeB/python_stereo_camera_calibrate; handpose3d and bodypose3d read it too.
"""

import re
from pathlib import Path
from typing import Final

import numpy as np

from operators.calibration import CalibratedCamera, Calibration
from operators.calibration_import import orthonormal
from operators.frames import Transform
from operators.pinhole import Pinhole
from operators.transforms import Array
from operators.usage_error import UsageError

LENS_FILE: Final = re.compile(r"(?P<before>.*?)(?P<name>c\d+)\.dat")
PLACE_FILE: Final = "{before}rot_trans_{name}.dat"

SHAPES: Final = {"intrinsic": (3, 3), "distortion": (-1,), "R": (3, 3), "T": (3,)}


def import_two_view(
    folder: Path, width: int, height: int, unit_m: float, timestamp_ms: int
) -> Calibration:
    """Read every camera of a folder: `c0.dat` with its `rot_trans_c0.dat`, and so on.

    width, height: of the cameras' pictures, px. unit_m: how many metres the unit of T is, which is
    what the side of the board's squares was said to be: 0.025 where it was said to be 1, and is
    25 mm long. timestamp_ms: of the calibration; the files do not tell either.
    Raises UsageError naming the file, and what is missing or wrong in it.
    """
    cameras: dict[str, CalibratedCamera] = {}
    found = [(path, LENS_FILE.fullmatch(path.name)) for path in sorted(folder.glob("*.dat"))]
    for path, match in found:
        if match is None or match["before"].endswith("rot_trans_"):
            continue
        if match["name"] in cameras:
            raise UsageError(f"{path}: a second {match['name']} in one folder")
        place = path.with_name(PLACE_FILE.format(**match.groupdict()))
        cameras[match["name"]] = _camera(path, place, (width, height), unit_m)
    if not cameras:
        raise UsageError(f"{folder}: no calibration here (files such as c0.dat, rot_trans_c0.dat)")
    return Calibration(timestamp_ms, "marker", cameras)


def _camera(lens: Path, place: Path, size: tuple[int, int], unit_m: float) -> CalibratedCamera:
    intrinsics, extrinsics = _read(lens), _read(place)
    try:
        pinhole = Pinhole.from_matrix(
            _entry(intrinsics, "intrinsic"), *size, _entry(intrinsics, "distortion")
        )
    except UsageError as error:
        raise UsageError(f"{lens}: {error}") from None
    try:
        matrix = np.eye(4)
        matrix[:3, :3] = _entry(extrinsics, "R")
        matrix[:3, 3] = _entry(extrinsics, "T") * unit_m
        camera_from_marker = orthonormal("R", matrix)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None
    return CalibratedCamera(pinhole, Transform("camera", "marker", camera_from_marker))


def _entry(content: dict[str, Array], name: str) -> Array:
    if name not in content:
        raise UsageError(f"no entry '{name}:'; there are {', '.join(content) or 'none'}")
    numbers, shape = content[name], SHAPES[name]
    count = int(np.prod(shape))
    if count > 0 and numbers.size != count:
        raise UsageError(f"{name}: expected {count} numbers, got {numbers.size}")
    return numbers.reshape(shape)


def _read(path: Path) -> dict[str, Array]:
    """Numbers by the heading above them; of a heading that comes again the first ones.

    What comes again, below a comment, is how one camera stands to the other.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    content: dict[str, list[float]] = {}
    heading = ""
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        if text.startswith("#"):
            break
        if text.endswith(":"):
            heading = text[:-1]
            content[heading] = []
            continue
        try:
            content.setdefault(heading, []).extend(map(float, text.split()))
        except ValueError:
            raise UsageError(f"{path}:{number}: expected numbers, got {text!r:.40}") from None
    return {name: np.array(numbers) for name, numbers in content.items()}
