"""The equirectangular panorama of a cube map.

Columns are longitudes and rows latitudes, sampled at the pixels' centres: u = (column + 0.5) / W,
v = (row + 0.5) / H. The centre of the picture is forward, right of it is to the right, row 0 is up,
and both ends of a row are behind.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Final, Literal, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators.cube_map import FACE_ORDER, face_pixel_of_direction
from operators.settings import SettingsError

Pixels = NDArray[np.uint8]

BLOCK_ROWS: Final = 144
"""Rows converted at a time. What lies between the two steps then stays in the processor's caches;
with fewer rows the cores wait for each other at a busy machine."""


class Rectangle(NamedTuple):
    """Pixels [top, bottom) x [left, right) of a panorama."""

    left: int
    top: int
    right: int
    bottom: int


def direction_of_pixel(
    column: ArrayLike, row: ArrayLike, height: int, width: int
) -> NDArray[np.float64]:
    """Unit directions (..., 3) in the world (x forward, y left, z up) of panorama pixels (...)."""
    longitude = ((np.asarray(column) + 0.5) / width - 0.5) * (2.0 * np.pi)
    latitude = (0.5 - (np.asarray(row) + 0.5) / height) * np.pi
    longitude, latitude = np.broadcast_arrays(longitude, latitude)
    return np.stack(
        [
            np.cos(latitude) * np.cos(longitude),
            -np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ],
        axis=-1,
    )


def pixel_of_direction(
    direction: ArrayLike, height: int, width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Columns and rows (...), pixel-centred, where directions (..., 3) in the world appear.

    Columns reach from -0.5 (behind) to width - 0.5 (behind again), rows from -0.5 (up) to
    height - 0.5 (down). The directions may have any length but zero.
    """
    x, y, z = np.moveaxis(np.asarray(direction, dtype=np.float64), -1, 0)
    column = (np.arctan2(-y, x) / (2.0 * np.pi) + 0.5) * width - 0.5
    row = (0.5 - np.arctan2(z, np.hypot(x, y)) / np.pi) * height - 0.5
    return column, row


Interpolation = Literal["nearest", "linear", "cubic"]

OPENCV: Final[dict[Interpolation, int]] = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
}

REACH: Final[dict[Interpolation, int]] = {"nearest": 1, "linear": 1, "cubic": 2}
"""How many pixels to either side of a place make its colour."""


class Converter(Protocol):
    """Turns six faces into a panorama."""

    def convert(
        self, faces: Pixels, out: Pixels, rectangles: Sequence[Rectangle] | None = None
    ) -> None:
        """Write the panorama of faces (6, N, N, 3 or 4) into out (H, W, 3).

        rectangles: what has to be written at least; without them everything.
        Raises ValueError for faces or an output of another shape or dtype.
        """


class CubeToEquirect:
    """Converts faces with a lookup table made once, interpolating within each face.

    The table's coordinates stop short of a face's edge, so that no colour bleeds in from the face
    that happens to be stored next to it.

    face_size: pixels along a face; height, width: the panorama's.
    """

    def __init__(
        self, face_size: int, height: int, width: int, interpolation: Interpolation = "linear"
    ) -> None:
        self._face_size, self._height, self._width = face_size, height, width
        self._interpolation = OPENCV[interpolation]
        face, column, row = source_pixels(face_size, height, width, inside=REACH[interpolation] - 1)
        # Together they are large enough for numpy to ask for huge pages.
        self._column, self._row = np.empty((2, height, width), np.float32)
        self._column[:] = column
        np.add(row, face * np.float32(face_size), out=self._row)
        self._block = np.zeros((BLOCK_ROWS, width, 4), np.uint8)
        self._widened: Pixels | None = None

    def convert(
        self, faces: Pixels, out: Pixels, rectangles: Sequence[Rectangle] | None = None
    ) -> None:
        """See Converter. Faces with a fourth channel, which is ignored, are converted faster."""
        check_pixels("faces", faces, (6, self._face_size, self._face_size, (3, 4)))
        check_pixels("out", out, (self._height, self._width, 3))
        stack = faces.reshape(-1, *faces.shape[2:])
        if faces.shape[3] == 3:
            # Widening costs 0.3 ms of 720-pixel faces and saves 1 ms: OpenCV's remapping is
            # fastest with floating-point tables and pixels of four bytes.
            self._widened = cv2.cvtColor(stack, cv2.COLOR_RGB2RGBA, dst=self._widened)
            stack = self._widened
        if rectangles is None:
            rectangles = [Rectangle(0, 0, self._width, self._height)]
        for left, top, right, bottom in rectangles:
            for first in range(top, bottom, BLOCK_ROWS):
                part = np.s_[first : min(first + BLOCK_ROWS, bottom), left:right]
                column, row = self._column[part], self._row[part]
                block = self._block[: column.shape[0], : column.shape[1]]
                cv2.remap(stack, column, row, self._interpolation, dst=block)
                cv2.cvtColor(block, cv2.COLOR_RGBA2RGB, dst=out[part])


