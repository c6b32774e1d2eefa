"""Mouse and keys that stand for a head and two hands, in a real browser."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from operators.messages import Hands, Head, OperatorAdjustment, OperatorInput
from tests.e2e.browser import Browser
from tests.e2e.station import Station

pytestmark = pytest.mark.browser

LEFT, RIGHT = 0, 1
STEP_M = 0.02


@pytest.fixture(scope="module")
def station(browser: Browser) -> Iterator[Station]:
    """Both servers, with the page open."""
    made = Station()
    made.open(browser)
    yield made
    made.close(browser)


@pytest.fixture
def page(browser: Browser, station: Station) -> Browser:
    """The page with the right hand active, and both flat."""
    for side in (LEFT, RIGHT):
        activate(browser, side)
        browser.press("KeyT")
    station.hear(lambda m: isinstance(m, Hands) and all(map(is_flat, m.stage_from_wrist)))
    return browser


def activate(browser: Browser, side: int) -> None:
    if browser.evaluate("panodora.activeHand") != ("left", "right")[side]:
        browser.press("Tab")


def is_flat(stage_from_wrist: np.ndarray[Any, Any]) -> bool:
    return bool((stage_from_wrist[:3, :3] == np.eye(3)).all())


def test_says_where_hands_and_head_are(page: Browser, station: Station) -> None:
    page.look(0.3, -0.2)
    head = station.hear(
        lambda m: isinstance(m, Head) and abs(m.stage_from_head[1, 2] - math.sin(0.2)) < 1e-6
    )
    assert (head.source, head.valid) == ("desktop", True)
    np.testing.assert_allclose(head.stage_from_head[:3, 3], [0, 1.6, 0])
    towards = -head.stage_from_head[:3, 2]
    np.testing.assert_allclose(
        towards, [-np.sin(0.3) * np.cos(0.2), -np.sin(0.2), -np.cos(0.3) * np.cos(0.2)]
    )
    hands = station.hands_now(page)
    assert hands.source == "desktop"
    assert hands.valid.all()
    np.testing.assert_allclose(
        hands.stage_from_wrist,
        [np.eye(4) + np.pad([[x], [1.4], [-0.25]], ((0, 1), (3, 0))) for x in (-0.2, 0.2)],
    )
    assert (hands.squeeze == 0).all()


@pytest.mark.parametrize("side", [RIGHT, LEFT])
@pytest.mark.parametrize(
    ("key", "axis", "sign"),
    [
        ("KeyW", 2, -1),
        ("KeyS", 2, 1),
        ("KeyA", 0, -1),
        ("KeyD", 0, 1),
        ("KeyR", 1, 1),
        ("KeyF", 1, -1),
    ],
)
def test_keys_move_the_active_hand_alone(
    page: Browser, station: Station, key: str, axis: int, sign: int, side: int
) -> None:
    activate(page, side)
    before = station.hands_now(page).stage_from_wrist[..., :3, 3]

    def moved(message: Any) -> bool:
        if not isinstance(message, Hands):
            return False
        by = message.stage_from_wrist[..., :3, 3] - before
        assert not by[1 - side].any()
        return bool(by[side, axis] * sign > STEP_M)

    with page.holding(key):
        hands = station.hear(moved)
    others = np.delete(hands.stage_from_wrist[side, :3, 3] - before[side], axis)
    np.testing.assert_allclose(others, 0, atol=1e-12)
    rest = station.hands_now(page).stage_from_wrist[side, :3, 3]
    np.testing.assert_array_equal(station.hands_now(page).stage_from_wrist[side, :3, 3], rest)


@pytest.mark.parametrize(
    ("keys", "axis", "sign"),
    [
        (["KeyQ"], 1, 1),
        (["KeyE"], 1, -1),
        (["Shift", "KeyW"], 0, -1),
        (["Shift", "KeyS"], 0, 1),
        (["Shift", "KeyA"], 2, 1),
        (["Shift", "KeyD"], 2, -1),
    ],
)
def test_keys_turn_the_active_hand(
    page: Browser, station: Station, keys: list[str], axis: int, sign: int
) -> None:
    """About the stage's axes, right-handed: from the unturned hand the matrix tells the sine."""
    row, column = (axis + 2) % 3, (axis + 1) % 3

    def turned(message: Any) -> bool:
        return isinstance(message, Hands) and sign * message.stage_from_wrist[
            RIGHT, row, column
        ] > math.sin(0.1)

    with page.holding(*keys):
        hands = station.hear(turned)
    np.testing.assert_array_equal(hands.stage_from_wrist[LEFT, :3, :3], np.eye(3))


def squeezed(low: float, high: float) -> Callable[[Any], bool]:
    return lambda m: isinstance(m, Hands) and low <= m.squeeze[RIGHT] <= high


def test_keys_close_and_open_the_active_hand(page: Browser, station: Station) -> None:
    with page.holding("KeyC"):
        hands = station.hear(squeezed(1, 1))
    assert hands.pinch[RIGHT] == 1
    assert hands.squeeze[LEFT] == 0
    station.hear(squeezed(1, 1))  # and it stays closed while the hand moves
    with page.holding("KeyR"):
        station.hear(lambda m: isinstance(m, Hands) and m.stage_from_wrist[RIGHT, 1, 3] > 1.41)
    assert station.hands_now(page).squeeze[RIGHT] == 1
    with page.holding("KeyV"):
        station.hear(squeezed(0, 0))


