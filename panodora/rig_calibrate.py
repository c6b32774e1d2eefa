"""`panodora rig calibrate`: cameras' lenses and places from footage of a printed board."""

import argparse
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from rich.console import Console
from rich.table import Table

from operators.board_footage import BoardFootage, look_for_board
from operators.calibration_board import CalibrationBoard, read_board
from operators.calibration_file import read_calibration, write_calibration
from operators.camera_calibration import CameraCalibration, calibrate_cameras, write_pictures
from operators.lens_calibration import FLAGS
from operators.usage_error import UsageError

EXAMPLES: Final = """\
examples:
  panodora rig calibrate left=left.mp4 right=right.mp4 --board board.yml
  panodora rig calibrate webcam=pictures --board board.yml
                          one camera, from a folder of pictures: its lens alone
  panodora rig calibrate a=a.mp4 b=b.mp4 c=c.mp4 --board board.yml --offset c=0.35 --origin 42
                          c began to record 0.35 s after the others; the shared frame is the board
                          as it lay 42 s after the beginning, say flat on the table
  panodora rig calibrate a=a.mp4 b=b.mp4 --board board.yml --lenses out/calibration/17323.yml
                          the cameras were moved, and their lenses are known
"""


def add_parser(commands: Any, folder: Path) -> None:
    """Add `panodora rig calibrate`. folder: to write to."""
    parser = commands.add_parser(
        "calibrate",
        help="find the cameras' lenses and places from footage of a board",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("footage", nargs="+", metavar="NAME=FILE", help="a video, or a folder")
    parser.add_argument("--board", type=Path, required=True, help="of `panodora rig board`")
    parser.add_argument("--terms", type=int, choices=tuple(FLAGS), default=5, help="of distortion")
    parser.add_argument("--rate", type=float, default=5.0, help="looks a second: %(default)s")
    parser.add_argument(
        "--offset",
        action="append",
        default=[],
        metavar="NAME=SECONDS",
        help="how much later a video began than the others",
    )
    parser.add_argument("--origin", type=float, help="seconds: when the board lay at the origin")
    parser.add_argument("--lenses", type=Path, help="a calibration whose lenses are taken over")
    parser.add_argument("--folder", type=Path, default=folder, help="to write to: %(default)s")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Look through the footage, calibrate, and write the calibration and its pictures."""
    if not 0.0 < chosen.rate <= 120.0:
        raise UsageError(f"--rate: above 0 and up to 120, got {chosen.rate:g}")
    board = read_board(chosen.board)
    sources = named_paths(chosen.footage)
    offsets = _offsets(chosen.offset, sources)
    known = None if chosen.lenses is None else read_calibration(chosen.lenses).cameras
    footage = {
        name: _look(board, name, path, chosen.rate, offsets.get(name, 0.0))
        for name, path in sources.items()
    }
    found = calibrate_cameras(
        board,
        footage,
        time.time_ns() // 1_000_000,
        terms=chosen.terms,
        origin_s=chosen.origin,
        known=None if known is None else {name: known[name].pinhole for name in known},
    )
    path = write_calibration(found.calibration, chosen.folder)
    Console().print(_table(footage, found))
    for picture in write_pictures(board, footage, found, chosen.folder):
        print(f"look at {picture}")
    for name, faults in found.faults.items():
        for fault in faults:
            print(f"warning: {name}: {fault}", file=sys.stderr)
    print(f"{path}: cameras {', '.join(found.calibration.cameras)}; their frame is the board's at")
    print(f"  {found.rig.origin_s:.1f} s: x along its columns, y down its rows, z into it")
    print(settings_words(path, found.calibration.cameras))
    return 0


def named_paths(given: Iterable[str]) -> dict[str, Path]:
    """Read NAME=FILE; without a name the file's is taken. Raises UsageError where one is twice."""
    paths: dict[str, Path] = {}
    for text in given:
        name, equals, path = text.rpartition("=")
        name = name if equals else Path(path).stem
        if not name or not path:
            raise UsageError(f"expected NAME=FILE such as left=left.mp4, got {text!r}")
        if name in paths:
            raise UsageError(f"two cameras are called {name!r}: give each a name, left=FILE")
        paths[name] = Path(path).absolute()
    return paths


def settings_words(
    path: Path, cameras: Iterable[str], sources: Mapping[str, str] | None = None
) -> str:
    """What to write into the settings. sources: by camera, where they are known."""
    known = sources or {}
    section = {
        "calibration": str(path.absolute()),
        "cameras": {
            name: {"source": known.get(name, f"{name}.mp4"), "pace": "footage"} for name in cameras
        },
    }
    text = yaml.safe_dump({"capture": section}, sort_keys=False, width=200)
    return f"Next, in your settings, with your footage (docs/capture.md):\n\n{text}"


def _offsets(given: Iterable[str], cameras: Mapping[str, Path]) -> dict[str, float]:
    offsets: dict[str, float] = {}
    for text in given:
        name, _, seconds = text.partition("=")
        if name not in cameras:
            raise UsageError(f"--offset: no camera {name!r}; there are {', '.join(cameras)}")
        try:
            offsets[name] = float(seconds)
        except ValueError:
            raise UsageError(f"--offset: expected such as {name}=0.35, got {text!r}") from None
    return offsets


def _look(
    board: CalibrationBoard, name: str, path: Path, rate_hz: float, offset_s: float
) -> BoardFootage:
    console = Console(stderr=True)
    with console.status(f"{name}: looking for the board") as status:

        def progress(looked_at: int, found: int) -> None:
            status.update(f"{name}: the board is in {found} of {looked_at} pictures")

        try:
            return look_for_board(board, path, rate_hz, offset_s, progress)
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from None


def _table(footage: Mapping[str, BoardFootage], found: CameraCalibration) -> Table:
    table = Table("camera", "size", "seen in", "used", "lens, px", "focal, px", "together, px")
    for name, seen in footage.items():
        lens = found.lenses.get(name)
        pinhole = found.calibration.camera(name).pinhole
        focal = f"{pinhole.fx:.1f} {pinhole.fy:.1f}"
        if lens is not None:
            focal += f" ± {100 * lens.focal_deviation:.1f} %"
        table.add_row(
            name,
            f"{seen.size[0]}x{seen.size[1]}",
            f"{len(seen.sightings)} of {seen.looked_at}",
            "known" if lens is None else str(len(lens.sightings)),
            "known" if lens is None else f"{lens.error_px:.2f}",
            focal,
            f"{found.rig.errors_px[name]:.2f}",
        )
    return table
