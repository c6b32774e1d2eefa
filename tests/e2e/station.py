"""Both servers of the page in a test's own process, and a picture to recognise."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr

from operators.header import Header
from operators.messages import Hands, OperatorFrame, OperatorInput, OperatorState, Panorama
from operators.page_server import PageServer
from operators.page_site import OwnPage, PageSite
from operators.session_token import with_token
from operators.settings import HeadsetSettings
from operators.tracking_server import TrackingServer
from tests.e2e.browser import Browser
from tests.operators.page_clients import Recorder
from tests.time_limits import event_s

Picture = NDArray[np.uint8]

ROWS, COLUMNS, TILE = 480, 960, 80
COLOURS = {
    "ahead": (245, 140, 30),
    "right": (40, 200, 60),
    "left": (50, 80, 230),
    "behind": (235, 220, 50),
    "up": (220, 60, 220),
    "down": (40, 210, 220),
}
GREY, PURPLE = (110, 110, 110), (110, 30, 160)
DOT_RIGHT, DOT_UP = math.radians(20), math.radians(15)
DEGREES = math.pi / 180


def marked_panorama() -> Picture:
    """A patch of colour in every direction, and a purple dot right of and above the one ahead.

    Drawn from the definition: the centre column is ahead, right of it is to the right, row 0 up.
    """
    columns, rows = np.meshgrid(np.arange(COLUMNS) + 0.5, np.arange(ROWS) + 0.5)
    azimuth, elevation = (columns / COLUMNS - 0.5) * 2 * np.pi, (0.5 - rows / ROWS) * np.pi
    pixels = np.full((ROWS, COLUMNS, 3), GREY, np.uint8)

    def paint(colour: tuple[int, int, int], right: float, up: float, radius: float) -> None:
        cosine = np.sin(elevation) * np.sin(up)
        cosine += np.cos(elevation) * np.cos(up) * np.cos(azimuth - right)
        pixels[cosine > np.cos(radius)] = colour

    for name, right in (("ahead", 0.0), ("right", 90.0), ("behind", 180.0), ("left", -90.0)):
        paint(COLOURS[name], right * DEGREES, 0.0, 12 * DEGREES)
    paint(COLOURS["up"], 0.0, 90 * DEGREES, 12 * DEGREES)
    paint(COLOURS["down"], 0.0, -90 * DEGREES, 12 * DEGREES)
    paint(PURPLE, DOT_RIGHT, DOT_UP, 2 * DEGREES)
    return pixels


MARKED = marked_panorama()


class Station:
    """Both servers, and what they hear.

    token: what a client must show. settings: of the page, beside its ports.
    """

    def __init__(self, token: str = "", **settings: Any) -> None:
        self.heard, self.sent, self.shown = Recorder(), Recorder(), Recorder()
        self.clock, self.clients, self.faults = Recorder(), Recorder(), Recorder()
        self._token = token
        self._settings = HeadsetSettings(
            **{
                "port": 0,
                "tracking_port": 0,
                "token": token or None,
                # What a server does when a busy browser falls silent is tested in tests/operators.
                "silence_s": event_s(),
                **settings,
            }
        )
        self.tracking = self._tracking_server(self._settings)
        self.page = self._page_server(self._settings)
        self._seq = 0

    def open(self, browser: Browser) -> None:
        """Open the page, with a picture, and without the keys' card."""
        self.offer()
        browser.goto(with_token(self.page.address, self._token))
        browser.wait_for("panodora.picturesShown > 0 && panodora.tracking === 'open'")
        browser.press("KeyH")

    def tell(self, state: str) -> None:
        """Say what the robot does, as the guard would."""
        words = dict.fromkeys(("state", "left_state", "right_state"), state)
        reasons = dict.fromkeys(("reason", "left_reason", "right_reason"), "")
        self.page.show(OperatorState(**words, **reasons))

    def tell_frame(self, client: str, yaw_rad: float = 0.0, **changes: Any) -> None:
        """Say how the operator's frame stands, as `preprocess` would."""
        said = {
            "client": client,
            "anchor_yaw_rad": yaw_rad,
            "clutched": np.zeros(2, bool),
            "motion_scale": 1.0,
            "neck_offset": np.zeros(3),
            "neck_measured": False,
            "advice": "",
        }
        self.page.show(OperatorFrame(**{**said, **changes}))

    def _site(self) -> PageSite:
        return OwnPage()

    def _page_server(self, settings: HeadsetSettings) -> PageServer:
        server = PageServer(
            settings,
            self.tracking.port,
            self.sent,
            self.shown,
            self.clock,
            self.clients,
            self.faults,
            token=self._token,
            site=self._site(),
        )
        server.start()
        return server

    def _tracking_server(self, settings: HeadsetSettings) -> TrackingServer:
        server = TrackingServer(settings, self.heard, self.faults)
        server.start()
        return server

    def close(self, browser: Browser) -> None:
        """Leave the page and end both servers, which may have had nothing to complain about."""
        browser.goto("about:blank")
        self.page.stop()
        self.tracking.stop()
        assert self.faults.all() == []

    def restart_page(self) -> None:
        port = int(self.page.address.rpartition(":")[2])
        self.page = self._page_server(self._settings.model_copy(update={"port": port}))

    def restart_tracking(self) -> None:
        settings = self._settings.model_copy(update={"tracking_port": self.tracking.port})
        self.tracking = self._tracking_server(settings)

    def restart_with_token(self, token: str) -> None:
        """Both servers, where they were, with another token."""
        self._token = token
        self._settings = self._settings.model_copy(update={"token": SecretStr(token)})
        self.restart_tracking()
        self.restart_page()

    def offer(self, pixels: Picture = MARKED, tile_version: NDArray[np.int64] | None = None) -> int:
        """Let everyone who can take it have a picture; returns its number.

        tile_version: (6, 12), for tiles of 80 pixels; by default all have changed.
        """
        self._seq += 1
        if tile_version is None:
            tile_version = np.full((6, 12), self._seq, np.int64)
        panorama = Panorama(pixels=pixels, tile_size=TILE, tile_version=tile_version)
        self.page.offer(panorama, Header(self._seq, 0), received_ns=0)
        return self._seq

    def hear(self, accept: Callable[[Any], bool]) -> Any:
        """The next message from the page that is what we wait for."""
        end = time.monotonic() + event_s()
        while time.monotonic() < end:
            message = self.heard.next()[0]
            if accept(message):
                return message
        raise AssertionError(f"not heard; the last was {message}")

    def hands_now(self, browser: Browser) -> Hands:
        """The hands as the page has them from now on, whatever it has sent before."""
        now_ms = browser.evaluate("performance.now()")
        end = time.monotonic() + event_s()
        while time.monotonic() < end:
            message, _, time_ms, _ = self.heard.next()
            if isinstance(message, Hands) and time_ms >= now_ms:
                return message
        raise AssertionError("no hands were heard")


def from_headset(message: Any) -> bool:
    """Whether these are hands that a headset has sent."""
    return isinstance(message, Hands) and message.source == "webxr-emulator"


def both_tracked(message: Any) -> bool:
    """Whether these are both hands, from a headset."""
    return from_headset(message) and bool(message.valid.all())


def stops(message: Any) -> bool:
    """Whether this stops the robot."""
    return isinstance(message, OperatorInput) and message.stop


def goes_on(message: Any) -> bool:
    """Whether no stop is held any more."""
    return isinstance(message, OperatorInput) and not message.stop
