"""What a real browser's clock tells of when its pictures are shown, and what a wrong one does."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from operators.header import Stamp
from operators.latency import LatencyTrace
from operators.latency_stamps import hand_to_shown_ms
from tests.e2e.browser import Browser
from tests.e2e.station import Station

pytestmark = pytest.mark.browser

WRONG_CLOCK = """
{
  const now = performance.now.bind(performance);
  window.clockIsAheadMs = 0;
  performance.now = () => now() + window.clockIsAheadMs;
}
"""

PICTURES = 5
HOUR_MS = 3.6e6
"""Clocks are wrong by an hour at least: a false number is of an hour, however slow the machine."""


@pytest.fixture
def page(browser: Browser, station: Station) -> Iterator[Browser]:
    """A browser whose clock can be set wrong."""
    browser.command("newPage")
    browser.command("resize", width=browser.width, height=browser.height)
    browser.command("addScript", script=WRONG_CLOCK)
    station.open(browser)
    yield browser
    browser.command("newPage")
    browser.command("resize", width=browser.width, height=browser.height)


class Follower:
    """A trace of what the station's servers tell, of pictures that show a hand of this moment."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.trace = LatencyTrace(frames=100)
        self.frames = 0

    def show_pictures(self) -> None:
        """Let the page show some."""
        for recorder in (self.station.sent, self.station.shown):
            recorder.all()
        for _ in range(PICTURES):
            captured_ns = time.monotonic_ns()
            self.station.offer()
            frame, header, *stamps = self.station.sent.next()
            header = replace(header, capture_ns=captured_ns, hands_seq=self.frames)
            header = header.sent_by(Stamp("headset_output", *stamps, header.seq))
            self.trace.add_sent(frame, header)
            (shown,) = self.station.shown.next()
            self.trace.add_shown(shown, time.monotonic_ns())
            self.frames += 1

    def hear_of_clock(self, times: int) -> None:
        """Learn of the page's clock as often, counting from now."""
        for (exchange,) in self.station.clock.all():
            self.trace.add_exchange(exchange)
        for _ in range(times):
            self.trace.add_exchange(self.station.clock.next()[0])


@pytest.mark.parametrize("ahead_ms", [0.0, -7_200_000.0, 3.6e6 * 24 * 400])
def test_a_page_tells_when_it_shows_pictures(
    page: Browser, station: Station, ahead_ms: float
) -> None:
    follower = Follower(station)
    page.evaluate(f"window.clockIsAheadMs = {ahead_ms}; null")
    follower.hear_of_clock(0)  # some of it may be from before
    follower.trace = LatencyTrace(frames=100)
    station.clock.next()
    follower.hear_of_clock(2)
    follower.show_pictures()
    follower.hear_of_clock(2)
    shown_ms = hand_to_shown_ms(follower.trace.records())
    assert len(shown_ms) == PICTURES
    assert (shown_ms > 0).all()
    assert (shown_ms < HOUR_MS / 2).all()


def test_a_clock_that_jumps_gives_no_false_number(page: Browser, station: Station) -> None:
    follower = Follower(station)
    follower.hear_of_clock(3)
    follower.show_pictures()
    page.evaluate(f"window.clockIsAheadMs = {HOUR_MS}; null")
    follower.show_pictures()
    follower.hear_of_clock(3)
    assert (hand_to_shown_ms(follower.trace.records()) < HOUR_MS / 2).all()
    (words,) = follower.trace.clocks().values()
    assert "jumped 1 times" in words
    follower.show_pictures()
    follower.hear_of_clock(2)
    shown_ms = hand_to_shown_ms(follower.trace.records())
    assert len(shown_ms) >= PICTURES
    assert (shown_ms < HOUR_MS / 2).all()
