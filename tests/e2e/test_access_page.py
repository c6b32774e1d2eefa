"""The page with a token, and over TLS, in a real browser."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from operators.certificate import make_certificate, write_certificate
from operators.messages import Hands
from tests.e2e.browser import Browser
from tests.e2e.station import Station
from tests.free_ports import free_ports

pytestmark = pytest.mark.browser

TOKEN = "a-token-of-30-characters-and-x"


@contextlib.contextmanager
def open_station(browser: Browser, **settings: Any) -> Iterator[Station]:
    """A station of settings of our own, from a page on which no other one was before."""
    browser.command("newPage")
    station = Station(token=TOKEN, **settings)
    try:
        yield station
    finally:
        browser.goto("about:blank")
        station.page.stop()
        station.tracking.stop()
        browser.command("newPage")
        browser.command("resize", width=browser.width, height=browser.height)


def test_the_token_is_kept_and_not_shown(browser: Browser) -> None:
    with open_station(browser) as station:
        station.open(browser)
        assert browser.evaluate("location.href") == f"{station.page.address}/"
        station.hear(lambda m: isinstance(m, Hands))
        browser.goto(station.page.address)  # the tab still knows it
        browser.wait_for("panodora.tracking === 'open'")
        shown = [url for url in browser.requests() if TOKEN in url]
        assert shown == [f"{station.page.address}/?token={TOKEN}"]
        assert browser.errors() == []


def test_the_rest_of_the_address_stays(browser: Browser) -> None:
    with open_station(browser) as station:
        browser.goto(f"{station.page.address}/?watch=1&token={TOKEN}#here")
        browser.wait_for("panodora.tracking === 'watching'")
        assert browser.evaluate("location.href") == f"{station.page.address}/?watch=1#here"


@pytest.mark.parametrize("query", ["", "/?token=wrong-token-of-many-letters", "/?token=%20,%22"])
def test_without_the_token_the_page_says_what_to_do_and_gives_up(
    browser: Browser, query: str
) -> None:
    with open_station(browser) as station:
        station.offer()
        browser.goto(station.page.address + query)
        browser.wait_for("panodora.stream === 'refused'")
        notice = browser.evaluate("document.getElementById('notice').textContent")
        assert "panodora address" in notice
        assert "Trying again" not in notice
        assert browser.evaluate("document.getElementById('take-over').hidden")
        assert browser.evaluate("[panodora.picturesShown, panodora.tracking]") == [0, "closed"]
        assert not station.heard.all()
        # Opened as it says, it works.
        station.open(browser)


def test_a_new_token_ends_the_session_for_good(browser: Browser) -> None:
    with open_station(browser) as station:
        station.open(browser)
        station.tracking.stop()
        station.page.stop()
        browser.wait_for("panodora.stream === 'waiting'")
        station.restart_with_token("another-token-of-30-characters")
        browser.wait_for("panodora.stream === 'refused'")
        browser.wait_for("panodora.tracking === 'refused'")


def test_over_tls(browser: Browser, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    write_certificate(certificate, key, make_certificate(["localhost", "127.0.0.1"]))
    with open_station(browser, certificate=certificate, key=key) as station:
        assert station.page.address.startswith("https://localhost:")
        station.open(browser)
        assert browser.evaluate("isSecureContext")
        station.hear(lambda m: isinstance(m, Hands))
        sockets = [url for url in browser.requests() if url.startswith("ws")]
        assert len(sockets) == 2
        assert all(url.startswith("wss://localhost:") for url in sockets)
        browser.errors()


def test_a_tunnels_page_finds_the_tracking_port_by_its_own_tunnel(browser: Browser) -> None:
    page_port, tracking_port = free_ports(2)
    with open_station(
        browser,
        port=page_port,
        tracking_port=tracking_port,
        public_address=f"http://localhost:{page_port}",  # as it is called here
        public_tracking_address=f"http://127.0.0.1:{tracking_port}",
    ) as station:
        station.open(browser)
        station.hear(lambda m: isinstance(m, Hands))
        assert any(
            url.startswith(f"ws://127.0.0.1:{tracking_port}/tracking?")
            for url in browser.requests()
        )
