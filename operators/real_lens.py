"""The real camera's lens, as far as it is known, and the simulated one that is to see the same."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from operators.calibration import Calibration, NoCalibrationError
from operators.calibration_file import read_calibration
from operators.lens import calibrated_lens
from operators.look_at_camera import LookAtCamera
from operators.overlay import load_calibration
from operators.overlay_settings import OverlaySettings
from operators.pinhole import ImageSizeError, Pinhole
from operators.rgbd_recording import calibration_time
from operators.settings import Settings, resolve
from operators.transforms import Array
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
        """The lens that `align.calibration` tells, else the camera's or recording's calibration.

        Raises SettingsError for one that cannot be read, CalibrationError for one that does not
        know the camera.
        """
        serial = settings.overlay.serial
        if settings.align.calibration is not None:
            calibration = read_calibration(resolve(settings.align.calibration))
            return cls(calibration.camera(serial).pinhole, calibration)
        if settings.align.real == "camera":
            return cls(calibrated_lens(settings.camera))
        return cls.of_recording(settings.overlay)

    @classmethod
    def of_recording(cls, overlay: OverlaySettings) -> "RealLens":
        """The lens that a recording's calibration tells, if there is one. Errors as in `of`."""
        try:
            calibration = load_calibration(overlay, calibration_time(resolve(overlay.recording)))
        except NoCalibrationError:  # a recording without one is what an alignment is for
            return cls(None)
        return cls(calibration.camera(overlay.serial).pinhole, calibration)

    def straight(self, colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A picture (rows, columns, 3) without distortion.

        Raises ImageSizeError for one of another size than the calibration is for.
        """
        if self._lens is None or self._undistortion is None:
            return colour
        self._lens.check_size(colour, "the real camera")
        return self._undistortion.picture(colour)

    def as_taken(self, pixels: Array) -> Array:
        """Where the pictures as they come show what the straightened ones do at pixels (n, 2)."""
        if self._lens is None or not self._lens.is_distorted:
            return pixels
        plane = self._lens.ideal.normalised(pixels)
        return self._lens.project(np.column_stack([plane, np.ones(len(plane))]))

    def seen_by(self, camera: LookAtCamera, width: int, height: int) -> Pinhole:
        """The straightened pictures' intrinsics, were the real camera's angle of view this one's.

        Raises ImageSizeError for a size without pixels, or another than the calibration is for.
        """
        return self.calibrated(camera, width, height).ideal

    def calibrated(self, camera: LookAtCamera, width: int, height: int) -> Pinhole:
        """The same of the pictures as they come, with the lens's distortion."""
        pinhole = camera.pinhole(width, height)
        if self._lens is None:
            return pinhole
        lens = self._lens
        if (lens.width, lens.height) != (width, height):
            raise ImageSizeError(
                f"the calibration is for pictures of {lens.width}x{lens.height} px, and these have "
                f"{width}x{height}: calibrate at this size"
            )
        across = pinhole.fy * lens.fx / lens.fy
        return replace(pinhole, fx=across, cx=lens.cx, cy=lens.cy, distortion=lens.distortion)
