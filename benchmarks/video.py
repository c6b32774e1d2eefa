"""A camera in place of the headset: how surely hands are found, how fast, and how fingers follow.

The video of a real right hand in shared/data: every picture through our own operators up to the
simulated robot, and live through a real dora with simulator and panorama.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from benchmarks.loop import run_loop
from operators.camera_messages import Keypoints
from operators.hand_filter import HandFilter
from operators.hand_placement import wrist_rotation
from operators.hand_watch import HandWatch
from operators.joint_layout import FINGERS, webxr_from_mediapipe
from operators.keypoint_finder import KeypointFinder
from operators.lens import Lens
from operators.messages import HandCommands, Hands, HandTargets
from operators.monocular import MonocularLift
from operators.picture_source import VideoFile
from operators.preprocessing import Preprocessor
from operators.retargeting import Retargeter
from operators.settings import ROOT, Settings, load_settings
from operators.simulators import make_simulator

NAMES = ("video.detected", "video.rate", "video.finger_correlation", "video.wrist_flips")

RIGHT = 1
LIVE_S = 15.0
FLIP_DEG = 60.0
SETTLED = 30
"""Pictures until the robot's hand, which starts where the scene has it, has come to the video's."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class VideoRun:
    """What every picture of the video came to; robot: (pictures, joints), rad, as simulated."""

    keypoints: list[Keypoints]
    hands: list[Hands]
    robot: Floats
    joint_names: tuple[str, ...]


def figures(names: Collection[str]) -> Iterator[Figure]:
    """Measure, and yield those of the figures that are asked for."""
    data = Path(os.environ.get("PANODORA_SHARED", ROOT / "../shared")).resolve() / "data"
    video = data / "human_hand_video.mp4"
    if set(names) - {"video.rate"}:
        settings = load_settings("configs/teleop_video.yml")
        run = run_paced(settings, video)
        valid = np.array([hands.valid[RIGHT] for hands in run.hands])
        if "video.detected" in names:
            yield Figure(
                name="video.detected",
                value=float(valid.mean()),
                unit="share",
                note=f"right hand valid in {valid.sum()} of {len(valid)} pictures, a left one in "
                f"{sum(hands.valid[0] for hands in run.hands)}",
            )
        if "video.finger_correlation" in names:
            yield finger_correlation(run, settings, np.load(data / "human_hand_right_joints.npz"))
        if "video.wrist_flips" in names:
            yield wrist_flips(run)
    if "video.rate" in names:
        yield rate(video)


def run_paced(settings: Settings, video: Path) -> VideoRun:
    """Take every picture from the file to the simulated robot, the guard left out."""
    source = VideoFile(video)
    lens = Lens(settings.camera, lambda *_: None)
    finder, lift = KeypointFinder(settings.keypoints), MonocularLift(settings.monocular)
    watch, hand_filter = HandWatch(), HandFilter(settings.filters)
    preprocessor, retargeter = Preprocessor(), Retargeter.from_settings(settings)
    preprocessor.update_head(lift.head)
    simulator = make_simulator(settings)
    simulator.start()
    steps = round(1.0 / source.rate_hz / simulator.time_step_s)
    run = VideoRun([], [], np.empty(0), ())
    robot = []
    while (pixels := source.read()) is not None:
        number = len(run.hands)
        time_s = number / source.rate_hz
        capture_ns = round(time_s * 1e9)
        keypoints = finder.find(lens.image(pixels), number, capture_ns)
        hands, _ = watch.look(lift.lift(keypoints, time_s), time_s)
        targets = hand_filter.filter(preprocessor.targets(hands), capture_ns)
        simulator.command(retargeter.retarget(targets), number)
        simulator.step(steps)
        run.keypoints.append(keypoints)
        run.hands.append(hands)
        robot.append(simulator.state().joint_positions)
    names = simulator.state().joint_names
    finder.close()
    simulator.close()
    return VideoRun(run.keypoints, run.hands, np.array(robot), names)


def finger_correlation(run: VideoRun, settings: Settings, recorded: dict[str, Floats]) -> Figure:
    """How the sum of a robot finger's joints goes with the bends of the same human finger.

    The human's are those of dex-retargeting's own evaluation of this video, by another MediaPipe.
    """
    human = bends(recorded["joints"].astype(np.float64))
    ours = correlations(run.robot, run.joint_names, human)
    as_they_come = correlations(*retargeted_directly(run, settings), human)
    worst = min(FINGERS[1:], key=ours.__getitem__)
    return Figure(
        name="video.finger_correlation",
        value=ours[worst],
        unit="1",
        against="MediaPipe's landmarks as they come",
        against_value=min(as_they_come[finger] for finger in FINGERS[1:]),
        note=f"thumb {ours['thumb']:.3f}; worst of the fingers {worst}: "
        + ", ".join(f"{finger} {ours[finger]:.3f}" for finger in FINGERS[1:])
        + f"; as they come the thumb {as_they_come['thumb']:.3f}",
    )


