import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mujoco
import numpy as np
import pytest
import yourdfpy

from operators.settings import ROOT, SettingsError
from operators.transforms import rigid
from operators.urdf import load_urdf
from operators.urdf_kinematics import JointError, UrdfKinematics

URDFS = [
    *sorted((ROOT / "assets/robots").glob("*/*.urdf")),
    *sorted((ROOT / "assets/hands").glob("*/*.urdf")),
]
RANDOM = np.random.default_rng(6)


@pytest.mark.parametrize("path", URDFS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_links_are_where_yourdfpy_has_them(path: Path) -> None:
    ours = UrdfKinematics.load(path)
    theirs = yourdfpy.URDF.load(str(path), load_meshes=False)
    assert set(ours.joint_names) == set(theirs.actuated_joint_names)
    for _ in range(5):
        positions = {name: float(RANDOM.uniform(-1.5, 1.5)) for name in ours.joint_names}
        theirs.update_cfg(positions)
        for link, pose in ours.link_poses(positions).items():
            np.testing.assert_allclose(
                pose, theirs.get_transform(link, theirs.base_link), atol=1e-12
            )


def test_links_are_where_mujoco_has_them() -> None:
    path = ROOT / "assets/robots/two_arms/left_arm.urdf"
    ours = UrdfKinematics.load(path)
    model = load_urdf(path).compile()
    data = mujoco.MjData(model)
    arm = {f"left_joint{i + 1}": float(RANDOM.uniform(-1, 1)) for i in range(7)}
    for name, position in arm.items():
        data.joint(name).qpos[0] = position
    finger = 0.3
    for name, factor in (("finger", 1), ("other_finger", -1), ("finger_pad", -1)):
        data.joint(f"left_{name}_joint").qpos[0] = factor * finger
    mujoco.mj_kinematics(model, data)
    poses = ours.link_poses({**arm, "left_finger_joint": finger})
    for link in ("left_link4", "left_tcp", "left_other_finger", "left_finger_pad"):
        body = data.body(link)
        np.testing.assert_allclose(
            poses[link], rigid(body.xmat.reshape(3, 3), body.xpos), atol=1e-9
        )


@pytest.fixture
def threads_in_turns() -> Iterator[None]:
    """Threads take turns every few instructions, and not every 5 ms."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("threads_in_turns")
def test_two_threads_that_ask_at_once_get_their_own_poses() -> None:
    ours = UrdfKinematics.load(ROOT / "assets/robots/two_arms/left_arm.urdf")

    def wrong(angle: float) -> int:
        positions = dict.fromkeys(ours.joint_names, angle)
        alone = UrdfKinematics.load(ROOT / "assets/robots/two_arms/left_arm.urdf")
        expected = alone.link_poses(positions)
        return sum(
            (pose != expected[link]).any()
            for _ in range(200)
            for link, pose in ours.link_poses(positions).items()
        )

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(wrong, (0.2, -0.4))) == [0, 0]


MANY_KINDS = """\
<robot name="kinds">
  <link name="base"/><link name="wheel"/><link name="slide"/><link name="follow"/>
  <link name="last"/>
  <joint name="turn" type="continuous"><parent link="base"/><child link="wheel"/>
    <origin xyz="0 0 0.1" rpy="0.1 0.2 0.3"/><axis xyz="0 1 0"/></joint>
  <joint name="push" type="prismatic"><parent link="wheel"/><child link="slide"/>
    <axis xyz="1 0 0"/><limit lower="-1" upper="1" effort="1" velocity="1"/></joint>
  <joint name="second" type="revolute"><parent link="slide"/><child link="follow"/>
    <axis xyz="0.6 0 0.8"/><limit lower="-9" upper="9" effort="1" velocity="1"/>
    <mimic joint="turn" multiplier="-0.5" offset="0.2"/></joint>
  <joint name="third" type="{kind}"><parent link="follow"/><child link="last"/>
    <origin xyz="0.3 0 0"/><axis xyz="0 0 1"/><limit lower="-9" upper="9" effort="1" velocity="1"/>
    {mimic}</joint>
</robot>
"""


def many_kinds(folder: Path, kind: str = "revolute", mimic: str = "") -> Path:
    path = folder / "kinds.urdf"
    path.write_text(MANY_KINDS.format(kind=kind, mimic=mimic))
    return path


def test_joints_turn_slide_and_follow_followers(tmp_path: Path) -> None:
    path = many_kinds(tmp_path, mimic='<mimic joint="second" multiplier="2" offset="-0.1"/>')
    kinematics = UrdfKinematics.load(path)
    assert kinematics.joint_names == ("turn", "push")
    # The chain of followers worked out by hand, given to a robot whose joints all are free.
    turn, push = 2.4, 0.35
    second = -0.5 * turn + 0.2
    free = tmp_path / "free.urdf"
    text = many_kinds(tmp_path).read_text()
    free.write_text(text.replace('<mimic joint="turn" multiplier="-0.5" offset="0.2"/>', ""))
    oracle = yourdfpy.URDF.load(str(free), load_meshes=False)
    oracle.update_cfg({"turn": turn, "push": push, "second": second, "third": 2 * second - 0.1})
    for link, pose in kinematics.link_poses({"turn": turn, "push": push}).items():
        np.testing.assert_allclose(pose, oracle.get_transform(link, "base"), atol=1e-12)


@pytest.mark.parametrize(
    ("positions", "words"),
    [
        ({"turn": 0.0, "push": 0.0}, "missing: third; unknown: none"),
        ({"turn": 0.0, "push": 0.0, "third": 0.0, "second": 1.0}, "unknown: second"),
        ({"turn": 0.0, "push": np.nan, "third": 0.0}, "joint push is at nan"),
    ],
)
def test_positions_that_do_not_fit_are_refused(
    tmp_path: Path, positions: dict[str, float], words: str
) -> None:
    kinematics = UrdfKinematics.load(many_kinds(tmp_path))
    with pytest.raises(JointError, match=words):
        kinematics.link_poses(positions)


@pytest.mark.parametrize(
    ("kind", "mimic", "words"),
    [
        ("floating", "", "joint third is floating; fixed, revolute"),
        ("revolute", '<mimic joint="third"/>', "mimic each other: third - third"),
    ],
)
def test_a_urdf_that_cannot_move_is_refused(
    tmp_path: Path, kind: str, mimic: str, words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        UrdfKinematics.load(many_kinds(tmp_path, kind, mimic))


def test_a_joint_that_mimics_nobody_has_to_be_told(tmp_path: Path) -> None:
    kinematics = UrdfKinematics.load(many_kinds(tmp_path, mimic='<mimic joint="nobody"/>'))
    assert kinematics.orphans == {"third": "nobody"}
    assert kinematics.joint_names == ("turn", "push", "third")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read this URDF"):
        UrdfKinematics.load(tmp_path / "none.urdf")
    (tmp_path / "a.urdf").write_text("<robot")
    with pytest.raises(SettingsError, match="not XML"):
        UrdfKinematics.load(tmp_path / "a.urdf")
    (tmp_path / "b.urdf").write_text('<robot name="empty"/>')
    with pytest.raises(SettingsError, match="pinocchio cannot read"):
        UrdfKinematics.load(tmp_path / "b.urdf")
