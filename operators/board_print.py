"""Boards to print, as PDF or PNG of a page whose millimetres are true."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from operators.calibration_board import CalibrationBoard
from operators.transforms import Array
from operators.usage_error import UsageError

PAPERS_MM: Final = {
    "a4": (297.0, 210.0),
    "a3": (420.0, 297.0),
    "a2": (594.0, 420.0),
    "letter": (279.4, 215.9),
}
"""Width and height, lying."""

DPI: Final = 300
MARGIN_MM: Final = 5.0
"""White around the board, without which its outer squares have no edge."""

RULER_MM: Final = 100.0
MM_PER_INCH: Final = 25.4


def black_rectangles(board: CalibrationBoard) -> Array:
    """What is black: (n, 4), left, top, width and height in mm from the board's upper left."""
    side = board.square_mm
    if board.pattern == "checkerboard":
        return np.array(
            [
                [column * side, row * side, side, side]
                for row in range(board.rows)
                for column in range(board.columns)
                if (row + column) % 2 == 0
            ]
        )
    charuco = board.charuco
    markers = [np.asarray(corners)[0, :2] * 1000.0 for corners in charuco.getObjPoints()]
    ids = np.ravel(charuco.getIds())
    white = {tuple((corner // side).astype(int).tolist()) for corner in markers}
    squares = [
        [column * side, row * side, side, side]
        for row in range(board.rows)
        for column in range(board.columns)
        if (column, row) not in white
    ]
    dictionary = charuco.getDictionary()
    cells = dictionary.markerSize + 2
    cell = board.marker_side_mm / cells
    for corner, number in zip(markers, ids, strict=True):
        bits = cv2.aruco.generateImageMarker(dictionary, int(number), cells)
        squares += [
            [corner[0] + column * cell, corner[1] + row * cell, cell, cell]
            for row, column in zip(*np.nonzero(bits == 0), strict=True)
        ]
    return np.array(squares)


def print_board(board: CalibrationBoard, path: Path, paper: str) -> None:
    """Write a page to print.

    path: .pdf, or .png of 300 dots per inch. paper: one of PAPERS_MM.
    Raises UsageError for another ending or paper, or where the board does not fit.
    """
    if path.suffix.lower() not in (".pdf", ".png"):
        raise UsageError(f"{path}: expected a name that ends in .pdf or .png")
    if paper not in PAPERS_MM:
        raise UsageError(f"paper {paper!r}: expected one of {', '.join(PAPERS_MM)}")
    page = np.array(PAPERS_MM[paper])
    size = np.array([board.columns, board.rows]) * board.square_mm
    if (size + 2 * MARGIN_MM > page).any():
        fits = np.floor(((page - 2 * MARGIN_MM) / [board.columns, board.rows]).min() * 2) / 2
        raise UsageError(
            f"{board.columns}x{board.rows} squares of {board.square_mm:g} mm do not fit on "
            f"{paper}, {page[0]:g}x{page[1]:g} mm: make the squares {fits:g} mm, or take a larger "
            "paper"
        )
    _draw(board, path, page, (page - size) / 2.0)


def _draw(board: CalibrationBoard, path: Path, page: Array, corner: Array) -> None:
    # matplotlib takes half a second to import.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    figure = Figure(figsize=tuple(page / MM_PER_INCH), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0.0, page[0]), ylim=(page[1], 0.0))
    axes.set_axis_off()
    rectangles = black_rectangles(board)
    left_top, sides = rectangles[:, :2] + corner, rectangles[:, 2:]
    steps = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]])
    vertices = (left_top[:, None] + sides[:, None] * steps).reshape(-1, 2)
    codes = [Outline.MOVETO, *[Outline.LINETO] * 3, Outline.CLOSEPOLY] * len(rectangles)
    # One outline for all: neighbours that are painted apart would show a seam between them.
    axes.add_patch(PathPatch(Outline(vertices, codes), facecolor="black", linewidth=0))
    below = page[1] - corner[1] / 2.0
    start = corner[0]
    axes.plot([start, start + RULER_MM], [below, below], color="black", linewidth=0.5)
    for end in (start, start + RULER_MM):
        axes.plot([end, end], [below - 1.2, below + 1.2], color="black", linewidth=0.5)
    axes.text(
        start + RULER_MM + 3.0,
        below,
        f"{RULER_MM:g} mm, if printed at 100 %. {words(board)}",
        fontsize=5.5,
        verticalalignment="center",
    )
    figure.savefig(path, dpi=DPI)


def words(board: CalibrationBoard) -> str:
    """The board in a few words."""
    squares = f"{board.columns}x{board.rows} squares of {board.square_mm:g} mm"
    if board.pattern == "checkerboard":
        return f"Checkerboard, {squares}"
    return f"ChArUco, {squares}, markers {board.marker_side_mm:g} mm, {board.dictionary}"
