"""How long retargeting takes, how near the fingertips come, and whether both backends agree.

The 621 frames of a real right hand, the left hand by mirroring, through the shipped hands'
configurations: our whole operator (targets to commands) against dex-retargeting's `retarget` alone,
and our operator with the one backend against itself with the other.
"""

import os
import time
from collections.abc import Collection, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from operators.hands import SIDES, Hand
from operators.mano_frame import mirror_hand, wrist_joints_from_mano
from operators.messages import HandCommands, Hands, HandTargets
from operators.recording import RecordingReader
from operators.retargeting import Retargeter
from operators.retargeting_backends import BACKENDS
from operators.settings import ROOT, Settings
from operators.transforms import inverse, transform_points

NAMES: tuple[str, ...] = (
    "retarget.both_hands",
    "retarget.tip_error_dexi",
    "retarget.tip_error_dex_retargeting",
    "retarget.backends_disagree",
)

Floats = NDArray[np.float64]

ROUNDS = 3
"""Passes over the frames, ours and theirs in turn, so that a busy moment does not fall on one."""


BLENDED, SHIPPED_TURN = 36, 1200
"""Samples of the shipped recording that show the original once."""


def figures(names: Collection[str]) -> Iterator[Figure]:
    """Measure, and yield those of the figures that are asked for."""
    if set(names) & set(NAMES[:3]):
        yield from compared_with_the_original(names)
    if NAMES[3] in names and find_spec("dex_retargeting"):
        yield backends_disagree()


def compared_with_the_original(names: Collection[str]) -> Iterator[Figure]:
    """Times and tip errors, ours and those of dex-retargeting by itself."""
    settings = Settings()
    hands = [Hand.load(settings.hands.left), Hand.load(settings.hands.right)]
    frames = recorded_hands()
    targets = [target(fingers) for fingers in frames]
    human = [human_vectors(hand, frames[:, side]) for side, hand in enumerate(hands)]
    originals = dex_retargeting(hands) if find_spec("dex_retargeting") else None

    our_ms: list[float] = []
    their_ms: list[float] = []
    our_positions = their_positions = np.empty(0)
    for _ in range(ROUNDS):
        took, our_positions = run_ours(Retargeter.from_settings(settings), targets)
        our_ms += took
        if originals is not None:
            took, their_positions = run_theirs(originals, hands, human)
            their_ms += took

    our_error = tip_errors_mm(hands, human, our_positions)
    note = f"{len(frames)} real frames; tip error {our_error.mean():.1f} mm"
    their_error = None
    if their_ms:
        their_error = tip_errors_mm(hands, human, their_positions)
        note += f" against {their_error.mean():.1f} mm"
    else:
        note += "; dex-retargeting is not installed: pip install 'panodora[reference]'"
    if "retarget.both_hands" in names:
        median, against = float(np.median(our_ms)), float(np.median(their_ms)) if their_ms else None
        yield Figure(
            name="retarget.both_hands",
            value=median,
            unit="ms",
            p95=float(np.percentile(our_ms, 95)),
            against=f"dex-retargeting {version('dex-retargeting')}" if their_ms else None,
            against_value=against,
            ratio=against / median if against is not None else None,
            note=note,
        )
    for name, error in zip(NAMES[1:3], (our_error, their_error), strict=True):
        if name in names and error is not None:
            yield Figure(
                name=name,
                value=float(np.median(error)),
                unit="mm",
                p95=float(np.percentile(error, 95)),
                note=f"robot's fingertips from the scaled human ones, mean {error.mean():.1f}",
            )


def backends_disagree() -> Figure:
    """How far the two backends put a hand's joints apart, both smoothed as the hands say."""
    settings = Settings()
    targets = [target(fingers) for fingers in recorded_hands()]
    found = [
        run_ours(
            Retargeter.from_settings(
                settings.model_copy(
                    update={"hands": settings.hands.model_copy(update={"retargeting": backend})}
                )
            ),
            targets,
        )[1]
        for backend in BACKENDS
    ]
    largest = np.abs(found[0] - found[1]).max(axis=-1)
    return Figure(
        name=NAMES[3],
        value=float(np.median(largest)),
        unit="rad",
        p95=float(np.percentile(largest, 95)),
        note=f"Inspire hands alone, the largest of their joints, {len(targets)} real frames; "
        f"over 0.02 in {100 * (largest > 0.02).mean():.1f} %, at the most {largest.max():.2f}",
    )


def recorded_hands() -> Floats:
    """A real right hand and its mirror image: (frames, 2, 25, 3) in the wrists' frames, m.

    The original recording, or where that is not at hand the shipped one made of it.
    """
    folder = Path(os.environ.get("PANODORA_SHARED", ROOT / "../shared"))
    path = folder / "data/human_hand_right_joints.npz"
    right = wrist_joints_from_mano(np.load(path)["joints"]) if path.is_file() else shipped_fingers()
    return np.stack([mirror_hand(right), right], axis=1)


