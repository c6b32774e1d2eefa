"""The sliders in a real browser, and the server's own process behind them."""

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from operators.hand_kinematics import HandSkeleton
from operators.settings import ROOT
from operators.skeleton_server import SkeletonServer
from tests.e2e.browser import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    command = [sys.executable, "-m", "panodora", "skeleton", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1]
        process.terminate()


def test_48_sliders_move_the_skeleton(browser: Browser, page: str) -> None:
    browser.command("newPage")
    browser.goto(page)
    browser.wait_for("skeleton.sliders.length === 48 && skeleton.joints.length === 21")
    grid = "getComputedStyle(document.querySelector('#sliders'))"
    assert len(browser.evaluate(f"{grid}.gridTemplateColumns").split()) == 3
    assert len(browser.evaluate(f"{grid}.gridTemplateRows").split()) == 16
    first = "(({min, max, step, value}) => [min, max, step, value])(skeleton.sliders[0])"
    assert browser.evaluate(first) == ["-3.14", "3.14", "0.01", "0"]
    blank = browser.screenshot()

    angles = np.zeros((16, 3))
    angles[4, 2] = -1.2
    browser.evaluate(
        "(() => { const s = skeleton.sliders[14]; s.value = -1.2;"
        " s.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )
    expected = SkeletonServer(HandSkeleton.average(0.19)).joints("left", angles)
    browser.wait_for(f"Math.abs(skeleton.joints[12][1] - {expected[12, 1]}) < 1e-4")
    np.testing.assert_allclose(browser.evaluate("skeleton.joints"), expected, atol=1e-5)
    assert np.abs(browser.screenshot().astype(int) - blank).max() > 100

    browser.evaluate("document.querySelector('[value=right]').click()")
    right = SkeletonServer(HandSkeleton.average(0.19)).joints("right", angles)
    browser.wait_for(f"Math.abs(skeleton.joints[8][0] - {right[8, 0]}) < 1e-4")
    browser.evaluate("document.querySelector('button').click()")
    flat = SkeletonServer(HandSkeleton.average(0.19)).joints("right", np.zeros((16, 3)))
    browser.wait_for(f"Math.abs(skeleton.joints[12][1] - {flat[12, 1]}) < 1e-4")
    assert browser.evaluate("skeleton.sliders[14].value") == "0"
    assert browser.errors() == []
