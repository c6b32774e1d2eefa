"""Every hand under configs/hands/: its frames, and how it moves with a real operator's hands."""

from pathlib import Path

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from operators.hands import SIDES, Hand
from operators.messages import HandTargets
from operators.mujoco_simulator import MujocoSimulator
from operators.retargeting import HandRetargeter, Retargeter
from operators.scene import build_scene
from operators.settings import ROOT, HandsSettings, Settings
from operators.urdf import load_urdf

Floats = NDArray[np.float64]

FILES = sorted((ROOT / "configs/hands").glob("*.yml"))
NAMES = sorted({path.stem.rpartition("_")[0] for path in FILES})

THUMB, INDEX = 4, 9
"""Where a human's tips are among WebXR's joints."""


def preset(name: str, side: str) -> Path:
    return ROOT / f"configs/hands/{name}_{side}.yml"


def tips_in_wrist(hand: Hand, joints: Floats) -> tuple[Floats, Floats]:
    """What a hand does with human joints (frames, 25, 3): its own, and where its tips are.

    Tips (frames, tips, 3) in the frame of the operator's wrist, m, by MuJoCo's kinematics.
    """
    configuration = hand.configuration
    retargeter = HandRetargeter(hand)
    model = load_urdf(hand.urdf_path, configuration.missing_meshes).compile()
    data = mujoco.MjData(model)
    addresses = [model.joint(name).qposadr[0] for name in hand.joint_names]
    base = model.body(configuration.base_link).id
    tips = [model.body(name).id for name in configuration.retargeting.target_task_link_names or ()]
    wrist_from_base = np.array(configuration.wrist_from_base)
    positions, places = [], []
    for human in joints:
        positions.append(retargeter.retarget(human))
        data.qpos[addresses] = positions[-1]
        mujoco.mj_kinematics(model, data)
        in_base = (data.xpos[tips] - data.xpos[base]) @ data.xmat[base].reshape(3, 3)
        places.append(in_base @ wrist_from_base[:3, :3].T + wrist_from_base[:3, 3])
    return np.array(positions), np.array(places)


def test_every_preset_is_there_for_both_sides() -> None:
    assert {path.stem for path in FILES} == {f"{n}_{side}" for n in NAMES for side in SIDES}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", NAMES)
def test_its_fingers_do_what_the_operators_do(name: str, side: str, human_hands: Floats) -> None:
    human = human_hands[:, SIDES.index(side)]
    hand = Hand.load(preset(name, side))
    positions, tips = tips_in_wrist(hand, human)
    lower, upper = hand.limits_rad
    assert (positions >= lower - 1e-9).all()
    assert (positions <= upper + 1e-9).all()
    thumb, *fingers = np.array((hand.configuration.retargeting.target_link_human_indices or ())[1])
    assert (thumb, fingers[0]) == (THUMB, INDEX)
    # WebXR's wrist: -z to the fingers, +y out of the back, the right hand's thumb at -x.
    towards_thumb = -1.0 if side == "right" else 1.0
    reach = np.linalg.norm(human[:, fingers[:3]], axis=-1)
    opened = reach.mean(axis=-1).argmax()
    assert (towards_thumb * (tips[opened, :2, 0] - tips[opened, 3, 0]) > 0.03).all()
    for k, human_tip in enumerate(fingers[:3], start=1):
        straight, bent = tips[reach[:, k - 1].argmax(), k], tips[reach[:, k - 1].argmin(), k]
        assert straight[2] < -0.12
        assert bent[2] > straight[2] + 0.05
        # Between the two a finger goes the palm's way round.
        assert tips[:, k, 1].min() < straight[1] - 0.015
        assert np.corrcoef(tips[:, k, 2], human[:, human_tip, 2])[0, 1] > 0.85


@pytest.mark.parametrize("name", NAMES)
def test_it_moves_in_the_simulator_and_keeps_its_limits(name: str, human_hands: Floats) -> None:
    settings = Settings(hands=HandsSettings(left=preset(name, "left"), right=preset(name, "right")))
    scene = build_scene(settings)
    simulator = MujocoSimulator(scene, settings)
    retargeter = Retargeter.from_settings(settings)
    # Before the head, palms down, clear of the table.
    poses = np.array([[0.3, y, -0.1, 0.5, -0.5, -0.5, 0.5] for y in (0.25, -0.25)])
    lower, upper = np.concatenate([hand.limits_rad for hand in scene.hands], axis=1)
    apart, seen = [], []
    for seq, fingers in enumerate(human_hands[::6]):
        commands = retargeter.retarget(
            HandTargets(
                faults=("", ""),
                source="recording",
                client="",
                valid=np.ones(2, bool),
                anchor_from_wrist=poses,
                finger_joints=fingers,
            )
        )
        simulator.command(commands, seq)
        simulator.step(12)
        state = simulator.state()
        assert np.isfinite(state.body_poses).all()
        wanted = np.concatenate([commands.left_joint_positions, commands.right_joint_positions])
        seen.append(state.joint_positions)
        apart.append(np.abs(state.joint_positions - wanted))
    assert len(seen) > 100
    # The physics' own limits are springs.
    assert (np.array(seen) > lower - 0.05).all()
    assert (np.array(seen) < upper + 0.05).all()
    assert np.median(apart) < 0.02
    assert (np.ptp(seen, axis=0).reshape(2, -1).max(axis=-1) > 1.0).all()
    for side, hand, wanted in zip(SIDES, scene.hands, commands.world_from_base, strict=True):
        body = state.body_names.index(f"{side}/{hand.configuration.base_link}")
        np.testing.assert_allclose(state.body_poses[body, :3], wanted[:3], atol=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_there_is_something_to_see_and_to_touch_of_every_finger(name: str) -> None:
    settings = Settings(hands=HandsSettings(left=preset(name, "left"), right=preset(name, "right")))
    scene = build_scene(settings)
    model = scene.model
    for side, hand in zip(SIDES, scene.hands, strict=True):
        for leader in hand.leader_names:
            carried = model.jnt_bodyid[model.joint(f"{side}/{leader}").id]
            chain = [
                body
                for body in range(model.nbody)
                if carried in ancestors(model.body_parentid, body)
            ]
            geoms = np.isin(model.geom_bodyid, chain)
            assert (geoms & (model.geom_group < 3)).any(), leader
            assert (geoms & (model.geom_contype > 0)).any(), leader


def ancestors(parents: NDArray[np.int32], body: int) -> list[int]:
    chain = [body]
    while chain[-1] != 0:
        chain.append(int(parents[chain[-1]]))
    return chain
