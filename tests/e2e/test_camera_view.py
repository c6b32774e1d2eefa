"""The camera's picture beside the panorama: a real dora, a real detector, a real Chromium."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from operators.settings import ROOT
from tests.dataflows.running import Running, assert_nothing_left, left_shared_memory, running
from tests.e2e.browser import Browser
from tests.time_limits import event_s

pytestmark = [pytest.mark.browser, pytest.mark.dataflow, pytest.mark.gl]

RIGHT_HAND_COLOUR = (60, 160, 240)
"""Of camera_view.js."""

CARD = """
(() => {
  const { x, y, width, height } = document.querySelector("#camera canvas").getBoundingClientRect();
  return [x, y, width, height];
})()
"""


@pytest.fixture
def loop() -> Iterator[Running]:
    pytest.importorskip("mediapipe", reason="needs the extra `video`")
    before = left_shared_memory()
    with running(
        ["dora", "run", "dataflows/teleop_video.yml"],
        PANODORA__CAMERA__SOURCE=str(ROOT / "assets/videos/hand.mp4"),
        PANODORA__CAMERA__LOOP="true",
    ) as run:
        run.wait_for("Open http://localhost:")
        yield run
    assert "Traceback" not in run.said
    assert_nothing_left(run, before)


def test_the_picture_and_the_hand_in_it_are_shown(loop: Running, browser: Browser) -> None:
    browser.errors()
    browser.goto(loop.page)
    browser.wait_for("panodora.cameraViewsShown > 2 && panodora.picturesShown > 2")
    x, y, width, height = (round(value) for value in browser.evaluate(CARD))
    assert width / height == pytest.approx(480 / 270, rel=0.02)
    is_drawn = np.zeros((height, width), bool)
    until_s = time.monotonic() + event_s()
    while is_drawn.sum() <= 100:  # a slow detector has no hand in some pictures
        assert time.monotonic() < until_s
        shown = browser.screenshot()[y : y + height, x : x + width].astype(int)
        is_drawn = (np.abs(shown - RIGHT_HAND_COLOUR) < 60).all(axis=2)
    # The video's wall is grey, its window above is bright; the panorama here is neither.
    assert shown[int(0.3 * height) :, : width // 3].mean() == pytest.approx(120, abs=40)
    # Bones and joints of a hand that is followed, about where the hand is.
    rows, columns = np.nonzero(is_drawn)
    assert 0.4 < np.median(columns) / width < 0.7
    assert 0.15 < np.median(rows) / height < 0.65
    assert browser.errors() == []
    browser.goto("about:blank")


def test_without_a_camera_there_is_no_card(browser: Browser) -> None:
    from tests.e2e.station import Station

    station = Station()
    station.open(browser)
    assert browser.evaluate("document.getElementById('camera').hidden")
    station.close(browser)