def bends(joints: Floats) -> dict[str, Floats]:
    """For each finger the sum of its joints' bends, (pictures,), rad; joints: (pictures, 21, 3)."""
    found = {}
    for i, finger in enumerate(FINGERS):
        bones = np.diff(joints[:, [0, *range(4 * i + 1, 4 * i + 5)]], axis=1)
        bones /= np.linalg.norm(bones, axis=-1, keepdims=True)
        cosines = np.clip((bones[:, 1:] * bones[:, :-1]).sum(axis=-1), -1.0, 1.0)
        found[finger] = np.arccos(cosines).sum(axis=1)
    return found


def correlations(
    positions: Floats, joint_names: tuple[str, ...], human: dict[str, Floats]
) -> dict[str, float]:
    """Pearson's, a finger; positions: (pictures, joints), of which the right hand's are taken."""
    found = {}
    for finger in FINGERS:
        own = [i for i, name in enumerate(joint_names) if f"R_{finger}" in name]
        robot = positions[SETTLED:, own].sum(axis=1)
        found[finger] = float(np.corrcoef(robot, human[finger][SETTLED:])[0, 1])
    return found


def retargeted_directly(run: VideoRun, settings: Settings) -> tuple[Floats, tuple[str, ...]]:
    """The robot's joints if bones kept the lengths that each picture gives them."""
    retargeter = Retargeter.from_settings(settings)
    commands: list[HandCommands] = []
    for keypoints in run.keypoints:
        joints = keypoints.landmarks[RIGHT]
        fingers = (joints - joints[0]) @ wrist_rotation(joints, RIGHT)
        commands.append(
            retargeter.retarget(
                HandTargets(
                    source="benchmark",
                    client="",
                    valid=np.array([False, True]),
                    faults=("", ""),
                    anchor_from_wrist=np.array([[np.nan] * 7, [0.4, 0, 0, 0, 0, 0, 1]]),
                    finger_joints=np.stack(
                        [np.full((25, 3), np.nan), webxr_from_mediapipe(fingers)]
                    ),
                )
            )
        )
    positions = np.array([command.right_joint_positions for command in commands])
    return positions, commands[0].right_joint_names


def wrist_flips(run: VideoRun) -> Figure:
    """How often the wrist jumps, beside the orientation that OpenCV's solver would give it."""
    ours = [h.stage_from_wrist[RIGHT, :3, :3] for h in run.hands if h.valid[RIGHT]]
    theirs = [solved_rotation(k) for k in run.keypoints if k.valid[RIGHT]]
    turns = turns_deg(np.array(ours))
    return Figure(
        name="video.wrist_flips",
        value=int((turns > FLIP_DEG).sum()),
        unit="count",
        p95=float(np.percentile(turns, 95)),
        against="cv2.SOLVEPNP_SQPNP",
        against_value=int((turns_deg(np.array(theirs)) > FLIP_DEG).sum()),
        note=f"from one picture to the next, p95 and at the most {turns.max():.0f} degrees",
    )


def solved_rotation(keypoints: Keypoints) -> Floats:
    """The wrist's axes by a perspective-n-point whose rotation is free."""
    shape = keypoints.landmarks[RIGHT]
    fx, fy, cx, cy = keypoints.lens
    camera = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    _, turn, _ = cv2.solvePnP(
        np.ascontiguousarray(shape),
        np.ascontiguousarray(keypoints.pixels[RIGHT]),
        camera,
        None,
        flags=cv2.SOLVEPNP_SQPNP,
    )
    return np.asarray(cv2.Rodrigues(turn)[0] @ wrist_rotation(shape, RIGHT))


def turns_deg(rotations: Floats) -> Floats:
    """Angles between one rotation and the next, (n - 1,); rotations: (n, 3, 3)."""
    cosines = (np.einsum("nij,nij->n", rotations[1:], rotations[:-1]) - 1.0) / 2.0
    angles: Floats = np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
    return angles


def rate(video: Path) -> Figure:
    """New samples of the hands a second, while they drive the robot and it is drawn."""
    run = run_loop(
        LIVE_S,
        dataflow="teleop_video",
        variables={
            "PANODORA__CAMERA__SOURCE": str(video),
            "PANODORA__CAMERA__LOOP": "true",
        },
        engage=True,
    )
    stages, total = run.report["stages"], run.report["hand_to_sent_ms"]
    found = stages["keypoints"]["working_ms"]
    return Figure(
        name="video.rate",
        value=stages["monocular"]["rate_hz"],
        unit="Hz",
        note=f"a video of 30 Hz, 1280x720, on {os.cpu_count()} cores; {stages['keypoints']['lost']}"
        f" pictures lost; finding hands {found['p50']:.1f} ms (p95 {found['p95']:.1f}), picture to "
        f"sent {total['p50']:.0f} ms (p95 {total['p95']:.0f}); panoramas "
        f"{np.median(run.rates_hz):.0f} Hz",
    )
