"""Draws the fitted skeleton into two real views of a hand, for docs/capture.md.

python scripts/draw_capture.py FOLDER      with two_view_cam0.mp4, two_view_c0.dat, ...
"""

import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from benchmarks.capture import SIZE, SQUARE_M, captured
from operators.calibration import CalibratedCamera
from operators.calibration_import_two_view import import_two_view
from operators.hand_bones import PARENTS
from operators.picture_source import VideoFile
from operators.settings import ROOT, load_settings
from operators.transforms import Array, transform_points

MOMENTS: Final = (20, 60, 180, 240, 290, 325, 331, 360)
RIGHT: Final = 1
CROP_PX, SHOWN_PX = 300, 170
FITTED, SEEN = (230, 40, 40), (20, 110, 255)

Pixels = NDArray[np.uint8]


def main(folder: Path) -> None:
    """Write docs/capture.jpg: a column a moment, a row a camera."""
    cameras = import_two_view(folder, *SIZE, SQUARE_M, 1).cameras
    capture = captured(load_settings(ROOT / "configs/capture_angles.yml"), folder, cameras)
    rows = []
    for name, camera in cameras.items():
        source = VideoFile(folder / f"two_view_cam{name[-1]}.mp4")
        shown: list[Pixels] = []
        for number in range(MOMENTS[-1] + 1):
            pixels = source.read()
            if pixels is not None and number in MOMENTS:
                seen = capture.keypoints[name][number].pixels[RIGHT]
                shown.append(drawn(pixels, camera, capture.angles[number].joints[RIGHT], seen))
        rows.append(np.hstack(shown))
    path = ROOT / "docs/capture.jpg"
    picture = np.ascontiguousarray(np.vstack(rows))
    path.write_bytes(simplejpeg.encode_jpeg(picture, quality=85))
    print(path)


def drawn(pixels: Pixels, camera: CalibratedCamera, joints: Array, seen: Array) -> Pixels:
    """What is around the hand, with its skeleton and the keypoints found."""
    in_camera = transform_points(camera.camera_from_marker.matrix, joints)
    at = camera.pinhole.project(in_camera).round().astype(int)
    for joint in range(1, len(PARENTS)):
        start, end = at[PARENTS[joint]].tolist(), at[joint].tolist()
        cv2.line(pixels, start, end, FITTED, 3, cv2.LINE_AA)
    for point in seen[np.isfinite(seen).all(axis=1)].round().astype(int).tolist():
        cv2.circle(pixels, point, 5, SEEN, 2, cv2.LINE_AA)
    corner = np.clip(at.mean(axis=0) - CROP_PX // 2, 0, np.array(SIZE) - CROP_PX).astype(int)
    x, y = corner.tolist()
    crop = pixels[y : y + CROP_PX, x : x + CROP_PX]
    return np.asarray(cv2.resize(crop, (SHOWN_PX, SHOWN_PX), interpolation=cv2.INTER_AREA))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
