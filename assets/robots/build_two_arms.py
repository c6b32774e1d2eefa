"""Builds assets/robots/two_arms: a robot of our own, of primitive shapes, with two arms.

robot.urdf holds both arms and their mounts, 0.135 m to each side and 45 degrees askew as AirExo-2's
are. left_arm.urdf and right_arm.urdf hold one arm each, from its own foot. An arm has seven joints
and a gripper of two fingers whose joints follow one, `left_finger_joint`, with a Robotiq 2F-85's
angles: 0.725 - asin(width / 0.1143) rad.

    python assets/robots/build_two_arms.py
"""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "two_arms"

HEADER: Final = """\
<?xml version="1.0"?>
<!-- Written by assets/robots/build_two_arms.py: do not edit. -->
"""

MATERIALS: Final = """\
  <material name="shell"><color rgba="0.86 0.87 0.90 1"/></material>
  <material name="joint"><color rgba="0.24 0.26 0.32 1"/></material>
  <material name="ring"><color rgba="0.95 0.55 0.15 1"/></material>
  <material name="finger"><color rgba="0.16 0.16 0.18 1"/></material>
  <material name="stand"><color rgba="0.45 0.48 0.54 1"/></material>
"""

# Link lengths, m: shoulder, upper arm in two parts, forearm in two parts, wrist, flange.
LENGTHS: Final = (0.16, 0.20, 0.20, 0.19, 0.19, 0.10, 0.08)
RADII: Final = (0.062, 0.060, 0.056, 0.052, 0.048, 0.044, 0.040)
LIMITS: Final = (2.8, 2.2, 2.9, 2.4, 2.9, 2.2, 2.9)
ELBOW_OFFSET_M: Final = 0.03
"""So that a mirrored or transposed joint is not hidden by symmetry."""

TCP_M: Final = 0.170
"""From the flange to between the fingertips."""

KNUCKLE_M: Final = (0.0127, 0.062)
"""Of a finger's hinge: from the gripper's middle plane, and before the flange."""

FINGER_M: Final = 0.1143 / 2
"""With the hinge at 0.725 - asin(width / 0.1143) rad, and a finger that leans 0.725 rad outwards at
zero, the pads' inner faces are `width` apart."""

PAD_M: Final = 0.010


def main() -> None:
    """Write all three files."""
    FOLDER.mkdir(exist_ok=True)
    both = [_stand()]
    for side, sign in (("left", 1), ("right", -1)):
        foot = f"{side}_base_link"
        mount = _joint(
            f"base_to_{side}", "fixed", "base", foot,
            f'xyz="0 {sign * 0.135} 0" rpy="{-sign * 0.7853981633974483} 0 0"',
        )  # fmt: skip
        both += [mount, *_arm(side)]
        (FOLDER / f"{side}_arm.urdf").write_text(_robot(f"{side}_arm", _arm(side)))
    (FOLDER / "robot.urdf").write_text(_robot("two_arms", both))
    print(f"{FOLDER}: {', '.join(sorted(p.name for p in FOLDER.glob('*.urdf')))}")


def _robot(name: str, parts: list[str]) -> str:
    return f'{HEADER}<robot name="{name}">\n{MATERIALS}{"".join(parts)}</robot>\n'


def _stand() -> str:
    return _link(
        "base",
        _visual("box", 'size="0.16 0.30 0.06"', "stand", 'xyz="0 0 -0.09"'),
        _visual("box", 'size="0.12 0.14 0.55"', "stand", 'xyz="-0.02 0 -0.39"'),
    )


