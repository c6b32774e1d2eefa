"""The whole loop with an emulated headset: a real dora, a real Chromium, hands that drive.

One visit is made and recorded; each test looks at one thing of it.
"""

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from operators.messages import Hands, OperatorState, SceneState
from operators.recording import Recorded, RecordingReader
from operators.sample_times import LARGEST_ERROR_NS
from tests.dataflows.running import PATIENCE, assert_nothing_left, left_shared_memory, running
from tests.e2e.browser import Browser
from tests.e2e.emulated_headset import HANDS, EmulatedHeadset

pytestmark = [
    pytest.mark.browser,
    pytest.mark.dataflow,
    pytest.mark.gl,
]

SIDES = LEFT, RIGHT = 0, 1
INDEX_JOINTS = ("left/L_index_proximal_joint", "right/R_index_proximal_joint")
SETTLE_FRAMES = 45
STOPPED = "document.getElementById('state').textContent === 'stopped'"
STRAYED = "document.getElementById('state').textContent !== 'tracking'"
SETTLED_STATES = 10
RAISED_M = 0.1
MOVES = 5
"""In so many steps it is brought there."""

# The posts of configs/teleop.yml: how far to turn to see one, which channels of a pixel are bright
# there, which dark.
POSTS = {
    "left, purple": (math.pi / 2, (0,), 1),
    "right, green": (-math.pi / 2, (1,), 0),
    "behind, blue": (math.pi, (2,), 0),
    "ahead, yellow": (0.0, (0, 1), 2),
}


@dataclass
class Visit:
    """What happened, and when by this host's CLOCK_MONOTONIC (ns)."""

    at: dict[str, int] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    recorded: dict[str, list[Recorded]] = field(default_factory=dict)

    def mark(self, name: str) -> None:
        """Let nothing happen near a mark: the page's clock is known to within so much."""
        time.sleep(LARGEST_ERROR_NS / 1e9)
        self.at[name] = time.monotonic_ns()
        time.sleep(LARGEST_ERROR_NS / 1e9)

    def between(self, name: str, start: str, end: str) -> list[Any]:
        """The recorded messages of a kind between two marks."""
        return [recorded.message for recorded in self.recorded_between(name, start, end)]

    def recorded_between(self, name: str, start: str, end: str) -> list[Recorded]:
        """As they were sent: a word carries the time of what it answers."""
        found = [
            recorded
            for recorded in self.recorded[name]
            if self.at[start] <= recorded.header.capture_ns < self.at[end]
        ]
        return sorted(found, key=lambda recorded: recorded.header.seq)


