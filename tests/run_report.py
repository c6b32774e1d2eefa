"""What a run of the tests says of itself: its limits first, then its parts, its failures last."""

import time
from collections import defaultdict
from collections.abc import Generator

import pytest

from tests.time_limits import described, test_s


class RunReport:
    """A plugin of pytest, registered by tests/conftest.py.

    How long the collection and each folder of tests took follows the slowest tests and what was
    skipped; what failed comes last, where a reader looks first.
    """

    def __init__(self) -> None:
        self._parts_s: dict[str, float] = defaultdict(float)
        self._counts: dict[str, int] = defaultdict(int)
        self._started_s = time.monotonic()

    @pytest.hookimpl(tryfirst=True)  # before pytest-timeout reads its options
    def pytest_configure(self, config: pytest.Config) -> None:
        if config.option.timeout is None:
            config.option.timeout = test_s()

    def pytest_report_header(self) -> str:
        return described()

    def pytest_collection_finish(self) -> None:
        self._parts_s["collection"] = time.monotonic() - self._started_s

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        part = "/".join(report.nodeid.split("::")[0].split("/")[:2])
        self._parts_s[part] += report.duration
        self._counts[part] += report.when == "call"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> Generator[None, object, object]:
        style = config.option.tbstyle
        config.option.tbstyle = "no"  # nothing of failures until the rest is said
        try:
            result = yield
        finally:
            config.option.tbstyle = style
        terminalreporter.section("time of each part, of all processes together")
        for part, seconds in self._parts_s.items():
            count = self._counts.get(part)
            tests = "" if count is None else f", {count} tests"
            terminalreporter.write_line(f"{seconds:8.1f} s  {part}{tests}")
        terminalreporter.summary_errors()
        terminalreporter.summary_failures()
        return result
