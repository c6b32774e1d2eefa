"""Calibrations as AirExo-2 publishes them, `1737548651048.npy`, turned into our own."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from operators.calibration import (
    BASE,
    CalibratedCamera,
    Calibration,
    InHand,
    Kind,
    Optimised,
    Side,
)
from operators.frames import FrameTree, Transform
from operators.pinhole import Pinhole
from operators.plain_pickle import read_npy_data
from operators.transforms import Array, rigid, rotation_from_quaternion
from operators.usage_error import UsageError

KINDS: Final[dict[str, Kind]] = {
    "airexo": "marker",
    "airexo_upd": "optimised",
    "robot": "in_hand",
}
"""Their names and ours."""


def import_calibration(
    path: Path, width: int, height: int, in_hand: FrameTree | None = None
) -> Calibration:
    """Read a published calibration; the file is taken as data, and nothing in it is run.

    width, height: of the cameras' pictures, px, which the file does not say.
    in_hand: for type robot, how the cameras in the hands are mounted: `left_camera_from_left_tcp`
    and the same of the right; they belong to one robot, and the file does not say them.
    Rotations that are rounded to float32 are made orthonormal.
    Raises UsageError naming the file, and the entry that is missing or wrong.
    """
    content = read_npy_data(path)
    try:
        return _calibration(path, content, (width, height), in_hand)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _calibration(
    path: Path, content: Any, size: tuple[int, int], in_hand: FrameTree | None
) -> Calibration:
    if not isinstance(content, dict):
        raise UsageError(f"expected a dictionary, got {type(content).__name__}")
    published = _entry(content, "type", str)
    if published not in KINDS:
        raise UsageError(f"type: expected one of {', '.join(KINDS)}, got {published!r:.40}")
    if not path.stem.isdecimal():
        raise UsageError("expected the calibration's time in ms as the file's name")
    kind = KINDS[published]
    intrinsics = _entry(content, "intrinsics", dict)
    extrinsics = _entry(content, "extrinsics", dict)
    cameras = {}
    for serial in map(str, _entry(content, "camera_serials", list | tuple)):
        matrix = _matrix(extrinsics, serial, "extrinsics", (4, 4))
        cameras[serial] = CalibratedCamera(
            Pinhole.from_matrix(_matrix(intrinsics, serial, "intrinsics", (3, 3)), *size),
            Transform("camera", "marker", orthonormal(f"extrinsics[{serial}]", matrix)),
        )
    return Calibration(
        int(path.stem),
        kind,
        cameras,
        _optimised(content) if kind == "optimised" else None,
        _in_hand(content, in_hand) if kind == "in_hand" else None,
    )


def orthonormal(name: str, matrix: Array) -> Array:
    """The rigid transform nearest to a matrix (4, 4) that is one but for rounding.

    Raises UsageError where more than rounding is missing.
    """
    u, stretch, v = np.linalg.svd(matrix[:3, :3])
    last_row = np.abs(matrix[3] - [0.0, 0.0, 0.0, 1.0]).max()
    if np.abs(stretch - 1.0).max() > 1e-3 or np.linalg.det(u @ v) < 0.0 or last_row > 1e-6:
        raise UsageError(f"{name}: not a rigid transform: {matrix.round(4).tolist()}")
    return rigid(u @ v, matrix[:3, 3])


def _optimised(content: dict[str, Any]) -> Optimised:
    updated = _entry(content, "upd", dict)
    matrix = _matrix(updated, "camera_to_base", "upd", (4, 4))
    return Optimised(
        str(_entry(updated, "camera_serial", str)),
        Transform("camera", BASE, orthonormal("upd.camera_to_base", matrix)),
    )


def _in_hand(content: dict[str, Any], mounted: FrameTree | None) -> dict[Side, InHand]:
    if mounted is None:
        raise UsageError(
            "a calibration of type robot needs how its cameras are mounted in its hands: a file of "
            "frames with left_camera_from_left_tcp and right_camera_from_right_tcp"
        )
    hands: dict[Side, InHand] = {}
    sides: tuple[Side, Side] = ("left", "right")
    for side in sides:
        states = _entry(content, f"robot_{side}", dict)
        pose = _matrix(states, "tcp_pose", f"robot_{side}", (7,))
        # Flexiv writes quaternions as w x y z.
        rotation = rotation_from_quaternion(pose[[4, 5, 6, 3]])
        camera_from_tcp = mounted[f"{side}_camera_from_{side}_tcp"].matrix
        hands[side] = InHand(
            _entry(content, f"camera_serial_inhand_{side}", str),
            Transform("camera", "tcp", camera_from_tcp),
            Transform("arm_base", "tcp", rigid(rotation, pose[:3])),
        )
    return hands


def _entry(content: dict[str, Any], name: str, kind: Any) -> Any:
    if name not in content:
        known = ", ".join(map(str, content))
        raise UsageError(f"no entry '{name}'; there are {known:.200}")
    value = content[name]
    if not isinstance(value, kind):
        raise UsageError(f"{name}: a {type(value).__name__} is not what belongs there")
    return value


def _matrix(content: dict[str, Any], name: str, where: str, shape: tuple[int, ...]) -> Array:
    if name not in content:
        raise UsageError(f"{where}: no entry '{name}'; there are {', '.join(map(str, content))}")
    value = np.asarray(content[name])
    if value.shape != shape or value.dtype.kind not in "fiu":
        raise UsageError(
            f"{where}.{name}: expected numbers {shape}, got {value.dtype} {value.shape}"
        )
    matrix = value.astype(np.float64)
    if not np.isfinite(matrix).all():
        raise UsageError(f"{where}.{name}: not finite")
    return matrix
