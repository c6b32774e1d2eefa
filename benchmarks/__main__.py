"""Runs benchmarks: one JSON line a figure.

python -m benchmarks                           all of them
python -m benchmarks 'panorama.*' 'loop.*'     those whose names match
python -m benchmarks --list                    their names
"""

import argparse
import importlib
import pkgutil
import sys
import time
from fnmatch import fnmatch
from types import ModuleType

import benchmarks


def main() -> int:
    """Run what was asked for, and say what goes on to the standard error."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Run benchmarks: one JSON line a figure."
    )
    parser.add_argument("names", nargs="*", default=["*"], help="names, or patterns such as loop.*")
    parser.add_argument("--list", action="store_true", help="only print the names")
    chosen = parser.parse_args()
    modules = _modules()
    known = [name for module in modules for name in module.NAMES]
    unknown = [p for p in chosen.names if not any(fnmatch(name, p) for name in known)]
    if unknown:
        print(
            f"no benchmark matches {' '.join(unknown)}; there are: {' '.join(known)}",
            file=sys.stderr,
        )
        return 2
    for module in modules:
        wanted = [n for n in module.NAMES if any(fnmatch(n, p) for p in chosen.names)]
        if not wanted:
            continue
        if chosen.list:
            print("\n".join(wanted))
            continue
        print(f"# {module.__name__}: {' '.join(wanted)}", file=sys.stderr, flush=True)
        started = time.monotonic()
        for figure in module.figures(wanted):
            print(figure.json_line(), flush=True)
        print(f"# took {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return 0


def _modules() -> list[ModuleType]:
    """The modules of this folder that measure something."""
    found = [
        importlib.import_module(f"benchmarks.{module.name}")
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if not module.name.startswith("_")
    ]
    return [module for module in found if hasattr(module, "NAMES")]


if __name__ == "__main__":
    sys.exit(main())
