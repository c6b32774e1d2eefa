"""A small sequence in HO-Cap's layout, made of a rig and hands that are known."""

from pathlib import Path

import cv2
import numpy as np
import yaml
from scipy.spatial.transform import Rotation

from operators.calibration import CalibratedCamera
from operators.transforms import Array, inverse, rigid
from tests.operators.rigs import calibrated

SEQUENCE = "subject_8/20231024_180733"
MASTER_FROM_WORLD = rigid(Rotation.from_rotvec([0.2, -0.5, 1.0]).as_matrix(), [0.3, -0.1, 1.2])
EYES = [(0.1 + 0.7 * np.cos(a), 0.1 + 0.6 * np.sin(a), -0.8) for a in np.arange(8) * np.pi / 4]


def rig() -> dict[str, CalibratedCamera]:
    """Eight cameras around a table, by serial numbers that look like numbers."""
    return {
        f"{i}0532225156{i}": calibrated(eye, focal=600.0 + i, distortion=())
        for i, eye in enumerate(EYES)
    }


def hands() -> Array:
    """Joints (2, 21, 3) m in the world, left and right, a fist apart."""
    random = np.random.default_rng(5)
    left = random.uniform([0.0, 0.05, -0.1], [0.1, 0.15, -0.02], (21, 3))
    return np.stack([left, left + np.array([0.12, 0.0, 0.0])])


def write_ho_cap(folder: Path, frames: int = 2) -> Path:
    """Write the layout; the left hand is absent in frame 1. Returns the sequence's folder."""
    cameras, joints = rig(), hands()
    sequence = folder / SEQUENCE
    intrinsics = folder / "calibration" / "intrinsics"
    extrinsics = folder / "calibration" / "extrinsics"
    for path in (sequence, intrinsics, extrinsics):
        path.mkdir(parents=True)
    placed = {"tag_0": np.eye(4), "tag_1": MASTER_FROM_WORLD}
    for serial, camera in cameras.items():
        pinhole, matrix = camera.pinhole, camera.camera_from_marker.matrix
        placed[serial] = MASTER_FROM_WORLD @ inverse(matrix)
        color = {"fx": pinhole.fx, "fy": pinhole.fy, "ppx": pinhole.cx, "ppy": pinhole.cy}
        color |= {"width": pinhole.width, "height": pinhole.height, "coeffs": [0.0] * 5}
        content = {"serial": serial, "color": color, "depth": {"fx": 1.0}}
        (intrinsics / f"{serial}.yaml").write_text(yaml.safe_dump(content))
        (sequence / serial).mkdir()
        for frame in range(frames):
            write_label(sequence / serial / f"label_{frame:06d}.npz", camera, joints, frame)
            picture = np.full((pinhole.height, pinhole.width, 3), 40 + frame, np.uint8)
            cv2.imwrite(str(sequence / serial / f"color_{frame:06d}.jpg"), picture)
            cv2.imwrite(str(sequence / serial / f"depth_{frame:06d}.png"), picture[..., 0])
    rounded = {name: m[:3].astype(np.float32).ravel().tolist() for name, m in placed.items()}
    (extrinsics / "extrinsics_20231014.yaml").write_text(
        yaml.safe_dump({"rs_master": next(iter(cameras)), "extrinsics": rounded})
    )
    size = {"width": 640, "height": 480}
    meta = {
        "num_frames": frames,
        "mano_sides": ["right", "left"],
        "object_ids": ["G01_1"],
        "subject_id": "subject_8",
        "task_id": 1,
        "extrinsics": "extrinsics_20231014",
        "realsense": {"serials": [*cameras], **size},
        "hololens": {"serial": "kv5h72"},
    }
    (sequence / "meta.yaml").write_text(yaml.safe_dump(meta))
    return sequence


def write_label(path: Path, camera: CalibratedCamera, joints: Array, frame: int) -> None:
    seen = camera.camera_from_marker.points(joints.reshape(-1, 3)).reshape(2, 21, 3)
    pixels = np.rint(camera.pinhole.project(seen)).astype(np.int64)
    if frame == 1:
        seen[0], pixels[0] = -1.0, -1
    np.savez_compressed(
        path,
        cam_K=camera.pinhole.matrix.astype(np.float32),
        hand_joints_3d=seen[::-1].astype(np.float32),
        hand_joints_2d=pixels[::-1],
        obj_class_names=np.array(["G01_1"], dtype=object),  # a pickle, which is not to be loaded
    )
