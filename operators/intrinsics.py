"""A camera's lens: calibrated, or guessed and said to be."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Self

import cv2
import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, ValidationError

from operators.camera_messages import CameraImage
from operators.camera_settings import CameraSettings
from operators.section import Section
from operators.settings import SettingsError, resolve
from operators.transforms import Array

Positive = Annotated[float, Field(gt=0)]


class Intrinsics(Section):
    """How a lens maps directions to pixels: a pinhole with OpenCV's distortion.

    Axes are the camera's: x right, y down, z forward. The picture is the one after
    `camera.mirrored` has been undone.
    """

    columns: int = Field(gt=0, description="width of the pictures that it was calibrated with, px")
    rows: int = Field(gt=0, description="height of those, px")
    focal_lengths: tuple[Positive, Positive] = Field(description="fx fy, px")
    principal_point: tuple[float, float] = Field(description="cx cy, px")
    distortion: tuple[float, float, float, float, float] = Field(
        default=(0.0,) * 5, description="k1 k2 p1 p2 k3, as OpenCV calibrates"
    )

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read a calibration from YAML. Raises SettingsError naming the file and the key."""
        path = resolve(path)
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise SettingsError(
                f"{path}: cannot read this calibration: {error.strerror}; without "
                "camera.calibration the lens is guessed"
            ) from None
        except yaml.YAMLError as error:
            raise SettingsError(f"{path}: not YAML: {error}") from None
        except ValidationError as error:
            faults = "\n".join(
                f"{path}: {'.'.join(map(str, fault['loc'])) or 'the whole file'}: {fault['msg']}, "
                f"got {fault['input']!r:.80}"
                for fault in error.errors()
            )
            raise SettingsError(faults) from None

    @classmethod
    def guess(cls, columns: int, rows: int, horizontal_fov_deg: float) -> Self:
        """Square pixels, no distortion, the principal point in the middle."""
        focal = columns / 2.0 / np.tan(np.deg2rad(horizontal_fov_deg) / 2.0)
        return cls(
            columns=columns,
            rows=rows,
            focal_lengths=(focal, focal),
            principal_point=((columns - 1) / 2.0, (rows - 1) / 2.0),
        )

    @property
    def lens(self) -> Array:
        """(4,) fx fy cx cy, px."""
        return np.array([*self.focal_lengths, *self.principal_point])


class Lens:
    """Says with every picture which lens it was taken with.

    report: is called with a subject and what the user should know about it.
    Raises SettingsError if the calibration cannot be read.
    """

    def __init__(self, settings: CameraSettings, report: Callable[[str, str], None]) -> None:
        self._report = report
        self._fov_deg = settings.horizontal_fov_deg
        self._calibration = settings.calibration
        self._intrinsics = (
            None if settings.calibration is None else Intrinsics.load(settings.calibration)
        )

    def image(self, pixels: NDArray[np.uint8]) -> CameraImage:
        """A picture (rows, columns, 3) RGB with its lens.

        The lens is NaN where the calibration is for another size: a crop and a scaling look the
        same from here, so nothing is made up.
        """
        rows, columns, _ = pixels.shape
        lens, distortion = np.full(4, np.nan), np.full(5, np.nan)
        known = self._intrinsics
        fits = known is not None and (known.columns, known.rows) == (columns, rows)
        if not fits and self._calibration is None:
            known = self._intrinsics = Intrinsics.guess(columns, rows, self._fov_deg)
            self._report(
                "lens",
                f"guessed to see {self._fov_deg:g} degrees across, so distances are rough: set "
                "camera.calibration, or camera.horizontal_fov_deg",
            )
            fits = True
        assert known is not None
        if fits:
            lens, distortion = known.lens, np.array(known.distortion)
        else:
            self._report(
                "lens",
                f"pictures are {columns}x{rows} px, but {self._calibration} is for "
                f"{known.columns}x{known.rows}: hands are not followed. Set camera.size, or "
                "calibrate at this size",
            )
        return CameraImage(pixels=pixels, lens=lens, distortion=distortion)


def normalised_points(pixels: ArrayLike, lens: ArrayLike, distortion: ArrayLike) -> Array:
    """Where pixels (n, 2) lie in the plane at depth 1 of an ideal camera, (n, 2).

    lens: (4,) fx fy cx cy, px. distortion: (5,) k1 k2 p1 p2 k3.
    """
    points = np.asarray(pixels, dtype=np.float64)
    focal, centre = np.split(np.asarray(lens, dtype=np.float64), 2)
    distortion = np.asarray(distortion, dtype=np.float64)
    if not distortion.any():
        ideal: Array = (points - centre) / focal
        return ideal
    camera = np.array([[focal[0], 0, centre[0]], [0, focal[1], centre[1]], [0, 0, 1]])
    undistorted = cv2.undistortPoints(points.reshape(-1, 1, 2), camera, distortion)
    return np.asarray(undistorted, dtype=np.float64).reshape(-1, 2)
