"""A robot hand in the simulated scene: floating base, finger drives, couplings, contact.

The gains were found with an Inspire-like hand (0.19 kg, 0.08 m from knuckle to fingertip) and are
written down per kilogram, per moment of inertia and per metre of finger, so that a hand of any
size moves alike.
"""

from dataclasses import dataclass
from typing import Final, Literal

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.contact import CollisionGroup, make_touchable
from operators.hands import Hand
from operators.settings import SettingsError
from operators.urdf import VISUAL_GROUP, load_urdf

Array = NDArray[np.float64]

HIDDEN_GROUP: Final = 3
"""The geom group of shapes that collide but are not drawn; MuJoCo draws groups 0 to 2."""

BASE_JOINT: Final = "base"
TARGET: Final = "target"

BASE_STIFFNESS: Final = 13_000.0
"""Pull of the base towards its target, N/m a kilogram (1/s2). Higher follows more closely; beyond
about 30 000 a step of 1/240 s is too long for it."""

BASE_DAMPING: Final = 182.0
"""N s/m a kilogram (1/s). 0.8 of critical. Higher lags more, by its quotient with the stiffness."""

BASE_ACCELERATION: Final = 313.0
"""The most that the base's drive pulls, N a kilogram: 60 N for an Inspire hand."""

BASE_ANGULAR_STIFFNESS: Final = 26_000.0
"""The same for turning: N m/rad a kg m2 of the hand's mean moment of inertia (1/s2)."""

BASE_ANGULAR_DAMPING: Final = 390.0
"""N m s/rad a kg m2 (1/s)."""

BASE_ANGULAR_ACCELERATION: Final = 9_700.0
"""N m a kg m2: 3 N m for an Inspire hand."""

TIP_STIFFNESS: Final = 450.0
"""Of a finger's drive, N/m at its fingertip. Higher squeezes harder what is in the way."""

TIP_DAMPING: Final = 15.0
"""Of a finger's drive, N s/m at its fingertip."""

TIP_FORCE: Final = 12.5
"""The most that a finger's drive pushes, N at its fingertip."""

JOINT_DAMPING: Final = 3.0
"""Of the joint itself, N s/m at the fingertip."""

JOINT_ARMATURE: Final = 0.15
"""The rotor's inertia, kg at the fingertip. Without it light phalanges are unstable."""

COUPLING_SOLREF: Final = (0.01, 1.0)
COUPLING_SOLIMP: Final = (0.95, 0.99, 0.001, 0.5, 2.0)
"""Followers stay within 0.01 rad of what they follow, under load."""


@dataclass(frozen=True)
class Dynamics:
    """What of a hand its drives are scaled by.

    mass_kg; centre: of mass, (3,), m in the base link; moment: the mean principal moment of
    inertia about it, kg m2; reach_m: from each joint to the farthest point that it moves.
    """

    mass_kg: float
    centre: Array
    moment: float
    reach_m: dict[str, float]


def attach_hand(
    scene: mujoco.MjSpec,
    hand: Hand,
    side: str,
    world_from_base: Array,
    finger_drive: Literal["position", "teleport"],
) -> Dynamics:
    """Add a hand to a scene, its names prefixed with the side and a slash.

    side: left or right. world_from_base: (7,) [x y z qx qy qz qw], where the hand starts.
    Besides the URDF's bodies and joints the scene gets the free joint `left/base`, and an actuator
    for each finger joint that follows no other, named like the joint (none with `finger_drive`
    teleport). The base hangs free until `drive_base`, which needs what is returned.
    Raises SettingsError if the URDF cannot be simulated.
    """
    spec = load_urdf(hand.urdf_path, hand.configuration.missing_meshes)
    base = spec.body(hand.configuration.base_link)
    dynamics = _measure(spec, hand)
    _set_shapes(spec, CollisionGroup[side.upper()])
    _set_joints(spec, hand, dynamics, finger_drive)
    for body in spec.bodies[1:]:
        body.gravcomp = 1.0
    base.add_joint(name=BASE_JOINT, type=mujoco.mjtJoint.mjJNT_FREE)
    base.add_site(name=BASE_JOINT, pos=dynamics.centre, group=HIDDEN_GROUP)
    base.pos, base.quat = world_from_base[:3], world_from_base[[6, 3, 4, 5]]
    scene.worldbody.add_frame().attach_body(base, f"{side}/", "")
    return dynamics


