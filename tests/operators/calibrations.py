"""Calibrations to test with, ours and as AirExo-2 writes them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.calibration import CalibratedCamera, Calibration, InHand, Optimised, Side
from operators.frames import Transform
from operators.pinhole import Pinhole
from operators.transforms import rigid

RANDOM = np.random.default_rng(11)
SERIALS = ("104122061850", "105422061350", "104122061330", "104122064161")
SIDES: tuple[Side, Side] = ("left", "right")
K = np.array([[912.5, 0.0, 640.2], [0.0, 911.0, 366.6], [0.0, 0.0, 1.0]])


def any_matrix() -> NDArray[np.float64]:
    return rigid(Rotation.random(rng=RANDOM).as_matrix(), RANDOM.normal(size=3))


EXTRINSICS = {serial: any_matrix() for serial in SERIALS}
UPDATED = any_matrix()
TCP_POSES = {side: any_matrix() for side in SIDES}
MOUNTED = {side: any_matrix() for side in SIDES}


def cameras() -> dict[str, CalibratedCamera]:
    pinhole = Pinhole.from_matrix(K, 1280, 720)
    return {
        serial: CalibratedCamera(pinhole, Transform("camera", "marker", matrix))
        for serial, matrix in EXTRINSICS.items()
    }


def marker() -> Calibration:
    return Calibration(1737548651048, "marker", cameras())


def optimised() -> Calibration:
    place = Optimised(SERIALS[0], Transform("camera", "base", UPDATED))
    return Calibration(1737548651048, "optimised", cameras(), optimised=place)


def in_hand() -> Calibration:
    hands = {
        side: InHand(
            SERIALS[2 + i],
            Transform("camera", "tcp", MOUNTED[side]),
            Transform("arm_base", "tcp", TCP_POSES[side]),
        )
        for i, side in enumerate(SIDES)
    }
    return Calibration(1737548651048, "in_hand", cameras(), in_hand=hands)


def published(kind: str) -> dict[str, Any]:
    """The dictionary that AirExo-2's calibrator saves."""
    content: dict[str, Any] = {
        "type": kind,
        "camera_serials": list(SERIALS),
        "camera_serials_global": list(SERIALS[:2]),
        "camera_serial_inhand_left": SERIALS[2],
        "camera_serial_inhand_right": SERIALS[3],
        "intrinsics": dict.fromkeys(SERIALS, K),
        "extrinsics": {s: m.astype(np.float32) for s, m in EXTRINSICS.items()},
    }
    for side in SIDES:
        x, y, z, w = Rotation.from_matrix(TCP_POSES[side][:3, :3]).as_quat()
        pose = np.array([*TCP_POSES[side][:3, 3], w, x, y, z])
        arm = "robot" if kind == "robot" else "airexo"
        content[f"{arm}_{side}"] = {"tcp_pose": pose, "joint_pos": np.zeros(7)}
    if kind == "airexo_upd":
        content["upd"] = {"camera_serial": SERIALS[0], "camera_to_base": UPDATED}
    return content


def save(folder: Path, content: dict[str, Any], name: str = "1737548651048.npy") -> Path:
    path = folder / name
    np.save(path, content, allow_pickle=True)  # type: ignore[arg-type]
    return path
