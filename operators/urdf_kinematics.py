"""Where the links of a robot are: forward kinematics of any URDF, by pinocchio."""

import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from operators.overlay_packages import overlay_package
from operators.settings import SettingsError
from operators.transforms import Array
from operators.usage_error import UsageError

MOVABLE: Final = ("revolute", "continuous", "prismatic")
"""The types of joints that one number moves."""


class JointError(UsageError):
    """Joint positions that do not fit a robot: says which joints, and what is known."""


@dataclass(frozen=True)
class Follower:
    """A joint that mimics another: position = multiplier * leader's + offset."""

    leader: str
    multiplier: float
    offset: float


class UrdfKinematics:
    """Computes the pose of every link of a URDF, in its root link's frame.

    Joints are given by name; those that mimic another follow it, also along a chain of followers.
    Several threads may ask at once.
    """

    def __init__(self, path: Path, robot: ElementTree.Element, model: Any) -> None:
        """See `load`."""
        self._pinocchio = overlay_package("pinocchio")
        self._path = path
        self._model = model
        self._threads = threading.local()
        self._neutral = self._pinocchio.neutral(model)
        self._joints = {name: model.joints[i] for i, name in enumerate(model.names) if i > 0}
        self._followers, self.orphans = _followers(path, robot)
        """Joints that mimic one that is not there, with its name: they have to be told."""
        self.joint_names: tuple[str, ...] = tuple(
            name for name in self._joints if name not in self._followers
        )
        """The joints that have to be told, in the order of the URDF's tree."""
        self.link_names: tuple[str, ...] = tuple(
            link.get("name", "") for link in robot.findall("link")
        )
        """In the order of the URDF."""
        kind = self._pinocchio.FrameType.BODY
        self._frames = {name: model.getFrameId(name, kind) for name in self.link_names}

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a URDF.

        Raises SettingsError naming the file and the joint that it cannot move, UsageError without
        the extra `overlay`.
        """
        robot = read_urdf(path)
        for joint in robot.findall("joint"):
            kind = joint.get("type")
            if kind != "fixed" and kind not in MOVABLE:
                raise SettingsError(
                    f"{path}: joint {joint.get('name')} is {kind}; fixed, {', '.join(MOVABLE)} "
                    "are understood"
                )
        pinocchio = overlay_package("pinocchio")
        try:
            model = pinocchio.buildModelFromUrdf(str(path))
        except (ValueError, RuntimeError) as error:
            raise SettingsError(f"{path}: pinocchio cannot read this URDF: {error}") from None
        return cls(path, robot, model)

    def link_poses(self, positions: Mapping[str, float]) -> dict[str, Array]:
        """`root_from_link` (4, 4) of every link.

        positions: of every joint in `joint_names`, rad or m.
        Raises JointError for joints that are missing, unknown, or not finite.
        """
        self._check(positions)
        q = self._neutral.copy()
        for name, joint in self._joints.items():
            position = self._position(name, positions)
            if joint.nq == 2:  # a continuous joint is kept as a point of the unit circle
                q[joint.idx_q : joint.idx_q + 2] = np.cos(position), np.sin(position)
            else:
                q[joint.idx_q] = position
        data = self._data
        self._pinocchio.framesForwardKinematics(self._model, data, q)
        return {name: data.oMf[i].homogeneous for name, i in self._frames.items()}

    @property
    def _data(self) -> Any:
        """What Pinocchio computes in: each thread's own, for the next call overwrites it."""
        if not hasattr(self._threads, "data"):
            self._threads.data = self._model.createData()
        return self._threads.data

    def _position(self, name: str, positions: Mapping[str, float]) -> float:
        follower = self._followers.get(name)
        if follower is None:
            return float(positions[name])
        return follower.multiplier * self._position(follower.leader, positions) + follower.offset

    def _check(self, positions: Mapping[str, float]) -> None:
        missing = [name for name in self.joint_names if name not in positions]
        unknown = [name for name in positions if name not in self.joint_names]
        if missing or unknown:
            raise JointError(
                f"{self._path.name}: expected positions of {len(self.joint_names)} joints; "
                f"missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}"
            )
        for name, position in positions.items():
            if not np.isfinite(position):
                raise JointError(f"{self._path.name}: joint {name} is at {position}")


def read_urdf(path: Path) -> ElementTree.Element:
    """The root element of a URDF. Raises SettingsError naming the file."""
    try:
        return ElementTree.parse(path).getroot()
    except OSError as error:
        raise SettingsError(f"{path}: cannot read this URDF: {error.strerror}") from None
    except ElementTree.ParseError as error:
        raise SettingsError(f"{path}: not XML: {error}") from None


def _followers(
    path: Path, robot: ElementTree.Element
) -> tuple[dict[str, Follower], dict[str, str]]:
    """The joints that mimic another by name, and those whose other one is not there."""
    names = {joint.get("name", "") for joint in robot.findall("joint")}
    followers: dict[str, Follower] = {}
    orphans: dict[str, str] = {}
    for joint in robot.findall("joint"):
        mimic = joint.find("mimic")
        if mimic is None:
            continue
        name, leader = joint.get("name", ""), mimic.get("joint", "")
        if leader not in names:
            orphans[name] = leader
            continue
        multiplier, offset = mimic.get("multiplier", "1"), mimic.get("offset", "0")
        followers[name] = Follower(leader, float(multiplier), float(offset))
    for name in followers:
        chain = [name]
        while chain[-1] in followers:
            chain.append(followers[chain[-1]].leader)
            if chain[-1] == name:
                raise SettingsError(f"{path}: joints mimic each other: {' - '.join(chain)}")
            if len(chain) > len(followers) + 1:
                break  # it leads into another circle, which is found from one of its own joints
    return followers, orphans