def drive_base(scene: mujoco.MjSpec, side: str, world_from_base: Array, dynamics: Dynamics) -> None:
    """Add the mocap body `left/target` and six actuators that pull `left/base` towards it.

    world_from_base: (7,) [x y z qx qy qz qw], where the hand starts.
    """
    prefix = f"{side}/"
    target = scene.worldbody.add_body(
        name=prefix + TARGET,
        mocap=True,
        pos=world_from_base[:3],
        quat=world_from_base[[6, 3, 4, 5]],
    )
    target.add_site(name=prefix + TARGET, pos=dynamics.centre, group=HIDDEN_GROUP)
    for axis in range(6):
        turning = axis >= 3
        scale = dynamics.moment if turning else dynamics.mass_kg
        force = scale * (BASE_ANGULAR_ACCELERATION if turning else BASE_ACCELERATION)
        drive = scene.add_actuator(
            name=f"{prefix}{BASE_JOINT}_{'xyz'[axis % 3]}{'_turn' if turning else ''}",
            target=prefix + BASE_JOINT,
            refsite=prefix + TARGET,
            trntype=mujoco.mjtTrn.mjTRN_SITE,
            gear=np.eye(6)[axis],
            forcerange=(-force, force),
        )
        drive.set_to_position(
            kp=scale * (BASE_ANGULAR_STIFFNESS if turning else BASE_STIFFNESS),
            kv=scale * (BASE_ANGULAR_DAMPING if turning else BASE_DAMPING),
        )


def _measure(spec: mujoco.MjSpec, hand: Hand) -> Dynamics:
    try:
        model = spec.compile()
    except ValueError as error:
        raise SettingsError(f"{hand.urdf_path}: MuJoCo cannot simulate this: {error}") from None
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    base = model.body(hand.configuration.base_link).id
    inside = [body for body in range(model.nbody) if base in _ancestors(model, body)]
    outside = [j for j in hand.joint_names if model.joint(j).bodyid[0] not in set(inside) - {base}]
    if outside:
        raise SettingsError(
            f"{hand.path}: base_link: {hand.configuration.base_link} does not carry the joints "
            f"{', '.join(outside)}; give the link from which the whole hand hangs"
        )
    mass = float(model.body_mass[inside].sum())
    centre = model.body_mass[inside] @ data.xipos[inside] / mass
    arm = data.xipos[inside] - centre
    # The trace of an inertia is the sum of its principal moments, whatever way it is turned.
    trace = model.body_inertia[inside].sum() + 2 * model.body_mass[inside] @ (arm**2).sum(1)
    base_from_world = data.xmat[base].reshape(3, 3).T
    return Dynamics(
        mass,
        base_from_world @ (centre - data.xpos[base]),
        float(trace / 3),
        {name: _reach(model, data, name) for name in hand.joint_names},
    )


def _ancestors(model: mujoco.MjModel, body: int) -> list[int]:
    """A body, the one that carries it, and so on to the world."""
    chain = [body]
    while chain[-1] != 0:
        chain.append(int(model.body_parentid[chain[-1]]))
    return chain


def _reach(model: mujoco.MjModel, data: mujoco.MjData, joint: str) -> float:
    body = model.joint(joint).bodyid[0]
    moved = [g for g in range(model.ngeom) if body in _ancestors(model, model.geom_bodyid[g])]
    away = np.linalg.norm(data.geom_xpos[moved] - data.xanchor[model.joint(joint).id], axis=1)
    return float((away + model.geom_rbound[moved]).max(initial=0.01))


def _set_shapes(spec: mujoco.MjSpec, group: CollisionGroup) -> None:
    seen = any(geom.group == VISUAL_GROUP for geom in spec.geoms)
    for geom in spec.geoms:
        if geom.group == VISUAL_GROUP:
            continue
        make_touchable(geom, group)
        if seen:
            geom.group = HIDDEN_GROUP
        radius, half_length = geom.size[:2]
        # Isaac Gym's replace_cylinder_with_capsule: a phalanx has round ends, URDF has no word
        # for it, and capsules touch more smoothly. Discs and stubs stay what they are.
        if geom.type == mujoco.mjtGeom.mjGEOM_CYLINDER and half_length > radius:
            geom.type = mujoco.mjtGeom.mjGEOM_CAPSULE


def _set_joints(spec: mujoco.MjSpec, hand: Hand, dynamics: Dynamics, finger_drive: str) -> None:
    for coupling in list(spec.equalities):
        spec.delete(coupling)
    for joint in hand.joints:
        lever = dynamics.reach_m[joint.name] ** 2
        element = spec.joint(joint.name)
        element.damping = (JOINT_DAMPING * lever, 0.0, 0.0)
        element.armature = JOINT_ARMATURE * lever
        # What a URDF calls effort is seldom measured, and would cut the drives off unseen.
        element.actfrclimited = mujoco.mjtLimited.mjLIMITED_FALSE
        if finger_drive == "teleport":
            continue
        if joint.leader is not None:
            coupling = spec.add_equality(name=joint.name, type=mujoco.mjtEq.mjEQ_JOINT)
            coupling.name1, coupling.name2 = joint.name, joint.leader
            coupling.data[:2] = joint.offset_rad, joint.multiplier
            coupling.solref, coupling.solimp = COUPLING_SOLREF, COUPLING_SOLIMP
            continue
        force = TIP_FORCE * dynamics.reach_m[joint.name]
        drive = spec.add_actuator(
            name=joint.name,
            target=joint.name,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            forcerange=(-force, force),
            ctrlrange=(joint.lower_rad, joint.upper_rad),
        )
        drive.set_to_position(kp=TIP_STIFFNESS * lever, kv=TIP_DAMPING * lever)
