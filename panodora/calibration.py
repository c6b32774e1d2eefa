"""`panodora calibration`: read a published calibration into our own format."""

import argparse
import re
from pathlib import Path
from typing import Any

from operators.calibration_file import write_calibration
from operators.calibration_import import import_calibration
from operators.frame_configuration import load_frames
from operators.usage_error import UsageError

EXAMPLES = """\
examples:
  panodora calibration calib/1737548651048.npy --size 1280x720
                                  writes calib/1737548651048.yml; the .npy is read, never run
  panodora calibration calib/1737548651048.npy --size 1280x720 --in-hand my_hands.yml
                                  of a robot: how the cameras are mounted in its hands, as frames
                                  left_camera_from_left_tcp and right_camera_from_right_tcp
"""


def add_parser(commands: Any) -> None:
    """Add `panodora calibration`."""
    parser = commands.add_parser(
        "calibration",
        help="turn a calibration that AirExo-2 wrote (.npy) into YAML, without running it",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="named by its time: 1737548651048.npy")
    parser.add_argument("--size", required=True, help="of the cameras' pictures, such as 1280x720")
    parser.add_argument("--in-hand", type=Path, metavar="FRAMES", help="a file of frames")
    parser.add_argument("--folder", type=Path, help="where to write (default: beside the file)")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the YAML file, and say what is in it."""
    size = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", chosen.size)
    if size is None:
        raise UsageError(f"--size: expected such as 1280x720, got {chosen.size!r}")
    frames = None if chosen.in_hand is None else load_frames(chosen.in_hand)
    calibration = import_calibration(chosen.file, int(size[1]), int(size[2]), frames)
    path = write_calibration(calibration, chosen.folder or chosen.file.parent)
    print(f"{path}: {calibration.kind}, cameras {', '.join(calibration.cameras)}")
    return 0
