"""Draws the hands under configs/hands/ in the scene, for docs/hands.md.

python scripts/draw_hands.py               all of them, into docs/hands/
python scripts/draw_hands.py shadow leap   those of these names
"""

import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from operators.equirectangular import pixel_of_direction
from operators.hands import SIDES
from operators.messages import Hands, HandTargets
from operators.mujoco_simulator import MujocoSimulator
from operators.panorama import PanoramaCapture
from operators.recording import RecordingReader
from operators.retargeting import Retargeter
from operators.scene import build_scene
from operators.settings import ROOT, HandsSettings, Settings, load_settings
from operators.transforms import inverse, pose_from_matrix, rigid, transform_points

Array = NDArray[np.float64]
Point = tuple[float, float, float]

WIDTH, HEIGHT = 560, 315
VIEW_RAD: Final = np.radians(46.0)
CAMERA: Final = (-0.85, 0.0, 1.84)
LOOKED_AT: Final = (-0.15, 0.0, 1.64)
WRISTS: Final = ((-0.15, 0.15, 1.55), (-0.15, -0.15, 1.55))

WORLD_FROM_WRIST_AXES: Final = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
"""Fingers up, palms back, towards the camera."""

FRAMES, STEPS_A_FRAME = 90, 4
"""A second and a half: enough for every hand to arrive."""


def main(names: list[str]) -> None:
    """Write a picture a hand."""
    folder = ROOT / "docs/hands"
    folder.mkdir(exist_ok=True)
    fingers = recorded_fingers()
    for name in names or sorted({p.stem.rpartition("_")[0] for p in configurations()}):
        picture = draw(name, fingers)
        path = folder / f"{name}.jpg"
        path.write_bytes(simplejpeg.encode_jpeg(picture, quality=82))
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


def configurations() -> list[Path]:
    """The files under configs/hands/."""
    return sorted((ROOT / "configs/hands").glob("*.yml"))


def recorded_fingers() -> Array:
    """The shipped recording's most open left hand, and its right one half closed: (2, 25, 3)."""
    joints = []
    for recorded in RecordingReader(ROOT / "assets/recordings/two_hands").messages(["hands"]):
        hands = recorded.message
        if isinstance(hands, Hands) and hands.valid.all():
            wrist_from_stage = inverse(hands.stage_from_wrist)
            joints.append(transform_points(wrist_from_stage, hands.joint_positions))
    frames = np.array(joints)
    reach = np.linalg.norm(frames[:, :, [9, 14, 19]], axis=-1).mean(axis=-1)
    half = (reach[:, 1].min() + reach[:, 1].max()) / 2
    chosen = reach[:, 0].argmax(), np.abs(reach[:, 1] - half).argmin()
    return np.stack([frames[frame, side] for side, frame in enumerate(chosen)])


def draw(name: str, fingers: Array) -> NDArray[np.uint8]:
    """Let the simulated hands take this pose, and look at them: (HEIGHT, WIDTH, 3) RGB."""
    left, right = (Path(f"configs/hands/{name}_{side}.yml") for side in SIDES)
    usual = load_settings(ROOT / "configs/teleop.yml")
    settings = usual.model_copy(update={"hands": HandsSettings(left=left, right=right)})
    scene = build_scene(settings)
    simulator = MujocoSimulator(scene, settings)
    retargeter = Retargeter.from_settings(settings)
    wrists = np.stack([rigid(WORLD_FROM_WRIST_AXES, position) for position in WRISTS])
    wrists[:, :3, 3] -= settings.scene.anchor_position
    targets = HandTargets(
        faults=("", ""),
        source="recording",
        client="",
        valid=np.ones(len(SIDES), bool),
        anchor_from_wrist=pose_from_matrix(wrists),
        finger_joints=fingers,
    )
    for frame in range(FRAMES):
        simulator.command(retargeter.retarget(targets), frame)
        simulator.step(STEPS_A_FRAME)
    with PanoramaCapture(scene.model, looking(settings)) as capture:
        return perspective(capture.capture(simulator.state().body_poses).pixels)


def looking(settings: Settings, camera: Point = CAMERA) -> Settings:
    """The same scene seen from the camera, as finely as the picture."""
    scene = settings.scene.model_copy(update={"anchor_position": camera})
    panorama = settings.panorama.model_copy(update={"width": 4096, "face_size": 2048})
    return settings.model_copy(update={"scene": scene, "panorama": panorama})


def perspective(
    panorama: NDArray[np.uint8], camera: Point = CAMERA, looked_at: Point = LOOKED_AT
) -> NDArray[np.uint8]:
    """What a camera with straight lines sees of a panorama around it."""
    ahead = np.subtract(looked_at, camera)
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    up = np.cross(right, ahead)
    row, column = np.indices((HEIGHT, WIDTH))
    focal_px = WIDTH / 2 / np.tan(VIEW_RAD / 2)
    across = (column - (WIDTH - 1) / 2)[..., None] / focal_px
    down = (row - (HEIGHT - 1) / 2)[..., None] / focal_px
    columns, rows = pixel_of_direction(ahead + across * right - down * up, *panorama.shape[:2])
    picture = cv2.remap(
        np.ascontiguousarray(panorama),
        columns.astype(np.float32),
        rows.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    return np.asarray(picture, np.uint8)


if __name__ == "__main__":
    main(sys.argv[1:])
