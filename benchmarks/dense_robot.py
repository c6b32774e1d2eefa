"""The two-arm robot with as many triangles as are wanted, in mesh files."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import trimesh

from operators.settings import ROOT
from operators.urdf_visuals import load_visuals

SOURCE = ROOT / "assets/robots/two_arms/robot.urdf"


def write_dense_robot(folder: Path, triangles: int) -> tuple[Path, int]:
    """Write the robot with every visual a mesh; returns its URDF and how many triangles it has.

    triangles: so many at least; each triangle of a visual is cut into four until they are there.
    """
    robot = ElementTree.parse(SOURCE)
    visuals = load_visuals(SOURCE)
    meshes = [trimesh.Trimesh(v.vertices, v.triangles, process=True) for v in visuals]
    while sum(len(mesh.faces) for mesh in meshes) < triangles:
        fewest = min(range(len(meshes)), key=lambda i: len(meshes[i].faces))
        meshes[fewest] = meshes[fewest].subdivide()
    shapes = [v for link in robot.getroot().findall("link") for v in link.findall("visual")]
    for i, (mesh, shape) in enumerate(zip(meshes, shapes, strict=True)):
        mesh.export(folder / f"{i}.stl")
        geometry = shape.find("geometry")
        assert geometry is not None
        geometry.clear()
        ElementTree.SubElement(geometry, "mesh", filename=f"{i}.stl")
    path = folder / "robot.urdf"
    robot.write(path)
    return path, sum(len(mesh.faces) for mesh in meshes)
