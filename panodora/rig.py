"""`panodora rig`: calibrate several cameras, or read a calibration of them."""

import argparse
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from operators.board_print import PAPERS_MM, print_board, words
from operators.calibration import Calibration
from operators.calibration_board import DICTIONARIES, CalibrationBoard, write_board
from operators.calibration_file import write_calibration
from operators.calibration_import_opencv import import_opencv, import_opencv_pair
from operators.calibration_import_two_view import import_two_view
from operators.ho_cap import HoCapSequence
from operators.usage_error import UsageError
from panodora import rig_calibrate

FOLDER: Final = Path("out/calibration")

EXAMPLES: Final = """\
examples:
  panodora rig board board.pdf          a page to print, and board.yml, which says what is on it
  panodora rig calibrate left=left.mp4 right=right.mp4 --board board.yml
  panodora rig two-view DATA --size 720x720 --unit-mm 25
  panodora rig opencv webcam=calibration.yml
  panodora rig ho-cap data/subject_8/20231024_180733
each ends with the lines that `capture` in your settings needs; see docs/capture.md
"""

BOARD_EXAMPLES: Final = """\
examples:
  panodora rig board board.pdf                               ChArUco, 11x8 squares of 24 mm, on A4
  panodora rig board board.pdf --paper a3 --square-mm 34
  panodora rig board board.png --pattern checkerboard --squares 10x7 --square-mm 25
print it at 100 %, glue it to something flat, measure the line below it and some squares, and write
what you measured into the .yml file
"""

OPENCV_EXAMPLES: Final = """\
examples:
  panodora rig opencv webcam=calibration.yml
                          one camera, as OpenCV's calibration sample writes it
  panodora rig opencv left=left.yml right=right.yml --unit-mm 1
                          two, each with R and T, which are in millimetres
  panodora rig opencv intrinsics.yml extrinsics.yml --size 640x480 --unit-mm 25
                          a pair, as OpenCV's stereo sample writes it; T is in squares of 25 mm
"""

TWO_VIEW_EXAMPLES: Final = """\
examples:
  panodora rig two-view camera_parameters --size 720x720 --unit-mm 25
                          c0.dat, rot_trans_c0.dat, c1.dat ...; their squares were 25 mm
"""

HO_CAP_EXAMPLES: Final = """\
examples:
  panodora rig ho-cap data/subject_8/20231024_180733
                          the calibration is looked for in data/calibration
"""


