"""Runs the page's own modules in Node.js, without a browser."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from operators.page_site import PAGE_FOLDER
from tests.time_limits import program_s


def run_in_node(script: str, given: Any, folder: Path) -> Any:
    """Run a module that finds the page's modules under `page`, what is given as `given` (JSON).

    The script sets `result`, which is returned. Skips the test where there is no Node.js.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js (node is not on the PATH)")
    (folder / "page").symlink_to(PAGE_FOLDER)
    (folder / "package.json").write_text('{"type": "module"}')
    module = folder / "script.js"
    module.write_text(
        'import { readFileSync } from "node:fs";\n'
        'const given = JSON.parse(readFileSync(0, "utf8"));\n'
        f"let result;\n{script}\n"
        "process.stdout.write(JSON.stringify(result));\n"
    )
    command = [node, "--preserve-symlinks", str(module)]
    done = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, timeout=program_s()
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
