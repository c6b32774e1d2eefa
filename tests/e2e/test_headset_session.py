"""Coming and going in a headset: what drives, and what stops the robot."""

import numpy as np
import pytest

from operators.messages import Hands, Head, OperatorInput
from tests.e2e.browser import Browser
from tests.e2e.emulated_headset import EmulatedHeadset
from tests.e2e.seen import matches, middle
from tests.e2e.station import (
    COLOURS,
    DEGREES,
    Station,
    both_tracked,
    from_headset,
    goes_on,
    stops,
)
from tests.operators.page_clients import connected, receive
from tests.time_limits import event_s

pytestmark = pytest.mark.browser


def test_entering_and_leaving_stop_the_robot(headset: EmulatedHeadset, station: Station) -> None:
    station.open(headset.browser)
    station.hear(lambda m: isinstance(m, OperatorInput) and m.source == "desktop" and not m.stop)
    headset.enter()
    first = station.hear(lambda m: getattr(m, "source", "") == "webxr-emulator")
    assert stops(first)  # before the hands that it is to stop
    station.hear(goes_on)
    headset.leave()
    assert station.hear(stops).source == "webxr-emulator"
    lost = station.hear(lambda m: from_headset(m) and not m.valid.any())
    assert np.isnan(lost.joint_positions).all()
    desk = station.hear(lambda m: isinstance(m, OperatorInput) and m.source == "desktop")
    assert desk.stop


COVER = """
device.isCovered = true;
Object.defineProperty(XRSession.prototype, "visibilityState", {
  get: () => (device.isCovered ? "visible-blurred" : "visible"),
});
0
"""
"""The hands are still told: they belong to what covers the page."""


def test_when_something_covers_the_page_the_hands_are_lost(
    vr: EmulatedHeadset, station: Station
) -> None:
    station.hear(goes_on)
    vr.browser.evaluate(COVER)
    station.hear(lambda m: from_headset(m) and not m.valid.any())
    station.heard.all()
    assert station.hear(lambda m: isinstance(m, Head)).valid
    vr.do("isCovered = false")
    station.hear(both_tracked)


def test_a_headset_that_is_taken_off_stops_the_robot_and_takes_no_pictures(
    vr: EmulatedHeadset, station: Station
) -> None:
    station.hear(goes_on)
    station.clients.all()
    vr.do("updateVisibilityState('hidden')")
    station.hear(stops)
    station.hear(lambda m: from_headset(m) and not m.valid.any())
    assert station.clients.next()[1] == 0
    vr.do("updateVisibilityState('visible')")
    assert station.clients.next()[1] == 1
    station.hear(both_tracked)


def test_a_stage_that_moves_stops_the_robot(vr: EmulatedHeadset, station: Station) -> None:
    vr.turn(0.5)
    station.hear(goes_on)
    vr.do("recenter()")
    station.hear(stops)


def test_pictures_are_acknowledged_with_the_time_at_which_they_are_shown(
    vr: EmulatedHeadset, station: Station
) -> None:
    station.shown.all()
    seq = station.offer()
    (picture,) = station.shown.next()
    assert (picture.frame_seq, picture.clock) == (seq, "predictedDisplayTime")
    now = vr.browser.evaluate("performance.now()")
    assert 0 < now - picture.shown_ms < 1e3 * event_s()
    vr.browser.evaluate(
        "Object.defineProperty(XRFrame.prototype, 'predictedDisplayTime', {value: undefined}); 0"
    )
    vr.let_frames_pass()
    station.offer()
    assert station.shown.next()[0].clock == "XRFrame time"


def test_a_second_visit_is_like_the_first(vr: EmulatedHeadset, station: Station) -> None:
    for _ in range(2):
        vr.leave()
        station.hear(lambda m: isinstance(m, Hands) and m.source == "desktop")
        seq = station.offer()
        vr.browser.wait_for(f"panodora.lastFrameSeq === {seq}")  # the desktop shows it again
        vr.enter()
        station.hear(both_tracked)
        vr.turn(-90 * DEGREES)
        assert matches(middle(vr.eyes()[0]), COLOURS["right"]).all()
        vr.turn(0)


def test_somebody_takes_over_and_to_enter_again_takes_it_back(
    vr: EmulatedHeadset, station: Station
) -> None:
    with connected(station.tracking.port, "/tracking?client=other&take_over=1") as other:
        assert receive(other).drives
        station.hear(stops)
        vr.browser.wait_for("panodora.tracking === 'watching'")
        notice = vr.browser.evaluate("document.getElementById('notice').textContent")
        assert "Somebody else has taken over" in notice  # the panel in the headset says it too
        vr.leave()
        vr.enter()
        assert not receive(other).drives
        station.hear(both_tracked)


def test_to_enter_takes_over_from_another_page(headset: EmulatedHeadset, station: Station) -> None:
    with connected(station.tracking.port, "/tracking?client=desk") as desk:
        assert receive(desk).drives
        station.offer()
        headset.browser.goto(station.page.address)
        headset.browser.wait_for("panodora.tracking === 'watching'")
        assert receive(desk).others == 1
        headset.enter()
        headset.browser.wait_for("panodora.tracking === 'open'")
        assert not receive(desk).drives
        assert stops(station.hear(lambda m: getattr(m, "source", "") == "webxr-emulator"))
        station.hear(both_tracked)


def test_who_only_watches_does_not_drive_in_a_headset_either(
    headset: EmulatedHeadset, station: Station
) -> None:
    station.offer()
    headset.browser.goto(f"{station.page.address}/?watch")
    headset.browser.wait_for("panodora.tracking === 'watching'")
    headset.enter()
    headset.let_frames_pass(10)
    assert headset.browser.evaluate("[panodora.tracking, panodora.samplesSent]") == ["watching", 0]
    assert headset.browser.evaluate("document.getElementById('notice').hidden")
    assert not station.heard.all()


def test_comes_back_after_a_restart_of_both_servers(vr: EmulatedHeadset, station: Station) -> None:
    station.page.stop()
    station.tracking.stop()
    vr.browser.wait_for("panodora.stream === 'waiting' && panodora.tracking === 'waiting'")
    station.restart_tracking()
    station.restart_page()
    vr.browser.wait_for("panodora.stream === 'open' && panodora.tracking === 'open'")
    assert vr.browser.evaluate("panodora.headset") == "on"
    station.hear(both_tracked)
    seq = station.offer()
    vr.browser.wait_for(f"panodora.lastFrameSeq === {seq}")
    # A browser reports attempts that failed, whatever the page does.
    assert all("WebSocket connection" in error for error in vr.browser.errors())


@pytest.mark.parametrize("name", ["oculusQuest1", "metaQuest2", "metaQuestPro", "metaVRGlasses"])
def test_other_headsets_enter_too(browser: Browser, station: Station, name: str) -> None:
    with EmulatedHeadset(browser, name) as other:
        station.open(browser)
        other.enter()
        station.hear(both_tracked)
        assert matches(middle(other.eyes()[0]), COLOURS["ahead"]).all()
        assert browser.errors() == []


def test_a_headset_that_refuses_says_why(headset: EmulatedHeadset, station: Station) -> None:
    station.open(headset.browser)
    headset.browser.wait_for("!document.getElementById('headset').hidden")
    headset.browser.evaluate(
        "navigator.xr.requestSession = () => Promise.reject(new Error('it is charging')); 0"
    )
    headset.browser.click("#headset")
    headset.browser.wait_for(
        "document.getElementById('notice').textContent.includes('it is charging')"
    )
    assert headset.browser.evaluate("panodora.headset") == "off"
