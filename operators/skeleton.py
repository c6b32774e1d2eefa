"""Shapes for the links of a URDF whose meshes are not at hand: bones from joint to joint.

Many hands' URDFs travel without their meshes, for these are large or under another licence. Their
kinematics, and often simple collision shapes, are all there: enough to see the hand and to touch
with it, though not to see what it really looks like.
"""

import copy
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from typing import Final

import numpy as np

from operators.transforms import Array

BONE_RADIUS_M: Final = 0.008
"""About that of a finger."""

LEAST_LENGTH_M: Final = 1e-3
"""Joints nearer to each other have no bone between them."""

Element = ElementTree.Element


def add_skeleton(robot: Element, lost: Sequence[tuple[Element, Element]]) -> None:
    """Put shapes in the place of those that were taken from the links of a URDF.

    lost: a link, and the `<visual>` or `<collision>` that it had.
    A lost collision becomes bones where the link has no other: capsules from the link's joint to
    each joint that it carries, ending at a fingertip. A lost visual becomes what the link collides
    with, in the lost one's colour.
    """
    ends = _ends(robot)
    for tag in ("collision", "visual"):
        for link, shape in lost:
            if shape.tag != tag or link.find(tag) is not None:
                continue
            solid = link.findall("collision") or _bones("collision", ends[link.get("name", "")])
            for stand_in in solid:
                stand_in = copy.deepcopy(stand_in)
                stand_in.tag = tag
                stand_in.extend(shape.findall("material"))
                link.append(stand_in)


def _ends(robot: Element) -> dict[str, list[Array]]:
    """Where the bones of each link end, (3,), m in the link's frame."""
    names = [link.get("name", "") for link in robot.iter("link")]
    ends: dict[str, list[Array]] = {name: [] for name in names}
    joints = [joint for joint in robot.iter("joint") if joint.find("child") is not None]
    carriers = {_link(joint, "parent") for joint in joints}
    for joint in joints:
        origin = joint.find("origin")
        place = "0 0 0" if origin is None else origin.get("xyz", "0 0 0")
        end = np.array([float(number) for number in place.split()])
        length = float(np.linalg.norm(end))
        if length < LEAST_LENGTH_M:
            continue
        is_tip = joint.get("type") == "fixed" and _link(joint, "child") not in carriers
        if is_tip and length > 2 * BONE_RADIUS_M:
            # The bone's round end shall not reach beyond the finger's.
            end *= 1.0 - BONE_RADIUS_M / length
        ends[_link(joint, "parent")].append(end)
    return ends


def _link(joint: Element, role: str) -> str:
    element = joint.find(role)
    return "" if element is None else element.get("link", "")


def _bones(tag: str, ends: Sequence[Array]) -> list[Element]:
    """A capsule to each end, or a ball where there is none."""
    if not ends:
        return [_shape(tag, np.zeros(3), "sphere", radius=BONE_RADIUS_M)]
    return [
        _shape(tag, end, "capsule", radius=BONE_RADIUS_M, length=float(np.linalg.norm(end)))
        for end in ends
    ]


def _shape(tag: str, end: Array, kind: str, **size: float) -> Element:
    """A round shape along the way from the origin to an end, its own axis being z."""
    x, y, z = end
    shape = ElementTree.Element(tag)
    ElementTree.SubElement(
        shape,
        "origin",
        xyz=_text(end / 2),
        rpy=_text([0.0, np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)]),
    )
    geometry = ElementTree.SubElement(shape, "geometry")
    ElementTree.SubElement(geometry, kind, {name: f"{value:.9g}" for name, value in size.items()})
    return shape


def _text(numbers: Array | Sequence[float]) -> str:
    return " ".join(f"{number:.9g}" for number in numbers)
