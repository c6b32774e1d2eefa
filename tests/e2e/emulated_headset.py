"""A headset that IWER emulates in a page of the test's browser."""

import json
import math
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from operators.neck_pivot import USUAL_NECK_OFFSET_M
from tests.e2e.browser import HERE, Browser

IWER = HERE / "node_modules/iwer/build/iwer.min.js"

WIDTH, HEIGHT = 800, 400
"""Of the window, which shows both eyes side by side: little, as it is drawn without a GPU."""

SIGNS = 20
SIGN_MS = 5_000.0

HEAD = (0.0, 1.6, 0.0)
HANDS = {"left": (-0.2, 1.45, -0.35), "right": (0.2, 1.45, -0.35)}

INSTALL = f"""
window.device = new IWER.XRDevice(IWER[NAME], {{ stereoEnabled: true }});
device.installRuntime({{ forceInstall: true }});
device.primaryInputMode = "hand";
device.position.set(...{json.dumps(HEAD)});
for (const [side, place] of Object.entries({json.dumps(HANDS)})) {{
  device.hands[side].position.set(...place);
  device.controllers[side].position.set(...place);
}}
"""


class EmulatedHeadset:
    """A Quest on someone who stands still with both hands before the chest.

    It takes a new page of the browser, in whose scripts it is called `device`, and leaves the
    browser with another one without it.
    """

    def __init__(self, browser: Browser, name: str = "metaQuest3") -> None:
        self.browser = browser
        self._name = name

    def __enter__(self) -> Self:
        self.browser.command("newPage")
        self.browser.command("resize", width=WIDTH, height=HEIGHT)
        self.browser.command("addScriptFile", path=str(IWER))
        script = f"const NAME = {self._name!r};{INSTALL}"
        self.browser.command("addScript", script=f"{{{script}}}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.browser.command("newPage")
        self.browser.command("resize", width=self.browser.width, height=self.browser.height)

    def enter(self) -> None:
        """Click the page's button, and wait until frames are drawn."""
        self.browser.wait_for("!document.getElementById('headset').hidden")
        frames = self.frames
        self.browser.click("#headset")
        self.browser.wait_for(f"panodora.headsetFrames > {frames + 2}")

    def leave(self) -> None:
        """End the session as the headset's own button does."""
        self.do("activeSession.end()")
        self.browser.wait_for("panodora.headset === 'off'")

    @property
    def frames(self) -> int:
        """How many frames the page has drawn in the headset."""
        drawn: int = self.browser.evaluate("panodora.headsetFrames")
        return drawn

    def let_frames_pass(self, count: int = 3) -> None:
        """Wait until so many more are drawn: a change of the device takes up to two."""
        self.browser.wait_for(f"panodora.headsetFrames >= {self.frames + count}")

    def do(self, script: str) -> None:
        """Change something of the device, e.g. `hands.left.connected = false`."""
        self.browser.evaluate(f"void (device.{script})")

    def place(self, side: str, position: tuple[float, float, float]) -> None:
        """Move a hand, m in the stage."""
        self.do(f"hands.{side}.position.set(...{list(position)})")

    def pinch(self, side: str, value: float) -> None:
        """Close thumb and index finger, 0 to 1."""
        self.do(f"hands.{side}.updatePinchValue({value})")

    def pinch_both(self, value: float) -> None:
        """Close thumbs and index fingers, 0 to 1."""
        for side in HANDS:
            self.pinch(side, value)

    def engage(self, is_stopped: str, sign: Callable[[float], None]) -> None:
        """Make the sign to engage, 1, and let go, 0, until a JavaScript expression is false.

        Again and again: a busy machine's robot stops once more, and who was stopped meanwhile must
        let go first. A sign of one second engages.
        """
        for _ in range(SIGNS):
            sign(1)
            self.browser.wait_a_while(f"!({is_stopped})", SIGN_MS)
            sign(0)
            self.browser.wait_a_while()
            if not self.browser.evaluate(is_stopped):
                return
        raise AssertionError(f"the sign was made {SIGNS} times, and the robot is stopped")

    def turn(self, yaw_rad: float) -> None:
        """Turn the head about its neck, positive to the left, until that is drawn."""
        sine, cosine = math.sin(yaw_rad / 2), math.cos(yaw_rad / 2)
        x, y, z = HEAD
        *_, behind = USUAL_NECK_OFFSET_M
        x, z = x - behind * math.sin(yaw_rad), z + behind * (1 - math.cos(yaw_rad))
        # In one go, or a frame between the two would have the eyes elsewhere.
        turn = f"quaternion.set(0, {sine}, 0, {cosine})"
        self.do(f"{turn}, device.position.set({x}, {y}, {z})")
        self.let_frames_pass()

    def eyes(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """What the left and the right eye see, (height, width, 3) RGB each."""
        seen = self.browser.screenshot()
        return seen[:, : WIDTH // 2], seen[:, WIDTH // 2 :]
