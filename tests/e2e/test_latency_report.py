"""The latency report opens from disk in a real browser."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from operators.latency_report_files import write_report
from tests.e2e.browser import Browser
from tests.operators.frame_records import hand_made, recorded

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("records", [hand_made, recorded])
def test_the_report_opens_without_asking_for_anything(
    browser: Browser, tmp_path: Path, records: Callable[[], pa.Table]
) -> None:
    browser.goto("about:blank")
    browser.errors()  # those of the page that stood here before are not this one's
    before = set(browser.requests())
    _, report, _ = write_report(records(), tmp_path, {"machine": "<b>ours</b>"})
    browser.goto(report.as_uri())
    assert set(browser.requests()) - before <= {report.as_uri()}
    assert browser.errors() == []
    assert browser.evaluate("document.querySelectorAll('svg').length") == 3
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert browser.evaluate(fits), "the page is wider than the window"
    seen = "getComputedStyle(document.querySelector('svg path[style*=transit]')).fill"
    assert browser.evaluate(seen) == "rgb(59, 130, 196)"  # --transit in light
