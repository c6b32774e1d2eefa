from collections.abc import Iterator

import numpy as np
import pytest

from operators.posed_camera import PosedCamera
from operators.robust_equations import Equations
from operators.transforms import Array
from operators.view_equations import DEPTH_SCALE, JOINTS, Surface, ViewLevel, joined
from tests.operators.seen_robots import SeenRobot, seen_robot

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def level() -> Iterator[ViewLevel]:
    robot = seen_robot()
    made = ViewLevel(robot.truth.pinhole, tuple(robot.model.visuals), 1)
    yield made
    made.close()


def drawn(level: ViewLevel, robot: SeenRobot, camera: PosedCamera, offsets: Array) -> Surface:
    readings = robot.views[0].readings
    slopes = robot.model.joint_slopes(readings, offsets)
    return level.surface(camera, robot.model.base_from_meshes(readings, offsets), slopes)


def equations(
    kind: str,
    level: ViewLevel,
    camera: PosedCamera,
    offsets: Array | None = None,
    log_scale: float = 0.0,
) -> Equations:
    robot = seen_robot()
    surface = drawn(level, robot, camera, np.zeros(14) if offsets is None else offsets)
    view = robot.views[0]
    if kind == "outline":
        return level.outline_equations(surface, level.edges(view.silhouette), 0)
    assert view.depth_m is not None
    return level.depth_equations(surface, view.silhouette, view.depth_m, log_scale, 0)


@pytest.mark.parametrize(("kind", "most"), [("outline", 0.2), ("depth", 6e-4)])
def test_at_the_truth_most_residuals_are_nothing(kind: str, most: float, level: ViewLevel) -> None:
    found = equations(kind, level, seen_robot().truth)
    residuals = np.abs(found.residuals[found.matching])
    assert len(residuals) > 150
    # A millimetre is the depth pictures' unit; the table and the post cut the outline.
    assert np.percentile(residuals, 85) < most


STEPS = {
    "turn x": [0.004, 0, 0, 0, 0, 0, 0],
    "turn z": [0, 0, 0.008, 0, 0, 0, 0],
    "shift y": [0, 0, 0, 0, 0.006, 0, 0],
    "shift z": [0, 0, 0, 0, 0, 0.04, 0],
    "zoom": [0, 0, 0, 0, 0, 0, 0.02],
}


@pytest.mark.parametrize("kind", ["outline", "depth"])
@pytest.mark.parametrize("name", list(STEPS))
def test_one_step_of_gauss_and_newton_undoes_a_small_one(
    kind: str, name: str, level: ViewLevel
) -> None:
    """The Jacobian is right if solving with it, for this part alone, gives the step again."""
    step = np.array(STEPS[name], np.float64)
    part = int(np.argmax(step))
    found = equations(kind, level, seen_robot().truth.stepped(-step))
    slopes = found.jacobian[found.matching, part]
    residuals = found.residuals[found.matching]
    near = np.abs(residuals) < 4 * np.median(np.abs(residuals)) + 1e-3
    undone = -float(slopes[near] @ residuals[near] / (slopes[near] @ slopes[near]))
    if (kind, name) == ("depth", "turn z"):
        return  # a turn about the optical axis hardly changes depths
    assert undone == pytest.approx(step[part], rel=0.25)


@pytest.mark.parametrize("kind", ["outline", "depth"])
def test_joints_too(kind: str, level: ViewLevel) -> None:
    offsets = np.zeros(14)
    offsets[1] = -0.01
    found = equations(kind, level, seen_robot().truth, offsets)
    slopes = found.jacobian[:, JOINTS + 1]
    moved = found.matching & (np.abs(slopes) > 0.1 * np.abs(slopes).max())
    near = moved & (np.abs(found.residuals) < 4 * np.median(np.abs(found.residuals[moved])))
    undone = -float(slopes[near] @ found.residuals[near] / (slopes[near] @ slopes[near]))
    assert undone == pytest.approx(0.01, rel=0.25)


def test_the_depths_scale_too(level: ViewLevel) -> None:
    found = equations("depth", level, seen_robot().truth, log_scale=0.01)
    slopes, residuals = found.jacobian[found.matching, DEPTH_SCALE], found.residuals[found.matching]
    undone = -float(slopes @ residuals / (slopes @ slopes))
    assert undone == pytest.approx(-0.01, rel=0.1)
    assert not equations("outline", level, seen_robot().truth).jacobian[:, DEPTH_SCALE].any()


def test_what_is_hidden_by_something_else_is_not_compared(level: ViewLevel) -> None:
    found = equations("depth", level, seen_robot().truth)
    assert not found.matching.all()
    assert np.abs(found.residuals[~found.matching]).max() > 0.01


def test_views_are_joined(level: ViewLevel) -> None:
    found = equations("depth", level, seen_robot().truth)
    both = joined([found, found])
    assert len(both.residuals) == 2 * len(found.residuals)
    assert both.floor == found.floor
