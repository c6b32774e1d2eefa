"""What is where in each eye of a headset: an emulated Quest in a real browser."""

import math

import numpy as np
import pytest

from operators.messages import OperatorState
from tests.e2e.emulated_headset import HANDS, HEIGHT, WIDTH, EmulatedHeadset
from tests.e2e.seen import Picture, centre, matches, middle
from tests.e2e.station import COLOURS, DEGREES, DOT_RIGHT, DOT_UP, PURPLE, Station

pytestmark = pytest.mark.browser

FOV_RAD = math.pi / 2
"""IWER's, from top to bottom."""

PANEL_TOP = 3 * HEIGHT // 4
"""The panel is in the lowest quarter of the view alone. Its rates change at any time."""


@pytest.mark.parametrize(
    ("yaw", "name"), [(0, "ahead"), (90, "left"), (-90, "right"), (180, "behind")]
)
def test_turning_the_head_shows_what_is_there_without_a_new_picture(
    vr: EmulatedHeadset, yaw: float, name: str
) -> None:
    shown = vr.browser.evaluate("panodora.picturesShown")
    vr.turn(yaw * DEGREES)
    for eye in vr.eyes():
        assert matches(middle(eye, 40), COLOURS[name]).all()
    assert vr.browser.evaluate("panodora.picturesShown") == shown


@pytest.mark.parametrize("yaw", [90, -90])
def test_recentring_turns_the_sphere(vr: EmulatedHeadset, station: Station, yaw: float) -> None:
    """The robot's forward is then where the head looked: to the left for a positive angle."""
    station.tell_frame(vr.browser.evaluate("panodora.client"), yaw * DEGREES)
    vr.browser.wait_for("panodora.panoramaYaw !== 0")
    for turn, name in ((yaw, "ahead"), (yaw + 90, "left"), (yaw - 90, "right")):
        vr.turn(turn * DEGREES)
        for eye in vr.eyes():
            assert matches(middle(eye, 40), COLOURS[name]).all()


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
        return np.abs(vr.eyes()[0].astype(int) - before).max(axis=-1)[:PANEL_TOP]

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
    assert y.min() > PANEL_TOP
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