@pytest.fixture(scope="module")
def visit(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    folder = tmp_path_factory.mktemp("recordings")
    made, before = Visit(), left_shared_memory()
    with (
        running(
            ["dora", "run", "dataflows/teleop_record.yml"],
            PANODORA__RECORD__FOLDER=str(folder),
            **PATIENCE,
        ) as run,
        EmulatedHeadset(browser) as headset,
    ):
        run.wait_for("Open http://localhost:")
        browser.goto(run.page)
        browser.wait_for("panodora.picturesShown > 2 && panodora.tracking === 'open'")
        make(made, headset)
        made.seen["errors"] = browser.errors()
        made.seen["exit code"] = run.interrupt()
    assert "Traceback" not in run.said
    assert_nothing_left(run, before)
    (recording,) = (entry for entry in folder.iterdir() if entry.is_dir())
    reader = RecordingReader(recording)
    for name in reader.names:
        made.recorded[name] = list(reader.messages([name]))
    return made


def make(visit: Visit, headset: EmulatedHeadset) -> None:
    """Engage, close a hand, lose one, look around, drive by controllers, leave and come again."""
    browser = headset.browser
    headset.enter()
    wait_for_state(browser, "stopped")
    headset.engage(STOPPED, headset.pinch_both)
    drive(browser)
    visit.seen["driving"] = browser.screenshot()

    before = counts(browser)
    visit.mark("open")
    headset.let_frames_pass(SETTLE_FRAMES)
    visit.mark("closing")
    headset.pinch("right", 1)
    drive(browser)
    visit.mark("closed")
    headset.let_frames_pass(SETTLE_FRAMES)
    visit.mark("opening")
    headset.pinch("right", 0)
    drive(browser)

    headset.do("hands.left.connected = false")
    wait_for_reason(browser, "left hand: it is not tracked")
    visit.mark("lost")
    x, y, z = HANDS["left"]
    headset.place("left", (x, y + RAISED_M, z))
    settle(browser)
    visit.mark("found")
    headset.do("hands.left.connected = true")
    drive(browser)
    visit.mark("followed")

    browser.press("KeyP")
    browser.wait_for("!panodora.watching")
    seq = browser.evaluate("panodora.lastFrameSeq")
    for name, (yaw, _, _) in POSTS.items():
        headset.turn(yaw)
        visit.seen[name] = headset.eyes()
    visit.seen["new pictures"] = browser.evaluate("panodora.lastFrameSeq") - seq
    browser.press("KeyP")

    wait_for_state(browser, "tracking")
    visit.seen["counts"] = counts(browser) - before
    visit.mark("controllers taken")
    headset.do("primaryInputMode = 'controller'")
    wait_for_state(browser, "holding")
    headset.do("controllers.right.updateAxes('thumbstick', 0.5, 0)")
    headset.let_frames_pass(SETTLE_FRAMES)
    headset.do("controllers.right.updateButtonValue('b-button', 1)")
    wait_for_state(browser, "stopped")
    headset.do("controllers.right.updateButtonValue('b-button', 0)")
    settle(browser)  # the guard says it again
    visit.mark("controllers stopped")

    press_both(headset, 1, "squeeze")
    headset.engage(STOPPED, lambda pressed: press_both(headset, pressed, "trigger"))
    drive(browser)
    visit.mark("gripping")
    move_controller(headset, 0, RAISED_M)
    drive(browser)
    visit.mark("raised")
    headset.do("controllers.right.updateButtonValue('squeeze', 0)")
    browser.wait_for("document.getElementById('advice').textContent.includes('the right')")
    move_controller(headset, RAISED_M, 0)
    settle(browser)
    headset.do("controllers.right.updateButtonValue('squeeze', 1)")
    drive(browser)
    visit.mark("squeezed again")
    headset.turn(math.pi / 2)
    headset.do("controllers.left.updateButtonValue('thumbstick', 1)")
    browser.wait_for("Math.abs(panodora.panoramaYaw - Math.PI / 2) < 0.01")
    visit.seen["re-centred"] = headset.eyes()
    headset.do("controllers.left.updateButtonValue('thumbstick', 0)")
    settle(browser)
    visit.mark("re-centred")
    press_both(headset, 0, "squeeze")
    headset.turn(0)

    headset.do("primaryInputMode = 'hand'")
    headset.leave()
    visit.mark("left")
    settle(browser)  # the loop goes on
    visit.mark("came again")
    headset.enter()
    headset.engage(STOPPED, headset.pinch_both)
    drive(browser)
    visit.mark("end")
    headset.leave()
    wait_for_state(browser, "stopped")


def press_both(headset: EmulatedHeadset, value: float, *buttons: str) -> None:
    for side in HANDS:
        for button in buttons:
            headset.do(f"controllers.{side}.updateButtonValue('{button}', {value})")


def move_controller(headset: EmulatedHeadset, from_m: float, to_m: float) -> None:
    """Up or down, not so fast that two frames in a row are told from a jump."""
    x, y, z = HANDS["right"]
    for up_m in np.linspace(from_m, to_m, MOVES + 1)[1:]:
        headset.do(f"controllers.right.position.set({x}, {y + up_m}, {z})")
        headset.let_frames_pass()


def counts(browser: Browser) -> NDArray[np.int64]:
    """Frames, samples sent, and those that were not, as the loop did not keep up."""
    told = browser.evaluate(
        "[panodora.headsetFrames, panodora.samplesSent, panodora.samplesHeldBack]"
    )
    return np.array(told, np.int64)


def wait_for_state(browser: Browser, state: str) -> None:
    browser.wait_for(f"document.getElementById('state').textContent === '{state}'")


def wait_for_reason(browser: Browser, words: str) -> None:
    browser.wait_for(f"document.getElementById('reason').textContent.includes('{words}')")


def settle(browser: Browser) -> None:
    """Wait until the robot has had time to follow, by its camera's pictures."""
    seq = browser.evaluate("panodora.lastFrameSeq")
    browser.wait_for(f"panodora.lastFrameSeq >= {seq + SETTLE_FRAMES}")


def drive(browser: Browser) -> None:
    """Wait until the robot has followed for as long: a busy machine makes it hold now and then."""
    while True:
        wait_for_state(browser, "tracking")
        seq = browser.evaluate("panodora.lastFrameSeq")
        browser.wait_for(f"panodora.lastFrameSeq >= {seq + SETTLE_FRAMES} || {STRAYED}")
        if not browser.evaluate(STRAYED):
            return


def base(states: list[SceneState], side: int) -> NDArray[np.float64]:
    """Where the robot's hand was, (states, 3), m in the world."""
    prefix = ("left/", "right/")[side]
    row = next(i for i, name in enumerate(states[0].body_names) if name.startswith(prefix))
    return np.array([state.body_poses[row, :3] for state in states])


def bend(states: list[SceneState], side: int) -> NDArray[np.float64]:
    """The angle of the index finger's first joint, rad."""
    joint = states[0].joint_names.index(INDEX_JOINTS[side])
    return np.array([state.joint_positions[joint] for state in states])


def test_nobody_complains_and_nothing_is_left(visit: Visit) -> None:
    assert visit.seen["errors"] == []
    assert visit.seen["exit code"] == 0


def test_every_frames_hands_arrive(visit: Visit) -> None:
    frames, samples, held_back = visit.seen["counts"]
    assert frames == samples + held_back
    assert frames > 5 * SETTLE_FRAMES
    driven = visit.between("hands", "open", "controllers taken")
    assert {hands.source for hands in driven} == {"webxr-emulator"}
    assert np.isfinite(driven[0].joint_orientations).all()
    assert (driven[0].joint_radii > 0.003).all()
    # What came in was numbered there; a busy machine's dora drops some on the way to the recording.
    first, *_, last = visit.recorded_between("hands", "open", "controllers taken")
    # Between the counting and the marking, before and after, a few frames may pass.
    arrived = last.header.seq - first.header.seq + 1
    assert arrived == pytest.approx(samples, rel=0.05)


def test_closing_the_hand_closes_the_robots(visit: Visit) -> None:
    # A busy machine's robot is still on its way at first.
    opened, closed = (visit.between("scene_state", *marks)[-SETTLED_STATES:] for marks in SPANS)
    assert np.median(bend(closed, RIGHT)) - np.median(bend(opened, RIGHT)) > 0.3
    assert abs(np.median(bend(closed, LEFT)) - np.median(bend(opened, LEFT))) < 0.02
    assert bend(closed, RIGHT).std() < 0.02


SPANS = (("open", "closing"), ("closed", "opening"))


def test_a_lost_hand_holds_the_robots(visit: Visit) -> None:
    held = visit.between("scene_state", "lost", "found")
    assert len(held) > SETTLE_FRAMES // 2
    assert np.ptp(base(held, LEFT), axis=0).max() < 0.005
    assert np.ptp(bend(held, LEFT)) < 0.02
    words = visit.between("operator_state", "lost", "found")
    assert {word.left_state for word in words} == {"holding"}
    # A busy machine may keep the other one waiting too, but it is not lost.
    assert {word.right_state for word in words} >= {"tracking"}
    assert not any(word.right_reason == "right hand: it is not tracked" for word in words)
    # It follows again once it is seen.
    assert base(visit.between("scene_state", "found", "followed"), LEFT)[-1, 2] == pytest.approx(
        base(held, LEFT)[-1, 2] + RAISED_M, abs=0.02
    )


@pytest.mark.parametrize("name", POSTS)
def test_turning_the_head_shows_each_post_on_its_side(visit: Visit, name: str) -> None:
    _, bright, dark = POSTS[name]
    for eye in visit.seen[name]:
        height, width, _ = eye.shape
        y, x = height // 2 - 12, width // 2
        colour = eye[y - 4 : y + 4, x - 4 : x + 4].mean(axis=(0, 1))
        assert all(colour[channel] > 1.5 * colour[dark] for channel in bright)


def test_turning_the_head_needed_no_new_picture(visit: Visit) -> None:
    assert visit.seen["new pictures"] == 0


def test_controllers_are_told_and_no_hands(visit: Visit) -> None:
    held = visit.between("controllers", "controllers taken", "controllers stopped")
    assert held[-1].valid.all()
    assert held[-1].axes[RIGHT, 2] == 0.5
    hands = visit.between("hands", "controllers taken", "controllers stopped")
    assert not hands[-1].valid.any()
    assert np.isnan(hands[-1].joint_positions).all()
    words = visit.between("operator_state", "controllers taken", "controllers stopped")
    assert [word.state for word in words][-1] == "stopped"
    assert "holding" in {word.state for word in words}


def test_controllers_drive_while_they_are_squeezed(visit: Visit) -> None:
    before = base(visit.between("scene_state", "controllers stopped", "gripping"), RIGHT)[-1]
    raised = base(visit.between("scene_state", "gripping", "raised"), RIGHT)[-1]
    # On a busy machine the robot may still be on its way: half of it tells enough.
    np.testing.assert_allclose(raised - before, [0, 0, RAISED_M], atol=RAISED_M / 2)
    # The controller came back down while it was let go of; then the head turned, and re-centred.
    after = base(visit.between("scene_state", "raised", "re-centred"), RIGHT)
    assert np.ptp(after, axis=0).max() < RAISED_M / 2
    np.testing.assert_allclose(after[-1], raised, atol=RAISED_M / 2)
    told = visit.between("operator_state", "raised", "squeezed again")
    assert {"holding", "tracking"} <= {word.right_state for word in told}


def test_recentring_shows_the_robots_forward_ahead(visit: Visit) -> None:
    _, bright, dark = POSTS["ahead, yellow"]
    for eye in visit.seen["re-centred"]:
        height, width, _ = eye.shape
        y, x = height // 2 - 12, width // 2
        colour = eye[y - 4 : y + 4, x - 4 : x + 4].mean(axis=(0, 1))
        assert all(colour[channel] > 1.5 * colour[dark] for channel in bright)


def test_leaving_stops_the_robot_and_not_the_loop(visit: Visit) -> None:
    words = [word.state for word in visit.between("operator_state", "left", "came again")]
    assert set(words[words.index("stopped") :]) == {"stopped"}
    states = visit.between("scene_state", "left", "came again")
    assert states[-1].step > states[0].step
    # What was under way when the page left still comes to rest.
    assert np.ptp(base(states[len(states) // 2 :], RIGHT), axis=0).max() < 0.005
    assert visit.between("hands", "left", "came again")[-1].source == "desktop"


def test_a_second_visit_drives_again(visit: Visit) -> None:
    hands: list[Hands] = visit.between("hands", "came again", "end")
    assert hands[-1].source == "webxr-emulator"
    assert hands[-1].valid.all()
    words: list[OperatorState] = visit.between("operator_state", "came again", "end")
    assert words[0].state == "stopped"
    assert "tracking" in {word.state for word in words}