def shipped_fingers() -> Floats:
    """The right hand of the shipped recording, at the original's 30 Hz, without its seam."""
    recording = RecordingReader(ROOT / "assets/recordings/two_hands")
    hands = [r.message for r in recording.messages(["hands"])][BLENDED:SHIPPED_TURN:2]
    return np.array(
        [
            transform_points(inverse(h.stage_from_wrist[1]), h.joint_positions[1])
            for h in hands
            if isinstance(h, Hands)
        ]
    )


def target(fingers: Floats) -> HandTargets:
    poses = np.tile([0.4, 0.0, -0.3, 0.5, -0.5, -0.5, 0.5], (len(SIDES), 1))
    return HandTargets(
        faults=("", ""),
        source="benchmark",
        client="",
        valid=np.ones(len(SIDES), dtype=bool),
        anchor_from_wrist=poses,
        finger_joints=fingers,
    )


def human_vectors(hand: Hand, joints: Floats) -> Floats:
    """What dex-retargeting takes: (frames, vectors, 3) in the hand's retarget frame, m."""
    configuration = hand.configuration
    starts, ends = np.array(configuration.retargeting.target_link_human_indices)
    rotation = np.array(configuration.retarget_from_wrist)[:3, :3]
    return np.asarray((joints[:, ends] - joints[:, starts]) @ rotation.T)


def dex_retargeting(hands: list[Hand]) -> list[Any]:
    """The original library on the same configurations, its own smoothing included."""
    import torch
    from dex_retargeting.retargeting_config import RetargetingConfig

    # Its tensors hold five numbers: more threads only slow it down.
    torch.set_num_threads(1)
    return [
        RetargetingConfig.from_dict(
            hand.configuration.retargeting.model_dump(mode="json", exclude_none=True)
            | {"urdf_path": str(hand.urdf_path)}
        ).build()
        for hand in hands
    ]


def run_ours(retargeter: Retargeter, targets: list[HandTargets]) -> tuple[list[float], Floats]:
    """Times in ms, and joint positions (frames, 2, joints) in the order of the URDF."""
    took, positions = [], []
    for given in targets:
        start = time.perf_counter()
        command: HandCommands = retargeter.retarget(given)
        took.append((time.perf_counter() - start) * 1e3)
        positions.append((command.left_joint_positions, command.right_joint_positions))
    return took, np.array(positions)


def run_theirs(
    originals: list[Any], hands: list[Hand], human: list[Floats]
) -> tuple[list[float], Floats]:
    """The same of dex-retargeting."""
    orders = [
        [list(original.joint_names).index(name) for name in hand.joint_names]
        for original, hand in zip(originals, hands, strict=True)
    ]
    left, right = originals
    took, positions = [], []
    for left_vectors, right_vectors in zip(*human, strict=True):
        start = time.perf_counter()
        found = left.retarget(left_vectors), right.retarget(right_vectors)
        took.append((time.perf_counter() - start) * 1e3)
        positions.append([q[order] for q, order in zip(found, orders, strict=True)])
    return took, np.array(positions)


def tip_errors_mm(hands: list[Hand], human: list[Floats], positions: Floats) -> Floats:
    """Distances of the robot's fingertips from the scaled human ones, of all hands and frames."""
    errors = []
    for side, hand in enumerate(hands):
        retargeting = hand.configuration.retargeting
        model = kinematics(hand)
        data = mujoco.MjData(model)
        addresses = [model.joint(name).qposadr[0] for name in hand.joint_names]
        starts = [model.body(name).id for name in retargeting.target_origin_link_names or ()]
        ends = [model.body(name).id for name in retargeting.target_task_link_names or ()]
        for vectors, q in zip(human[side], positions[:, side], strict=True):
            data.qpos[addresses] = q
            mujoco.mj_kinematics(model, data)
            robot = data.xpos[ends] - data.xpos[starts]
            errors.append(np.linalg.norm(robot - retargeting.scaling_factor * vectors, axis=-1))
    return np.array(errors) * 1e3


def kinematics(hand: Hand) -> mujoco.MjModel:
    """The hand's URDF in MuJoCo, whose forward kinematics neither library had a part in."""
    urdf = hand.urdf_path.read_text(encoding="utf-8")
    start = urdf.index(">", urdf.index("<robot")) + 1
    keep_links = '<mujoco><compiler fusestatic="false"/></mujoco>'
    return mujoco.MjModel.from_xml_string(urdf[:start] + keep_links + urdf[start:])
