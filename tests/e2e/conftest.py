"""The page in a real browser, with both of its servers in the test's own process."""

from collections.abc import Iterator

import pytest

from operators import page_server, tracking_server
from tests.e2e.browser import Browser, missing
from tests.e2e.emulated_headset import EmulatedHeadset
from tests.e2e.station import Station, both_tracked
from tests.time_limits import event_s


@pytest.fixture(scope="session", autouse=True)
def patient_servers() -> Iterator[None]:
    """Servers in this process that wait longer for a busy browser.

    To say that it lives; and for a page to be opened while somebody drives who says nothing.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracking_server, "HEARTBEAT_S", event_s())
        patch.setattr(tracking_server, "YIELDS_AFTER_S", event_s())
        patch.setattr(page_server, "HEARTBEAT_S", event_s())
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all; `goto` begins anew."""
    if lacking := missing():
        pytest.skip(lacking)
    with Browser() as made:
        yield made


@pytest.fixture
def station(browser: Browser) -> Iterator[Station]:
    made = Station()
    yield made
    made.close(browser)


@pytest.fixture
def headset(browser: Browser) -> Iterator[EmulatedHeadset]:
    """An emulated Quest 3 that has not opened the page yet."""
    with EmulatedHeadset(browser) as made:
        yield made


@pytest.fixture
def vr(headset: EmulatedHeadset, station: Station) -> Iterator[EmulatedHeadset]:
    """The headset, within the page, with hands that have been seen. It must not complain."""
    station.open(headset.browser)
    headset.browser.errors()  # those of the page that stood here before are not this one's
    headset.enter()
    station.hear(both_tracked)
    yield headset
    assert headset.browser.errors() == []
