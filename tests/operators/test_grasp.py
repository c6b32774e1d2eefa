"""Either hand grasps the cube, lifts it, holds it, and lets it go: the simulator's purpose."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.hands import SIDES
from operators.messages import HandCommands, SceneState
from operators.mujoco_simulator import MujocoSimulator
from operators.scene import build_scene
from operators.settings import Settings

Array = NDArray[np.float64]

COMMAND_HZ = 72.0
CUBE_AT_REST = np.array([0.0, 0.0, 1.275])
LIFT_M = 0.05

# Hand's base minus cube's centre, and the hand's turn, found by trial with an Inspire hand.
GRASP_OFFSET = {"left": (-0.0875, 0.016, 0.140), "right": (-0.0875, -0.016, 0.140)}
GRASP_TURN = Rotation.from_quat([0.6287, -0.3236, 0.3236, 0.6287])
OPEN = {"thumb_proximal_yaw": 1.3, "thumb_proximal_pitch": 0.0, "finger": 0.12}
CLOSED = {"thumb_proximal_yaw": 1.3, "thumb_proximal_pitch": 0.26, "finger": 0.75}

# When each part of the script ends, s.
APPROACHED, LOWERED, CLOSED_BY, SETTLED, LIFTED = 0.6, 1.4, 1.9, 2.1, 2.9
HELD, OPENED, LEFT_ALONE = LIFTED + 2.0, LIFTED + 2.3, LIFTED + 2.8


@dataclass
class Outcome:
    lifted_m: float
    slip_mm: float
    squeeze_n: float
    released_height_m: float


def ease(t: float, begin: float, end: float) -> float:
    x = min(max((t - begin) / (end - begin), 0.0), 1.0)
    return x * x * (3 - 2 * x)


def joint_positions(names: tuple[str, ...], closed: float) -> Array:
    """All twelve joints of an Inspire hand, between open (0) and closed around the cube (1)."""
    positions = []
    for name in names:
        key = name[2:].removesuffix("_joint")
        key = key if key in OPEN else "finger"
        positions.append((1 - closed) * OPEN[key] + closed * CLOSED[key])
    return np.array(positions)


def command(
    names: tuple[tuple[str, ...], tuple[str, ...]], side: str, base: Array, closed: float
) -> HandCommands:
    """A command for one side; the other is not valid."""
    valid = np.array([side == s for s in SIDES])
    poses = np.where(valid[:, None], base, np.nan)
    left, right = (
        joint_positions(names[i], closed) if valid[i] else np.full(len(names[i]), np.nan)
        for i in range(2)
    )
    return HandCommands(
        faults=("", ""),
        valid=valid,
        world_from_base=poses,
        left_joint_names=names[0],
        left_joint_positions=left,
        right_joint_names=names[1],
        right_joint_positions=right,
    )


def body(state: SceneState, name: str) -> Array:
    return state.body_poses[state.body_names.index(name)]


def cube_in_hand(state: SceneState, base_name: str) -> Array:
    base = body(state, base_name)
    return Rotation.from_quat(base[3:]).inv().apply(body(state, "cube")[:3] - base[:3])


def grasp(
    simulator: MujocoSimulator,
    names: tuple[tuple[str, ...], tuple[str, ...]],
    side: str,
    offset_m: tuple[float, float],
    yaw_rad: float,
    error_m: Array | None = None,
    error_turn: Rotation | None = None,
) -> Outcome:
    """Run the script with the cube moved and turned by so much as the hand sees it.

    The table is the same everywhere, so it is the hand that is moved and turned the other way.
    """
    about = Rotation.from_euler("z", -yaw_rad)
    turn = about * GRASP_TURN
    if error_turn is not None:
        turn = error_turn * turn
    place = CUBE_AT_REST + about.apply(np.array(GRASP_OFFSET[side]) - [*offset_m, 0.0])
    place = place + (np.zeros(3) if error_m is None else error_m)
    base_name = f"{side}/{side[0].upper()}_hand_base_link"
    simulator.start()
    at: dict[float, SceneState] = {}
    sent = -1
    for step in range(int(LEFT_ALONE / simulator.time_step_s)):
        t = step * simulator.time_step_s
        if int(t * COMMAND_HZ) != sent:
            sent = int(t * COMMAND_HZ)
            height = 0.15 * (1 - ease(t, APPROACHED, LOWERED)) + LIFT_M * ease(t, SETTLED, LIFTED)
            closed = ease(t, LOWERED, CLOSED_BY) - ease(t, HELD, OPENED)
            base = np.concatenate([place + np.array([0, 0, height]), turn.as_quat()])
            simulator.command(command(names, side, base, closed), sent)
        simulator.step()
        for moment in (LIFTED + 0.1, HELD - 0.05):
            if moment not in at and t >= moment:
                at[moment] = simulator.state()
    lifted, held = at.values()
    cube = held.body_names.index("cube")
    pressing = (held.contact_bodies == cube).any(axis=1)
    return Outcome(
        lifted_m=body(held, "cube")[2] - CUBE_AT_REST[2],
        slip_mm=1e3
        * float(np.linalg.norm(cube_in_hand(held, base_name) - cube_in_hand(lifted, base_name))),
        squeeze_n=float(held.contact_forces[pressing].sum()),
        released_height_m=body(simulator.state(), "cube")[2] - CUBE_AT_REST[2],
    )


@pytest.fixture(scope="module")
def inspire() -> tuple[MujocoSimulator, tuple[tuple[str, ...], tuple[str, ...]]]:
    settings = Settings()
    scene = build_scene(settings)
    return MujocoSimulator(scene, settings), (
        scene.hands[0].joint_names,
        scene.hands[1].joint_names,
    )


TRIALS = [(0.0, 0.0, 0.0), (0.01, -0.01, 20.0), (-0.01, 0.01, -20.0), (0.01, 0.01, -10.0)]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("forward_m", "left_m", "yaw_deg"), TRIALS)
def test_a_hand_lifts_the_cube_holds_it_for_two_seconds_and_releases_it(
    inspire, side, forward_m, left_m, yaw_deg
):
    outcome = grasp(*inspire, side, (forward_m, left_m), np.radians(yaw_deg))
    assert outcome.lifted_m == pytest.approx(LIFT_M, abs=0.008)
    assert outcome.slip_mm < 2.0
    # Far more than its weight of 1 N, so that it may be shaken; far less than what breaks things.
    assert 10.0 < outcome.squeeze_n < 50.0
    assert outcome.released_height_m == pytest.approx(0.0, abs=0.004)
