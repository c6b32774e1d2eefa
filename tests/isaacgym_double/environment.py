"""A Python that has the double: of a version that the product has, where there is one."""

import importlib.metadata
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from operators.settings import ROOT

FOLDER = ROOT / "tests/isaacgym_double"
SET_UP = ROOT / ".venv/isaacgym/bin/python"
"""A Python 3.8 with numpy, made by scripts/setup.sh where one can be had."""

HOLD = "hold"


@cache
def worker_python() -> Path:
    """PANODORA_PYTHON38, the one that set-up has made, or else the tests' own."""
    for given in (os.environ.get("PANODORA_PYTHON38"), SET_UP):
        if given is not None and _has_numpy(Path(given)):
            return Path(given)
    return Path(sys.executable)


@cache
def worker_version() -> tuple[int, int]:
    """The version of `worker_python`."""
    said = subprocess.run(
        [worker_python(), "-c", "import sys; print(*sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    major, minor = said.split()
    return int(major), int(minor)


def stub_path() -> Path:
    """The product's stub, in the package isaacgym-stubs."""
    files = importlib.metadata.files("isaacgym-stubs") or []
    (stub,) = [file for file in files if file.name == "gymapi.pyi"]
    return Path(str(stub.locate()))


def make_python(
    folder: Path,
    *,
    product: bool = True,
    torch: bool = True,
    interpreter: Path | None = None,
    **variables: str,
) -> Path:
    """Write a program that is the worker's Python with the double, and return its path.

    product, torch: whether they can be imported. variables: what the double reads. It does not
    start as long as there is a file `HOLD` in the folder.
    """
    interpreter = interpreter or worker_python()
    paths = [FOLDER / "product"] * product + [FOLDER / "stand_in"] * torch
    shown = {
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "ISAACGYM_STUB": str(stub_path()),
        **({} if worker_version() <= (3, 8) else {"ISAACGYM_DOUBLE_ANY_PYTHON": "1"}),
        **variables,
    }
    program = folder / "python"
    exports = "".join(f"export {name}='{value}'\n" for name, value in shown.items())
    held = f"while [ -e '{folder / HOLD}' ]; do sleep 0.02; done\n"
    program.write_text(f"#!/bin/sh\n{exports}{held}exec '{interpreter}' \"$@\"\n")
    program.chmod(0o755)
    return program


def _has_numpy(python: Path) -> bool:
    return (
        python.is_file()
        and subprocess.run([python, "-c", "import numpy"], capture_output=True).returncode == 0
    )
