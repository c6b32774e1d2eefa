"""A dataflow of the product with other nodes in the places of its own."""

import shutil
from pathlib import Path
from typing import Final

from operators.settings import ROOT

NODE: Final = """\
import sys

sys.path.insert(0, {root!r})
from {module} import run

run({name!r})
"""


def with_other_nodes(folder: Path, dataflow: str, module: str) -> Path:
    """Write a dataflow into a folder, and for each node a file that calls `run(name)` of a module.

    Its modules' files are there too, to be changed.
    """
    for name in ("modules", "types"):
        shutil.copytree(ROOT / "dataflows" / name, folder / name)
    (folder / "nodes").mkdir(parents=True)
    for file in (ROOT / "nodes").glob("*.py"):
        text = NODE.format(root=str(ROOT), module=module, name=file.stem)
        (folder / "nodes" / file.name).write_text(text)
    return Path(shutil.copy(ROOT / "dataflows" / dataflow, folder))
