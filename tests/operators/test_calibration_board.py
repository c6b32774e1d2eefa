"""Boards found in pictures that OpenCV draws of them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from operators.calibration_board import CalibrationBoard, read_board, write_board
from operators.settings import SettingsError
from operators.usage_error import UsageError
from tests.operators.board_footage import texture

CHARUCO = CalibrationBoard(columns=7, rows=5, square_mm=10)
LEGACY = CalibrationBoard(columns=7, rows=6, square_mm=10, legacy=True)
CHECKERS = CalibrationBoard(pattern="checkerboard", columns=6, rows=5, square_mm=10)
PX_MM, MARGIN_MM = 8.0, 12.0


def drawn(board: CalibrationBoard) -> NDArray[np.uint8]:
    return np.repeat(texture(board, MARGIN_MM)[..., None], 3, axis=-1)


def expected(board: CalibrationBoard) -> NDArray[np.float64]:
    return (board.corners[:, :2] * 1000.0 + MARGIN_MM) * PX_MM - 0.5


@pytest.mark.parametrize("board", [CHARUCO, LEGACY, CHECKERS], ids=["charuco", "legacy", "check"])
def test_all_corners_are_found_where_they_are(board: CalibrationBoard) -> None:
    found = board.find(drawn(board))
    assert found is not None
    assert sorted(found.ids) == [*range(len(board.corners))]
    np.testing.assert_allclose(found.pixels, expected(board)[found.ids], atol=0.3)


@pytest.mark.parametrize("board", [CHARUCO, CHECKERS], ids=["charuco", "checkerboard"])
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_board_has_its_corners_in_the_same_order(
    board: CalibrationBoard, quarters: int
) -> None:
    upright = drawn(board)
    found = board.find(np.ascontiguousarray(np.rot90(upright, quarters)))
    assert found is not None
    rows, columns = upright.shape[:2]
    x, y = expected(board)[found.ids].T
    turned = {1: (y, columns - 1 - x), 2: (columns - 1 - x, rows - 1 - y), 3: (rows - 1 - y, x)}
    np.testing.assert_allclose(found.pixels, np.stack(turned[quarters], axis=-1), atol=0.3)


def test_a_charuco_board_half_hidden_still_tells_which_corners_these_are() -> None:
    picture = drawn(CHARUCO)
    picture[:, picture.shape[1] // 2 :] = 128
    found = CHARUCO.find(picture)
    assert found is not None
    assert 8 <= len(found.ids) < len(CHARUCO.corners)
    np.testing.assert_allclose(found.pixels, expected(CHARUCO)[found.ids], atol=0.3)


def test_what_shows_too_little_counts_as_not_seen() -> None:
    assert CHARUCO.find(np.full((200, 300, 3), 128, np.uint8)) is None
    assert CHECKERS.find(np.full((200, 300, 3), 128, np.uint8)) is None
    picture = drawn(CHECKERS)
    picture[: picture.shape[0] // 2] = 128
    assert CHECKERS.find(picture) is None
    one_row = drawn(CHARUCO)
    one_row[round((MARGIN_MM + 25) * PX_MM) :] = 128
    one_row[: round((MARGIN_MM + 5) * PX_MM)] = 128
    assert CHARUCO.find(one_row) is None


def test_its_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "board.yml"
    for board in (CHARUCO, CHECKERS):
        path.unlink(missing_ok=True)
        write_board(board, path)
        assert read_board(path) == board
        write_board(board, path)
    with pytest.raises(UsageError, match="is there already, with another board"):
        write_board(CHARUCO, path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pattern": "checkerboard", "columns": 8, "rows": 6}, "looks the same upside down"),
        ({"columns": 2}, "columns: Input should be greater than or equal to 3"),
        ({"marker_mm": 30.0}, "markers of 30.0 mm do not fit into squares of 24.0"),
        ({"dictionary": "5x5_50", "columns": 20}, "has 50 markers, and 20x8 squares need 80"),
        ({"dictionary": "9x9_50"}, "dictionary: expected one of 4x4_50"),
        ({"squares": 3}, "unknown key 'squares'; allowed here: columns"),
    ],
)
def test_a_board_that_cannot_be_is_refused(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    path = tmp_path / "board.yml"
    path.write_text("\n".join(f"{k}: {v}" for k, v in changes.items()))
    with pytest.raises(SettingsError) as refused:
        read_board(path)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)
