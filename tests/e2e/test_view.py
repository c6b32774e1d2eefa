"""What is where in the view, in a real browser."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from tests.e2e.browser import Browser
from tests.e2e.seen import centre, matches, middle
from tests.e2e.station import COLOURS, DEGREES, DOT_RIGHT, DOT_UP, PURPLE, Station

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Browser]:
    """The page, open on the marked panorama."""
    station = Station()
    station.open(browser)
    yield browser
    station.close(browser)


@pytest.mark.parametrize(
    ("yaw", "pitch", "name"),
    [
        (0, 0, "ahead"),
        (90, 0, "left"),
        (-90, 0, "right"),
        (180, 0, "behind"),
        (-180, 0, "behind"),
        (0, 89, "up"),
        (120, 89, "up"),
        (0, -89, "down"),
        (360, 0, "ahead"),
    ],
)
def test_each_direction_shows_what_is_there(
    page: Browser, yaw: float, pitch: float, name: str
) -> None:
    page.look(yaw * DEGREES, pitch * DEGREES)
    seen = middle(page.screenshot(), 80)
    assert matches(seen, COLOURS[name]).all()  # behind too, where the picture's ends meet


@pytest.mark.parametrize(
    ("yaw", "pitch", "where"),
    [
        (45, 0, {"left": (-1, 0), "ahead": (1, 0)}),
        (-45, 0, {"ahead": (-1, 0), "right": (1, 0)}),
        (135, 0, {"behind": (-1, 0), "left": (1, 0)}),
        (-135, 0, {"right": (-1, 0), "behind": (1, 0)}),
        (0, 62, {"up": (0, 1)}),
        (0, -62, {"down": (0, -1)}),
        (0, 25, {"ahead": (0, -1)}),
        (0, -25, {"ahead": (0, 1)}),
    ],
)
def test_things_lie_on_their_own_side(
    page: Browser, yaw: float, pitch: float, where: dict[str, tuple[int, int]]
) -> None:
    page.look(yaw * DEGREES, pitch * DEGREES)
    seen = page.screenshot()
    for name, side in where.items():
        assert tuple(np.sign(np.round(centre(seen, COLOURS[name]) / 20))) == side, name


def test_the_perspective_is_that_of_a_pinhole(page: Browser) -> None:
    """A 70-degree view along the shorter side: pixels = focal length * tangent."""
    page.look(0, 0)
    focal = page.height / 2 / math.tan(35 * DEGREES)
    right, up = math.tan(DOT_RIGHT), math.tan(DOT_UP) / math.cos(DOT_RIGHT)
    np.testing.assert_allclose(
        centre(page.screenshot(), PURPLE), [focal * right, focal * up], atol=4
    )


def test_what_is_dragged_stays_under_the_pointer(page: Browser) -> None:
    page.look(0, 0)
    before = centre(page.screenshot(), COLOURS["ahead"])
    page.drag((640, 360), (740, 300))
    page.look(**{f"{key}_rad": page.evaluate(f"panodora.view.{key}") for key in ("yaw", "pitch")})
    after = centre(page.screenshot(), COLOURS["ahead"])
    np.testing.assert_allclose(after - before, [100, 60], atol=15)
