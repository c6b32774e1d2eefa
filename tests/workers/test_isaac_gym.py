"""The worker's file itself: what an old Python makes of it."""

import ast
import sys
import tomllib

from operators.settings import ROOT

WORKER = ROOT / "workers/isaac_gym.py"
GIVEN = {"numpy", "torch", "isaacgym"}


def test_python_3_7_can_read_it() -> None:
    ast.parse(WORKER.read_text(), feature_version=(3, 7))


def test_it_imports_nothing_but_what_isaac_gym_brings() -> None:
    imported = set()
    for node in ast.walk(ast.parse(WORKER.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported - set(sys.stdlib_module_names) == GIVEN


def test_nothing_of_ours_imports_isaac_gym_but_the_worker() -> None:
    for folder in ("operators", "nodes", "panodora"):
        for path in (ROOT / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
                assert not any(name.split(".")[0] == "isaacgym" for name in names), path


def test_the_core_install_does_not_bring_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not any("isaac" in needed.lower() for needed in project["dependencies"])
