"""The real camera's lens, as far as it is known, and the simulated one that is to see the same."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from operators.calibration import Calibration, CalibrationError
from operators.lens import calibrated_lens
from operators.look_at_camera import LookAtCamera
from operators.overlay import load_calibration
from operators.pinhole import Pinhole
from operators.rgbd_recording import calibration_time
from operators.settings import Settings, resolve
from operators.undistortion import Undistortion


class RealLens:
    """Straightens the real camera's pictures, and gives the simulated one its principal point.

    An alignment finds the angle of view; distortion, principal point and the pixels' shape are the
    calibration's. lens: None where nothing is known: the principal point is then in the middle.
    """

    def __init__(self, lens: Pinhole | None, calibration: Calibration | None = None) -> None:
        self._lens = lens
        self.calibration = calibration
        """What tells it, if its frames are the robot's."""
        self._undistortion = None if lens is None else Undistortion(lens)

    @classmethod
    def of(cls, settings: Settings) -> "RealLens":
        """The lens that the settings' calibration tells, if there is one.

        Raises SettingsError for one that cannot be read.
        """
        if settings.align.real == "camera":
            return cls(calibrated_lens(settings.camera))
        overlay = settings.overlay
        try:
            calibration = load_calibration(overlay, calibration_time(resolve(overlay.recording)))
            return cls(calibration.camera(overlay.serial).pinhole, calibration)
        except CalibrationError:  # a recording without one is what an alignment is for
            return cls(None)

    def straight(self, colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A picture (rows, columns, 3) without distortion.

        Raises ImageSizeError for one of another size than the calibration is for.
        """
        if self._lens is None or self._undistortion is None:
            return colour
        self._lens.check_size(colour, "the real camera")
        return self._undistortion.picture(colour)

    def seen_by(self, camera: LookAtCamera, width: int, height: int) -> Pinhole:
        """The straightened pictures' intrinsics, were the real camera's angle of view this one's.

        Raises ImageSizeError for a size without pixels.
        """
        return self.calibrated(camera, width, height).ideal

    def calibrated(self, camera: LookAtCamera, width: int, height: int) -> Pinhole:
        """The same of the pictures as they come, with the lens's distortion."""
        pinhole = camera.pinhole(width, height)
        if self._lens is None:
            return pinhole
        lens = self._lens
        across = pinhole.fy * lens.fx / lens.fy
        return replace(pinhole, fx=across, cx=lens.cx, cy=lens.cy, distortion=lens.distortion)
