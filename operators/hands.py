"""A robot hand as its configuration describes it: URDF, joint layout, frames, retargeting."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import ValidationError

from operators.hand_configuration import HandConfiguration
from operators.settings import SettingsError, resolve
from operators.urdf_source import find_urdf

SIDES: Final = ("left", "right")
"""The order of every array whose first axis is the side."""


@dataclass(frozen=True)
class Joint:
    """A revolute joint of a hand; a follower moves as multiplier * leader + offset (rad)."""

    name: str
    lower_rad: float
    upper_rad: float
    leader: str | None = None
    multiplier: float = 1.0
    offset_rad: float = 0.0


@dataclass(frozen=True)
class Hand:
    """A configured hand with the joints and links of its URDF, in the URDF's order."""

    path: Path
    urdf_path: Path
    configuration: HandConfiguration
    joints: tuple[Joint, ...]
    link_names: tuple[str, ...]

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read a hand's YAML file and its URDF, and check that they fit each other.

        Raises SettingsError naming the file, the key and what is missing or wrong.
        """
        path = resolve(path)
        configuration = _read_configuration(path)
        urdf_path = find_urdf(configuration.urdf, path)
        robot = _read_urdf(urdf_path, path)
        links = tuple(element.get("name", "") for element in robot.iter("link"))
        hand = cls(path, urdf_path, configuration, _joints(robot, urdf_path), links)
        hand._check()
        return hand

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Every movable joint, followers included."""
        return tuple(joint.name for joint in self.joints)

    @property
    def leader_names(self) -> tuple[str, ...]:
        """The joints that follow no other."""
        return tuple(joint.name for joint in self.joints if joint.leader is None)

    @property
    def target_joint_names(self) -> tuple[str, ...]:
        """The joints that the retargeting finds."""
        return self.configuration.retargeting.target_joint_names or self.leader_names

    @property
    def limits_rad(self) -> NDArray[np.float64]:
        """Lower and upper limits, (2, joints), rad."""
        return np.array([[j.lower_rad for j in self.joints], [j.upper_rad for j in self.joints]])

    def _check(self) -> None:
        """Refuse a configuration that names what the URDF lacks."""
        self._check_names("base_link", (self.configuration.base_link,), self.link_names, "links")
        retargeting = self.configuration.retargeting
        for key, names in retargeting.link_names.items():
            self._check_names(f"retargeting.{key}", names, self.link_names, "links")
        self._check_names(
            "retargeting.target_joint_names",
            self.target_joint_names,
            self.leader_names,
            "joints that follow no other",
        )

    def _check_names(
        self, key: str, names: tuple[str, ...], allowed: tuple[str, ...], what: str
    ) -> None:
        wrong = [name for name in names if name not in allowed]
        if wrong:
            raise SettingsError(
                f"{self.path}: {key}: {', '.join(wrong)} not among the {what} of "
                f"{self.urdf_path.name}: {', '.join(allowed)}"
            )


def _read_configuration(path: Path) -> HandConfiguration:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot read this hand's configuration: {error.strerror}; the shipped ones "
            "are under configs/hands/"
        ) from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: not YAML: {error}") from None
    try:
        return HandConfiguration.model_validate(content)
    except ValidationError as error:
        faults = "\n".join(
            f"{path}: {'.'.join(str(part) for part in fault['loc']) or 'the whole file'}: "
            f"{fault['msg']}, got {fault['input']!r:.80}"
            for fault in error.errors()
        )
        raise SettingsError(faults) from None


def _read_urdf(urdf_path: Path, configuration_path: Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(urdf_path).getroot()
    except OSError as error:
        raise SettingsError(
            f"{configuration_path}: urdf: cannot read {urdf_path}: {error.strerror}; give the path "
            "of a URDF relative to the configuration's folder, or dexi: and one that dexi-rs ships"
        ) from None
    except ElementTree.ParseError as error:
        raise SettingsError(f"{urdf_path}: not XML: {error}") from None


def _joints(robot: ElementTree.Element, urdf_path: Path) -> tuple[Joint, ...]:
    joints = tuple(
        _joint(element, urdf_path)
        for element in robot.iter("joint")
        # A transmission also holds elements called joint, which have no type.
        if element.get("type") not in (None, "fixed")
    )
    if not joints:
        raise SettingsError(f"{urdf_path}: no joint that moves")
    leaders = {joint.name for joint in joints if joint.leader is None}
    for joint in joints:
        if joint.leader is not None and joint.leader not in leaders:
            raise SettingsError(
                f"{urdf_path}: joint {joint.name} mimics {joint.leader}, which must be a joint "
                "that moves and mimics no other"
            )
    return joints


def _joint(element: ElementTree.Element, urdf_path: Path) -> Joint:
    name, kind = element.get("name", ""), element.get("type")
    limit, mimic = element.find("limit"), element.find("mimic")
    if kind != "revolute" or limit is None:
        raise SettingsError(
            f"{urdf_path}: joint {name}: a joint that moves must be revolute and have a <limit>, "
            f"got type {kind}{'' if limit is not None else ' without one'}"
        )
    try:
        lower, upper = float(limit.get("lower", 0.0)), float(limit.get("upper", 0.0))
        if mimic is None:
            joint = Joint(name, lower, upper)
        else:
            joint = Joint(
                name,
                lower,
                upper,
                mimic.get("joint", ""),
                float(mimic.get("multiplier", 1.0)),
                float(mimic.get("offset", 0.0)),
            )
    except ValueError as error:
        raise SettingsError(f"{urdf_path}: joint {name}: {error}") from None
    if not lower < upper:
        raise SettingsError(f"{urdf_path}: joint {name}: limits {lower} to {upper} leave no room")
    return joint
