import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import dexi_rs
import mujoco
import numpy as np
import pytest

from operators.hands import SIDES, Hand
from operators.settings import ROOT
from operators.urdf import load_urdf

FINGERS = ("thumb", "index", "middle", "ring", "pinky")
FACTS = Path(os.environ.get("PANODORA_SHARED", ROOT.parent / "shared")) / "facts/inspire_hand.md"


def load(side):
    return Hand.load(f"configs/hands/inspire_{side}.yml")


def letter(side):
    return side[0].upper() + "_"


def tips(side, positions):
    """Fingertips (5, 3) in the base's frame, by MuJoCo, for joint positions by name."""
    model = load_urdf(load(side).urdf_path).compile()
    data = mujoco.MjData(model)
    for name, position in positions.items():
        data.joint(letter(side) + name).qpos[0] = position
    mujoco.mj_kinematics(model, data)
    return np.array([data.body(f"{letter(side)}{finger}_tip").xpos for finger in FINGERS])


def published_rows(side, columns):
    section = FACTS.read_text().split(f"## OpenTeleVision {side.upper()}")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines()]
    return [row for row in rows if len(row) == columns and set(row[1]) - set("- ")][1:]


@pytest.mark.skipif(not FACTS.exists(), reason="the table of OpenTeleVision's joints is not here")
@pytest.mark.parametrize("side", SIDES)
def test_joints_are_those_that_opentelevision_published(side):
    robot = ElementTree.parse(load(side).urdf_path).getroot()
    joints = {joint.get("name"): joint for joint in robot.iter("joint")}
    rows = published_rows(side, columns=8)
    assert len(rows) == len(joints) == 17
    for name, kind, links, xyz, rpy, axis, limits, mimic in rows:
        joint = joints[name]
        origin = joint.find("origin")
        assert joint.get("type") == kind
        assert f"{joint.find('parent').get('link')} -> {joint.find('child').get('link')}" == links
        assert origin.get("xyz") == xyz
        assert origin.get("rpy", "0 0 0") == rpy
        if kind == "fixed":
            continue
        assert joint.find("axis").get("xyz") == axis
        lower, upper = (float(x) for x in limits.split(" ")[0].split(".."))
        assert float(joint.find("limit").get("lower")) == lower
        assert float(joint.find("limit").get("upper")) == upper
        if mimic:
            leader, multiplier = re.match(r"(\S+) x(\S+) \+ 0", mimic).groups()
            assert joint.find("mimic").get("joint") == leader
            assert float(joint.find("mimic").get("multiplier")) == float(multiplier)


@pytest.mark.skipif(not FACTS.exists(), reason="the table of OpenTeleVision's links is not here")
@pytest.mark.parametrize("side", SIDES)
def test_masses_are_those_that_opentelevision_published(side):
    model = load_urdf(load(side).urdf_path).compile()
    rows = [row for row in published_rows(side, columns=4) if row[1] != "-"]
    assert len(rows) == 13
    for name, mass, centre, _ in rows:
        assert model.body(name).mass[0] == pytest.approx(float(mass))
        np.testing.assert_allclose(model.body(name).ipos, [float(x) for x in centre.split()])


@pytest.mark.parametrize("side", SIDES)
def test_fingertips_are_where_dexi_puts_them(side):
    hand = load(side)
    tip_names = [f"{letter(side)}{finger}_tip" for finger in FINGERS]
    retargeting = dexi_rs.RetargetingConfig(
        "vector",
        str(hand.urdf_path),
        target_joint_names=list(hand.leader_names),
        target_origin_link_names=[hand.configuration.base_link] * 5,
        target_task_link_names=tip_names,
        target_link_human_indices=np.array([[0] * 5, [4, 9, 14, 19, 24]]),
    ).build()
    wanted = np.random.default_rng(1).uniform(*hand.limits_rad)
    by_name = dict(zip(hand.joint_names, wanted, strict=True))
    for joint in hand.joints:
        if joint.leader is not None:
            by_name[joint.name] = joint.multiplier * by_name[joint.leader]
    ordered = [by_name[name] for name in retargeting.joint_names]
    theirs = retargeting.link_positions(ordered, tip_names)
    ours = tips(side, {name[2:]: position for name, position in by_name.items()})
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_left_is_the_mirror_image_of_right():
    # Across z = 0; the published tables themselves differ by a few millimetres at the thumb.
    straight = [tips(side, {}) for side in SIDES]
    np.testing.assert_allclose(straight[0], straight[1] * [1, 1, -1], atol=0.012)
    np.testing.assert_allclose(straight[0][1:], straight[1][1:] * [1, 1, -1], atol=0.006)


@pytest.mark.parametrize("side", SIDES)
def test_fingers_point_along_minus_y_and_curl_to_minus_x(side):
    straight = tips(side, {})[1:]
    curled = tips(side, {f"{finger}_proximal_joint": 1.0 for finger in FINGERS[1:]})[1:]
    assert (straight[:, 1] < -0.19).all()
    assert (curled[:, 0] < straight[:, 0] - 0.04).all()


@pytest.mark.parametrize("side", SIDES)
def test_every_moving_link_is_seen_where_it_collides(side):
    """A phalanx's collision cylinder has the same place and size as a visual one."""
    robot = ElementTree.parse(load(side).urdf_path).getroot()
    shapes = {"visual": [], "collision": []}
    for link in robot.iter("link"):
        for tag, found in shapes.items():
            for shape in link.findall(tag):
                found.append(
                    (
                        link.get("name"),
                        shape.find("origin").attrib,
                        shape.find("geometry")[0].attrib,
                    )
                )
    assert len(shapes["collision"]) == 13
    assert all(shape in shapes["visual"] for shape in shapes["collision"])
