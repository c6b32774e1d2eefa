"""A pinhole camera's intrinsics, in OpenCV's convention: x right, y down, z forward."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final, Self

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ConfigDict

from operators.transforms import Array
from operators.usage_error import UsageError

DISTORTION_TERMS: Final = 14
"""k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4 tx ty, in OpenCV's order."""

DISTORTION_MODELS: Final = (0, 4, 5, 8, 12, 14)
"""How many of these OpenCV's models have; the others are 0."""

UNDISTORTION_STEPS: Final = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-9)
"""OpenCV's own five steps leave 0.4 px in the corners of a lens with k1 = -0.3, 45 degrees out."""


class ImageSizeError(UsageError):
    """A picture of another size than its camera's intrinsics are for."""


@dataclass(frozen=True)
class Pinhole:
    """Intrinsics for pictures of one size.

    width, height: px. fx, fy: focal lengths, px. cx, cy: the principal point, px, where (0, 0) is
    the **centre** of the upper left pixel. distortion: of the lens, in OpenCV's order and as many
    terms as one of its models has; none for an ideal one.
    Raises ImageSizeError for a picture without pixels, UsageError for numbers that are no lens.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", allow_inf_nan=False)

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1:
            raise ImageSizeError(f"a picture of {self.width}x{self.height} px has no pixels")
        if not (np.isfinite([self.fx, self.fy, self.cx, self.cy]).all() and self.fx > 0 < self.fy):
            raise UsageError(
                f"intrinsics: expected finite numbers and focal lengths above 0, got fx {self.fx}, "
                f"fy {self.fy}, cx {self.cx}, cy {self.cy}"
            )
        terms = np.asarray(self.distortion, dtype=np.float64)
        if len(terms) not in DISTORTION_MODELS or not np.isfinite(terms).all():
            allowed = ", ".join(map(str, DISTORTION_MODELS))
            raise UsageError(
                f"distortion: expected {allowed} finite numbers, k1 k2 p1 p2 k3 ..., got "
                f"{len(terms)}: {terms.tolist()}"
            )

    @classmethod
    def from_matrix(
        cls, matrix: ArrayLike, width: int, height: int, distortion: ArrayLike = ()
    ) -> Self:
        """Read a camera matrix K (3, 3), px. Raises UsageError for skew or another last row."""
        k = np.asarray(matrix, dtype=np.float64)
        wanted = [0.0, 0.0, 0.0, 0.0, 1.0]
        if k.shape != (3, 3) or [k[0, 1], k[1, 0], *k[2]] != wanted:
            raise UsageError(
                "intrinsics: expected [[fx, 0, cx], [0, fy, cy], [0, 0, 1]], got "
                f"{np.array2string(k, precision=4).replace(chr(10), '')}"
            )
        terms = tuple(np.ravel(np.asarray(distortion, dtype=np.float64)).tolist())
        fx, fy, cx, cy = (float(k[i]) for i in ((0, 0), (1, 1), (0, 2), (1, 2)))
        return cls(width, height, fx, fy, cx, cy, terms)

    @classmethod
    def guess(cls, width: int, height: int, horizontal_fov_deg: float) -> Self:
        """Square pixels, no distortion, the principal point in the middle."""
        focal = float(width / 2.0 / np.tan(np.deg2rad(horizontal_fov_deg) / 2.0))
        return cls(width, height, focal, focal, (width - 1) / 2.0, (height - 1) / 2.0)

    @property
    def matrix(self) -> Array:
        """The camera matrix K (3, 3), px."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    @property
    def lens(self) -> Array:
        """(4,) fx fy cx cy, px."""
        return np.array([self.fx, self.fy, self.cx, self.cy])

    @property
    def distortion_terms(self) -> Array:
        """(14,) in OpenCV's order, 0 where its model has fewer."""
        terms = np.zeros(DISTORTION_TERMS)
        terms[: len(self.distortion)] = self.distortion
        return terms

    @property
    def is_distorted(self) -> bool:
        """Whether straight lines may look bent."""
        return any(self.distortion)

    @property
    def ideal(self) -> Self:
        """The same camera without distortion."""
        return replace(self, distortion=())

    def check_size(self, picture: NDArray[np.generic], what: str) -> None:
        """Raise ImageSizeError unless a picture (rows, columns, ...) is of this camera's size."""
        if picture.shape[:2] != (self.height, self.width):
            rows, columns = picture.shape[:2]
            raise ImageSizeError(
                f"{what}: expected {self.width}x{self.height} px as the calibration says, got "
                f"{columns}x{rows}; calibrate at this size, or record at that one"
            )

    def project(self, points: ArrayLike) -> Array:
        """Where points (..., 3), m, in the camera's frame are seen: (..., 2) px, column and row."""
        at = np.asarray(points, dtype=np.float64)
        if self.is_distorted and at.size:  # OpenCV fails for no points
            flat = at.reshape(-1, 1, 3)
            nowhere = np.zeros(3)
            seen, _ = cv2.projectPoints(flat, nowhere, nowhere, self.matrix, self.distortion_terms)
            return np.asarray(seen, dtype=np.float64).reshape(*at.shape[:-1], 2)
        x, y, z = np.moveaxis(at, -1, 0)
        return np.stack([self.fx * x / z + self.cx, self.fy * y / z + self.cy], axis=-1)

    def normalised(self, pixels: ArrayLike) -> Array:
        """Where pixels (..., 2) lie in the plane at depth 1, (..., 2), distortion taken out."""
        at = np.asarray(pixels, dtype=np.float64)
        if not self.is_distorted or not at.size:
            ideal: Array = (at - self.lens[2:]) / self.lens[:2]
            return ideal
        flat = at.reshape(-1, 1, 2)
        found = cv2.undistortPoints(
            flat, self.matrix, self.distortion_terms, criteria=UNDISTORTION_STEPS
        )
        return np.asarray(found, dtype=np.float64).reshape(at.shape)

    def undistorted(self, pixels: ArrayLike) -> Array:
        """Where the `ideal` camera would see what this one sees at pixels (..., 2), px."""
        ideal: Array = self.normalised(pixels) * self.lens[:2] + self.lens[2:]
        return ideal

    def rays(self, step: int = 1) -> NDArray[np.float32]:
        """Directions through an ideal lens's pixels, of z 1: (rows, columns, 3), each step-th."""
        column = (np.arange(0, self.width, step) - self.cx) / self.fx
        row = (np.arange(0, self.height, step) - self.cy) / self.fy
        rays = np.ones((len(row), len(column), 3), np.float32)
        rays[..., 0], rays[..., 1] = column, row[:, None]
        return rays

    def clip_from_camera(self, near_m: float, far_m: float) -> Array:
        """OpenGL's projection (4, 4), whose lowest row of pixels is the picture's upper one.

        A framebuffer is read from its lowest row on, so that nothing has to be flipped; triangles
        turn their sense. OpenGL counts from the pixels' corners, OpenCV from their centres: that is
        the half.
        """
        projection = np.zeros((4, 4))
        projection[0, 0] = 2.0 * self.fx / self.width
        projection[0, 2] = 2.0 * (self.cx + 0.5) / self.width - 1.0
        projection[1, 1] = 2.0 * self.fy / self.height
        projection[1, 2] = 2.0 * (self.cy + 0.5) / self.height - 1.0
        projection[2, 2] = (far_m + near_m) / (far_m - near_m)
        projection[2, 3] = -2.0 * far_m * near_m / (far_m - near_m)
        projection[3, 2] = 1.0
        return projection
