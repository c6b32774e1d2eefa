"""A camera's lens: calibrated, or guessed and said to be."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from operators.calibration_file import read_calibration
from operators.camera_messages import CameraImage, Keypoints
from operators.camera_settings import CameraSettings
from operators.pinhole import DISTORTION_TERMS, Pinhole
from operators.settings import SettingsError, resolve


class Lens:
    """Says with every picture which camera took it, and with which lens.

    report: is called with a subject and what the user should know about it. camera: its name,
    empty of the only one. section: of the settings, to name in what is said.
    Raises SettingsError if the calibration cannot be read, or does not know the camera.
    """

    def __init__(
        self,
        settings: CameraSettings,
        report: Callable[[str, str], None],
        camera: str = "",
        section: str = "camera",
    ) -> None:
        self._report = report
        self._camera, self._section = camera, section
        self._fov_deg = settings.horizontal_fov_deg
        self._calibration = settings.calibration
        self._known = calibrated_lens(settings)

    def image(self, pixels: NDArray[np.uint8]) -> CameraImage:
        """A picture (rows, columns, 3) RGB with its lens.

        The lens is NaN where the calibration is for another size: a crop and a scaling look the
        same from here, so nothing is made up.
        """
        rows, columns, _ = pixels.shape
        lens, distortion = np.full(4, np.nan), np.full(DISTORTION_TERMS, np.nan)
        known = self._known
        fits = known is not None and (known.width, known.height) == (columns, rows)
        if not fits and self._calibration is None:
            known = self._known = Pinhole.guess(columns, rows, self._fov_deg)
            self._report(
                "lens",
                f"guessed to see {self._fov_deg:g} degrees across, so distances are rough: set "
                "camera.calibration, or camera.horizontal_fov_deg",
            )
            fits = True
        assert known is not None
        if fits:
            lens, distortion = known.lens, known.distortion_terms
        else:
            self._report(
                "lens",
                f"pictures are {columns}x{rows} px, but {self._calibration} is for "
                f"{known.width}x{known.height}: hands are not followed. Set "
                f"{self._section}.size, or calibrate at this size",
            )
        return CameraImage(camera=self._camera, pixels=pixels, lens=lens, distortion=distortion)


def calibrated_lens(settings: CameraSettings) -> Pinhole | None:
    """The lens that `camera.calibration` names; None where it is to be guessed.

    Raises SettingsError naming the file, and the cameras that it knows.
    """
    if settings.calibration is None:
        return None
    path = resolve(settings.calibration)
    cameras = read_calibration(path).cameras
    serial = settings.serial
    if serial is None and len(cameras) == 1:
        (serial,) = cameras
    if serial is None or serial not in cameras:
        given = "" if serial is None else f", got {serial}"
        raise SettingsError(f"camera.serial: {path} knows {', '.join(cameras)}{given}")
    return cameras[serial].pinhole


def seen_through(keypoints: Keypoints) -> Pinhole | None:
    """The lens that keypoints were seen through; None where it is not known."""
    if not np.isfinite(keypoints.lens).all():
        return None
    fx, fy, cx, cy = keypoints.lens.tolist()
    distortion = tuple(keypoints.distortion.tolist())
    return Pinhole(keypoints.columns, keypoints.rows, fx, fy, cx, cy, distortion)
