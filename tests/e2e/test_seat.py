"""One page drives and others watch, in a real browser."""

from collections.abc import Iterator

import pytest

from operators.messages import Hands, OperatorInput
from operators.seat_messages import Claim
from tests.e2e.browser import Browser
from tests.e2e.station import Station, stops
from tests.operators.page_clients import connected, receive, send
from tests.operators.samples import sample

pytestmark = pytest.mark.browser

OTHER = "/tracking?client=other"
NOTICE = "document.getElementById('notice-text').textContent"
BUTTON = "document.getElementById('take-over').textContent"


@pytest.fixture
def page(browser: Browser, station: Station) -> Iterator[Browser]:
    station.open(browser)
    browser.errors()  # those of the page that stood here before are not this one's
    yield browser
    assert browser.errors() == []


def wait_until_it_watches(page: Browser, words: str, button: str) -> None:
    page.wait_for(f"panodora.tracking === 'watching' && {NOTICE}.includes('{words}')")
    assert page.evaluate(BUTTON) == button
    assert page.evaluate("document.getElementById('engage').disabled")


def test_somebody_takes_over_and_the_page_takes_it_back(page: Browser, station: Station) -> None:
    station.hear(lambda m: isinstance(m, Hands) and m.source == "desktop")
    with connected(station.tracking.port, f"{OTHER}&take_over=1") as other:
        assert receive(other).drives
        station.hear(stops)
        wait_until_it_watches(page, "Somebody else has taken over", "Take over")
        page.click("#take-over")
        page.wait_for("panodora.tracking === 'open' && document.getElementById('notice').hidden")
        assert not receive(other).drives
        station.hear(lambda m: isinstance(m, Hands) and m.source == "desktop")


def test_a_page_that_comes_second_watches_until_nobody_drives(
    browser: Browser, station: Station
) -> None:
    with connected(station.tracking.port, OTHER) as other:
        assert receive(other).drives
        browser.goto(station.page.address)
        wait_until_it_watches(browser, "Somebody else drives", "Take over")
        send(other, sample(OperatorInput))
        station.hear(lambda m: m.client == "other")
        assert browser.evaluate("panodora.samplesSent") == 0
    wait_until_it_watches(browser, "Nobody drives", "Drive")
    browser.click("#take-over")
    browser.wait_for("panodora.tracking === 'open'")
    station.hear(lambda m: m.source == "desktop" and m.client != "other")


def test_the_page_hands_over(page: Browser, station: Station) -> None:
    assert page.evaluate("document.getElementById('hand-over').hidden")  # to nobody
    with connected(station.tracking.port, OTHER) as other:
        assert not receive(other).drives
        page.wait_for("!document.getElementById('hand-over').hidden")
        page.click("#hand-over")
        station.hear(stops)
        wait_until_it_watches(page, "Nobody drives", "Drive")
        send(other, Claim(drive=True))
        wait_until_it_watches(page, "Somebody else", "Take over")


def test_a_page_that_watches_can_stop_the_robot(browser: Browser, station: Station) -> None:
    with connected(station.tracking.port, OTHER) as other:
        browser.goto(station.page.address)
        wait_until_it_watches(browser, "Somebody else drives", "Take over")
        station.tell("tracking")
        browser.wait_for("document.getElementById('state').textContent === 'tracking'")
        send(other, sample(OperatorInput, stop=False))
        station.hear(lambda m: isinstance(m, OperatorInput) and not m.stop)
        browser.press("Escape")
        assert station.hear(stops).client == "other"  # as if the driver did
        station.heard.all()
        assert station.hear(stops).client == "other"  # again and again, until the guard has stopped
        station.tell("stopped")
        browser.wait_for("document.getElementById('state').textContent === 'stopped'")


def test_a_page_that_is_loaded_again_drives_again(page: Browser, station: Station) -> None:
    client = page.evaluate("panodora.client")
    page.goto(station.page.address)
    page.wait_for("panodora.tracking === 'open'")
    assert page.evaluate("panodora.client") != client


def test_a_page_that_only_watches(browser: Browser, station: Station) -> None:
    browser.goto(f"{station.page.address}/?watch")
    browser.wait_for("panodora.tracking === 'watching'")
    assert browser.evaluate("document.getElementById('notice').hidden")
    with connected(station.tracking.port, OTHER) as other:
        assert receive(other).drives
