import numpy as np
import pytest

from operators.arm_renderer import ArmRenderer
from tests.operators.seen_robots import seen_robot


@pytest.mark.gl
def test_its_silhouette_is_the_robots_where_nothing_hides_it() -> None:
    """Against our own renderer, which has no table and no post."""
    robot = seen_robot()
    renderer = ArmRenderer(robot.truth.pinhole, robot.model.visuals)
    for view in robot.views[:2]:
        poses = robot.model.base_from_meshes(view.readings, np.zeros(14))
        drawing = renderer.draw(robot.truth.pose.matrix @ poses)
        drawn = np.zeros_like(view.silhouette)
        drawn[drawing.where] = drawing.depth_m > 0
        assert (view.silhouette & ~drawn).sum() <= 5
        hidden = drawn & ~view.silhouette
        assert view.depth_m is not None
        whole = np.zeros(drawn.shape)
        whole[drawing.where] = drawing.depth_m
        # What the mask lacks, something nearer hides.
        assert (view.depth_m[hidden] < whole[hidden] + 0.002).mean() > 0.98
        assert 0.02 < hidden.sum() / drawn.sum() < 0.2
    renderer.close()
