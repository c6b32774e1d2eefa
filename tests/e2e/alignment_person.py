"""Stands for a person who aligns the simulated camera on the page with a mouse.

An oracle, and no test of eyes: it is told points of the robot and where the real picture shows
them, and computes how far each drag has to go.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from operators.look_at_camera import LookAtCamera
from tests.e2e.browser import Browser

Floats = NDArray[np.float64]

BACKGROUND = (20.0, 20.0)
"""A pixel that nothing simulated covers: what is dragged there is as far away as the target."""

WHEEL_M = 1e-4
DRAG_ZOOM = 2e-3


@dataclass
class Person:
    """Looks at points of the robot, in the real picture and the simulated one.

    points: (n, 3), m, in the base. seen: (n, 2), where the real picture shows them, px.
    """

    browser: Browser
    points: Floats
    seen: Floats

    def state(self) -> dict[str, Any]:
        """What the page shows."""
        told: dict[str, Any] = json.loads(self.browser.evaluate("JSON.stringify(align.state)"))
        return told

    def camera(self) -> LookAtCamera:
        """What the page's numbers say."""
        state = self.state()
        return LookAtCamera(state["position"], state["target"], state["fov_y_rad"])

    def align(self) -> None:
        """Turn, move and zoom with the mouse, until the simulated points lie on the real ones."""
        for _ in range(3):
            wanted = self._wanted()
            self._zoom(wanted)
            self._turn(wanted)
            self._go(wanted)

    def click(self, pixel: Floats) -> None:
        """Click at a pixel of the picture."""
        x, y = self._on_screen(pixel)
        self.browser.click_at(x, y)

    def _wanted(self) -> LookAtCamera:
        """The camera in which the points would be seen where the real one sees them."""
        width, height = self._size()
        now = self.camera()

        def camera(numbers: Floats) -> LookAtCamera:
            return LookAtCamera(tuple(numbers[:3]), tuple(numbers[3:6]), float(numbers[6]))

        def apart(numbers: Floats) -> Floats:
            tried = camera(numbers)
            at = tried.camera_from_kinematic_base().points(self.points)
            pixels = (tried.pinhole(width, height).project(at) - self.seen).ravel()
            # How far away the target is no picture tells.
            return np.append(pixels, 100.0 * (tried.distance_m - now.distance_m))

        start = [*now.position, *now.target, now.fov_y_rad]
        return camera(least_squares(apart, start, x_scale=0.1, xtol=1e-12, ftol=1e-12).x)

    def _zoom(self, wanted: LookAtCamera) -> None:
        now = self.camera()
        factor = np.tan(now.fov_y_rad / 2) / np.tan(wanted.fov_y_rad / 2)
        self.browser.click("[data-tool=zoom]")
        self._drag(np.array([0.0, -np.log(factor) / DRAG_ZOOM]))
        self.browser.click("[data-tool=move]")

    def _turn(self, wanted: LookAtCamera) -> None:
        now = self.camera()
        right, down, forward = now.base_from_camera[:3, :3].T @ wanted.forward
        focal = now.pinhole(*self._size()).fy
        self._drag(-focal / forward * np.array([right, down]), button="right")

    def _go(self, wanted: LookAtCamera) -> None:
        now = self.camera()
        way = now.base_from_camera[:3, :3].T @ np.subtract(wanted.position, now.position)
        if abs(way[2]) > 2e-4:
            x, y = self._on_screen(np.array(BACKGROUND))
            self.browser.command("wheel", x=x, y=y, pixels=-way[2] / WHEEL_M)
            self._until_changed(now)
        focal = now.pinhole(*self._size()).fy
        self._drag(-focal / now.distance_m * way[:2])

    def _drag(self, by: Floats, button: str = "left") -> None:
        """Drag the picture by (right, down), its pixels."""
        if np.linalg.norm(by) < 0.2:
            return
        before = self.camera()
        start = np.array(BACKGROUND)
        # Within the picture: a longer way begins on the other side.
        width, height = self._size()
        start = np.where(by < 0, (width - 20.0, height - 20.0), start)
        self.browser.drag(self._on_screen(start), self._on_screen(start + by), button)
        self._until_changed(before)

    def _until_changed(self, before: LookAtCamera) -> None:
        """Wait until the page shows another camera, and the mouse's last word has come."""
        numbers = json.dumps([*before.position, *before.target, before.fov_y_rad])
        self.browser.wait_for(
            "JSON.stringify([...align.state.position, ...align.state.target, "
            f"align.state.fov_y_rad]) !== JSON.stringify({numbers})"
        )
        self.settle()

    def settle(self) -> None:
        """Wait until what was last asked for is in the state: the server answers in order."""
        opacity = 0.5 if abs(self.state()["opacity"] - 0.5) > 1e-3 else 0.55
        self.browser.evaluate(f"align.command('opacity', {{values: [{opacity}]}})")
        self.browser.wait_for(f"align.state.opacity === {opacity}")

    def _size(self) -> tuple[int, int]:
        state = self.state()
        return state["columns"], state["rows"]

    def _on_screen(self, pixel: Floats) -> tuple[float, float]:
        """Where a pixel of the picture is in the window."""
        width, height = self._size()
        left, top, across, up = self.browser.evaluate(
            "(({left, top, width, height}) => [left, top, width, height])"
            "(align.canvas.getBoundingClientRect())"
        )
        scale = min(across / width, up / height)
        x = left + across / 2 + (pixel[0] + 0.5 - width / 2) * scale
        y = top + up / 2 + (pixel[1] + 0.5 - height / 2) * scale
        return float(x), float(y)
