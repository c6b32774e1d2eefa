"""What someone in a headset sees and sends: an emulated Quest in a real browser."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from operators.messages import Controllers, Hands, Head, OperatorInput, OperatorState
from tests.e2e.browser import Browser
from tests.e2e.emulated_headset import HANDS, HEIGHT, WIDTH, EmulatedHeadset
from tests.e2e.station import COLOURS, DEGREES, DOT_RIGHT, DOT_UP, PURPLE, Picture, Station
from tests.operators.page_clients import closing, connected

pytestmark = pytest.mark.browser

LEFT, RIGHT = 0, 1
FOV_RAD = math.pi / 2
"""IWER's, from top to bottom."""

EVERYTHING = """
device.activeSession.requestReferenceSpace("local-floor").then((stage) => new Promise((done) =>
  device.activeSession.requestAnimationFrame((time, frame) => done(
    [...frame.session.inputSources].map(({ hand }) => [...hand.values()].map((joint) => {
      const { transform, radius } = frame.getJointPose(joint, stage);
      const { position: p, orientation: q } = transform;
      return [p.x, p.y, p.z, q.x, q.y, q.z, q.w, radius];
    }))))))
"""
"""Position, quaternion and radius of every joint of both hands, joint by joint."""


@pytest.fixture
def headset(browser: Browser) -> Iterator[EmulatedHeadset]:
    with EmulatedHeadset(browser) as made:
        yield made


@pytest.fixture
def station(browser: Browser) -> Iterator[Station]:
    made = Station()
    yield made
    made.close(browser)


@pytest.fixture
def vr(headset: EmulatedHeadset, station: Station) -> Iterator[EmulatedHeadset]:
    """The headset, within the page, with hands that have been seen. Nobody may complain."""
    station.open(headset.browser)
    headset.browser.errors()  # those of the page that stood here before are not this one's
    headset.enter()
    station.hear(both_tracked)
    yield headset
    assert headset.browser.errors() == []


def from_headset(message: Any) -> bool:
    return isinstance(message, Hands) and message.source == "webxr"


def both_tracked(message: Any) -> bool:
    return from_headset(message) and bool(message.valid.all())


def stops(message: Any) -> bool:
    return isinstance(message, OperatorInput) and message.stop


