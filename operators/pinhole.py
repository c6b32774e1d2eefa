"""A pinhole camera's intrinsics, in OpenCV's convention: x right, y down, z forward."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators.transforms import Array
from operators.usage_error import UsageError


class ImageSizeError(UsageError):
    """A picture of another size than its camera's intrinsics are for."""


@dataclass(frozen=True)
class Pinhole:
    """Intrinsics for pictures of one size, without distortion.

    width, height: px. fx, fy: focal lengths, px. cx, cy: the principal point, px, where (0, 0) is
    the **centre** of the upper left pixel.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1:
            raise ImageSizeError(f"a picture of {self.width}x{self.height} px has no pixels")
        if not (np.isfinite([self.fx, self.fy, self.cx, self.cy]).all() and self.fx > 0 < self.fy):
            raise UsageError(
                f"intrinsics: expected finite numbers and focal lengths above 0, got fx {self.fx}, "
                f"fy {self.fy}, cx {self.cx}, cy {self.cy}"
            )

    @classmethod
    def from_matrix(cls, matrix: ArrayLike, width: int, height: int) -> Self:
        """Read a camera matrix K (3, 3), px. Raises UsageError for skew or another last row."""
        k = np.asarray(matrix, dtype=np.float64)
        wanted = [0.0, 0.0, 0.0, 0.0, 1.0]
        if k.shape != (3, 3) or [k[0, 1], k[1, 0], *k[2]] != wanted:
            raise UsageError(
                "intrinsics: expected [[fx, 0, cx], [0, fy, cy], [0, 0, 1]], got "
                f"{np.array2string(k, precision=4).replace(chr(10), '')}"
            )
        return cls(width, height, *(float(k[i]) for i in ((0, 0), (1, 1), (0, 2), (1, 2))))

    @property
    def matrix(self) -> Array:
        """The camera matrix K (3, 3), px."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

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
        x, y, z = np.moveaxis(np.asarray(points, dtype=np.float64), -1, 0)
        return np.stack([self.fx * x / z + self.cx, self.fy * y / z + self.cy], axis=-1)

    def rays(self, step: int = 1) -> NDArray[np.float32]:
        """Directions through the pixels' centres, of z 1: (rows, columns, 3), every step-th."""
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
