"""The boards that cameras are calibrated with: ChArUco boards and checkerboards."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, Self

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import Field, model_validator

from operators.section import Section
from operators.transforms import Array
from operators.usage_error import UsageError
from operators.yaml_section import load_section

FEWEST_CORNERS: Final = 8
"""Of a picture that counts: a homography has as many unknowns, and half as many would do."""

SMALLEST_SPREAD: Final = 0.15
"""Of the corners across their direction of least spread, by that of the most: not all in a row."""

DICTIONARIES: Final = tuple(
    f"{bits}x{bits}_{count}" for bits in (4, 5, 6, 7) for count in (50, 100, 250, 1000)
)


@dataclass(frozen=True, eq=False)
class FoundCorners:
    """Inner corners of a board in a picture. ids: (n,) int, by rows. pixels: (n, 2) px."""

    ids: NDArray[np.int64]
    pixels: Array


class CalibrationBoard(Section):
    """A flat board, as its file tells.

    Its frame has its origin at the outer corner of the upper left square, x to the right along the
    columns, y down along the rows and z into the board, as OpenCV's ChArUco boards have it.
    """

    version: Literal[1] = 1
    pattern: Literal["charuco", "checkerboard"] = "charuco"
    columns: int = Field(default=11, ge=3, le=60, description="squares along its upper edge")
    rows: int = Field(default=8, ge=3, le=60, description="squares along its left edge")
    square_mm: float = Field(default=24.0, gt=0, description="side of a square, as measured")
    marker_mm: float | None = Field(
        default=None, gt=0, description="side of a ChArUco marker; three quarters of a square's"
    )
    dictionary: str = Field(default="5x5_250", description="of the ChArUco markers")
    legacy: bool = Field(
        default=False, description="a ChArUco board of OpenCV before 4.6, or of calib.io"
    )

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Self:
        if self.pattern == "checkerboard":
            if (self.columns + self.rows) % 2 == 0:
                raise ValueError(
                    f"a checkerboard of {self.columns}x{self.rows} squares looks the same upside "
                    "down: make one of the two numbers odd and the other even"
                )
            return self
        if self.dictionary not in DICTIONARIES:
            raise ValueError(f"dictionary: expected one of {', '.join(DICTIONARIES)}")
        if self.marker_side_mm >= self.square_mm:
            raise ValueError(
                f"markers of {self.marker_side_mm} mm do not fit into squares of {self.square_mm}"
            )
        there = int(self.dictionary.split("_")[1])
        if self.columns * self.rows // 2 > there:
            raise ValueError(
                f"dictionary {self.dictionary} has {there} markers, and {self.columns}x{self.rows} "
                f"squares need {self.columns * self.rows // 2}"
            )
        return self

    @property
    def marker_side_mm(self) -> float:
        """Side of a ChArUco marker, mm."""
        return 0.75 * self.square_mm if self.marker_mm is None else self.marker_mm

    @property
    def inner(self) -> tuple[int, int]:
        """Inner corners along the columns and along the rows."""
        return self.columns - 1, self.rows - 1

    @cached_property
    def corners(self) -> Array:
        """All inner corners (n, 3), m, in the board's frame, by rows."""
        across, down = np.meshgrid(np.arange(1, self.columns), np.arange(1, self.rows))
        flat = np.stack([across, down, np.zeros_like(across)], axis=-1).reshape(-1, 3)
        return np.asarray(flat * (self.square_mm / 1000.0), np.float64)

    @cached_property
    def charuco(self) -> Any:
        """OpenCV's own board, m."""
        name = f"DICT_{self.dictionary.upper()}"
        dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, name))
        sides_m = self.square_mm / 1000.0, self.marker_side_mm / 1000.0
        board = cv2.aruco.CharucoBoard((self.columns, self.rows), *sides_m, dictionary)
        board.setLegacyPattern(self.legacy)
        return board

    @cached_property
    def _detector(self) -> Any:
        return cv2.aruco.CharucoDetector(self.charuco)

    def find(self, picture: NDArray[np.uint8]) -> FoundCorners | None:
        """Find the board in a picture (rows, columns, 3) RGB; None where it is not seen well.

        Of a ChArUco board some corners will do; a checkerboard must be seen whole.
        """
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
        found = self._charuco(grey) if self.pattern == "charuco" else self._checkerboard(grey)
        if found is None or len(found.ids) < FEWEST_CORNERS:
            return None
        spread = np.linalg.svd(self.corners[found.ids, :2] - self.corners[found.ids, :2].mean(0))[1]
        return found if spread[1] > SMALLEST_SPREAD * spread[0] else None

    def _charuco(self, grey: NDArray[np.uint8]) -> FoundCorners | None:
        corners, ids, _, _ = self._detector.detectBoard(grey)
        if ids is None:
            return None
        return FoundCorners(
            np.asarray(ids, np.int64).ravel(), np.asarray(corners, np.float64).reshape(-1, 2)
        )

    def _checkerboard(self, grey: NDArray[np.uint8]) -> FoundCorners | None:
        seen, corners = cv2.findChessboardCornersSB(grey, self.inner, cv2.CALIB_CB_ACCURACY)
        if not seen:
            return None
        pixels = np.asarray(corners, np.float64).reshape(-1, 2)
        ids = np.arange(len(pixels))
        return FoundCorners(ids, pixels if self._begins_black(grey, pixels) else pixels[::-1])

    def _begins_black(self, grey: NDArray[np.uint8], pixels: Array) -> bool:
        """Whether the square outside the first corner is dark, and outside the last one light."""
        grid = pixels.reshape(self.rows - 1, self.columns - 1, 2)
        levels = []
        for corner, inner in ((grid[0, 0], grid[1, 1]), (grid[-1, -1], grid[-2, -2])):
            # Half a square outwards; perspective and distortion change little over that.
            column, row = np.rint(corner + (corner - inner) / 2.0).astype(int)
            row = min(max(row, 0), grey.shape[0] - 1)
            column = min(max(column, 0), grey.shape[1] - 1)
            levels.append(int(grey[row, column]))
        return levels[0] < levels[1]


def read_board(path: Path) -> CalibrationBoard:
    """Read a board's file. Raises SettingsError naming the file, the key and what is allowed."""
    return load_section(path, CalibrationBoard)


def write_board(board: CalibrationBoard, path: Path) -> None:
    """Write a board's file. Raises UsageError where it is there and says something else."""
    if path.exists() and read_board(path) != board:
        raise UsageError(f"{path}: is there already, with another board; move it away first")
    content = board.model_dump(exclude_none=True)
    if board.pattern == "checkerboard":
        content = {k: v for k, v in content.items() if k not in ("dictionary", "legacy")}
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
