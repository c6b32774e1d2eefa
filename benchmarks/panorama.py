"""The panorama: drawing six faces, joining them, and both for a frame in which the hands move."""

from collections.abc import Callable, Collection, Iterator

import mujoco
import numpy as np
import py360convert
from numpy.typing import NDArray

from benchmarks.figure import Figure, interleaved_times
from operators.cube_map import FACE_ORDER
from operators.driven_hand import BASE_JOINT
from operators.equirectangular import CubeToEquirect
from operators.gl_renderer import GlRenderer
from operators.hands import SIDES
from operators.mujoco_renderer import MujocoRenderer
from operators.panorama import PanoramaCapture
from operators.scene import SceneModel, build_scene
from operators.settings import Settings

NAMES = ("panorama.capture", "panorama.stitch", "panorama.frame")

FACE_SIZE, HEIGHT, WIDTH = 720, 720, 1440
CIRCLE_M = 0.08
STEPS = 240
"""Frames of the hands' movement: 4 s at 60 Hz, then it begins again."""


def figures(names: Collection[str] = NAMES) -> Iterator[Figure]:
    """Measure the figures that are asked for."""
    settings = Settings()
    scene = build_scene(settings)
    measures: dict[str, Callable[[SceneModel, Settings], Figure]] = {
        "panorama.capture": measure_capture,
        "panorama.stitch": measure_stitch,
        "panorama.frame": measure_frame,
    }
    for name in names:
        yield measures[name](scene, settings)


def measure_capture(scene: SceneModel, settings: Settings) -> Figure:
    """All six faces drawn anew and read back, against MuJoCo's renderer at its plainest."""
    arguments = scene.model, settings.scene.anchor_position, FACE_SIZE
    ours, theirs = GlRenderer(*arguments), MujocoRenderer(*arguments)
    theirs.scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = False
    moving = iter_poses(scene)
    our_times, their_times = interleaved_times(
        lambda: ours.render(next(moving), full=True),
        lambda: theirs.render(next(moving), full=True),
    )
    ours.close()
    theirs.close()
    return Figure(
        "panorama.capture",
        our_times.median,
        "ms",
        our_times.p95,
        "MuJoCo's renderer without shadows, MSAA and sky",
        their_times.median,
        their_times.median / our_times.median,
        f"six {FACE_SIZE}-pixel faces, full redraw, the faces in main memory",
    )


def measure_stitch(scene: SceneModel, settings: Settings) -> Figure:
    """Faces in main memory to a whole panorama, against py360convert."""
    renderer = GlRenderer(scene.model, settings.scene.anchor_position, FACE_SIZE)
    renderer.render(next(iter_poses(scene)))
    faces = renderer.faces
    renderer.close()
    named = dict(zip(FACE_ORDER, np.ascontiguousarray(faces[..., :3]), strict=True))
    table = CubeToEquirect(FACE_SIZE, HEIGHT, WIDTH)
    out = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    our_times, their_times = interleaved_times(
        lambda: table.convert(faces, out),
        lambda: py360convert.c2e(named, HEIGHT, WIDTH, mode="bilinear", cube_format="dict"),
    )
    return Figure(
        "panorama.stitch",
        our_times.median,
        "ms",
        our_times.p95,
        "py360convert.c2e",
        their_times.median,
        their_times.median / our_times.median,
        f"{FACE_SIZE}-pixel faces to {HEIGHT}x{WIDTH}, both bilinear; each gets the faces as it "
        "likes them best: four channels as our renderer gives them, a dictionary of RGB",
    )


def measure_frame(scene: SceneModel, settings: Settings) -> Figure:
    """A whole frame with moving hands: what changed, against drawing and joining everything."""
    with (
        PanoramaCapture(scene.model, settings) as ours,
        PanoramaCapture(scene.model, settings) as theirs,
    ):
        moving = iter_poses(scene)
        our_times, their_times = interleaved_times(
            lambda: ours.capture(next(moving)),
            lambda: theirs.capture(next(moving), full=True),
            rounds=16,
            calls=15,
        )
    return Figure(
        "panorama.frame",
        our_times.median,
        "ms",
        our_times.p95,
        "the same with a full redraw",
        their_times.median,
        their_times.median / our_times.median,
        "both hands move, poses to panorama",
    )


def iter_poses(scene: SceneModel) -> Iterator[NDArray[np.float64]]:
    """Poses (bodies, 7) of hands that circle above the table and close, without end.

    Kinematics alone: the figures do not depend on how the physics drives a hand.
    """
    model, data = scene.model, mujoco.MjData(scene.model)
    bases = [data.joint(f"{side}/{BASE_JOINT}") for side in SIDES]
    starts = [base.qpos[:3].copy() for base in bases]
    fingers = [data.joint(name) for name in scene.joint_names]
    poses = []
    for phase in np.arange(STEPS) * (2 * np.pi / STEPS):
        for base, start, sign in zip(bases, starts, (1, -1), strict=True):
            base.qpos[:3] = start + CIRCLE_M * np.array(
                [1.0 - np.cos(phase), sign * np.sin(2 * phase), np.sin(phase)]
            )
        for finger in fingers:
            finger.qpos[0] = 0.5 - 0.5 * np.cos(3 * phase)
        mujoco.mj_kinematics(model, data)
        poses.append(np.concatenate([data.xpos, data.xquat[:, [1, 2, 3, 0]]], axis=1))
    while True:
        for pose in poses:
            yield pose[: len(scene.body_names)]


if __name__ == "__main__":
    for figure in figures():
        print(figure.json_line())
