"""What stands in for missing meshes, against the places of the joints themselves."""

from pathlib import Path

import mujoco
import numpy as np
import pytest

from operators.settings import SettingsError
from operators.skeleton import BONE_RADIUS_M
from operators.urdf import VISUAL_GROUP, load_urdf

SHAPES = """
    <visual><geometry><mesh filename="{0}.dae"/></geometry>
      <material name="{0}"><color rgba="0.1 0.2 0.3 1"/></material></visual>
    <visual><geometry><mesh filename="{0}_cap.dae"/></geometry></visual>
    <collision><geometry><mesh filename="{0}.stl"/></geometry></collision>
"""
BONY = f"""
<robot name="bony">
  <link name="palm">{SHAPES.format("palm")}</link>
  <link name="near">{SHAPES.format("near")}
    <collision><geometry><box size="0.01 0.02 0.03"/></geometry></collision></link>
  <link name="far">{SHAPES.format("far")}</link>
  <link name="tip"/>
  <link name="thumb">{SHAPES.format("thumb")}</link>
  <joint name="bend" type="revolute"><parent link="palm"/><child link="near"/>
    <origin xyz="0.03 -0.02 0.06"/><axis xyz="1 0 0"/><limit lower="0" upper="1"/></joint>
  <joint name="curl" type="revolute"><parent link="near"/><child link="far"/>
    <origin xyz="0 0 0.04"/><axis xyz="1 0 0"/><limit lower="0" upper="1"/></joint>
  <joint name="end" type="fixed"><parent link="far"/><child link="tip"/>
    <origin xyz="0 0.03 0.04"/></joint>
  <joint name="swing" type="revolute"><parent link="palm"/><child link="thumb"/>
    <origin xyz="-0.04 0 -0.03"/><axis xyz="1 0 0"/><limit lower="0" upper="1"/></joint>
</robot>
"""


@pytest.fixture
def bony(tmp_path: Path) -> mujoco.MjModel:
    path = tmp_path / "bony.urdf"
    path.write_text(BONY)
    return load_urdf(path, "skeleton").compile()


def geoms_of(model: mujoco.MjModel, body: str, group: int) -> list[int]:
    return [
        geom
        for geom in range(model.ngeom)
        if model.geom_bodyid[geom] == model.body(body).id and model.geom_group[geom] == group
    ]


def ends(model: mujoco.MjModel, geom: int) -> set[tuple[float, ...]]:
    """Where the axis of a capsule ends, in its body."""
    axis = np.zeros(9)
    mujoco.mju_quat2Mat(axis, model.geom_quat[geom])
    along = axis.reshape(3, 3)[:, 2] * model.geom_size[geom, 1]
    return {tuple(np.round(model.geom_pos[geom] + sign * along, 6) + 0.0) for sign in (-1.0, 1.0)}


@pytest.mark.parametrize("group", [0, VISUAL_GROUP], ids=["collision", "visual"])
def test_bones_go_from_the_links_joint_to_those_that_it_carries(
    bony: mujoco.MjModel, group: int
) -> None:
    bones = geoms_of(bony, "palm", group)
    assert [bony.geom_type[bone] for bone in bones] == [mujoco.mjtGeom.mjGEOM_CAPSULE] * 2
    assert [ends(bony, bone) for bone in bones] == [
        {(0.0, 0.0, 0.0), (0.03, -0.02, 0.06)},
        {(0.0, 0.0, 0.0), (-0.04, 0.0, -0.03)},
    ]
    np.testing.assert_allclose(bony.geom_size[bones, 0], BONE_RADIUS_M)


def test_a_bone_ends_where_the_fingertip_is(bony: mujoco.MjModel) -> None:
    (bone,) = geoms_of(bony, "far", VISUAL_GROUP)
    _, end = sorted(ends(bony, bone))
    tip = np.array([0.0, 0.03, 0.04])
    np.testing.assert_allclose(end, tip * (1 - BONE_RADIUS_M / 0.05), atol=1e-6)


def test_a_link_that_carries_nothing_is_a_ball(bony: mujoco.MjModel) -> None:
    (ball,) = geoms_of(bony, "thumb", VISUAL_GROUP)
    assert bony.geom_type[ball] == mujoco.mjtGeom.mjGEOM_SPHERE
    assert bony.geom_size[ball, 0] == BONE_RADIUS_M


def test_a_link_shows_what_it_collides_with_in_its_own_colour(bony: mujoco.MjModel) -> None:
    solid, seen = geoms_of(bony, "near", 0), geoms_of(bony, "near", VISUAL_GROUP)
    assert len(solid) == len(seen) == 1
    for geom in (*solid, *seen):
        assert bony.geom_type[geom] == mujoco.mjtGeom.mjGEOM_BOX
        np.testing.assert_allclose(bony.geom_size[geom], [0.005, 0.01, 0.015])
    np.testing.assert_allclose(bony.geom_rgba[seen[0]], [0.1, 0.2, 0.3, 1.0], rtol=1e-6)


def test_bones_have_no_weight_where_they_are_only_seen(bony: mujoco.MjModel) -> None:
    capsule = np.pi * BONE_RADIUS_M**2 * (0.05 - BONE_RADIUS_M + 4 / 3 * BONE_RADIUS_M)
    assert bony.body("far").mass[0] == pytest.approx(1000.0 * capsule, rel=1e-6)


def test_unless_told_a_missing_mesh_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bony.urdf"
    path.write_text(BONY)
    with pytest.raises(
        SettingsError, match=r"visual of link palm: mesh palm.dae .* missing_meshes: skeleton"
    ):
        load_urdf(path)
