"""Both servers for Vuer's client in a test's process, and that client in an emulated headset."""

from typing import Any

from operators.page_site import PageSite
from operators.session_token import with_token
from operators.settings import HeadsetSettings
from operators.tracking_server import TrackingServer
from operators.vuer_server import VuerServer
from operators.vuer_site import VuerSite
from tests.e2e.browser import Browser
from tests.e2e.emulated_headset import EmulatedHeadset
from tests.e2e.station import Station


class VuerStation(Station):
    """Both servers, as a dataflow has them with `headset.client: vuer`.

    Vuer's client does not say when it is left: the server concludes it from its silence.
    """

    def __init__(self, token: str = "", **settings: Any) -> None:
        super().__init__(token, **{"silence_s": 2.0, **settings})

    def open(self, browser: Browser) -> None:
        """Open Vuer's client, with a picture."""
        self.offer()
        browser.goto(with_token(self.page.address, self._token))
        browser.wait_for("window.panodora?.picturesShown > 0")
        browser.wait_for("panodora.tracking === 'open'")

    def _site(self) -> PageSite:
        return VuerSite()

    def _tracking_server(self, settings: HeadsetSettings) -> TrackingServer:
        server = VuerServer(settings, self.heard, self.faults)
        server.start()
        return server


class VuerHeadset(EmulatedHeadset):
    """A Quest on someone who has Vuer's client open."""

    def enter(self) -> None:
        """Click the client's button, and wait until frames are drawn."""
        frames = self.frames
        self.browser.click("text=Virtual Reality")
        self.browser.wait_for(f"panodora.headsetFrames > {frames + 2}")