def matches(pixels: Picture, colour: tuple[int, int, int]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    near: np.ndarray[Any, np.dtype[np.bool_]] = (np.abs(pixels.astype(int) - colour) < 40).all(-1)
    return near


def centre(pixels: Picture, colour: tuple[int, int, int]) -> np.ndarray[Any, Any]:
    """Where a colour is in an eye's picture, (x, y) in pixels from the middle, y up."""
    y, x = np.nonzero(matches(pixels, colour))
    assert len(x) > 20, f"no patch of {colour} in view"
    height, width, _ = pixels.shape
    return np.array([x.mean() + 0.5 - width / 2, height / 2 - y.mean() - 0.5])


def test_every_joint_arrives_as_the_headset_tells_it(vr: EmulatedHeadset, station: Station) -> None:
    vr.pinch("left", 0.3)
    vr.let_frames_pass()
    hands = station.hands_now()
    told = np.array(vr.browser.evaluate(EVERYTHING))
    assert (hands.source, told.shape) == ("webxr", (2, 25, 8))
    np.testing.assert_allclose(hands.joint_positions, told[..., :3], atol=1e-6)
    np.testing.assert_allclose(hands.joint_radii, told[..., 7], atol=1e-6)
    for side in (LEFT, RIGHT):
        expected = Rotation.from_quat(told[side, :, 3:7])
        given = Rotation.from_quat(hands.joint_orientations[side])
        assert (given * expected.inv()).magnitude().max() < 1e-3
        wrist = hands.stage_from_wrist[side]
        np.testing.assert_allclose(wrist[:3, :3], expected[0].as_matrix(), atol=1e-3)
        np.testing.assert_allclose(wrist[:3, 3], told[side, 0, :3], atol=1e-6)
        # It points to where the hand is: the wrist behind the knuckles, the back up.
        assert wrist[:3, 3][2] > told[side, 11, 2]
    assert hands.stage_from_wrist[LEFT, 0, 3] < 0 < hands.stage_from_wrist[RIGHT, 0, 3]


def test_the_head_arrives_as_it_is_held(vr: EmulatedHeadset, station: Station) -> None:
    turned = Rotation.from_euler("YXZ", [0.6, -0.4, 0.2])
    vr.do(f"quaternion.set(...{turned.as_quat().tolist()})")
    vr.do("position.set(0.3, 1.5, -0.2)")
    head = station.hear(
        lambda m: isinstance(m, Head) and m.valid and abs(m.stage_from_head[0, 3] - 0.3) < 1e-6
    )
    np.testing.assert_allclose(head.stage_from_head[:3, :3], turned.as_matrix(), atol=1e-6)
    np.testing.assert_allclose(head.stage_from_head[:3, 3], [0.3, 1.5, -0.2], atol=1e-6)


def test_every_frame_sends_a_sample(vr: EmulatedHeadset, station: Station) -> None:
    counts = "[panodora.headsetFrames, panodora.samplesSent]"
    frames, samples = vr.browser.evaluate(counts)
    station.heard.all()
    vr.let_frames_pass(30)
    frames_after, samples_after = vr.browser.evaluate(counts)
    assert samples_after - samples == frames_after - frames
    # One more may come from the frame at which we began to listen, and be told again later.
    count = 0
    while count < samples_after - samples - 1:
        station.hear(from_headset)
        count += 1


def test_pinch_follows_thumb_and_index_finger(vr: EmulatedHeadset, station: Station) -> None:
    assert (station.hands_now().pinch < 0.1).all()
    vr.pinch("left", 1)
    hands = station.hear(lambda m: from_headset(m) and m.pinch[LEFT] > 0.95)
    assert hands.pinch[RIGHT] < 0.1
    assert hands.squeeze[LEFT] < 0.5


def test_a_lost_hand_is_said_to_be_lost(vr: EmulatedHeadset, station: Station) -> None:
    vr.do("hands.left.connected = false")
    hands = station.hear(lambda m: from_headset(m) and not m.valid[LEFT])
    assert hands.valid[RIGHT]
    for values in (hands.stage_from_wrist, hands.joint_positions, hands.joint_orientations):
        assert np.isnan(values[LEFT]).all()
        assert np.isfinite(values[RIGHT]).all()
    vr.do("hands.left.connected = true")
    station.hear(both_tracked)


@pytest.mark.parametrize("partly", ["fillPoses", "fillJointRadii"])
def test_joints_that_have_no_pose(vr: EmulatedHeadset, station: Station, partly: str) -> None:
    """Without all poses there is no hand; without all radii there is one."""
    vr.browser.evaluate(f"XRFrame.prototype.{partly} = () => false; null")
    if partly == "fillPoses":
        hands = station.hear(lambda m: from_headset(m) and not m.valid.any())
        assert np.isnan(hands.joint_positions).all()
    else:
        hands = station.hear(lambda m: from_headset(m) and np.isnan(m.joint_radii).all())
        assert hands.valid.all()


def test_controllers_in_place_of_hands(vr: EmulatedHeadset, station: Station) -> None:
    vr.do("primaryInputMode = 'controller'")
    station.hear(lambda m: from_headset(m) and not m.valid.any())
    vr.do("controllers.left.updateAxes('thumbstick', 0.5, -0.25)")
    vr.do("controllers.left.updateButtonValue('trigger', 0.25)")
    vr.do("controllers.right.updateButtonValue('squeeze', 0.375)")
    held = station.hear(
        lambda m: isinstance(m, Controllers) and m.buttons[LEFT, 0] and m.buttons[RIGHT, 1]
    )
    assert held.source == "webxr"
    assert held.valid.all()
    np.testing.assert_allclose(held.axes, [[0, 0, 0.5, -0.25], [0, 0, 0, 0]])
    np.testing.assert_allclose(held.buttons[LEFT], [0.25, 0, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(held.buttons[RIGHT], [0, 0.375, 0, 0, 0, 0, 0, 0])
    for side, place in zip((LEFT, RIGHT), HANDS.values(), strict=True):
        np.testing.assert_allclose(held.stage_from_grip[side, :3, 3], place, atol=0.1)
    vr.do("controllers.left.connected = false")
    lost = station.hear(lambda m: isinstance(m, Controllers) and not m.valid[LEFT])
    assert np.isnan(lost.buttons[LEFT]).all()
    vr.do("primaryInputMode = 'hand'")
    gone = station.hear(lambda m: isinstance(m, Controllers) and not m.valid.any())
    assert np.isnan(gone.stage_from_grip).all()
    station.hear(both_tracked)


@pytest.mark.parametrize("button", ["trigger", "squeeze", "thumbstick", "x-button", "y-button"])
def test_any_button_of_a_controller_stops(
    vr: EmulatedHeadset, station: Station, button: str
) -> None:
    vr.do("primaryInputMode = 'controller'")
    station.hear(lambda m: isinstance(m, Controllers) and m.valid.all())
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.stop)
    vr.do(f"controllers.left.updateButtonValue('{button}', 1)")
    assert not station.hear(stops).engage
    vr.do(f"controllers.left.updateButtonValue('{button}', 0)")
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.stop)


def test_pinching_with_both_hands_engages_and_one_does_not(
    vr: EmulatedHeadset, station: Station
) -> None:
    for side in HANDS:
        vr.pinch(side, 1)
    began = station.hear(lambda m: from_headset(m) and (m.pinch > 0.95).all())
    assert began is not None
    station.hear(lambda m: isinstance(m, OperatorInput) and m.engage)
    vr.pinch("right", 0)
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.engage)


