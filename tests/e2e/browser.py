"""A real Chromium, driven from tests through driver.mjs."""

import base64
import contextlib
import json
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.time_limits import event_s, program_s

HERE = Path(__file__).parent


def find_chromium() -> str | None:
    """The browser's command, by the names that distributions give it."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def missing() -> str:
    """What a browser test lacks here, in words; empty where it can run."""
    if shutil.which("node") is None:
        return "needs Node.js (node is not on the PATH)"
    if not (HERE / "node_modules/playwright-core").is_dir():
        return "needs the test's npm packages: run `npm ci` in tests/e2e"
    if find_chromium() is None:
        return "needs Chromium (neither chromium nor google-chrome is on the PATH)"
    return ""


class BrowserError(AssertionError):
    """What the browser answered where it could not do as told."""


class Browser:
    """One browser with one page.

    >>> with Browser() as browser:
    ...     browser.goto("http://localhost:8012")
    ...     browser.wait_for("panodora.picturesShown > 0")
    """

    def __init__(self, width: int = 1280, height: int = 720) -> None:
        self.width, self.height = width, height
        self._answers: queue.Queue[str] = queue.Queue()
        self._next_id = 0

    def __enter__(self) -> Self:
        chromium = find_chromium()
        assert chromium is not None
        self._driver = subprocess.Popen(
            ["node", HERE / "driver.mjs", chromium, str(1e3 * event_s())],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.command("resize", width=self.width, height=self.height)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._driver.stdin is not None
        assert self._driver.stdout is not None
        self._driver.stdin.close()
        try:
            self._driver.wait(program_s())
        except subprocess.TimeoutExpired:
            self._driver.kill()
            self._driver.wait()
        self._reader.join()
        self._driver.stdout.close()

    @property
    def process_id(self) -> int:
        """Of the driver, whose descendants are the browser's processes."""
        return self._driver.pid

    def command(self, name: str, **values: Any) -> Any:
        """Do one of driver.mjs's commands and return its result. Raises BrowserError."""
        assert self._driver.stdin is not None
        self._next_id += 1
        message = {"id": self._next_id, "do": name, **values}
        self._driver.stdin.write(json.dumps(message) + "\n")
        self._driver.stdin.flush()
        line = self._answers.get(timeout=program_s())
        if not line:
            raise BrowserError(f"the driver ended at {name}")
        answer = json.loads(line)
        if "error" in answer:
            raise BrowserError(f"{name}: {answer['error']}")
        return answer["result"]

    def goto(self, url: str) -> None:
        self.command("goto", url=url)

    def evaluate(self, expression: str) -> Any:
        return self.command("evaluate", expression=expression)

    def wait_for(self, expression: str) -> None:
        """Wait until a JavaScript expression is true."""
        self.command("waitFor", expression=expression)

    def press(self, key: str) -> None:
        """A key down and up at once. Keys are named by place: KeyW, Enter, Escape, Tab."""
        self.command("press", key=key)

    @contextlib.contextmanager
    def holding(self, *keys: str) -> Iterator[None]:
        """Keys that are held down meanwhile."""
        for key in keys:
            self.command("keyDown", key=key)
        try:
            yield
        finally:
            for key in reversed(keys):
                self.command("keyUp", key=key)

    def hold_until(self, key: str, expression: str) -> None:
        """Hold a key down until a JavaScript expression is true, and let go at once."""
        self.command("holdUntil", key=key, expression=expression)

    def press_until(self, key: str, expression: str) -> None:
        """Hold a key down for a while, again and again, until a JavaScript expression is true.

        Who was stopped while the key was down must let go of it first.
        """
        until_s = time.monotonic() + program_s()
        while True:
            with self.holding(key):
                self.wait_a_while(expression)
            if self.evaluate(expression):
                return
            assert time.monotonic() < until_s, f"{key} does not lead to {expression}"
            self.wait_a_while()

    def wait_a_while(self, expression: str = "false", a_while_ms: float = 1000.0) -> None:
        """Wait until a JavaScript expression is true, or for as long by the page's clock."""
        end_ms = self.evaluate("performance.now()") + a_while_ms
        self.wait_for(f"({expression}) || performance.now() > {end_ms}")

    def drag(
        self, start: tuple[float, float], end: tuple[float, float], button: str = "left"
    ) -> None:
        """Drag with the mouse, window pixels."""
        self.command("drag", **{"from": start, "to": end, "button": button})

    def click_at(self, x: float, y: float) -> None:
        """Click with the mouse, window pixels."""
        self.command("clickAt", x=x, y=y)

    def click(self, selector: str) -> None:
        self.command("click", selector=selector)

    def look(self, yaw_rad: float, pitch_rad: float) -> None:
        """Turn the view and wait until that is drawn."""
        self.evaluate(
            f"new Promise(done => {{ panodora.look({{yaw: {yaw_rad}, pitch: {pitch_rad}}});"
            " requestAnimationFrame(() => requestAnimationFrame(() => done(null))); })"
        )

    def screenshot(self, path: Path | None = None) -> NDArray[np.uint8]:
        """What is on the screen, (height, width, 3) RGB; also as a PNG where a path is given."""
        content = base64.b64decode(self.command("screenshot"))
        if path is not None:
            path.write_bytes(content)
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        return np.ascontiguousarray(picture[..., ::-1])

    def errors(self) -> list[str]:
        """Errors and warnings of the page's console since the last call."""
        found: list[str] = self.command("errors")
        return found

    def requests(self) -> list[str]:
        """Every address that the page has asked for, WebSockets included."""
        found: list[str] = self.command("requests")
        return found

    def _read(self) -> None:
        assert self._driver.stdout is not None
        for line in self._driver.stdout:
            self._answers.put(line)
        self._answers.put("")
