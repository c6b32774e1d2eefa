"""The overlay's page in a real browser: the flat picture, as it is."""

from collections.abc import Iterator

import numpy as np
import pytest

from operators.header import Header
from operators.messages import Panorama
from operators.page_server import PageServer
from operators.page_site import OwnPage
from operators.settings import HeadsetSettings
from tests.e2e.browser import Browser
from tests.e2e.seen import centre, matches
from tests.operators.page_clients import Recorder

pytestmark = pytest.mark.browser

BLUE, ORANGE, GREY = (40, 80, 230), (240, 140, 30), (110, 110, 110)
ROWS, COLUMNS = 360, 640


def picture() -> np.ndarray:
    pixels = np.full((ROWS, COLUMNS, 3), GREY, np.uint8)
    pixels[40:80, 60:100] = BLUE  # above, to the left
    pixels[280:320, 500:540] = ORANGE
    return pixels


@pytest.fixture
def server() -> Iterator[PageServer]:
    settings = HeadsetSettings(port=0, tracking_port=None)
    quiet = Recorder()
    site = OwnPage("camera.html")
    made = PageServer(settings, None, quiet, quiet, quiet, quiet, quiet, site=site)
    made.start()
    yield made
    made.stop()


def offer(server: PageServer, seq: int, pixels: np.ndarray) -> None:
    version = np.full((1, 1), seq, np.int64)
    whole = Panorama(pixels=pixels, tile_size=COLUMNS, tile_version=version)
    server.offer(whole, Header(seq, 0), 0)


def test_a_picture_is_shown_flat_and_the_newest_follows(
    browser: Browser, server: PageServer
) -> None:
    offer(server, 0, picture())
    browser.goto(server.address)
    browser.wait_for("camera.stream.shown > 0")
    seen = browser.screenshot()
    scale = 1280 / COLUMNS  # it fills the window of 1280x720
    for colour, place in ((BLUE, (80, 60)), (ORANGE, (520, 300))):
        x, y = centre(seen, colour)
        np.testing.assert_allclose((x / scale + COLUMNS / 2, ROWS / 2 - y / scale), place, atol=1.5)
    offer(server, 1, np.full((ROWS, COLUMNS, 3), ORANGE, np.uint8))
    browser.wait_for("camera.stream.lastSeq === 1")
    browser.wait_for("camera.canvas.width === 640 && camera.canvas.height === 360")
    assert matches(browser.screenshot(), ORANGE).mean() > 0.95
    browser.goto("about:blank")
