"""What someone in a headset sends: an emulated Quest in a real browser."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from operators.messages import Controllers, Hands, Head, OperatorAdjustment, OperatorInput
from tests.e2e.emulated_headset import HANDS, EmulatedHeadset
from tests.e2e.station import Station, both_tracked, from_headset, goes_on, stops

pytestmark = pytest.mark.browser

LEFT, RIGHT = 0, 1

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


def test_every_joint_arrives_as_the_headset_tells_it(vr: EmulatedHeadset, station: Station) -> None:
    vr.pinch("left", 0.3)
    vr.let_frames_pass()
    hands = station.hands_now(vr.browser)
    told = np.array(vr.browser.evaluate(EVERYTHING))
    assert (hands.source, told.shape) == ("webxr-emulator", (2, 25, 8))
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
    counts = "[panodora.headsetFrames, panodora.samplesSent, panodora.samplesHeldBack]"
    frames, samples, held_back = vr.browser.evaluate(counts)
    station.heard.all()
    vr.let_frames_pass(30)
    frames_after, samples_after, held_back_after = vr.browser.evaluate(counts)
    handled = samples_after + held_back_after - samples - held_back
    assert handled == frames_after - frames
    # The first may have come before we began to listen.
    for _ in range(samples_after - samples - 1):
        station.hear(from_headset)


def test_pinch_follows_thumb_and_index_finger(vr: EmulatedHeadset, station: Station) -> None:
    assert (station.hands_now(vr.browser).pinch < 0.1).all()
    vr.pinch("left", 1)
    hands = station.hear(lambda m: from_headset(m) and m.pinch[LEFT] > 0.95)
    assert hands.pinch[RIGHT] < 0.1
    assert hands.squeeze[LEFT] < 0.5


def test_a_lost_hand_is_said_to_be_lost(vr: EmulatedHeadset, station: Station) -> None:
    vr.do("hands.left.connected = false")
    hands = station.hear(lambda m: from_headset(m) and m.valid.tolist() == [False, True])
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
    assert held.source == "webxr-emulator"
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


@pytest.fixture
def controllers(vr: EmulatedHeadset, station: Station) -> EmulatedHeadset:
    """The headset with controllers in both hands."""
    vr.do("primaryInputMode = 'controller'")
    station.hear(lambda m: isinstance(m, Controllers) and m.valid.all())
    station.hear(goes_on)
    return vr


@pytest.mark.parametrize(
    ("side", "button"),
    [("left", "x-button"), ("left", "y-button"), ("right", "a-button"), ("right", "b-button")],
)
def test_the_thumbs_buttons_stop(
    controllers: EmulatedHeadset, station: Station, side: str, button: str
) -> None:
    controllers.do(f"controllers.{side}.updateButtonValue('{button}', 1)")
    assert not station.hear(stops).engage
    controllers.do(f"controllers.{side}.updateButtonValue('{button}', 0)")
    station.hear(goes_on)


def press(headset: EmulatedHeadset, value: float, *buttons: str) -> None:
    for side in HANDS:
        for button in buttons:
            headset.do(f"controllers.{side}.updateButtonValue('{button}', {value})")


def test_both_triggers_and_squeezes_engage(controllers: EmulatedHeadset, station: Station) -> None:
    press(controllers, 1, "squeeze", "trigger")
    engages = station.hear(lambda m: isinstance(m, OperatorInput) and (m.engage or m.stop))
    assert engages.engage
    press(controllers, 0, "trigger")
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.engage)


def test_controllers_come_before_the_hands_that_they_replace(
    controllers: EmulatedHeadset, station: Station
) -> None:
    station.hear(from_headset)
    kinds = [type(station.hear(lambda m: True)) for _ in range(4)]
    assert kinds == [OperatorInput, Head, Controllers, Hands]


def test_thumbsticks_move_the_operators_frame(
    controllers: EmulatedHeadset, station: Station
) -> None:
    controllers.do("controllers.left.updateButtonValue('thumbstick', 1)")
    recentres = station.hear(lambda m: isinstance(m, OperatorInput) and (m.recentre or m.stop))
    assert recentres.recentre
    controllers.do("controllers.left.updateButtonValue('thumbstick', 0)")
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.recentre)
    controllers.do("controllers.right.updateAxes('thumbstick', 0, -1)")
    larger = station.hear(lambda m: isinstance(m, OperatorAdjustment))
    assert (larger.scale_up, larger.scale_down, larger.measure_neck) == (True, False, False)
    controllers.do("controllers.right.updateAxes('thumbstick', 0, 0)")
    controllers.do("controllers.right.updateButtonValue('thumbstick', 1)")
    station.hear(lambda m: isinstance(m, OperatorAdjustment) and m.measure_neck)


def test_pinching_with_both_hands_engages_and_one_does_not(
    vr: EmulatedHeadset, station: Station
) -> None:
    vr.pinch("left", 1)
    station.hear(lambda m: from_headset(m) and m.pinch[LEFT] > 0.95)
    assert not station.hear(goes_on).engage
    vr.pinch("right", 1)
    station.hear(lambda m: from_headset(m) and (m.pinch > 0.95).all())
    station.hear(lambda m: isinstance(m, OperatorInput) and m.engage)
    vr.pinch("right", 0)
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.engage)


@pytest.mark.parametrize(
    ("key", "field"), [("Enter", "engage"), ("Escape", "stop"), ("KeyB", "recentre")]
)
def test_someone_at_the_keyboard_can_do_the_same(
    vr: EmulatedHeadset, station: Station, key: str, field: str
) -> None:
    station.hear(goes_on)
    vr.browser.press(key)
    keys = station.hear(lambda m: isinstance(m, OperatorInput) and getattr(m, field))
    assert keys.source == "webxr-emulator"


def test_the_keyboards_clutch_is_both_hands_in_a_headset(
    vr: EmulatedHeadset, station: Station
) -> None:
    with vr.browser.holding("Space"):
        station.hear(lambda m: isinstance(m, OperatorInput) and m.clutch.all())
    station.hear(lambda m: isinstance(m, OperatorInput) and not m.clutch.any())
    with vr.browser.holding("KeyN"):
        held = station.hear(lambda m: isinstance(m, OperatorAdjustment) and m.measure_neck)
    assert held.source == "webxr-emulator"
