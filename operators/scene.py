"""The simulated world: ground, objects and two robot hands as one compiled MuJoCo model.

Simulator and renderer build it each for themselves from the same settings; equal digests say that
they mean the same world. Shapes in geom groups 0 to 2 are to be drawn.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.contact import CollisionGroup, make_touchable, make_untouchable, set_solver
from operators.driven_hand import TARGET, attach_hand, drive_base
from operators.hands import SIDES, Hand
from operators.settings import SceneObject, Settings, SettingsError
from operators.transforms import WORLD_FROM_STAGE_AXES, pose_from_matrix, rigid

START_FROM_ANCHOR: Final = (0.25, 0.2, -0.2)
"""Where the left wrist starts, m forward, left and up of the robot's head; the right one is its
mirror image. Palms are down, fingers forward: above the table's near edge in the usual scene."""

GROUND: Final = "ground"
GROUND_HALF_EXTENT_M: Final = 100.0
"""From the robot's head its edge is a degree below the horizon."""

SHAPES: Final = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
}


@dataclass(frozen=True)
class SceneModel:
    """A compiled scene.

    model: to be treated as read-only; every user makes their own `mujoco.MjData`.
    digest: hexadecimal, equal where the same settings were compiled by the same MuJoCo.
    body_names: index i is MuJoCo's body i; the world is first, and the mocap bodies `left/target`
    and `right/target`, which stand for nothing real, are left out at the end.
    joint_names: the hands' joints in their URDFs' order, prefixed `left/` and `right/`.
    loose_names: the objects that can be moved.
    hands: left, right.
    """

    model: mujoco.MjModel
    digest: str
    body_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    loose_names: tuple[str, ...]
    hands: tuple[Hand, Hand]


def build_scene(settings: Settings) -> SceneModel:
    """Compile the scene that the settings describe.

    Raises SettingsError naming the file and what is wrong or missing in it.
    """
    spec = mujoco.MjSpec()
    spec.option.timestep = settings.simulation.time_step_s
    spec.option.gravity = settings.simulation.gravity
    # After a diverged step MuJoCo would start over unasked, without saying so in any state.
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
    set_solver(spec.option)
    _add_surroundings(spec)
    for scene_object in settings.scene.objects:
        _add_object(spec, scene_object)
    hands = (Hand.load(settings.hands.left), Hand.load(settings.hands.right))
    starts = [
        start_pose(hand, side, settings.scene.anchor_position)
        for side, hand in zip(SIDES, hands, strict=True)
    ]
    dynamics = [
        attach_hand(spec, hand, side, start, settings.simulation.finger_drive)
        for side, hand, start in zip(SIDES, hands, starts, strict=True)
    ]
    # After all real bodies, whose numbers are then those of `body_names`.
    for side, start, hand_dynamics in zip(SIDES, starts, dynamics, strict=True):
        drive_base(spec, side, start, hand_dynamics)
    try:
        model = spec.compile()
    except ValueError as error:
        raise SettingsError(f"scene: MuJoCo cannot compile it: {error}") from None
    names = tuple(model.body(i).name for i in range(model.nbody))
    return SceneModel(
        model=model,
        digest=_digest(model),
        body_names=tuple(name for name in names if not name.endswith(f"/{TARGET}")),
        joint_names=tuple(
            f"{side}/{name}"
            for side, hand in zip(SIDES, hands, strict=True)
            for name in hand.joint_names
        ),
        loose_names=tuple(o.name for o in settings.scene.objects if o.mass is not None),
        hands=hands,
    )


def start_pose(
    hand: Hand, side: str, anchor_position: tuple[float, float, float]
) -> NDArray[np.float64]:
    """`world_from_base` (7,) [x y z qx qy qz qw] of a hand at rest in front of the robot's head."""
    forward, left, up = START_FROM_ANCHOR
    offset = (forward, left if side == "left" else -left, up)
    # The stage's axes are the wrist's own when the palm is down and the fingers point forward.
    world_from_wrist = rigid(WORLD_FROM_STAGE_AXES, np.add(anchor_position, offset))
    return pose_from_matrix(world_from_wrist @ np.array(hand.configuration.wrist_from_base))


def _add_surroundings(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=(0.35, 0.45, 0.60),
        rgb2=(0.75, 0.83, 0.90),
        width=64,
        height=384,
    )
    spec.add_texture(
        name=GROUND,
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=(0.42, 0.44, 0.46),
        rgb2=(0.58, 0.60, 0.62),
        width=128,
        height=128,
    )
    # One repetition of the checker is two squares; MuJoCo draws each a metre wide.
    checker = spec.add_material(name=GROUND, texrepeat=(1.0, 1.0), texuniform=True)
    checker.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = GROUND
    ground = spec.worldbody.add_geom(
        name=GROUND,
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=(GROUND_HALF_EXTENT_M, GROUND_HALF_EXTENT_M, 0.1),
        material=GROUND,
    )
    make_touchable(ground, CollisionGroup.SCENERY)
    spec.worldbody.add_light(
        name="sun",
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=(-1.0, 1.0, 4.0),
        dir=(0.25, -0.25, -1.0),
        diffuse=(0.7, 0.7, 0.7),
    )
    spec.visual.headlight.ambient = (0.35, 0.35, 0.35)
    spec.visual.headlight.diffuse = (0.25, 0.25, 0.25)
    spec.visual.map.znear = 0.01
    spec.visual.map.zfar = 1.5 * GROUND_HALF_EXTENT_M
    # The planes above are in units of the model's extent.
    spec.stat.extent = 1.0


def _add_object(spec: mujoco.MjSpec, scene_object: SceneObject) -> None:
    try:
        body = spec.worldbody.add_body(name=scene_object.name, pos=scene_object.position)
    except ValueError as error:
        raise SettingsError(f"scene.objects: {scene_object.name}: {error}") from None
    geom = body.add_geom(
        name=scene_object.name,
        type=SHAPES[scene_object.shape],
        size=_half_extents(scene_object),
        rgba=(*scene_object.colour, 1.0),
    )
    if scene_object.collides:
        make_touchable(geom, CollisionGroup.SCENERY)
    else:
        make_untouchable(geom)
    if scene_object.mass is not None:
        geom.mass = scene_object.mass
        body.add_joint(name=scene_object.name, type=mujoco.mjtJoint.mjJNT_FREE)


def _half_extents(scene_object: SceneObject) -> tuple[float, float, float]:
    """MuJoCo's size of an object, m: a capsule's is its radius and half of its straight part."""
    x, y, z = (extent / 2 for extent in scene_object.size)
    if scene_object.shape == "capsule":
        if z <= x:
            raise SettingsError(
                f"scene.objects: {scene_object.name}: a capsule's height {2 * z} m must exceed "
                f"its diameter {2 * x} m; use a sphere"
            )
        return x, z - x, 0.0
    return x, y, z


def _digest(model: mujoco.MjModel) -> str:
    content = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, content)
    return hashlib.sha256(content.tobytes()).hexdigest()[:16]