def _arm(side: str) -> list[str]:
    """The links and joints of one arm, from its foot to its fingers."""
    radius = RADII[0]
    parts = [
        _link(
            f"{side}_base_link",
            _cylinder(radius * 1.15, 0.10, "stand", 'xyz="0 0 0.03"'),
            _cylinder(radius * 1.02, 0.012, "ring", 'xyz="0 0 0.086"'),
        )
    ]
    above = f"{side}_base_link"
    height = 0.095
    for i, (length, radius, limit) in enumerate(zip(LENGTHS, RADII, LIMITS, strict=True), 1):
        link, turns = f"{side}_link{i}", i % 2 == 1
        aside = ELBOW_OFFSET_M if i in (2, 4, 6) else 0.0
        parts.append(
            _joint(
                f"{side}_joint{i}", "revolute", above, link, f'xyz="0 {aside} {height}"',
                f'<axis xyz="{"0 0 1" if turns else "0 1 0"}"/>',
                f'<limit lower="{-limit}" upper="{limit}" effort="80" velocity="2.5"/>',
            )
        )  # fmt: skip
        back = -aside / 2
        if turns:
            visuals = (
                _cylinder(radius, length, "shell", f'xyz="0 0 {length / 2}"'),
                _cylinder(radius * 1.03, 0.012, "ring", f'xyz="0 0 {0.2 * length}"'),
            )
        else:
            visuals = (
                _cylinder(radius * 1.05, 0.135, "joint", f'xyz="0 {back} 0" rpy="1.570796 0 0"'),
                _visual(
                    "box",
                    f'size="{1.5 * radius} {1.3 * radius} {length}"',
                    "shell",
                    f'xyz="0 {back} {length / 2}"',
                ),
            )
        parts.append(_link(link, *visuals))
        above, height = link, length
    return [*parts, *_gripper(side, above, height)]


def _gripper(side: str, above: str, height: float) -> list[str]:
    flange, tcp = f"{side}_flange", f"{side}_tcp"
    aside, before = KNUCKLE_M
    palm = (
        _cylinder(0.036, 0.016, "ring", 'xyz="0 0 0.008"'),
        _visual("box", 'size="0.05 0.09 0.05"', "joint", 'xyz="0 0 0.041"'),
    )
    parts = [
        _joint(f"{side}_to_flange", "fixed", above, flange, f'xyz="0 0 {height}"'),
        _link(flange, *palm),
        _joint(f"{side}_to_tcp", "fixed", flange, tcp, f'xyz="0 0 {TCP_M}"'),
        _link(tcp),
    ]
    for which, sign in (("finger", 1), ("other_finger", -1)):
        hinge, link = f"{side}_{which}_joint", f"{side}_{which}"
        mimic = "" if sign > 0 else f'<mimic joint="{side}_finger_joint" multiplier="-1"/>'
        parts.append(
            _joint(
                hinge, "revolute", flange, link,
                f'xyz="0 {sign * aside} {before}" rpy="{-sign * 0.725} 0 0"',
                '<axis xyz="1 0 0"/>',
                '<limit lower="-0.9" upper="0.9" effort="10" velocity="2"/>',
                mimic,
            )
        )  # fmt: skip
        bar = 'size="0.022 0.012 0.057"', "finger", f'xyz="0 {sign * 0.004} {FINGER_M / 2}"'
        parts.append(_link(link, _visual("box", *bar)))
        # The pad stays upright: its joint turns back by what the finger's turns.
        back = -1 if sign > 0 else 1
        parts.append(
            _joint(
                f"{side}_{which}_pad_joint", "revolute", link, f"{side}_{which}_pad",
                f'xyz="0 0 {FINGER_M}" rpy="{sign * 0.725} 0 0"',
                '<axis xyz="1 0 0"/>',
                '<limit lower="-0.9" upper="0.9" effort="10" velocity="2"/>',
                f'<mimic joint="{side}_finger_joint" multiplier="{back}"/>',
            )
        )  # fmt: skip
        inwards = sign * (PAD_M / 2 - aside)
        pad = f'size="0.024 {PAD_M} 0.060"', "joint", f'xyz="0 {inwards:.6g} 0.028"'
        parts.append(_link(f"{side}_{which}_pad", _visual("box", *pad)))
    return parts


def _link(name: str, *visuals: str) -> str:
    inertial = (
        '    <inertial><mass value="1"/>'
        '<inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.01"/></inertial>\n'
    )
    return f'\n  <link name="{name}">\n{inertial}{"".join(visuals)}  </link>\n'


def _cylinder(radius: float, length: float, material: str, origin: str) -> str:
    return _visual("cylinder", f'radius="{radius:.6g}" length="{length:.6g}"', material, origin)


def _visual(shape: str, size: str, material: str, origin: str) -> str:
    return (
        f"    <visual><origin {origin}/><geometry><{shape} {size}/></geometry>"
        f'<material name="{material}"/></visual>\n'
    )


def _joint(name: str, kind: str, parent: str, child: str, origin: str, *more: str) -> str:
    inside = "".join(f"    {line}\n" for line in more if line)
    return (
        f'  <joint name="{name}" type="{kind}">\n    <parent link="{parent}"/>\n'
        f'    <child link="{child}"/>\n    <origin {origin}/>\n{inside}  </joint>\n'
    )


if __name__ == "__main__":
    main()
