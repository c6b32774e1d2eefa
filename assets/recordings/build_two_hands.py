"""Builds assets/recordings/two_hands: a minute of an operator at the table, without a seam.

The fingers are a real right hand's (621 frames at 30 Hz, video of dexsuite/dex-retargeting, MIT),
for the left mirrored and half a turn later; wrists and head are sums of sines whose periods divide
the minute, so that the end meets the beginning. Each hand is lost once.

    PANODORA_SHARED=... python assets/recordings/build_two_hands.py
"""

import os
from pathlib import Path
from shutil import rmtree

import numpy as np

from operators.hands import SIDES
from operators.header import Header
from operators.mano_frame import mirror_hand, wrist_joints_from_mano
from operators.messages import Hands, Head, OperatorInput, absent
from operators.recording import RecordingWriter
from operators.settings import ROOT
from operators.transforms import Array, rigid, rotation_about, transform_points

OUT = Path(__file__).parent / "two_hands"
SHARED = Path(os.environ.get("PANODORA_SHARED", ROOT.parent / "shared"))
SOURCE = "replay"
RATE_HZ = 60
SECONDS = 60
TURNS_OF_FINGERS = 3  # 20 s each, as the video's 20.7 s less the frames that are blended
BLENDED_FRAMES = 18
ENGAGE_S = (1.0, 1.2)
LOST_S = {"left": (40.0, 41.0), "right": (20.0, 21.0)}
FIRST_NS = 1_000_000_000


def main() -> None:
    """Write the recording anew."""
    fingers = real_fingers()
    rmtree(OUT, ignore_errors=True)
    writer = RecordingWriter(OUT, settings={})
    for i in range(RATE_HZ * SECONDS):
        t = i / RATE_HZ
        header = Header(i, FIRST_NS + round(1e9 * i / RATE_HZ), hands_seq=i, head_seq=i)
        writer.write(head_at(t), header)
        if i == 0 or t in ENGAGE_S:
            writer.write(operator_at(t), header)
        writer.write(hands_at(t, fingers), header)
    writer.close()
    size = sum(file.stat().st_size for file in OUT.iterdir())
    print(f"{OUT}: {size / 1e6:.1f} MB")


def real_fingers() -> Array:
    """The real hand's joints in the wrist's frame (603, 25, 3): its end blends into its start."""
    joints = np.load(SHARED / "data/human_hand_right_joints.npz")["joints"]
    period = len(joints) - BLENDED_FRAMES
    weight = np.linspace(0, 1, BLENDED_FRAMES)[:, None, None]
    looped = np.array(joints[:period], np.float64)
    looped[:BLENDED_FRAMES] = (1 - weight) * joints[period:] + weight * joints[:BLENDED_FRAMES]
    return wrist_joints_from_mano(looped)


def fingers_at(fingers: Array, turn: float) -> Array:
    """The joints (25, 3) at a time in turns, between the two nearest frames."""
    place = (turn % 1.0) * len(fingers)
    before, part = int(place), place % 1.0
    after = (before + 1) % len(fingers)
    joints: Array = (1 - part) * fingers[before % len(fingers)] + part * fingers[after]
    return joints


def wave(t: float, cycles: int, phase: float = 0.0) -> float:
    """A sine with whole cycles a minute; phase in turns."""
    return float(np.sin(2 * np.pi * (cycles * t / SECONDS + phase)))


def wrist_at(t: float, side: int) -> Array:
    """stage_from_wrist (4, 4): palms down before the operator, down to the table and up again."""
    sign = (-1, 1)[side]
    phase = 0.5 * side
    position = (
        sign * (0.18 + 0.07 * wave(t, 5, phase)),
        1.42 + 0.09 * wave(t, 12, phase) + 0.02 * wave(t, 30, phase),
        -0.40 - 0.10 * wave(t, 7, phase),
    )
    rotation = (
        rotation_about(1, 0.25 * wave(t, 4, phase))
        @ rotation_about(0, 0.20 * wave(t, 9, phase))
        @ rotation_about(2, 0.30 * wave(t, 6, phase))
    )
    return rigid(rotation, position)


def head_at(t: float) -> Head:
    """The head sways by 2 cm, and looks 60 degrees to either side and a little down."""
    rotation = rotation_about(1, np.radians(60) * wave(t, 3)) @ rotation_about(
        0, np.radians(-12 + 10 * wave(t, 4))
    )
    position = (0.02 * wave(t, 5), 1.6 + 0.01 * wave(t, 11), 0.02 * wave(t, 6, 0.25))
    return Head(source=SOURCE, client="", valid=True, stage_from_head=rigid(rotation, position))


def operator_at(t: float) -> OperatorInput:
    """The operator presses engage once and lets go."""
    return OperatorInput(
        source=SOURCE,
        client="",
        engage=t == ENGAGE_S[0],
        stop=False,
        recentre=False,
        clutch=np.zeros(2, bool),
    )


def hands_at(t: float, fingers: Array) -> Hands:
    """Both hands in the stage's frame; a lost one is not valid."""
    valid = np.array([not LOST_S[side][0] <= t < LOST_S[side][1] for side in SIDES])
    wrists = np.stack([wrist_at(t, side) for side in range(2)])
    turn = TURNS_OF_FINGERS * t / SECONDS
    local = np.stack([mirror_hand(fingers_at(fingers, turn + 0.5)), fingers_at(fingers, turn)])
    joints = transform_points(wrists, local)
    # A twentieth of a millimetre is finer than any tracker and halves the file.
    joints = np.round(joints * 2**14) / 2**14
    joints[~valid], wrists[~valid] = np.nan, np.nan
    return Hands(
        source=SOURCE,
        client="",
        valid=valid,
        stage_from_wrist=wrists,
        joint_positions=joints,
        joint_orientations=absent(Hands, "joint_orientations"),
        joint_radii=absent(Hands, "joint_radii"),
        pinch=np.where(valid, closeness(local[:, 4], local[:, 9], 0.015, 0.075), np.nan),
        squeeze=np.where(valid, closeness(local[:, 14], local[:, 11], 0.045, 0.085), np.nan),
    )


def closeness(a: Array, b: Array, touching_m: float, apart_m: float) -> Array:
    """1 where points (2, 3) touch, 0 where they are apart."""
    distance = np.linalg.norm(a - b, axis=-1)
    share: Array = np.clip((apart_m - distance) / (apart_m - touching_m), 0.0, 1.0)
    return share


if __name__ == "__main__":
    main()
