"""`panodora frames`: draw a tree of frames, and compose transforms out of it."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from operators.frame_configuration import drawn, load_frames
from operators.settings import ROOT, SettingsError

FOLDER = ROOT / "configs/frames"

EXAMPLES = """\
examples:
  panodora frames                                        those that are shipped
  panodora frames two_arms                               one of them, as a tree
  panodora frames my_frames.yml --compose base_from_tcp  a transform, and the way to it
"""


def add_parser(commands: Any) -> None:
    """Add `panodora frames`."""
    parser = commands.add_parser(
        "frames",
        help="draw a robot's tree of frames, or compose a transform out of it",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "tree", nargs="?", help="a file, or the name of one under configs/frames/ (default: all)"
    )
    parser.add_argument("--compose", metavar="A_FROM_B", help="print this transform's matrix")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the trees, or one transform."""
    shipped = {path.stem: path for path in sorted(FOLDER.glob("*.yml"))}
    if chosen.tree is None and chosen.compose is not None:
        raise SettingsError("--compose needs a tree: panodora frames TREE --compose A_FROM_B")
    paths = list(shipped.values()) if chosen.tree is None else [_path(chosen.tree, shipped)]
    if chosen.compose is not None:
        composed = load_frames(paths[0])[chosen.compose]
        way = load_frames(paths[0]).way(composed.target, composed.source)
        print(f"{composed.name}, by {' - '.join(way)}:")
        print(np.array2string(composed.matrix, precision=9, suppress_small=True))
        return 0
    for path in paths:
        print(f"{path}:\n{drawn(load_frames(path), numbers=True)}\n")
    return 0


def _path(tree: str, shipped: dict[str, Path]) -> Path:
    if tree in shipped:
        return shipped[tree]
    path = Path(tree)
    if not path.is_file():
        raise SettingsError(f"no file {tree}; shipped are {', '.join(shipped)}")
    return path
