"""The scene as Isaac Gym's worker is told of it: plain numbers and names, and URDF files."""

import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, Final

import numpy as np

from operators.cube_map import WORLD_FROM_FACE
from operators.driven_hand import (
    JOINT_ARMATURE,
    JOINT_DAMPING,
    TIP_DAMPING,
    TIP_FORCE,
    TIP_STIFFNESS,
)
from operators.hand_command import GRIP_RAD
from operators.hands import SIDES, Hand
from operators.scene import SceneModel, start_pose
from operators.settings import SceneObject, Settings
from operators.transforms import Array, quaternion_from_rotation
from operators.urdf import read_urdf

UPRIGHT: Final = (0.0, 0.0, 0.0, 1.0)

FACE_FROM_CAMERA: Final = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
"""Isaac Gym's cameras (x forward, y left, z up, where the world's z is up) in a face's axes (x
right, y down, z forward)."""


def describe_scene(scene: SceneModel, settings: Settings, folder: Path) -> dict[str, Any]:
    """What the worker is to build; JSON can hold it.

    folder: where URDF files are written to, which the worker reads.
    Raises SettingsError where a hand's URDF cannot be read.
    """
    simulation = settings.simulation
    anchor = settings.scene.anchor_position
    turns = quaternion_from_rotation(WORLD_FROM_FACE @ FACE_FROM_CAMERA)
    return {
        "look_only": False,
        "device": settings.isaacgym.device,
        "dt": 1.0 / simulation.rate_hz,
        "substeps": simulation.substeps,
        "gravity": simulation.gravity,
        "respawn_below": settings.scene.respawn_below,
        "face_size": settings.panorama.drawn_face_size,
        "image_tensors": settings.isaacgym.image_tensors,
        "cameras": [[*anchor, *turn] for turn in turns.tolist()],
        "objects": [_object(o, folder) for o in settings.scene.objects],
        "hands": [
            {
                "name": side,
                "urdf": _write_hand(hand, side, folder),
                "pose": start_pose(hand, side, anchor).tolist(),
                "bodies": _names_under(side, scene.body_names),
                "joints": hand.joint_names,
                "start": np.clip(0.0, *hand.limits_rad).tolist(),
                "grip": GRIP_RAD,
                "teleport": simulation.finger_drive == "teleport",
                **_drives(scene, hand, side),
            }
            for side, hand in zip(SIDES, scene.hands, strict=True)
        ],
    }


def _object(scene_object: SceneObject, folder: Path) -> dict[str, Any]:
    described = {
        "name": scene_object.name,
        "shape": scene_object.shape,
        "size": scene_object.size,
        "pose": [*scene_object.position, *UPRIGHT],
        "colour": scene_object.colour,
        "collides": scene_object.collides,
        "density": None
        if scene_object.mass is None
        else scene_object.mass / _volume_m3(scene_object),
    }
    if scene_object.shape == "capsule":
        described["urdf"] = _write(_capsule(scene_object), scene_object.name, folder)
    return described


def _volume_m3(scene_object: SceneObject) -> float:
    x, y, z = scene_object.size
    ball = np.pi / 6 * x**3
    match scene_object.shape:
        case "sphere":
            return float(ball)
        case "capsule":
            return float(ball + np.pi / 4 * x**2 * (z - x))
        case "box":
            return x * y * z


def _capsule(scene_object: SceneObject) -> ElementTree.Element:
    """A cylinder with round ends, which collides as one (`replace_cylinder_with_capsule`)."""
    radius, length = scene_object.size[0] / 2, scene_object.size[2] - scene_object.size[0]
    robot = ElementTree.Element("robot", name=scene_object.name)
    link = ElementTree.SubElement(robot, "link", name=scene_object.name)
    for tag in ("visual", "collision"):
        _shape(link, tag, 0.0, "cylinder", radius=radius, length=length)
    for end in (-1, 1):
        _shape(link, "visual", end * length / 2, "sphere", radius=radius)
    return robot


def _shape(
    link: ElementTree.Element, tag: str, height_m: float, kind: str, **extents: float
) -> None:
    element = ElementTree.SubElement(link, tag)
    ElementTree.SubElement(element, "origin", xyz=f"0 0 {height_m}")
    geometry = ElementTree.SubElement(element, "geometry")
    ElementTree.SubElement(geometry, kind, {key: str(value) for key, value in extents.items()})


def _write_hand(hand: Hand, side: str, folder: Path) -> str:
    """The hand from its base on, with the meshes and stand-ins that MuJoCo's hand has."""
    robot = read_urdf(hand.urdf_path, hand.configuration.missing_meshes)
    joints = [joint for joint in robot.findall("joint") if joint.find("parent") is not None]
    inside = {hand.configuration.base_link}
    while grown := {_link(j, "child") for j in joints if _link(j, "parent") in inside} - inside:
        inside |= grown
    for link in robot.findall("link"):
        if link.get("name") not in inside:
            robot.remove(link)
    for joint in joints:
        if _link(joint, "parent") not in inside:
            robot.remove(joint)
    for mesh in robot.iter("mesh"):
        # Isaac Gym joins a mesh's name to the URDF's folder.
        mesh.set("filename", os.path.relpath(mesh.get("filename", ""), folder.resolve()))
    return _write(robot, side, folder)


def _link(joint: ElementTree.Element, tag: str) -> str:
    found = joint.find(tag)
    return "" if found is None else found.get("link", "")


def _write(robot: ElementTree.Element, name: str, folder: Path) -> str:
    path = folder.resolve() / f"{name}.urdf"
    ElementTree.ElementTree(robot).write(path, encoding="utf-8", xml_declaration=True)
    return str(path)


def _names_under(side: str, names: tuple[str, ...]) -> list[str]:
    prefix = f"{side}/"
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def _drives(scene: SceneModel, hand: Hand, side: str) -> dict[str, list[float]]:
    """Gains of every joint, by the same rules as MuJoCo's; followers have a drive here too."""
    model = scene.model
    addresses = [model.joint(f"{side}/{name}").dofadr[0] for name in hand.joint_names]
    lever: Array = model.dof_armature[addresses] / JOINT_ARMATURE
    return {
        "stiffness": (TIP_STIFFNESS * lever).tolist(),
        "damping": ((TIP_DAMPING + JOINT_DAMPING) * lever).tolist(),
        "armature": (JOINT_ARMATURE * lever).tolist(),
        "effort": (TIP_FORCE * np.sqrt(lever)).tolist(),
    }
