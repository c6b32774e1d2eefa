"""Vuer's own client in an emulated Quest, with our servers and without any network."""

import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from operators.messages import (
    Controllers,
    Hands,
    Head,
    OperatorAdjustment,
    OperatorInput,
    OperatorState,
)
from tests.e2e.browser import Browser
from tests.e2e.emulated_headset import HANDS, HEIGHT
from tests.e2e.seen import centre, matches, middle
from tests.e2e.station import COLOURS, DEGREES, DOT_RIGHT, DOT_UP, PURPLE, goes_on, stops
from tests.e2e.test_headset import EVERYTHING
from tests.e2e.vuer_station import VuerHeadset, VuerStation

pytest.importorskip("vuer", reason="needs the extra: pip install -e '.[vuer]'")

pytestmark = pytest.mark.browser

LEFT, RIGHT = 0, 1
SOURCE = "vuer-emulator"
TOKEN = "0123456789abcdefghijkl"


@pytest.fixture
def station(browser: Browser) -> Iterator[VuerStation]:
    made = VuerStation()
    yield made
    made.close(browser)


@pytest.fixture
def headset(browser: Browser) -> Iterator[VuerHeadset]:
    with VuerHeadset(browser) as made:
        yield made


@pytest.fixture
def vr(headset: VuerHeadset, station: VuerStation) -> Iterator[VuerHeadset]:
    """The headset, within Vuer's client, with hands that have been seen. It must not complain."""
    station.open(headset.browser)
    headset.enter()
    station.hear(tracked)
    yield headset
    assert headset.browser.errors() == []


def tracked(message: Any) -> bool:
    return isinstance(message, Hands) and bool(message.valid.all())


def agrees(given: Any, expected: Any) -> bool:
    """What Vuer's client sends comes by a timer of its own, and may be from before."""
    return np.allclose(given, expected, atol=1e-6)


def lost(*valid: bool) -> Any:
    return lambda message: isinstance(message, Hands) and message.valid.tolist() == list(valid)


def test_vr_is_entered_and_nobody_else_is_asked(vr: VuerHeadset, station: VuerStation) -> None:
    hosts = {urlsplit(address).hostname for address in vr.browser.requests()}
    assert hosts == {"localhost"}
    # The page has everything that it asked for, or Vuer's client would have said so.
    assert vr.browser.errors() == []
    vr.let_frames_pass(30)
    assert vr.browser.evaluate("panodora.headset") == "on"


def test_every_joint_arrives_as_the_headset_tells_it(vr: VuerHeadset, station: VuerStation) -> None:
    vr.pinch("left", 0.3)
    vr.let_frames_pass()
    told = np.array(vr.browser.evaluate(EVERYTHING))
    hands = station.hear(lambda m: tracked(m) and agrees(m.joint_positions, told[..., :3]))
    assert (hands.source, told.shape) == (SOURCE, (2, 25, 8))
    for side in (LEFT, RIGHT):
        expected = Rotation.from_quat(told[side, :, 3:7])
        given = Rotation.from_quat(hands.joint_orientations[side])
        assert (given * expected.inv()).magnitude().max() < 1e-3
        wrist = hands.stage_from_wrist[side]
        np.testing.assert_allclose(wrist[:3, :3], expected[0].as_matrix(), atol=1e-3)
        np.testing.assert_allclose(wrist[:3, 3], told[side, 0, :3], atol=1e-6)
    assert np.isnan(hands.joint_radii).all()  # which Vuer does not tell


def test_the_head_arrives_as_it_is_held(vr: VuerHeadset, station: VuerStation) -> None:
    turned = Rotation.from_euler("YXZ", [0.6, -0.4, 0.2])
    vr.do(f"quaternion.set(...{turned.as_quat().tolist()})")
    vr.do("position.set(0.3, 1.5, -0.2)")
    head = station.hear(
        lambda m: isinstance(m, Head) and m.valid and abs(m.stage_from_head[0, 3] - 0.3) < 1e-6
    )
    np.testing.assert_allclose(head.stage_from_head[:3, :3], turned.as_matrix(), atol=1e-6)
    np.testing.assert_allclose(head.stage_from_head[:3, 3], [0.3, 1.5, -0.2], atol=1e-6)


