"""What someone sees and does on the page, in a real browser."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import numpy as np
import pytest

from operators.browser_clock import BrowserClock
from operators.messages import Hands, Head, OperatorInput, OperatorState
from tests.e2e.browser import Browser
from tests.e2e.seen import matches, middle
from tests.e2e.station import COLOURS, DEGREES, Station

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, station: Station) -> Iterator[Browser]:
    """The page, open, with a picture and without the keys' card. It must not complain."""
    station.open(browser)
    browser.errors()  # those of the page that stood here before are not this one's
    yield browser
    assert browser.errors() == []


def test_one_texture_serves_every_picture(browser: Browser, station: Station) -> None:
    browser.goto("about:blank")
    browser.command("addScript", script=COUNT_CALLS)
    browser.goto(station.page.address)
    for _ in range(5):
        seq = station.offer()
        browser.wait_for(f"panodora.lastFrameSeq === {seq}")
    assert browser.evaluate("glCalls") == {"createTexture": 1, "texImage2D": 1, "texSubImage2D": 4}


COUNT_CALLS = """
window.glCalls = {};
for (const name of ["createTexture", "texImage2D", "texSubImage2D"]) {
  const original = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...values) {
    glCalls[name] = (glCalls[name] ?? 0) + 1;
    return original.apply(this, values);
  };
}
"""


def test_every_picture_is_acknowledged_after_it_was_drawn(page: Browser, station: Station) -> None:
    station.shown.all()
    for _ in range(5):
        seq = station.offer()
        (picture,) = station.shown.next()
        assert (picture.frame_seq, picture.clock) == (seq, "performance.now")
        assert 0 < picture.received_ms < picture.decoded_ms < picture.shown_ms


def test_the_pages_clock_is_known_to_the_server(page: Browser, station: Station) -> None:
    clock = BrowserClock()
    station.clock.all()
    for _ in range(5):
        (exchange,) = station.clock.next()
        clock.add(exchange)
    assert (clock.jumps, clock.refused) == (0, 0)
    before_ns = time.monotonic_ns()
    now = clock.to_host(page.evaluate("performance.now()"))
    assert now is not None
    assert before_ns - now.error_ns <= now.ns <= time.monotonic_ns() + now.error_ns


def test_shows_the_operators_state(page: Browser, station: Station) -> None:
    said = "the left hand is not tracked"
    station.page.show(
        OperatorState(
            state="holding",
            reason=said,
            left_state="holding",
            left_reason=said,
            right_state="tracking",
            right_reason="",
        )
    )
    page.wait_for("document.getElementById('state').textContent === 'holding'")
    assert page.evaluate("document.getElementById('reason').textContent") == said


@pytest.mark.parametrize("yaw", [90, -90, 30])
def test_recentring_turns_the_panorama(page: Browser, station: Station, yaw: float) -> None:
    """The robot's forward is then where the head looked: to the left for a positive angle."""
    station.tell_frame(page.evaluate("panodora.client"), yaw * DEGREES)
    page.wait_for("panodora.panoramaYaw !== 0")
    page.look(yaw * DEGREES, 0)
    assert matches(middle(page.screenshot()), COLOURS["ahead"]).all()
    page.look((yaw + 90) * DEGREES, 0)
    assert matches(middle(page.screenshot()), COLOURS["left"]).all()
    station.tell_frame(page.evaluate("panodora.client"))
    page.wait_for("panodora.panoramaYaw === 0")
    page.look(0, 0)
    assert matches(middle(page.screenshot()), COLOURS["ahead"]).all()


def test_another_operators_forward_is_not_ours(page: Browser, station: Station) -> None:
    said = "squeeze the controllers to move"
    station.tell_frame("another", 1.0, motion_scale=0.5, advice=said)
    page.wait_for("document.getElementById('frame').textContent.includes('×0.5')")
    assert page.evaluate("panodora.panoramaYaw") == 0
    assert page.evaluate("document.getElementById('advice').textContent") == ""


def test_shows_the_operators_frame(page: Browser, station: Station) -> None:
    station.tell_frame(
        page.evaluate("panodora.client"),
        -30 * DEGREES,
        clutched=np.array([False, True]),
        motion_scale=0.25,
        neck_measured=True,
        advice="nod further up and down",
    )
    page.wait_for("document.getElementById('frame').textContent !== ''")
    assert page.evaluate("document.getElementById('frame').textContent") == (
        "right hand clutched · motion ×0.25 · turned 30° right · neck measured"
    )
    assert page.evaluate("document.getElementById('advice').textContent") == (
        "nod further up and down"
    )
    station.tell_frame(page.evaluate("panodora.client"))
    page.wait_for("document.getElementById('frame').textContent === ''")


def test_there_is_no_way_into_a_headset_that_is_not_there(page: Browser, station: Station) -> None:
    assert page.evaluate("document.getElementById('headset').hidden")


def test_pausing_stops_the_pictures_and_not_the_hands(page: Browser, station: Station) -> None:
    station.clients.all()
    page.press("KeyP")
    assert station.clients.next()[1] == 0
    before = page.evaluate("panodora.picturesShown")
    station.shown.all()
    station.offer()
    station.hands_now(page)
    assert page.evaluate("panodora.picturesShown") == before
    page.press("KeyP")
    assert station.clients.next()[1] == 1
    page.wait_for(f"panodora.picturesShown > {before}")


SET_HIDDEN = """
Object.defineProperty(document, "hidden", {{ value: {hidden}, configurable: true }});
document.dispatchEvent(new Event("visibilitychange"));
panodora.samplesSent
"""


def test_a_hidden_page_lets_go_and_sends_nothing(page: Browser, station: Station) -> None:
    with page.holding("Enter"):
        station.hear(lambda m: isinstance(m, OperatorInput) and m.engage)
        sent = page.evaluate(SET_HIDDEN.format(hidden="true"))
        # It says so itself: this server concludes nothing from its silence.
        station.hear(lambda m: isinstance(m, OperatorInput) and not m.engage)
        station.hear(lambda m: isinstance(m, Head) and not m.valid)
        hands = station.hear(lambda m: isinstance(m, Hands) and not m.valid.any())
        assert np.isnan(hands.stage_from_wrist).all()
    assert page.evaluate("panodora.samplesSent") == sent
    page.evaluate(SET_HIDDEN.format(hidden="false"))
    station.hear(lambda m: isinstance(m, Hands) and m.valid.all())


def test_comes_back_after_a_restart_of_the_server(page: Browser, station: Station) -> None:
    station.page.stop()
    page.wait_for("panodora.stream === 'waiting' && !document.getElementById('notice').hidden")
    assert "Trying again" in page.evaluate("document.getElementById('notice').textContent")
    before = page.evaluate("panodora.picturesShown")
    station.restart_page()
    page.wait_for("panodora.stream === 'open' && document.getElementById('notice').hidden")
    station.offer()
    page.wait_for(f"panodora.picturesShown > {before}")
    # A browser reports attempts that failed, whatever the page does.
    assert all("WebSocket connection" in error for error in page.errors())


def test_nothing_is_asked_of_any_other_host(browser: Browser, station: Station) -> None:
    browser.command("newPage")  # which has asked for nothing yet
    browser.command("resize", width=browser.width, height=browser.height)
    station.open(browser)
    asked = browser.requests()
    for ours in ("http://localhost:", "ws://localhost:"):
        assert any(url.startswith(ours) for url in asked)
    assert [url for url in asked if "//" in url and urlsplit(url).hostname != "localhost"] == []
