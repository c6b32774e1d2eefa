import subprocess
import sys

import mujoco
import numpy as np
import pytest
import yaml
from scipy.spatial.transform import Rotation

from operators.scene import build_scene
from operators.settings import (
    HandsSettings,
    HeadsetSettings,
    SceneObject,
    SceneSettings,
    Settings,
    SettingsError,
    SimulationSettings,
)

TABLE, CUBE = SceneSettings().objects
POST = SceneObject(
    name="post", shape="capsule", size=(0.1, 0.1, 2.0), position=(3, 0, 1), collides=False
)
BALL = SceneObject(name="ball", shape="sphere", size=(0.06, 1, 1), position=(0, 0.2, 2), mass=0.2)

GRIPPER = """
<robot name="gripper">
  <link name="mount"/>
  <joint name="mount_joint" type="fixed"><parent link="mount"/><child link="palm"/></joint>
  <link name="palm">
    <inertial><mass value="0.4"/>
      <inertia ixx="4e-4" iyy="4e-4" izz="4e-4" ixy="0" ixz="0" iyz="0"/></inertial>
    <collision><geometry>PALM</geometry></collision>
  </link>
  <link name="finger">
    <inertial><mass value="0.05"/>
      <inertia ixx="1e-5" iyy="1e-5" izz="1e-5" ixy="0" ixz="0" iyz="0"/></inertial>
    <collision><geometry><cylinder radius="0.01" length="0.06"/></geometry></collision>
  </link>
  <link name="thumb">
    <inertial><mass value="0.05"/>
      <inertia ixx="1e-5" iyy="1e-5" izz="1e-5" ixy="0" ixz="0" iyz="0"/></inertial>
    <collision><geometry><cylinder radius="0.02" length="0.03"/></geometry></collision>
  </link>
  <joint name="curl" type="revolute"><parent link="palm"/><child link="finger"/>
    <origin xyz="0.05 0 0.08"/><axis xyz="0 -1 0"/>
    <limit lower="0.01" upper="0.4" effort="1" velocity="1"/></joint>
  <joint name="swing" type="revolute"><parent link="palm"/><child link="thumb"/>
    <origin xyz="-0.05 0 0.08"/><axis xyz="0 1 0"/>
    <limit lower="-1" upper="1" effort="1" velocity="1"/>
    <mimic joint="curl" multiplier="2" offset="-0.2"/></joint>
</robot>
"""
BOX = '<box size="0.1 0.06 0.06"/>'


def write_hand(folder, urdf=GRIPPER, palm=BOX, base_link="palm"):
    """A made-up gripper whose visuals are missing, as a hand's configuration in a folder."""
    (folder / "gripper.urdf").write_text(urdf.replace("PALM", palm))
    identity = np.eye(4).tolist()
    path = folder / "gripper.yml"
    path.write_text(
        yaml.safe_dump(
            {
                "urdf": "gripper.urdf",
                "base_link": base_link,
                "joint_layout": "webxr25",
                "wrist_from_base": identity,
                "retarget_from_wrist": identity,
                "retargeting": {
                    "type": "vector",
                    "target_origin_link_names": ["palm"],
                    "target_task_link_names": ["finger"],
                    "target_link_human_indices": [[0], [9]],
                },
            }
        )
    )
    return Settings(hands=HandsSettings(right=path))


def with_objects(*objects, **sections):
    return Settings(scene=SceneSettings(objects=objects), **sections)


@pytest.fixture(scope="module")
def scene():
    return build_scene(with_objects(TABLE, CUBE, POST, BALL))


def may_touch(model, one, other):
    """MuJoCo's rule for two geoms."""
    a, b = model.geom(one), model.geom(other)
    return bool((a.contype & b.conaffinity) | (b.contype & a.conaffinity))


def collision_geoms(model, side):
    return [
        g
        for g in range(model.ngeom)
        if model.body(model.geom_bodyid[g]).name.startswith(side) and model.geom_contype[g]
    ]


