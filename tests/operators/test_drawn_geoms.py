"""What is drawn of a model, against MuJoCo's own kinematics."""

import mujoco
import numpy as np
import pytest

from operators.drawn_geoms import DrawnGeoms
from tests.operators.marked_scene import model_of, poses_at

CHAIN = model_of(
    '<geom type="plane" size="1 1 .1"/>'
    '<body pos="1 2 3"><freejoint/><geom size=".1" pos=".1 .2 .3" euler="10 20 30"/>'
    '<geom type="box" size=".1 .2 .3" euler="40 -20 70" group="3"/>'
    '<body pos="0 .5 0" euler="0 50 0"><joint axis="0 1 0"/>'
    '<geom type="box" size=".1 .2 .3" pos="0 .1 0" euler="-30 80 15"/></body></body>'
    '<body pos="-1 0 0"><geom type="capsule" fromto="0 0 0 .3 .1 .2" size=".05"/></body>'
)


def test_geoms_are_where_mujoco_puts_them() -> None:
    random = np.random.default_rng(7)
    geoms = DrawnGeoms.of_model(CHAIN)
    data = mujoco.MjData(CHAIN)
    for _ in range(20):
        data.qpos[:] = random.normal(size=CHAIN.nq)
        mujoco.mj_kinematics(CHAIN, data)
        poses = np.concatenate([data.xpos, data.xquat[:, [1, 2, 3, 0]]], axis=1)
        rotations, positions = geoms.poses(poses)
        np.testing.assert_allclose(positions, data.geom_xpos[geoms.indices], atol=1e-12)
        np.testing.assert_allclose(
            rotations.reshape(-1, 9), data.geom_xmat[geoms.indices], atol=1e-12
        )


def test_hidden_geoms_are_left_out_and_trees_are_known() -> None:
    geoms = DrawnGeoms.of_model(CHAIN)
    assert geoms.indices.tolist() == [0, 1, 3, 4]
    assert geoms.bodies.tolist() == [0, 1, 2, 3]
    assert geoms.trees.tolist() == [0, 1, 1, 3]


@pytest.mark.parametrize(
    ("geom", "colour"),
    [
        ('material="m"', (0.1, 0.2, 0.3, 1.0)),
        ('material="m" rgba="1 0 0 1"', (1.0, 0.0, 0.0, 1.0)),
        ('rgba="0 1 0 1"', (0.0, 1.0, 0.0, 1.0)),
        ("", (0.5, 0.5, 0.5, 1.0)),
    ],
)
def test_a_geoms_own_colour_comes_before_its_materials(
    geom: str, colour: tuple[float, ...]
) -> None:
    model = model_of(f'<geom size=".1" {geom}/>', '<material name="m" rgba=".1 .2 .3 1"/>')
    np.testing.assert_allclose(DrawnGeoms.of_model(model).colours, [colour], rtol=1e-6)


def test_bodies_without_anything_visible_need_no_pose() -> None:
    DrawnGeoms.of_model(CHAIN).check_poses(poses_at(*np.zeros((3, 3))))
    DrawnGeoms.of_model(model_of("")).check_poses(poses_at())
    with pytest.raises(ValueError, match=r"at least the 4 bodies .* got \(3, 7\)"):
        DrawnGeoms.of_model(CHAIN).check_poses(poses_at(*np.zeros((2, 3))))