def test_lost_hands_are_said_to_be_lost_and_come_back(
    vr: VuerHeadset, station: VuerStation
) -> None:
    vr.do("hands.left.connected = false")
    hands = station.hear(lost(False, True))
    assert np.isnan(hands.joint_positions[LEFT]).all()
    assert np.isfinite(hands.joint_positions[RIGHT]).all()
    vr.do("hands.right.connected = false")
    station.hear(lost(False, False))
    for side in HANDS:
        vr.do(f"hands.{side}.connected = true")
    station.hear(tracked)


def test_controllers_in_place_of_hands(vr: VuerHeadset, station: VuerStation) -> None:
    vr.do("primaryInputMode = 'controller'")
    station.hear(lost(False, False))
    vr.do("controllers.left.updateAxes('thumbstick', 0.5, -0.25)")
    vr.do("controllers.left.updateButtonValue('trigger', 0.25)")
    vr.do("controllers.right.updateButtonValue('squeeze', 0.375)")
    held = station.hear(
        lambda m: isinstance(m, Controllers) and m.buttons[LEFT, 0] and m.buttons[RIGHT, 1]
    )
    assert held.valid.all()
    np.testing.assert_allclose(held.axes, [[0, 0, 0.5, -0.25], [0, 0, 0, 0]])
    np.testing.assert_allclose(held.buttons[LEFT], [0.25, 0, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(held.buttons[RIGHT], [0, 0.375, 0, 0, 0, 0, 0, 0])
    grips = np.array(vr.browser.evaluate(GRIPS)).reshape(2, 4, 4).swapaxes(1, 2)
    np.testing.assert_allclose(held.stage_from_grip, grips, atol=1e-5)
    vr.do("controllers.left.connected = false")
    gone = station.hear(lambda m: isinstance(m, Controllers) and not m.valid[LEFT])
    assert np.isnan(gone.buttons[LEFT]).all()
    vr.do("primaryInputMode = 'hand'")
    station.hear(lambda m: isinstance(m, Controllers) and not m.valid.any())
    station.hear(tracked)


GRIPS = """
device.activeSession.requestReferenceSpace("local-floor").then((stage) => new Promise((done) =>
  device.activeSession.requestAnimationFrame((time, frame) => {
    const sources = [...frame.session.inputSources];
    done(["left", "right"].map((side) => {
      const { gripSpace } = sources.find(({ handedness }) => handedness === side);
      return [...frame.getPose(gripSpace, stage).transform.matrix];
    }));
  })))
"""


@pytest.mark.parametrize(
    ("yaw", "name"), [(0, "ahead"), (90, "left"), (-90, "right"), (180, "behind")]
)
def test_turning_the_head_shows_what_is_there(vr: VuerHeadset, yaw: float, name: str) -> None:
    """The colours are the picture's own: no light falls on it, and no tone mapping changes it."""
    shown = vr.browser.evaluate("panodora.picturesShown")
    vr.turn(yaw * DEGREES)
    for eye in vr.eyes():
        assert matches(middle(eye, 40), COLOURS[name]).all()
    assert vr.browser.evaluate("panodora.picturesShown") == shown


def test_looking_up_and_down(vr: VuerHeadset) -> None:
    for pitch, name in ((90, "up"), (-90, "down")):
        sine, cosine = math.sin(pitch * DEGREES / 2), math.cos(pitch * DEGREES / 2)
        vr.do(f"quaternion.set({sine}, 0, 0, {cosine})")
        vr.let_frames_pass()
        for eye in vr.eyes():
            assert matches(middle(eye, 40), COLOURS[name]).all()


def test_the_sphere_stays_at_the_head_and_both_eyes_see_it_far_away(vr: VuerHeadset) -> None:
    """A pinhole's perspective: pixels = focal length * tangent, wherever the head stands."""
    focal = HEIGHT / 2  # IWER's field of view is a right angle
    right, up = math.tan(DOT_RIGHT), math.tan(DOT_UP) / math.cos(DOT_RIGHT)
    for place in ("0, 1.6, 0", "1, 1.2, -2"):
        vr.do(f"position.set({place})")
        vr.let_frames_pass()
        for eye in vr.eyes():
            np.testing.assert_allclose(centre(eye, PURPLE), [focal * right, focal * up], atol=3)


@pytest.mark.parametrize("yaw", [90, -90])
def test_recentring_turns_the_sphere(vr: VuerHeadset, station: VuerStation, yaw: float) -> None:
    station.tell_frame(vr.browser.evaluate("panodora.client"), yaw * DEGREES)
    vr.browser.wait_for("panodora.panoramaYaw !== 0")
    vr.turn(yaw * DEGREES)
    for eye in vr.eyes():
        assert matches(middle(eye, 40), COLOURS["ahead"]).all()


COUNT_TEXTURES = """
window.textures = 0;
for (const [name, step] of [["createTexture", 1], ["deleteTexture", -1]]) {
  const original = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...values) {
    if (step > 0 || values[0]) window.textures += step;
    return original.apply(this, values);
  };
}
"""


def test_pictures_share_one_texture(headset: VuerHeadset, station: VuerStation) -> None:
    headset.browser.command("addScript", script=COUNT_TEXTURES)
    station.open(headset.browser)
    headset.enter()
    textures = headset.browser.evaluate("textures")
    random = np.random.default_rng(1)
    for _ in range(20):
        seq = station.offer(random.integers(0, 256, (480, 960, 3), np.uint8))
        headset.browser.wait_for(f"panodora.lastFrameSeq === {seq}")
    assert headset.browser.evaluate("textures") == textures


def test_only_changed_tiles_are_drawn(vr: VuerHeadset, station: VuerStation) -> None:
    """The tile straight ahead turns black, and nothing around it does."""
    seq = station.offer()
    while station.shown.next()[0].frame_seq != seq:  # only then the server knows what is there
        pass
    versions = np.full((6, 12), seq, np.int64)
    versions[2:4, 5:7] += 1
    station.offer(np.zeros((480, 960, 3), np.uint8), versions)
    vr.browser.wait_for(f"panodora.lastFrameSeq === {seq + 1}")
    vr.let_frames_pass()
    left, _ = vr.eyes()
    assert (middle(left, 40) < 20).all()
    vr.turn(90 * DEGREES)
    assert matches(middle(vr.eyes()[0], 40), COLOURS["left"]).all()


def test_pinching_with_both_hands_engages(vr: VuerHeadset, station: VuerStation) -> None:
    station.hear(goes_on)
    for side in HANDS:
        vr.pinch(side, 1)
    assert station.hear(lambda m: isinstance(m, OperatorInput) and m.engage).source == SOURCE
    vr.pinch("right", 0)
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.engage)


def test_the_thumbs_buttons_stop(vr: VuerHeadset, station: VuerStation) -> None:
    vr.do("primaryInputMode = 'controller'")
    station.hear(lambda m: isinstance(m, Controllers) and m.valid.all())
    station.hear(goes_on)
    vr.do("controllers.right.updateButtonValue('b-button', 1)")
    station.hear(stops)
    vr.do("controllers.right.updateButtonValue('b-button', 0)")
    station.hear(goes_on)


@pytest.mark.parametrize(
    ("key", "field"), [("Enter", "engage"), ("Escape", "stop"), ("KeyB", "recentre")]
)
def test_someone_at_the_keyboard_can_do_the_same(
    vr: VuerHeadset, station: VuerStation, key: str, field: str
) -> None:
    station.hear(goes_on)
    with vr.browser.holding(key):
        station.hear(lambda m: isinstance(m, OperatorInput) and getattr(m, field))
    station.hear(lambda m: isinstance(m, OperatorInput) and not getattr(m, field))


def test_the_neck_is_measured_by_key(vr: VuerHeadset, station: VuerStation) -> None:
    with vr.browser.holding("KeyN"):
        station.hear(lambda m: isinstance(m, OperatorAdjustment) and m.measure_neck)


def test_entering_and_leaving_stop_the_robot(headset: VuerHeadset, station: VuerStation) -> None:
    station.open(headset.browser)
    headset.enter()
    assert station.hear(lambda m: isinstance(m, OperatorInput)).stop
    station.hear(goes_on)
    headset.leave()
    station.hear(stops)
    hands = station.hear(lost(False, False))  # nothing more was heard of them
    assert np.isnan(hands.joint_positions).all()


def test_a_second_visit_is_like_the_first(vr: VuerHeadset, station: VuerStation) -> None:
    vr.leave()
    station.hear(lost(False, False))
    vr.enter()
    station.hear(tracked)
    vr.turn(-90 * DEGREES)
    assert matches(middle(vr.eyes()[0]), COLOURS["right"]).all()
    # Vuer's client asks once for joints by the stage of the session before.
    assert all("getJointPose" in error for error in vr.browser.errors())


def test_a_headset_that_is_taken_off_stops_the_robot_and_takes_no_pictures(
    vr: VuerHeadset, station: VuerStation
) -> None:
    station.hear(goes_on)
    station.clients.all()
    vr.do("updateVisibilityState('hidden')")
    station.hear(stops)
    assert station.clients.next()[1] == 0
    vr.do("updateVisibilityState('visible')")
    assert station.clients.next()[1] == 1
    station.hear(tracked)


def test_both_servers_restart_while_in_vr(vr: VuerHeadset, station: VuerStation) -> None:
    station.tracking.stop()
    station.page.stop()
    vr.browser.wait_for("panodora.tracking === 'waiting' && panodora.stream === 'waiting'")
    station.heard.all()
    station.restart_tracking()
    station.restart_page()
    station.hear(tracked)
    vr.browser.wait_for("panodora.stream === 'open'")
    seq = station.offer()
    vr.browser.wait_for(f"panodora.lastFrameSeq === {seq}")
    vr.turn(90 * DEGREES)
    assert matches(middle(vr.eyes()[0], 40), COLOURS["left"]).all()
    # What a browser says of a server that is away is no fault of the page's.
    assert all("WebSocket" in error for error in vr.browser.errors())


def test_the_panel_tells_the_robots_state(vr: VuerHeadset, station: VuerStation) -> None:
    for side in HANDS:
        vr.do(f"hands.{side}.connected = false")
    vr.let_frames_pass()
    before = vr.eyes()[0].astype(int)
    words = dict.fromkeys(("state", "left_state", "right_state"), "tracking")
    reasons = dict.fromkeys(("reason", "left_reason", "right_reason"), "")
    station.page.show(OperatorState(**words, **reasons))
    vr.browser.wait_for("panodora.robot.state === 'tracking'")
    vr.let_frames_pass()
    y, _ = np.nonzero(np.abs(vr.eyes()[0].astype(int) - before).max(axis=-1) > 30)
    assert y.size > 50
    assert y.min() > 3 * HEIGHT // 4


def test_a_token_opens_both_sockets_and_leaves_the_address(headset: VuerHeadset) -> None:
    station = VuerStation(token=TOKEN)
    station.open(headset.browser)
    assert TOKEN not in headset.browser.evaluate("location.href")
    assert not any(TOKEN in address for address in headset.browser.requests()[1:])
    headset.enter()
    station.hear(tracked)
    station.close(headset.browser)


def test_without_the_token_the_client_does_not_start(headset: VuerHeadset) -> None:
    station = VuerStation(token=TOKEN)
    headset.browser.goto(station.page.address)
    notice = "document.getElementById('panodora-notice')"
    headset.browser.wait_for(f"{notice}.textContent.includes('token')")
    assert headset.browser.evaluate("window.VUER === undefined")
    headset.browser.goto("about:blank")
    station.page.stop()
    station.tracking.stop()