@pytest.mark.parametrize(("key", "field"), [("Enter", "engage"), ("Escape", "stop")])
def test_someone_at_the_keyboard_can_engage_and_stop(
    vr: EmulatedHeadset, station: Station, key: str, field: str
) -> None:
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.stop)
    vr.browser.press(key)
    keys = station.hear(lambda m: isinstance(m, OperatorInput) and getattr(m, field))
    assert keys.source == "webxr"


def test_entering_and_leaving_stop_the_robot(headset: EmulatedHeadset, station: Station) -> None:
    station.open(headset.browser)
    station.hear(lambda m: isinstance(m, OperatorInput) and m.source == "desktop" and not m.stop)
    headset.enter()
    first = station.hear(lambda m: getattr(m, "source", "") == "webxr")
    assert stops(first)  # before the hands that it is to stop
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.stop)
    headset.leave()
    assert station.hear(stops).source == "webxr"
    lost = station.hear(lambda m: from_headset(m) and not m.valid.any())
    assert np.isnan(lost.joint_positions).all()
    desk = station.hear(lambda m: isinstance(m, OperatorInput) and m.source == "desktop")
    assert desk.stop


def test_when_something_covers_the_page_the_hands_are_lost(
    vr: EmulatedHeadset, station: Station
) -> None:
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.stop)
    vr.do("updateVisibilityState('visible-blurred')")
    station.hear(lambda m: from_headset(m) and not m.valid.any())
    station.heard.all()
    assert station.hear(lambda m: isinstance(m, Head)).valid
    vr.do("updateVisibilityState('visible')")
    station.hear(both_tracked)


def test_a_headset_that_is_taken_off_stops_the_robot_and_takes_no_pictures(
    vr: EmulatedHeadset, station: Station
) -> None:
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.stop)
    station.clients.all()
    vr.do("updateVisibilityState('hidden')")
    station.hear(stops)
    station.hear(lambda m: from_headset(m) and not m.valid.any())
    assert station.clients.next()[1] == 0
    vr.do("updateVisibilityState('visible')")
    assert station.clients.next()[1] == 1
    station.hear(both_tracked)


def test_a_stage_that_moves_stops_the_robot(vr: EmulatedHeadset, station: Station) -> None:
    vr.turn(0.5)
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.stop)
    vr.do("recenter()")
    station.hear(stops)


