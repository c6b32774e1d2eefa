"""Draws pictures of a video, and the robot's hand at the same moments below, for docs/video.md.

python scripts/draw_video.py VIDEO
"""

import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import simplejpeg
from draw_hands import looking, perspective
from numpy.typing import NDArray

from operators.camera_messages import Keypoints
from operators.hand_bones import PARENTS
from operators.keypoint_finder import KeypointFinder
from operators.lens import Lens
from operators.monocular import MonocularLift
from operators.panorama import PanoramaCapture
from operators.picture_source import VideoFile
from operators.preprocessing import Preprocessor
from operators.retargeting import Retargeter
from operators.scene import build_scene
from operators.settings import ROOT, load_settings
from operators.simulators import make_simulator

PICTURES: Final = (30, 100, 168, 234, 330, 415, 470, 552)
RIGHT: Final = 1
WIDTH, HEIGHT = 220, 260
CROP_PX: Final = 440
"""Height of what is cut out of the video around the hand."""

CAMERA: Final = (0.45, 0.1, 1.47)
"""Where the operator's camera is: it sees the palm."""

Pixels = NDArray[np.uint8]


def main(video: Path) -> None:
    """Write docs/video.jpg."""
    settings = load_settings(ROOT / "configs/teleop_video.yml")
    source, lens = VideoFile(video), Lens(settings.camera, print)
    finder, lift = KeypointFinder(settings.keypoints), MonocularLift(settings.monocular)
    preprocessor, retargeter = Preprocessor(), Retargeter.from_settings(settings)
    preprocessor.update_head(lift.head)
    simulator = make_simulator(settings)
    simulator.start()
    steps = round(1.0 / source.rate_hz / simulator.time_step_s)
    columns: list[Pixels] = []
    with PanoramaCapture(build_scene(settings).model, looking(settings, CAMERA)) as capture:
        for number in range(PICTURES[-1] + 1):
            pixels = source.read()
            assert pixels is not None
            time_s = number / source.rate_hz
            keypoints = finder.find(lens.image(pixels), number, round(time_s * 1e9))
            hands = lift.lift(keypoints, time_s)
            command = retargeter.retarget(preprocessor.targets(hands))
            simulator.command(command, number)
            simulator.step(steps)
            if number in PICTURES:
                x, y, z = command.world_from_base[RIGHT, :3]
                panorama = capture.capture(simulator.state().body_poses).pixels
                robot = perspective(panorama, CAMERA, (float(x), float(y), float(z) + 0.07))
                columns.append(np.vstack([hand_in(pixels, keypoints), middle_of(robot)]))
    finder.close()
    path = ROOT / "docs/video.jpg"
    path.write_bytes(simplejpeg.encode_jpeg(np.hstack(columns), quality=80))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


def hand_in(pixels: Pixels, keypoints: Keypoints) -> Pixels:
    """What is around the right hand in a picture, with its keypoints."""
    drawn = np.ascontiguousarray(pixels)
    joints = keypoints.pixels[RIGHT]
    for joint, parent in enumerate(PARENTS[1:], start=1):
        ends = [tuple(int(v) for v in joints[k]) for k in (joint, parent)]
        cv2.line(drawn, ends[0], ends[1], (255, 255, 255), 2, cv2.LINE_AA)
        cv2.circle(drawn, ends[0], 5, (60, 160, 240), -1, cv2.LINE_AA)
    half = np.array([CROP_PX * WIDTH / HEIGHT, CROP_PX]) / 2
    shape = np.array(pixels.shape[1::-1])
    left, top = np.clip(joints.mean(axis=0) - half, 0, shape - 2 * half).astype(int)
    right, bottom = np.array([left, top]) + (2 * half).astype(int)
    return np.asarray(cv2.resize(drawn[top:bottom, left:right], (WIDTH, HEIGHT)), np.uint8)


def middle_of(picture: Pixels) -> Pixels:
    """The middle of a picture in the strip's form."""
    rows, columns, _ = picture.shape
    width = round(rows * WIDTH / HEIGHT)
    left = (columns - width) // 2
    return np.asarray(cv2.resize(picture[:, left : left + width], (WIDTH, HEIGHT)), np.uint8)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
