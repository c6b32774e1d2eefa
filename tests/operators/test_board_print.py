"""Pages to print, measured."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from operators.board_print import DPI, PAPERS_MM, black_rectangles, print_board
from operators.calibration_board import CalibrationBoard
from operators.usage_error import UsageError
from tests.operators.board_footage import texture

BOARDS = [
    CalibrationBoard(columns=9, rows=6, square_mm=20),
    CalibrationBoard(columns=5, rows=4, square_mm=20, legacy=True, dictionary="4x4_50"),
    CalibrationBoard(pattern="checkerboard", columns=8, rows=5, square_mm=20),
]
IDS = ["charuco", "legacy", "checkerboard"]


@pytest.mark.parametrize("board", BOARDS, ids=IDS)
def test_it_is_black_where_opencv_draws_it_black(board: CalibrationBoard) -> None:
    drawn = texture(board, margin_mm=0.0)
    rows, columns = drawn.shape
    y, x = (np.indices((rows, columns)).reshape(2, -1) + 0.5) / 8.0
    black = np.zeros(rows * columns, bool)
    for left, top, width, height in black_rectangles(board):
        black |= (x > left) & (x < left + width) & (y > top) & (y < top + height)
    differs = black.reshape(rows, columns) != (drawn < 128)
    # OpenCV draws markers of whole pixels, so that cells' edges lie up to one beside.
    assert differs.mean() < 0.02
    assert cv2.erode(differs.astype(np.uint8), np.ones((3, 3), np.uint8)).sum() == 0


@pytest.mark.parametrize("board", BOARDS, ids=IDS)
def test_a_png_is_as_large_as_it_says(board: CalibrationBoard, tmp_path: Path) -> None:
    print_board(board, tmp_path / "board.png", "a4")
    page = cv2.imread(str(tmp_path / "board.png"))
    assert page is not None
    height, width = page.shape[:2]
    np.testing.assert_allclose([width, height], np.array(PAPERS_MM["a4"]) / 25.4 * DPI, atol=1.0)
    found = board.find(np.asarray(page, np.uint8))
    assert found is not None
    assert len(found.ids) == len(board.corners)
    mm = found.pixels / DPI * 25.4
    shift = mm - board.corners[found.ids, :2] * 1000.0
    np.testing.assert_allclose(shift - shift.mean(axis=0), 0.0, atol=0.06)
    np.testing.assert_allclose(
        shift.mean(axis=0),
        (np.array(PAPERS_MM["a4"]) - np.array([board.columns, board.rows]) * 20.0) / 2.0,
        atol=0.2,
    )


def test_the_ruler_below_is_100_mm(tmp_path: Path) -> None:
    print_board(BOARDS[0], tmp_path / "board.png", "letter")
    page = cv2.imread(str(tmp_path / "board.png"), cv2.IMREAD_GRAYSCALE)
    assert page is not None
    below = round((215.9 + 6 * 20.0) / 2.0 / 25.4 * DPI) + 10
    row = (page[below:] < 128).sum(axis=1).argmax() + below
    dark = np.flatnonzero(page[row] < 128)
    runs = np.split(dark, np.flatnonzero(np.diff(dark) > 1) + 1)
    assert max(map(len, runs)) / DPI * 25.4 == pytest.approx(100.0, abs=0.3)


def test_a_pdf_has_the_papers_size(tmp_path: Path) -> None:
    print_board(BOARDS[0], tmp_path / "board.pdf", "a3")
    content = (tmp_path / "board.pdf").read_bytes()
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", content)
    assert box is not None
    np.testing.assert_allclose([float(n) / 72 * 25.4 for n in box.groups()], (420, 297), atol=0.1)


@pytest.mark.parametrize(
    ("name", "paper", "words"),
    [
        ("board.jpg", "a4", "ends in .pdf or .png"),
        ("board.pdf", "a9", "paper 'a9': expected one of a4, a3"),
    ],
)
def test_other_files_and_papers_are_refused(
    tmp_path: Path, name: str, paper: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        print_board(BOARDS[0], tmp_path / name, paper)


def test_a_board_that_is_too_large_is_refused_with_what_fits(tmp_path: Path) -> None:
    board = CalibrationBoard(columns=11, rows=8, square_mm=30)
    with pytest.raises(UsageError, match=r"do not fit on a4, 297x210 mm: make the squares 25 mm"):
        print_board(board, tmp_path / "board.pdf", "a4")
    print_board(board.model_copy(update={"square_mm": 25.0}), tmp_path / "board.png", "a4")
