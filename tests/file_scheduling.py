"""Which process runs which tests, with `pytest --numprocesses 2`."""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[1]


class FileScheduling(LoadScopeScheduling):
    """One process has all files of dataflows, one after the other; other files go anywhere, whole.

    pytest-xdist's own groups do not do that: it writes them into the tests' names, which pytest 9.2
    no longer takes.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return "dataflows" if _runs_dataflows(file) else file


@cache
def _runs_dataflows(file: str) -> bool:
    return "mark.dataflow" in (ROOT / file).read_text()
