"""A headset that IWER emulates in a page of the test's browser."""

import math
from typing import Any

from tests.e2e.browser import HERE, Browser

IWER = HERE / "node_modules/iwer/build/iwer.min.js"

HEAD = (0.0, 1.6, 0.0)
HANDS = {"left": (-0.2, 1.35, -0.4), "right": (0.2, 1.35, -0.4)}

INSTALL = """
window.device = new IWER.XRDevice(IWER.{name}, {{ stereoEnabled: true }});
device.installRuntime({{ forceInstall: true }});
device.primaryInputMode = "hand";
device.position.set({head});
for (const [side, place] of Object.entries({hands})) {{
  device.hands[side].position.set(...place);
  device.controllers[side].position.set(...place);
}}
"""


class EmulatedHeadset:
    """A Quest on someone who stands still with both hands before the chest.

    It takes a new page of the browser, in whose scripts it is called `device`.
    """

    def __init__(self, browser: Browser, name: str = "metaQuest3") -> None:
        self._browser = browser
        browser.command("newPage")
        browser.command("resize", width=browser.width, height=browser.height)
        browser.command("addScriptFile", path=str(IWER))
        hands = {side: list(place) for side, place in HANDS.items()}
        script = INSTALL.format(name=name, head=", ".join(map(str, HEAD)), hands=hands)
        browser.command("addScript", script=script)

    def enter(self) -> None:
        """Click the button, and wait until frames are drawn."""
        browser = self._browser
        browser.wait_for("!document.getElementById('headset').hidden")
        before = browser.evaluate("panodora.headsetFrames")
        browser.click("#headset")
        browser.wait_for(f"panodora.headsetFrames > {before + 2}")

    def leave(self) -> None:
        """End the session as the headset's own button does."""
        self._browser.evaluate("device.activeSession.end()")
        self._browser.wait_for("panodora.headset === 'off'")

    def do(self, script: str) -> Any:
        """Change something of the device, e.g. `hands.left.connected = false`."""
        return self._browser.evaluate(f"void (device.{script})")

    def turn(self, yaw_rad: float) -> None:
        """Turn the head about the upright axis, positive to the left."""
        sine, cosine = math.sin(yaw_rad / 2), math.cos(yaw_rad / 2)
        self.do(f"quaternion.set(0, {sine}, 0, {cosine})")

    def let_frames_pass(self, count: int = 2) -> None:
        """Wait until so many more frames were drawn."""
        frames = self._browser.evaluate("panodora.headsetFrames")
        self._browser.wait_for(f"panodora.headsetFrames >= {frames + count}")