def test_body_names_are_in_the_order_of_mujocos_bodies(scene):
    names = [scene.model.body(i).name for i in range(len(scene.body_names))]
    assert list(scene.body_names) == names
    assert names[:3] == ["world", "table", "cube"]
    assert [scene.model.body(i).name for i in range(len(names), scene.model.nbody)] == [
        "left/target",
        "right/target",
    ]
    assert sum(name.endswith("_tip") for name in names) == 10


def test_joints_are_those_of_both_hands(scene):
    assert len(scene.joint_names) == 24
    assert scene.joint_names[0] == "left/L_thumb_proximal_yaw_joint"
    assert scene.joint_names[12] == "right/R_thumb_proximal_yaw_joint"
    assert scene.loose_names == ("cube", "ball")


def test_another_process_gets_the_same_digest():
    code = (
        "from operators.scene import build_scene\n"
        "from operators.settings import Settings\n"
        "print(build_scene(Settings()).digest)"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == build_scene(Settings()).digest


@pytest.mark.parametrize(
    ("settings", "same"),
    [
        (Settings(headset=HeadsetSettings(port=1)), True),
        (with_objects(TABLE, CUBE.model_copy(update={"position": (0, 0, 1.2751)})), False),
        (with_objects(TABLE, CUBE.model_copy(update={"mass": 0.11})), False),
        (Settings(simulation=SimulationSettings(substeps=5)), False),
        (Settings(hands=HandsSettings(left="configs/hands/inspire_right.yml")), False),
    ],
)
def test_the_digest_tells_worlds_apart(settings, same):
    assert (build_scene(settings).digest == build_scene(Settings()).digest) is same


@pytest.mark.parametrize(
    ("name", "half_extents"),
    [
        ("table", (0.4, 0.4, 0.05)),
        ("cube", (0.025, 0.025, 0.025)),
        ("post", (0.05, 0.05, 1.0)),
        ("ball", (0.03, 0.03, 0.03)),
    ],
)
def test_sizes_in_settings_are_full_extents(scene, name, half_extents):
    geom = scene.model.geom(name).id
    np.testing.assert_allclose(scene.model.geom_aabb[geom, 3:], half_extents)


@pytest.mark.parametrize("name", ["cube", "ball"])
def test_masses_are_the_settings(scene, name):
    expected = {"cube": 0.1, "ball": 0.2}[name]
    assert scene.model.body(name).mass[0] == pytest.approx(expected)


def test_hands_touch_everything_but_themselves(scene):
    model = scene.model
    left, right = collision_geoms(model, "left/"), collision_geoms(model, "right/")
    assert len(left) == len(right) == 13
    for hand, other in ((left, right), (right, left)):
        for geom in hand:
            assert may_touch(model, geom, "table")
            assert may_touch(model, geom, "cube")
            assert may_touch(model, geom, "ground")
            assert may_touch(model, geom, other[0])
            assert not any(may_touch(model, geom, own) for own in hand)
    assert may_touch(model, "cube", "table")


def test_what_does_not_collide_touches_nothing(scene):
    assert not any(may_touch(scene.model, "post", g) for g in range(scene.model.ngeom))


def test_hands_start_palms_down_with_fingers_forward_and_thumbs_inward(scene):
    data = mujoco.MjData(scene.model)
    mujoco.mj_forward(scene.model, data)
    for side, letter, sign in (("left", "L", 1), ("right", "R", -1)):
        base = data.body(f"{side}/{letter}_hand_base_link")
        np.testing.assert_allclose(base.xpos, [-0.35, 0.2 * sign, 1.4], atol=1e-9)
        # In the base's frame the back of an Inspire hand faces +x and its fingers point to -y.
        axes = Rotation.from_quat(base.xquat[[1, 2, 3, 0]]).apply([[1, 0, 0], [0, -1, 0]])
        np.testing.assert_allclose(axes, [[0, 0, 1], [1, 0, 0]], atol=1e-9)
        middle = data.body(f"{side}/{letter}_middle_tip").xpos - base.xpos
        thumb = data.body(f"{side}/{letter}_thumb_tip").xpos - base.xpos
        assert middle[0] > 0.2
        assert thumb[1] * sign < -0.08


def test_only_shapes_that_are_to_be_seen_are_drawn(scene):
    model = scene.model
    for geom in collision_geoms(model, "left/"):
        assert model.geom_group[geom] > 2
    visible = [g for g in range(model.ngeom) if model.geom_group[g] <= 2]
    bodies = {model.body(model.geom_bodyid[g]).name for g in visible}
    assert bodies >= {"world", "table", "cube", "post", "ball", "left/L_thumb_distal"}


def test_followers_are_coupled_and_leaders_driven(scene):
    model = scene.model
    assert model.neq == 12
    coupling = model.equality("right/R_thumb_distal_joint")
    np.testing.assert_allclose(coupling.data[:2], [0.0, 2.4])
    drives = {model.actuator(i).name for i in range(model.nu)}
    assert "right/R_thumb_proximal_pitch_joint" in drives
    assert "right/R_thumb_distal_joint" not in drives
    assert len(drives) == 2 * (6 + 6)


def test_fingers_that_are_teleported_have_no_drives():
    model = build_scene(Settings(simulation=SimulationSettings(finger_drive="teleport"))).model
    assert model.nu == 2 * 6
    assert model.neq == 0


def test_a_hand_of_any_urdf_is_driven_by_its_size(tmp_path):
    scene = build_scene(write_hand(tmp_path))
    model = scene.model
    # 0.5 kg against an Inspire hand's 0.19 kg: as much stiffer and stronger, and equally quick.
    ours, inspire = (model.actuator(f"{side}/base_x") for side in ("right", "left"))
    mass = 0.5 / 0.1917971
    assert ours.gainprm[0] / inspire.gainprm[0] == pytest.approx(mass, rel=1e-6)
    assert ours.forcerange[1] / inspire.forcerange[1] == pytest.approx(mass, rel=1e-6)
    assert ours.biasprm[2] / inspire.biasprm[2] == pytest.approx(mass, rel=1e-6)
    np.testing.assert_allclose(model.actuator("right/curl").ctrlrange, [0.01, 0.4])
    np.testing.assert_allclose(model.equality("right/swing").data[:2], [-0.2, 2.0])
    # Without visuals, what collides is drawn.
    palm = model.body("right/palm")
    assert model.geom_group[palm.geomadr[0]] <= 2
    # The centre of mass, by hand: two fingers of 0.05 kg at z 0.08.
    np.testing.assert_allclose(model.site("right/base").pos, [0, 0, 0.1 * 0.08 / 0.5], atol=1e-9)


def test_what_a_urdf_says_wrongly_about_inertia_and_effort_does_not_matter(tmp_path):
    urdf = GRIPPER.replace('ixx="4e-4"', 'ixx="9e-3"').replace('effort="1"', 'effort="1e-6"')
    model = build_scene(write_hand(tmp_path, urdf)).model
    assert not model.jnt_actfrclimited.any()
    inertia = np.sort(model.body("right/palm").inertia)
    assert inertia[2] <= inertia[0] + inertia[1] + 1e-12


def test_slender_cylinders_of_a_hand_become_capsules(tmp_path):
    model = build_scene(write_hand(tmp_path)).model
    types = {
        name: model.geom_type[model.body(f"right/{name}").geomadr[0]]
        for name in ("finger", "thumb")
    }
    assert types == {
        "finger": mujoco.mjtGeom.mjGEOM_CAPSULE,
        "thumb": mujoco.mjtGeom.mjGEOM_CYLINDER,
    }


def tetrahedron(size):
    points = [(0, 0, 0), (size, 0, 0), (0, size, 0), (0, 0, size)]
    faces = "f 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
    return "".join(f"v {x} {y} {z}\n" for x, y, z in points) + faces


@pytest.mark.parametrize(
    "filename",
    [
        "meshes/palm.obj",
        "package://gripper_description/meshes/palm.obj",
        "package://meshes/palm.obj",
    ],
)
def test_meshes_are_found_beside_the_urdf(tmp_path, filename):
    (tmp_path / "meshes").mkdir()
    (tmp_path / "meshes/palm.obj").write_text(tetrahedron(0.1))
    model = build_scene(write_hand(tmp_path, palm=f'<mesh filename="{filename}"/>')).model
    assert model.nmesh == 1


def test_meshes_of_one_name_in_two_folders_stay_apart(tmp_path):
    for folder, size in (("visual", 0.1), ("collision", 0.2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "palm.obj").write_text(tetrahedron(size))
    urdf = GRIPPER.replace(
        "<collision><geometry>PALM",
        '<visual><geometry><mesh filename="visual/palm.obj"/></geometry></visual>'
        "<collision><geometry>PALM",
    )
    model = build_scene(write_hand(tmp_path, urdf, '<mesh filename="collision/palm.obj"/>')).model
    radii = {
        int(group): radius
        for group, radius in zip(model.geom_group, model.geom_rbound, strict=True)
        if group in (1, 3) and radius > 0.05
    }
    assert radii[3] == pytest.approx(2 * radii[1])


def test_a_visual_that_cannot_be_read_is_drawn_from_the_readable_one_beside_it(tmp_path):
    (tmp_path / "palm.glb").write_bytes(b"glTF")
    (tmp_path / "palm.obj").write_text(tetrahedron(0.1))
    urdf = GRIPPER.replace(
        "<collision><geometry>PALM",
        '<visual><geometry><mesh filename="palm.glb"/></geometry></visual>'
        "<collision><geometry>PALM",
    )
    assert build_scene(write_hand(tmp_path, urdf)).model.nmesh == 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            {"palm": '<mesh filename="meshes/lost.stl"/>'},
            r"gripper.urdf: collision of link palm: "
            r"mesh meshes/lost.stl does not exist",
        ),
        (
            {"base_link": "finger"},
            r"gripper.yml: base_link: finger does not carry the joints curl, "
            r"swing",
        ),
        (
            {"urdf": GRIPPER.replace('mass value="0.05"', 'mass value="-1"')},
            r"gripper.urdf: MuJoCo",
        ),
        ({"urdf": "<robot"}, r"gripper.urdf: not XML"),
    ],
)
def test_a_hand_that_cannot_be_used_is_named(tmp_path, change, complaint):
    settings = write_hand(tmp_path, **change)
    with pytest.raises(SettingsError, match=complaint):
        build_scene(settings)


def test_a_collision_mesh_in_a_format_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "palm.dae").write_text("<COLLADA/>")
    with pytest.raises(SettingsError, match=r"mesh palm.dae: MuJoCo reads .obj and .stl alone"):
        build_scene(write_hand(tmp_path, palm='<mesh filename="palm.dae"/>'))


def test_a_urdf_that_does_not_exist_is_named(tmp_path):
    settings = write_hand(tmp_path)
    (tmp_path / "gripper.urdf").unlink()
    with pytest.raises(SettingsError, match=r"gripper\.urdf"):
        build_scene(settings)


@pytest.mark.parametrize(
    ("objects", "complaint"),
    [
        ((POST.model_copy(update={"size": (0.1, 0.1, 0.1)}),), "height 0.1 m must exceed"),
        ((CUBE.model_copy(update={"name": "world"}),), "repeated name 'world'"),
    ],
)
def test_an_object_that_cannot_be_made_is_named(objects, complaint):
    with pytest.raises(SettingsError, match=complaint):
        build_scene(with_objects(*objects))