def add_parser(commands: Any) -> None:
    """Add `panodora rig` and its commands."""
    parser = commands.add_parser(
        "rig",
        help="calibrate several cameras with a printed board, or read a calibration of them",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    rig = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_board(rig)
    rig_calibrate.add_parser(rig, FOLDER)
    opencv = _add(rig, "opencv", "read what OpenCV's FileStorage wrote", OPENCV_EXAMPLES)
    opencv.add_argument("files", nargs="+", metavar="NAME=FILE")
    opencv.add_argument("--size", help="of the pictures, such as 1280x720, if no file tells it")
    opencv.add_argument("--unit-mm", type=float, help="how long the unit of T is")
    opencv.set_defaults(run=run_opencv)
    two_view = _add(rig, "two-view", "read c0.dat, rot_trans_c0.dat ...", TWO_VIEW_EXAMPLES)
    two_view.add_argument("files", type=Path, metavar="FOLDER")
    two_view.add_argument("--size", required=True, help="of the pictures, such as 720x720")
    two_view.add_argument(
        "--unit-mm", type=float, required=True, help="how long the unit of T is: a square's side"
    )
    two_view.set_defaults(run=run_two_view)
    ho_cap = _add(rig, "ho-cap", "read a sequence of HO-Cap, eight cameras", HO_CAP_EXAMPLES)
    ho_cap.add_argument("files", type=Path, metavar="SEQUENCE")
    ho_cap.set_defaults(run=run_ho_cap)


def _add_board(rig: Any) -> None:
    board = CalibrationBoard()
    parser = rig.add_parser(
        "board",
        help="make a board to print",
        epilog=BOARD_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="a .pdf, or a .png of 300 dots per inch")
    parser.add_argument("--pattern", choices=("charuco", "checkerboard"), default=board.pattern)
    parser.add_argument(
        "--squares", default=f"{board.columns}x{board.rows}", help="columns and rows: %(default)s"
    )
    parser.add_argument("--square-mm", type=float, default=board.square_mm, help="%(default)s")
    parser.add_argument("--marker-mm", type=float, help="three quarters of the square")
    parser.add_argument("--dictionary", choices=DICTIONARIES, default=board.dictionary)
    parser.add_argument("--paper", choices=tuple(PAPERS_MM), default="a4", help="%(default)s")
    parser.set_defaults(run=run_board)


def _add(rig: Any, name: str, about: str, examples: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = rig.add_parser(
        name,
        help=about,
        description=about,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="to write to: %(default)s")
    return parser


def run_board(chosen: argparse.Namespace) -> int:
    """Write a page to print, and the file that says what is on it."""
    columns, rows = two_numbers(chosen.squares, "--squares", "11x8")
    try:
        board = CalibrationBoard(
            pattern=chosen.pattern,
            columns=columns,
            rows=rows,
            square_mm=chosen.square_mm,
            marker_mm=chosen.marker_mm,
            dictionary=chosen.dictionary,
        )
    except ValidationError as error:
        said = [f"{'.'.join(map(str, e['loc']))} {e['msg']}".strip() for e in error.errors()]
        raise UsageError("; ".join(said).replace("Value error, ", "")) from None
    about = chosen.file.with_suffix(".yml")
    chosen.file.parent.mkdir(parents=True, exist_ok=True)
    write_board(board, about)
    print_board(board, chosen.file, chosen.paper)
    print(f"{chosen.file}: {words(board)}, on {chosen.paper}")
    print(f"{about}: write what you measure into it")
    return 0


def run_opencv(chosen: argparse.Namespace) -> int:
    """Read OpenCV's files."""
    size = None if chosen.size is None else two_numbers(chosen.size, "--size", "1280x720")
    unit_m = None if chosen.unit_mm is None else chosen.unit_mm / 1000.0
    named = ["=" in file for file in chosen.files]
    if all(named):
        files = rig_calibrate.named_paths(chosen.files)
        calibration = import_opencv(files, size, unit_m, now_ms())
    elif any(named):
        raise UsageError("give either all files a name (left=left.yml), or none of them")
    else:
        calibration = import_opencv_pair(map(Path, chosen.files), size, unit_m, now_ms())
    return written(calibration, chosen.folder)


def run_two_view(chosen: argparse.Namespace) -> int:
    """Read c0.dat, rot_trans_c0.dat and so on."""
    size = two_numbers(chosen.size, "--size", "720x720")
    if not chosen.unit_mm > 0:
        raise UsageError(f"--unit-mm: above 0, got {chosen.unit_mm:g}")
    calibration = import_two_view(chosen.files, *size, chosen.unit_mm / 1000.0, now_ms())
    return written(calibration, chosen.folder)


def run_ho_cap(chosen: argparse.Namespace) -> int:
    """Read a sequence of HO-Cap."""
    sequence = HoCapSequence(chosen.files)
    sources = {serial: str(sequence.pictures(serial)) for serial in sequence.serials}
    return written(sequence.calibration, chosen.folder, sources)


def written(
    calibration: Calibration, folder: Path, sources: Mapping[str, str] | None = None
) -> int:
    """Write a calibration, and say what is in it and what to do with it."""
    path = write_calibration(calibration, folder)
    print(f"{path}: cameras {', '.join(calibration.cameras)}")
    print(rig_calibrate.settings_words(path, calibration.cameras, sources))
    return 0


def two_numbers(text: str, option: str, example: str) -> tuple[int, int]:
    """Read such as 1280x720. Raises UsageError."""
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text)
    if found is None:
        raise UsageError(f"{option}: expected such as {example}, got {text!r}")
    return int(found[1]), int(found[2])


def now_ms() -> int:
    """Unix time, ms: the name of a calibration."""
    return time.time_ns() // 1_000_000
