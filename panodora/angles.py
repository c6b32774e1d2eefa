"""`panodora angles`: see what a file of joint angles holds."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from operators.angles_file import AnglesFile
from operators.angles_report import SideReport, plot, side_report
from operators.hands import SIDES
from operators.usage_error import UsageError

EXAMPLES = """\
examples:
  panodora angles out/capture/angles.parquet                  figures of each hand
  panodora angles out/capture/angles.parquet --plot out.png   and fingers, wrists, errors over time
  panodora angles out/capture/angles.parquet --columns        what each column is, and its shape

in Python:
  from pathlib import Path
  from operators.angles_file import AnglesFile
  angles = AnglesFile.read(Path("out/capture/angles.parquet"))
  angles["angles"]       (moments, 2, 16, 3) rad; angles["joints"] (moments, 2, 21, 3) m
"""


def add_parser(commands: Any) -> None:
    """Add `panodora angles`."""
    parser = commands.add_parser(
        "angles",
        help="what a file of joint angles holds, as dataflows/capture_angles.yml writes it",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="such as out/capture/angles.parquet")
    parser.add_argument("--plot", type=Path, metavar="PICTURE", help="a .png or .svg to draw")
    parser.add_argument("--columns", action="store_true", help="say what the columns are")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the tables, and draw the plot."""
    if chosen.plot is not None and chosen.plot.suffix not in (".png", ".svg"):
        raise UsageError(f"--plot: expected a .png or .svg, got {chosen.plot}")
    angles = AnglesFile.read(chosen.file)
    console = Console(highlight=False)
    console.print(summary(angles), soft_wrap=True, markup=False)  # paths stay whole
    console.print(figures(angles))
    if chosen.columns:
        console.print(columns(angles))
    if chosen.plot is not None:
        plot(angles, chosen.plot)
        print(chosen.plot)
    return 0


def summary(angles: AnglesFile) -> str:
    """How much there is, in two lines."""
    span_s = (angles.time_ns[-1] - angles.time_ns[0]) / 1e9
    seen = (angles["image_seqs"] >= 0).mean(axis=0)
    shares = ", ".join(
        f"{name} {share:.1%}" for name, share in zip(angles.cameras, seen, strict=True)
    )
    skew_ms = np.percentile(angles["skew_ms"], (50, 95))
    return (
        f"{angles.path}: {len(angles)} moments, {span_s:.1f} s\n"
        f"pictures of {shares}; apart {skew_ms[0]:.1f} ms (p95 {skew_ms[1]:.1f})"
    )


def figures(angles: AnglesFile) -> Table:
    """A column a hand."""
    table = Table("", *SIDES)
    reports = [side_report(angles, side) for side in range(len(SIDES))]
    rows: dict[str, Callable[[SideReport], str]] = {
        "fitted, share of moments": lambda r: f"{r.fitted:.1%}",
        "joints beside, median (p95)": lambda r: "{:.1f} ({:.1f}) px".format(*r.reprojection_px),
        "jitter, fitted": lambda r: f"{r.jitter_mm:.2f} mm",
        "jitter, triangulated": lambda r: f"{r.triangulated_jitter_mm:.2f} mm",
        "wrist to middle fingertip": lambda r: f"{r.hand_length_mm:.0f} mm",
        "bones change by at most": lambda r: f"{r.bones_change_mm:.2g} mm",
        "joints rebuilt from angles, off by at most": lambda r: f"{r.rebuilt_off_mm:.2g} mm",
    }
    for name, words in rows.items():
        table.add_row(name, *("-" if report is None else words(report) for report in reports))
    return table


def columns(angles: AnglesFile) -> Table:
    """What each column is, by the file itself."""
    table = Table("column", "shape", "unit", "frame", "meaning")
    for name, facts in angles.facts.items():
        words = (facts.get(key, "") for key in ("shape", "unit", "frame", "meaning"))
        table.add_row(name, *words)
    return table
