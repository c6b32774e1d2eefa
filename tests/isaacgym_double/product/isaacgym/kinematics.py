"""A URDF's links and joints, and where its links are."""

import xml.etree.ElementTree as ElementTree

import numpy as np


class Model:
    """bodies and dofs are in an order of the double's own, as the product's is not the file's."""

    def __init__(self, path):
        robot = ElementTree.parse(path).getroot()
        self._joints = [Joint(element) for element in robot.findall("joint")]
        names = [link.get("name") for link in robot.findall("link")]
        (root,) = set(names) - {joint.child for joint in self._joints}
        self.bodies = [root, *sorted(set(names) - {root}, reverse=True)]
        moving = {joint.name: joint for joint in self._joints if joint.moves}
        self.dofs = sorted(moving, reverse=True)
        self.limits = np.array([moving[name].limits for name in self.dofs]).reshape(-1, 2)
        self.extents = extents(robot)

    def body_poses(self, world_from_root, positions):
        """Matrices (bodies, 4, 4) in the world; positions: of the dofs, rad."""
        angles = dict(zip(self.dofs, positions))
        found = {self.bodies[0]: world_from_root}
        left = list(self._joints)
        while left:
            for joint in [j for j in left if j.parent in found]:
                found[joint.child] = found[joint.parent] @ joint.matrix(angles.get(joint.name, 0.0))
                left.remove(joint)
        return np.array([found[name] for name in self.bodies])


class Joint:
    def __init__(self, element):
        self.name = element.get("name")
        self.moves = element.get("type") != "fixed"
        self.parent, self.child = (
            element.find("parent").get("link"),
            element.find("child").get("link"),
        )
        origin, axis, limit = (element.find(tag) for tag in ("origin", "axis", "limit"))
        xyz, rpy = (numbers(origin, key) for key in ("xyz", "rpy"))
        self._origin = np.eye(4)
        self._origin[:3, :3] = (
            about([0, 0, 1], rpy[2]) @ about([0, 1, 0], rpy[1]) @ about([1, 0, 0], rpy[0])
        )
        self._origin[:3, 3] = xyz
        self._axis = np.array([1.0, 0.0, 0.0]) if axis is None else numbers(axis, "xyz")
        self.limits = (
            (0.0, 0.0) if limit is None else (float(limit.get("lower")), float(limit.get("upper")))
        )

    def matrix(self, angle):
        turn = np.eye(4)
        turn[:3, :3] = about(self._axis, angle)
        return self._origin @ turn


def extents(robot):
    """Of the first thing that collides, m."""
    shape = robot.find("link/collision/geometry")[0]
    if shape.tag == "box":
        return numbers(shape, "size")
    radius = float(shape.get("radius"))
    return np.array([2 * radius, 2 * radius, 2 * radius + float(shape.get("length", 0))])


def numbers(element, key):
    text = "0 0 0" if element is None else element.get(key, "0 0 0")
    return np.array([float(number) for number in text.split()])


def about(axis, angle):
    """Rodrigues' formula."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def matrix_of(state):
    """A pose [x y z qx qy qz qw] as a matrix."""
    x, y, z, w = np.asarray(state[3:7], float) / np.linalg.norm(state[3:7])
    matrix = np.eye(4)
    matrix[:3, 3] = state[:3]
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return matrix


def quaternion_of(rotation):
    """x y z w, by the eigenvector of Bar-Itzhack's symmetric matrix."""
    r = rotation
    k = np.array(
        [
            [r[0, 0] - r[1, 1] - r[2, 2], r[1, 0] + r[0, 1], r[2, 0] + r[0, 2], r[2, 1] - r[1, 2]],
            [r[1, 0] + r[0, 1], r[1, 1] - r[0, 0] - r[2, 2], r[2, 1] + r[1, 2], r[0, 2] - r[2, 0]],
            [r[2, 0] + r[0, 2], r[2, 1] + r[1, 2], r[2, 2] - r[0, 0] - r[1, 1], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], np.trace(r)],
        ]
    )
    return np.linalg.eigh(k)[1][:, -1]