def test_the_wheel_closes_a_little(page: Browser, station: Station) -> None:
    page.command("wheel", x=640, y=300, pixels=100)
    station.hear(squeezed(0.01, 0.2))
    page.command("wheel", x=640, y=300, pixels=-100)
    station.hear(squeezed(0, 0))


def test_a_key_tilts_the_hand_to_grasp_and_another_back(page: Browser, station: Station) -> None:
    page.press("KeyG")
    tilted = station.hear(
        lambda m: isinstance(m, Hands) and abs(m.stage_from_wrist[RIGHT, 2, 1] + 0.5811) < 1e-4
    )
    assert tilted.stage_from_wrist[LEFT, 2, 1] == 0
    page.press("KeyT")
    station.hear(lambda m: isinstance(m, Hands) and (m.stage_from_wrist[:, 2, 1] == 0).all())


@pytest.mark.parametrize(
    ("press", "field"),
    [
        (lambda page: page.press("Enter"), "engage"),
        (lambda page: page.press("Escape"), "stop"),
        (lambda page: page.press("KeyB"), "recentre"),
        (lambda page: page.click("#engage"), "engage"),
        (lambda page: page.click("#stop"), "stop"),
    ],
    ids=["Enter", "Escape", "B", "Engage", "Stop"],
)
def test_even_a_short_press_engages_or_stops(
    page: Browser, station: Station, press: Callable[[Browser], None], field: str
) -> None:
    station.tell("tracking")
    press(page)
    keys = station.hear(lambda m: isinstance(m, OperatorInput) and getattr(m, field))
    assert keys.engage is (field == "engage")
    assert keys.stop is (field == "stop")
    station.tell("stopped")
    station.hear(lambda m: isinstance(m, OperatorInput) and not getattr(m, field))


def test_the_clutch_is_the_active_hands(page: Browser, station: Station) -> None:
    with page.holding("Space"):
        clutched = station.hear(lambda m: isinstance(m, OperatorInput) and m.clutch.any())
        assert clutched.clutch.tolist() == [False, True]
        page.press("Tab")
        station.hear(lambda m: isinstance(m, OperatorInput) and m.clutch.tolist() == [True, False])
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.clutch.any())
    page.press("Tab")


@pytest.mark.parametrize(
    ("key", "field"),
    [("KeyX", "scale_up"), ("KeyZ", "scale_down"), ("KeyN", "measure_neck")],
)
def test_adjustments_are_told_of_while_a_key_is_held(
    page: Browser, station: Station, key: str, field: str
) -> None:
    station.heard.all()
    page.press(key)
    held = station.hear(lambda m: isinstance(m, OperatorAdjustment))
    for name in ("scale_up", "scale_down", "measure_neck"):
        assert getattr(held, name) is (name == field)
    count = 0
    while not isinstance(message := station.hear(lambda m: True), OperatorAdjustment) or count < 3:
        count += isinstance(message, OperatorAdjustment)
    for _ in range(60):  # it counts as held for a quarter of a second
        station.hear(lambda m: isinstance(m, OperatorInput))
    station.heard.all()
    for _ in range(30):
        assert not isinstance(station.hear(lambda m: True), OperatorAdjustment)


def test_the_body_turns_to_the_robots_forward(page: Browser, station: Station) -> None:
    """About the head, with both hands: what was before it is before it."""
    before = station.hands_now(page)
    client = page.evaluate("panodora.client")
    page.press("KeyB")
    station.hear(lambda m: isinstance(m, OperatorInput) and m.recentre)
    station.tell_frame(client, math.pi / 2)
    page.wait_for("panodora.panoramaYaw !== 0")
    turned = station.hear(lambda m: isinstance(m, Hands) and not is_flat(m.stage_from_wrist[RIGHT]))
    quarter = np.array([[0.0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]])
    np.testing.assert_allclose(
        turned.stage_from_wrist, quarter @ before.stage_from_wrist, atol=1e-12
    )
    x, _, z = turned.stage_from_wrist[RIGHT, :3, 3]
    assert x < z < 0  # it was before the head and to the right: a quarter left is left and ahead
    with page.holding("KeyW"):  # to where the robot's forward is: the stage's -x
        station.hear(lambda m: isinstance(m, Hands) and m.stage_from_wrist[RIGHT, 0, 3] < x - 0.02)
    station.tell_frame(client)
    page.wait_for("panodora.panoramaYaw === 0")


def test_a_stop_is_not_forgotten_before_the_robot_has_stopped(
    page: Browser, station: Station
) -> None:
    station.tell("tracking")
    page.press("Escape")
    station.hear(lambda m: isinstance(m, OperatorInput) and m.stop)
    for _ in range(60):  # a second: four times as long as the press counts as held
        assert station.hear(lambda m: isinstance(m, OperatorInput)).stop
    station.tell("stopped")
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.stop)
