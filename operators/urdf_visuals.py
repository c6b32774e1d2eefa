"""What a robot looks like: the visual meshes of a URDF's links, as triangles."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from operators.overlay_packages import overlay_package
from operators.settings import SettingsError
from operators.transforms import Array, rigid, rotation_about
from operators.urdf import find_mesh
from operators.urdf_kinematics import read_urdf

AROUND: Final = 48
"""Corners of a primitive's circle: at half a metre and f = 900 px a link of 6 cm radius is round
within a quarter of a pixel."""

SMOOTH: Final = 0.87
"""Cosine of the angle (30 degrees) between a triangle's normal and its corner's mean, beyond which
the edge there is sharp: at a box's corner, where one side has two triangles, it is 35 degrees."""

GREY: Final = (0.66, 0.66, 0.68)


@dataclass(frozen=True, eq=False)
class Visual:
    """A mesh that a link carries.

    link_from_mesh: (4, 4), m. vertices: (v, 3) float64 in the mesh's frame, m, its scale applied.
    normals: (v, 3) unit vectors. triangles: (t, 3) int32, counter-clockwise from outside.
    colour: red, green, blue, each 0 to 1.
    """

    link: str
    link_from_mesh: Array
    vertices: Array
    normals: Array
    triangles: NDArray[np.int32]
    colour: tuple[float, float, float]


def load_visuals(path: Path) -> tuple[Visual, ...]:
    """Read every visual of a URDF, in its order.

    A mesh is looked for beside the URDF; `package://name/rest` also in the folders above it.
    Raises SettingsError naming the file, and the link whose mesh does not exist or cannot be read.
    """
    robot = read_urdf(path)
    colours = {
        material.get("name", ""): colour
        for material in robot.findall("material")
        if (colour := _colour_of(material)) is not None
    }
    return tuple(
        _visual(path, link.get("name", ""), visual, colours)
        for link in robot.findall("link")
        for visual in link.findall("visual")
    )


def _visual(
    path: Path,
    link: str,
    visual: ElementTree.Element,
    colours: dict[str, tuple[float, float, float]],
) -> Visual:
    where = f"{path}: visual of link {link}"
    mesh = _mesh(path, where, visual.find("geometry"))
    colour: tuple[float, float, float] | None = None
    material = visual.find("material")
    if material is not None:
        colour = _colour_of(material) or colours.get(material.get("name", ""))
    vertices, normals, triangles = shaded(
        np.array(mesh.vertices, np.float64), np.array(mesh.faces, np.int32)
    )
    return Visual(link, _origin(visual), vertices, normals, triangles, colour or GREY)


def shaded(
    positions: Array, triangles: NDArray[np.int32]
) -> tuple[Array, Array, NDArray[np.int32]]:
    """Give corners normals, and each its own vertex where an edge is sharp.

    positions: (p, 3). triangles: (t, 3). Returns vertices (v, 3), normals (v, 3), triangles (t, 3).
    """
    a, b, c = np.moveaxis(positions[triangles], 1, 0)
    outwards = np.cross(b - a, c - a)  # twice the area long: larger triangles count more
    smooth = np.zeros_like(positions)
    np.add.at(smooth, triangles.ravel(), np.repeat(outwards, 3, axis=0))
    # A triangle without area is not drawn, whatever its normal is.
    outwards /= np.maximum(np.linalg.norm(outwards, axis=-1, keepdims=True), 1e-30)
    smooth /= np.maximum(np.linalg.norm(smooth, axis=-1, keepdims=True), 1e-30)
    sharp = np.einsum("ti,tci->tc", outwards, smooth[triangles]) < SMOOTH
    normals = np.concatenate([smooth, outwards])
    of_corner = np.where(sharp, len(positions) + np.arange(len(triangles))[:, None], triangles)
    keys = triangles.astype(np.int64) * len(normals) + of_corner
    vertices, corners = np.unique(keys, return_inverse=True)
    position, normal = np.divmod(vertices, len(normals))
    return positions[position], normals[normal], corners.reshape(-1, 3).astype(np.int32)


def _mesh(path: Path, where: str, geometry: ElementTree.Element | None) -> Any:
    shape = None if geometry is None else next(iter(geometry), None)
    if shape is None:
        raise SettingsError(f"{where}: has no geometry")
    creation = overlay_package("trimesh.creation")
    if shape.tag == "mesh":
        return _mesh_from_file(path, where, shape)
    try:
        if shape.tag == "box":
            return creation.box(extents=_numbers(shape, "size", ""))
        if shape.tag == "sphere":
            radius = float(shape.get("radius", ""))
            return creation.uv_sphere(radius=radius, count=(AROUND // 2, AROUND))
        if shape.tag == "cylinder":
            radius, length = float(shape.get("radius", "")), float(shape.get("length", ""))
            return creation.cylinder(radius=radius, height=length, sections=AROUND)
    except ValueError as error:
        raise SettingsError(f"{where}: {shape.tag}: {error}") from None
    raise SettingsError(f"{where}: a {shape.tag} is not drawn; box, sphere, cylinder and mesh are")


def _mesh_from_file(path: Path, where: str, shape: ElementTree.Element) -> Any:
    trimesh = overlay_package("trimesh")
    name = shape.get("filename", "")
    place = find_mesh(name, path.parent)
    if place is None:
        raise SettingsError(
            f"{where}: mesh {name} does not exist; put it where the URDF expects it, beginning at "
            f"{path.parent}"
        )
    try:
        mesh = trimesh.load(place, force="mesh")
    except Exception as error:  # each of trimesh's readers has errors of its own
        raise SettingsError(f"{where}: mesh {place} cannot be read: {error}") from error
    if len(mesh.faces) == 0:
        raise SettingsError(f"{where}: mesh {place} has no triangles")
    mesh.apply_scale(_numbers(shape, "scale", "1 1 1"))
    return mesh


def _origin(visual: ElementTree.Element) -> Array:
    origin = visual.find("origin")
    if origin is None:
        return np.eye(4)
    roll, pitch, yaw = _numbers(origin, "rpy", "0 0 0")
    rotation = rotation_about(2, yaw) @ rotation_about(1, pitch) @ rotation_about(0, roll)
    return rigid(rotation, _numbers(origin, "xyz", "0 0 0"))


def _colour_of(material: ElementTree.Element) -> tuple[float, float, float] | None:
    colour = material.find("color")
    if colour is None:
        return None
    red, green, blue, *_ = _numbers(colour, "rgba", "")
    return float(red), float(green), float(blue)


def _numbers(element: ElementTree.Element, key: str, absent: str) -> Array:
    numbers = np.array([float(number) for number in element.get(key, absent).split()])
    if len(numbers) not in (3, 4):
        raise ValueError(f"{key}: expected three numbers, got {element.get(key)!r}")
    return numbers