def test_pictures_are_acknowledged_with_the_time_at_which_they_are_shown(
    vr: EmulatedHeadset, station: Station
) -> None:
    station.shown.all()
    seq = station.offer()
    picture, _ = station.shown.next()
    assert (picture.frame_seq, picture.clock) == (seq, "predictedDisplayTime")
    now = vr.browser.evaluate("performance.now()")
    assert 0 < now - picture.shown_ms < 10_000
    vr.browser.evaluate(
        "Object.defineProperty(XRFrame.prototype, 'predictedDisplayTime', {value: undefined}); 0"
    )
    vr.let_frames_pass()
    station.offer()
    assert station.shown.next()[0].clock == "XRFrame time"


@pytest.mark.parametrize(
    ("yaw", "name"), [(0, "ahead"), (90, "left"), (-90, "right"), (180, "behind")]
)
def test_turning_the_head_shows_what_is_there_without_a_new_picture(
    vr: EmulatedHeadset, yaw: float, name: str
) -> None:
    shown = vr.browser.evaluate("panodora.picturesShown")
    vr.turn(yaw * DEGREES)
    for eye in vr.eyes():
        middle = eye[HEIGHT // 2 - 20 : HEIGHT // 2 + 20, WIDTH // 4 - 20 : WIDTH // 4 + 20]
        assert matches(middle, COLOURS[name]).all()
    assert vr.browser.evaluate("panodora.picturesShown") == shown


def test_the_sphere_stays_at_the_head_and_both_eyes_see_it_far_away(vr: EmulatedHeadset) -> None:
    """A pinhole's perspective: pixels = focal length * tangent, wherever the head stands."""
    focal = HEIGHT / 2 / math.tan(FOV_RAD / 2)
    right, up = math.tan(DOT_RIGHT), math.tan(DOT_UP) / math.cos(DOT_RIGHT)
    for place in ("0, 1.6, 0", "1, 1.2, -2"):
        vr.do(f"position.set({place})")
        vr.let_frames_pass()
        for eye in vr.eyes():
            np.testing.assert_allclose(centre(eye, PURPLE), [focal * right, focal * up], atol=3)


ASKEW = """
const perspective = Object.getOwnPropertyDescriptor(XRView.prototype, "projectionMatrix").get;
Object.defineProperty(XRView.prototype, "projectionMatrix", { get() {
  const matrix = perspective.call(this).slice();
  matrix[8] = this.eye === "left" ? -0.2 : 0.2;
  matrix[9] = 0.1;
  return matrix;
} }); 0
"""


def test_each_eye_is_drawn_with_its_own_projection(vr: EmulatedHeadset) -> None:
    """Off-centre, as in a real headset: what is at tangent t is drawn at p0 t - p8."""
    vr.browser.evaluate(ASKEW)
    vr.let_frames_pass()
    for eye, skew in zip(vr.eyes(), (-0.2, 0.2), strict=True):
        height, width, _ = eye.shape
        expected = [-skew * width / 2, -0.1 * height / 2]
        np.testing.assert_allclose(centre(eye, COLOURS["ahead"]), expected, atol=3)


def test_the_own_hands_are_seen_faintly_and_where_they_are(vr: EmulatedHeadset) -> None:
    def difference(without: str) -> Picture:
        before = vr.eyes()[0].astype(int)
        vr.do(f"{without} = false")
        vr.let_frames_pass()
        return np.abs(vr.eyes()[0].astype(int) - before).max(axis=-1)

    changed = difference("hands.left.connected")
    y, x = np.nonzero(changed > 8)
    assert len(x) > 100
    assert changed.max() < 110  # of 255: the work is seen through them
    # The left eye, 32 mm left of the head's middle, sees the hand left of the middle and below.
    assert x.max() < WIDTH // 4
    assert y.min() > HEIGHT // 2


def test_the_panel_is_low_and_changes_with_the_state(vr: EmulatedHeadset, station: Station) -> None:
    for side in HANDS:
        vr.do(f"hands.{side}.connected = false")
    vr.let_frames_pass()
    before = vr.eyes()[0].astype(int)
    station.page.show(
        OperatorState(
            state="tracking",
            reason="",
            left_state="tracking",
            left_reason="",
            right_state="tracking",
            right_reason="",
        )
    )
    vr.browser.wait_for("document.getElementById('state').textContent === 'tracking'")
    vr.let_frames_pass()
    y, x = np.nonzero(np.abs(vr.eyes()[0] - before).max(axis=-1) > 20)
    assert len(x) > 50
    assert y.min() > 0.75 * HEIGHT  # the lowest quarter of the view alone
    assert (y.max() - y.min()) * (x.max() - x.min()) < 0.03 * HEIGHT * WIDTH / 2


COUNT_CALLS = """
window.glCalls = {};
for (const name of ["createTexture", "texImage2D", "createBuffer", "createProgram"]) {
  const original = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...values) {
    glCalls[name] = (glCalls[name] ?? 0) + 1;
    return original.apply(this, values);
  };
}
0
"""


def test_pictures_in_the_headset_make_nothing_new_on_the_gpu(
    vr: EmulatedHeadset, station: Station
) -> None:
    vr.browser.evaluate(COUNT_CALLS)
    for _ in range(5):
        seq = station.offer()
        vr.browser.wait_for(f"panodora.lastFrameSeq === {seq}")
    assert vr.browser.evaluate("glCalls") == {}


def test_a_second_visit_is_like_the_first(vr: EmulatedHeadset, station: Station) -> None:
    for _ in range(2):
        vr.leave()
        station.hear(lambda m: isinstance(m, Hands) and m.source == "desktop")
        seq = station.offer()
        vr.browser.wait_for(f"panodora.lastFrameSeq === {seq}")  # the desktop shows it again
        vr.enter()
        station.hear(both_tracked)
        vr.turn(-90 * DEGREES)
        middle = vr.eyes()[0][HEIGHT // 2 - 9 : HEIGHT // 2 + 9, WIDTH // 4 - 9 : WIDTH // 4 + 9]
        assert matches(middle, COLOURS["right"]).all()
        vr.turn(0)


def test_a_newer_session_takes_over_and_to_enter_again_takes_it_back(
    vr: EmulatedHeadset, station: Station
) -> None:
    with connected(station.tracking.port, "/tracking?client=other") as other:
        vr.browser.wait_for("panodora.tracking === 'refused'")
        vr.leave()
        vr.enter()
        assert closing(other)[0] == 4001
    station.hear(both_tracked)


def test_comes_back_after_a_restart_of_both_servers(vr: EmulatedHeadset, station: Station) -> None:
    station.page.stop()
    station.tracking.stop()
    vr.browser.wait_for("panodora.stream === 'waiting' && panodora.tracking === 'waiting'")
    station.restart_tracking()
    station.restart_page()
    vr.browser.wait_for("panodora.stream === 'open' && panodora.tracking === 'open'")
    assert vr.browser.evaluate("panodora.headset") == "on"
    station.hear(both_tracked)
    seq = station.offer()
    vr.browser.wait_for(f"panodora.lastFrameSeq === {seq}")
    # A browser reports attempts that failed, whatever the page does.
    assert all("WebSocket connection" in error for error in vr.browser.errors())


@pytest.mark.parametrize("name", ["oculusQuest1", "metaQuest2", "metaQuestPro", "metaVRGlasses"])
def test_other_headsets_enter_too(browser: Browser, station: Station, name: str) -> None:
    with EmulatedHeadset(browser, name) as other:
        station.open(browser)
        other.enter()
        station.hear(both_tracked)
        middle = other.eyes()[0][HEIGHT // 2 - 9 : HEIGHT // 2 + 9, WIDTH // 4 - 9 : WIDTH // 4 + 9]
        assert matches(middle, COLOURS["ahead"]).all()
        assert browser.errors() == []


def test_a_headset_that_refuses_says_why(headset: EmulatedHeadset, station: Station) -> None:
    station.open(headset.browser)
    headset.browser.wait_for("!document.getElementById('headset').hidden")
    headset.browser.evaluate(
        "navigator.xr.requestSession = () => Promise.reject(new Error('it is charging')); 0"
    )
    headset.browser.click("#headset")
    headset.browser.wait_for(
        "document.getElementById('notice').textContent.includes('it is charging')"
    )
    assert headset.browser.evaluate("panodora.headset") == "off"
