"""What several dataflow tests need."""

import threading
from collections.abc import Callable, Iterator

import pytest

from benchmarks.engaging import Engaging
from tests.dataflows.driving import SMALL, Driven, Page
from tests.dataflows.running import assert_nothing_left, left_shared_memory, running


@pytest.fixture
def driven() -> Iterator[Callable[..., Driven]]:
    """Starts dataflows in which somebody engages, and sees that each ends well."""
    before = left_shared_memory()
    open_contexts = []

    def start(dataflow: str = "teleop_video", confined: str = "", **variables: str) -> Driven:
        command = ["dora", "run", f"dataflows/{dataflow}.yml"]
        if confined:
            command = ["python", "-m", "tests.dataflows.confined", confined, *command]
        context = running(command, **{**SMALL, **variables})
        run = context.__enter__()
        run.wait_for("Open http://localhost:")
        page = Page(run.ports[0])
        threading.Thread(target=page.listen, daemon=True).start()
        operator = Engaging(run.ports[1])
        operator.__enter__()
        open_contexts.append((context, run, operator))
        return Driven(run, page)

    yield start
    for context, run, operator in open_contexts:
        operator.__exit__()
        ended = run.interrupt()
        context.__exit__(None, None, None)
        assert ended == 0, run.said[-4000:]
        assert "Traceback" not in run.said, run.said[-4000:]
        assert_nothing_left(run, before)