class Py360Convert:
    """Converts faces with the package py360convert.

    Its grid includes both ends of each axis and is up to half a pixel off.

    face_size: pixels along a face; height, width: the panorama's, the width a multiple of 8.
    Raises SettingsError without the package, and for another width.
    """

    def __init__(
        self, face_size: int, height: int, width: int, interpolation: Interpolation = "linear"
    ) -> None:
        try:
            import py360convert
        except ImportError as error:
            raise SettingsError(
                "converter: py360convert needs the package of that name: "
                "pip install 'panodora[py360convert]', or set panorama.converter to table"
            ) from error
        if width % 8:
            raise SettingsError(
                f"converter: py360convert needs a width that is a multiple of 8, got {width}; "
                "change panorama.width, or set panorama.converter to table"
            )
        self._c2e = partial(py360convert.c2e, mode=interpolation, cube_format="dict")
        self._face_size, self._height, self._width = face_size, height, width

    def convert(
        self, faces: Pixels, out: Pixels, rectangles: Sequence[Rectangle] | None = None
    ) -> None:
        """See Converter."""
        check_pixels("faces", faces, (6, self._face_size, self._face_size, (3, 4)))
        check_pixels("out", out, (self._height, self._width, 3))
        named = dict(zip(FACE_ORDER, faces[..., :3], strict=True))
        out[:] = self._c2e(named, self._height, self._width)


CONVERTERS: Final[dict[str, type[CubeToEquirect] | type[Py360Convert]]] = {
    "table": CubeToEquirect,
    "py360convert": Py360Convert,
}
"""By their names in the settings."""


@lru_cache(maxsize=1)
def source_pixels(
    face_size: int, height: int, width: int, inside: int = 0
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """Where each panorama pixel is taken from: faces, columns and rows, (height, width) each.

    The pixel-centred columns and rows are kept within [inside, face_size - 1 - inside]. All who ask
    for the same share these arrays, which cannot be written to.
    """
    faces = np.empty((height, width), np.int32)
    columns, rows = np.empty((2, height, width), np.float32)
    last = face_size - 1 - inside
    for first in range(0, height, BLOCK_ROWS):
        part = slice(first, min(first + BLOCK_ROWS, height))
        row = np.arange(part.start, part.stop)[:, None]
        face, face_column, face_row = face_pixel_of_direction(
            direction_of_pixel(np.arange(width), row, height, width), face_size
        )
        faces[part] = face
        columns[part], rows[part] = face_column.clip(inside, last), face_row.clip(inside, last)
    for found in (faces, columns, rows):
        found.flags.writeable = False
    return faces, columns, rows


def check_pixels(name: str, pixels: Pixels, shape: tuple[int | tuple[int, ...], ...]) -> None:
    """Raise ValueError unless an array is uint8, C-contiguous and of this shape.

    shape: a length an axis, or the lengths among which an axis may choose.
    """
    allowed = [length if isinstance(length, tuple) else (length,) for length in shape]
    fits = len(pixels.shape) == len(shape) and all(
        given in choices for given, choices in zip(pixels.shape, allowed, strict=True)
    )
    if not fits or pixels.dtype != np.uint8 or not pixels.flags.c_contiguous:
        expected = ", ".join(" or ".join(map(str, choices)) for choices in allowed)
        order = "" if pixels.flags.c_contiguous else ", not C-contiguous"
        raise ValueError(
            f"{name}: expected C-contiguous uint8 ({expected}), "
            f"got {pixels.dtype} {pixels.shape}{order}"
        )
