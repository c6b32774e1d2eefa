"""Draws docs/overlay.jpg: a calibration that is right, and one that is 3 cm off.

python scripts/draw_overlay.py
"""

from dataclasses import replace

import numpy as np
import simplejpeg

from operators.calibration import Calibration
from operators.overlay import OverlayDrawer
from operators.overlay_messages import CameraFrame
from operators.overlay_settings import OverlaySettings
from operators.rgbd_recording import DEPTH_SCALE
from operators.settings import ROOT
from operators.synthetic_robot import SERIAL, SyntheticRobot

MOMENT_S = 1.2
OFF_M = (0.03, 0.0, 0.0)
CUT = np.s_[20:660, 330:1010]
"""The part of the picture that the robot is in."""


def main() -> None:
    """Write both pictures side by side."""
    settings = OverlaySettings(cloud_step=16)
    with SyntheticRobot() as robot:
        frame, readings = robot.frame(MOMENT_S), robot.readings(MOMENT_S)
        right = robot.calibration()
    message = CameraFrame.of(SERIAL, frame.colour, frame.depth, DEPTH_SCALE)
    halves = []
    for calibration in (right, moved(right)):
        drawer = OverlayDrawer(settings, calibration)
        halves.append(drawer.draw(message, readings).overlay.pixels[CUT].copy())
        drawer.close()
    picture = np.ascontiguousarray(np.hstack(halves))
    path = ROOT / "docs/overlay.jpg"
    path.write_bytes(simplejpeg.encode_jpeg(picture, quality=82))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


def moved(calibration: Calibration) -> Calibration:
    """The same with the camera a little to the side."""
    camera = calibration.camera(SERIAL)
    matrix = camera.camera_from_marker.matrix.copy()
    matrix[:3, 3] += OFF_M
    wrong = replace(camera, camera_from_marker=replace(camera.camera_from_marker, matrix=matrix))
    return replace(calibration, cameras={**calibration.cameras, SERIAL: wrong})


if __name__ == "__main__":
    main()
