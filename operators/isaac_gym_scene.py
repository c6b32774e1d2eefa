"""The scene as Isaac Gym's worker is told of it: plain numbers and names, and URDF files."""

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
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
from operators.transforms import Array, quaternion_from_rotation, rotation_from_quaternion
from operators.urdf import read_urdf

NEAR_AND_FAR_M: Final = (0.02, 150.0)
"""Between these distances the cameras see."""

SOLVER: Final = {
    "solver_type": 1,
    "num_position_iterations": 4,
    "num_velocity_iterations": 1,
    "max_gpu_contact_pairs": 8 * 1024 * 1024,
    "contact_offset": 0.002,
    "friction_offset_threshold": 0.001,
    "friction_correlation_distance": 0.0005,
    "rest_offset": 0.0,
    "use_gpu": True,
}
"""PhysX, with OpenTeleVision's settings."""

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
        "solver": SOLVER,
        "respawn_below": settings.scene.respawn_below,
        "near_and_far_m": NEAR_AND_FAR_M,
        "face_size": settings.panorama.drawn_face_size,
        "image_tensors": settings.isaacgym.image_tensors,
        "cameras": [[*anchor, *turn] for turn in turns.tolist()],
        "objects": [_object(scene, o, folder) for o in settings.scene.objects],
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


def _object(scene: SceneModel, scene_object: SceneObject, folder: Path) -> dict[str, Any]:
    return {
        "name": scene_object.name,
        "urdf": _write(_object_urdf(scene, scene_object), f"object_{scene_object.name}", folder),
        "pose": [*scene_object.position, *UPRIGHT],
        "fixed": scene_object.mass is None,
        "collides": scene_object.collides,
    }


def _object_urdf(scene: SceneModel, scene_object: SceneObject) -> ElementTree.Element:
    """An object as one link, with MuJoCo's mass and inertia if it is loose."""
    name, (x, y, z) = scene_object.name, scene_object.size
    robot = ElementTree.Element("robot", name=name)
    material = ElementTree.SubElement(robot, "material", name="colour")
    ElementTree.SubElement(material, "color", rgba=_words((*scene_object.colour, 1.0)))
    link = ElementTree.SubElement(robot, "link", name=name)
    if scene_object.mass is not None:
        body = scene.model.body(name)
        turn = rotation_from_quaternion(body.iquat[[1, 2, 3, 0]])
        moments = dict(zip(("ixx", "iyy", "izz"), map(str, turn**2 @ body.inertia), strict=True))
        inertial = ElementTree.SubElement(link, "inertial")
        ElementTree.SubElement(inertial, "mass", value=str(scene_object.mass))
        ElementTree.SubElement(inertial, "inertia", moments, ixy="0", ixz="0", iyz="0")
    for tag in ("visual", "collision"):
        match scene_object.shape:
            case "box":
                _add_shape(link, tag, "box", size=_words((x, y, z)))
            case "sphere":
                _add_shape(link, tag, "sphere", radius=str(x / 2))
            case "capsule":  # URDF has none: its cylinder collides as one
                _add_shape(link, tag, "cylinder", radius=str(x / 2), length=str(z - x))
    if scene_object.shape == "capsule":
        for end in (-0.5, 0.5):
            _add_shape(link, "visual", "sphere", end * (z - x), radius=str(x / 2))
    return robot


def _add_shape(
    link: ElementTree.Element, tag: str, kind: str, height_m: float = 0.0, **extents: str
) -> None:
    element = ElementTree.SubElement(link, tag)
    ElementTree.SubElement(element, "origin", xyz=f"0 0 {height_m}")
    geometry = ElementTree.SubElement(element, "geometry")
    ElementTree.SubElement(geometry, kind, extents)
    if tag == "visual":
        ElementTree.SubElement(element, "material", name="colour")


def _words(numbers: Iterable[float]) -> str:
    return " ".join(map(str, numbers))


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
