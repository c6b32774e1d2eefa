"""`panodora synthesize`: make an RGB-D recording of a robot whose truth is known."""

import argparse
from pathlib import Path
from typing import Any

from operators.overlay_settings import OverlaySettings
from operators.settings import resolve
from operators.synthetic_robot import write_synthetic
from operators.usage_error import UsageError

EXAMPLES = """\
examples:
  panodora synthesize                    into out/overlay/recording, where overlay.yml looks for it
  panodora synthesize my/recording --seconds 10 --rate 30
"""


def add_parser(commands: Any) -> None:
    """Add `panodora synthesize`."""
    parser = commands.add_parser(
        "synthesize",
        help="make an RGB-D recording of a simulated two-arm robot, with its calibration",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", nargs="?", type=Path, default=None)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rate", type=float, default=15.0, help="pictures a second")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the recording, and say what to do with it."""
    if not (0 < chosen.seconds <= 600 and 0 < chosen.rate <= 120):
        raise UsageError("--seconds: above 0 and up to 600; --rate: above 0 and up to 120")
    folder = chosen.folder or resolve(OverlaySettings().recording)
    frames = write_synthetic(folder, chosen.seconds, chosen.rate, silhouettes=True)
    print(f"{folder}: {frames} frames\nNext: dora run dataflows/overlay.yml")
    return 0
