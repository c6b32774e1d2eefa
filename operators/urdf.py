"""A URDF as a MuJoCo specification: every link a body, meshes found, visuals kept."""

import logging
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Final

import mujoco

from operators.hand_configuration import MissingMeshes
from operators.settings import SettingsError
from operators.skeleton import add_skeleton

logger = logging.getLogger(__name__)

MESH_SUFFIXES: Final = (".obj", ".stl")
"""The mesh formats that MuJoCo reads."""

VISUAL_GROUP: Final = 1
"""The geom group into which MuJoCo's URDF reader puts visuals; collisions go into group 0."""


def load_urdf(path: Path, missing_meshes: MissingMeshes = "refuse") -> mujoco.MjSpec:
    """Read a URDF, with its visuals, and one body for each link even if it cannot move.

    Meshes are found, or stood in for, as `read_urdf` says.
    Raises SettingsError naming the file and, for a mesh, the link that wants it.
    """
    robot = read_urdf(path, missing_meshes)
    extension = robot.find("mujoco")
    if extension is None:
        extension = ElementTree.SubElement(robot, "mujoco")
    compiler = extension.find("compiler")
    if compiler is None:
        compiler = ElementTree.SubElement(extension, "compiler")
    compiler.attrib.update(
        strippath="false",
        discardvisual="false",
        fusestatic="false",
        # Published URDFs often carry inertias that no body can have; MuJoCo would refuse them.
        balanceinertia="true",
    )
    compiler.attrib.pop("meshdir", None)
    try:
        return mujoco.MjSpec.from_string(ElementTree.tostring(robot, encoding="unicode"))
    except ValueError as error:
        raise SettingsError(f"{path}: MuJoCo cannot read this URDF: {error}") from None


def read_urdf(path: Path, missing_meshes: MissingMeshes = "refuse") -> ElementTree.Element:
    """Read a URDF whose meshes have absolute paths and exist.

    A mesh is looked for beside the URDF; `package://name/rest` also in the folders above it. A
    visual whose mesh MuJoCo cannot read is replaced by an .obj or .stl of the same name, and left
    out with a warning where there is none. Where a mesh does not exist, `missing_meshes` says
    whether that is an error or the skeleton stands in for it.
    Raises SettingsError naming the file and, for a mesh, the link that wants it.
    """
    try:
        robot = ElementTree.parse(path).getroot()
    except OSError as error:
        raise SettingsError(f"{path}: cannot read this URDF: {error.strerror}") from None
    except ElementTree.ParseError as error:
        raise SettingsError(f"{path}: not XML: {error}") from None
    lost = []
    for link in robot.iter("link"):
        for shape in (*link.findall("visual"), *link.findall("collision")):
            mesh = shape.find("geometry/mesh")
            if mesh is None:
                continue
            place = find_mesh(mesh.get("filename", ""), path.parent)
            if place is None and missing_meshes == "skeleton":
                lost.append((link, shape))
                link.remove(shape)
            elif not _locate(mesh, place, path, link.get("name", ""), shape.tag):
                link.remove(shape)
    add_skeleton(robot, lost)
    return robot


def _locate(
    mesh: ElementTree.Element, place: Path | None, urdf_path: Path, link: str, tag: str
) -> bool:
    """Make a mesh's filename absolute; false for a visual in a format that cannot be read."""
    name = mesh.get("filename", "")
    if place is None:
        raise SettingsError(
            f"{urdf_path}: {tag} of link {link}: mesh {name} does not exist; put it where the "
            f"URDF expects it, beginning at {urdf_path.parent}, or let the hand's configuration "
            "say missing_meshes: skeleton"
        )
    readable = [place.with_suffix(suffix) for suffix in (place.suffix, *MESH_SUFFIXES)]
    readable = [p for p in readable if p.suffix.lower() in MESH_SUFFIXES and p.is_file()]
    if readable:
        mesh.set("filename", str(readable[0]))
        return True
    if tag == "collision":
        raise SettingsError(
            f"{urdf_path}: {tag} of link {link}: mesh {name}: MuJoCo reads "
            f"{' and '.join(MESH_SUFFIXES)} alone; convert it"
        )
    logger.warning("%s: link %s: %s is in no format that MuJoCo draws", urdf_path, link, name)
    return False


def find_mesh(name: str, folder: Path) -> Path | None:
    """Where a mesh of a URDF is that lies in this folder; None where it does not exist."""
    return next((place for place in _places(name, folder) if place.is_file()), None)


def _places(name: str, folder: Path) -> list[Path]:
    for scheme in ("package://", "file://"):
        if name.startswith(scheme):
            name = name.removeprefix(scheme)
            break
    inside_package = Path(*Path(name).parts[1:])
    above = [folder, *folder.parents]
    return [folder / name, *(place / name for place in above), folder / inside_package]
