"""The seed's loop as one process that does a frame's steps one after the other.

    python -m benchmarks.sequential_process default 10

runs it for 10 s at MuJoCo's default quality and prints its outcome as one line of JSON. It has a
process of its own, because Mesa and MuJoCo read LP_NUM_THREADS and MUJOCO_GL once a process.
"""

import argparse
import base64
import copy
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Final, Literal, get_args

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from operators.cube_map import FACE_ORDER
from operators.drawn_geoms import DrawnGeoms
from operators.messages import Hands, Head
from operators.mujoco_simulator import MujocoSimulator
from operators.preprocessing import Preprocessor
from operators.recording import RecordingReader
from operators.retargeting import Retargeter
from operators.retargeting_backends import BackendName
from operators.scene import SceneModel, build_scene
from operators.settings import ROOT, Settings, load_settings, resolve

Quality = Literal["default", "plain"]
"""default: shadows, multisampling, sky and reflections as MuJoCo has them unasked; plain: none."""

Pixels = NDArray[np.uint8]

CONFIGURATION: Final = "configs/teleop_replay.yml"

PLAIN_WITHOUT: Final = (
    mujoco.mjtRndFlag.mjRND_SHADOW,
    mujoco.mjtRndFlag.mjRND_REFLECTION,
    mujoco.mjtRndFlag.mjRND_SKYBOX,
)

FACE_SIZE: Final = 720
"""Pixels along a face, as in the seed."""

WARM_UP: Final = 3
"""First frames, in which tables are made and kept; they are not timed."""

AZIMUTH_ELEVATION: Final = {
    "F": (0.0, 0.0),
    "R": (-90.0, 0.0),
    "B": (180.0, 0.0),
    "L": (90.0, 0.0),
    "U": (0.0, 90.0),
    "D": (0.0, -90.0),
}
"""Where MuJoCo's free cameras look, degrees."""

START_S: Final = 120.0
"""The longest that a busy machine may take to import torch and make a first frame."""


@dataclass(frozen=True)
class SequentialRun:
    """What came of a run.

    stages_ms: of each stage in their order, what it took in each timed frame.
    frames: how many were made, untimed ones included. picture: the last one, a data URL.
    retargeting: which backend it had.
    """

    stages_ms: dict[str, list[float]]
    frames: int
    picture: str
    retargeting: str

    def frame_ms(self, stages: Collection[str] = ()) -> NDArray[np.float64]:
        """What these stages, or all of them, took together in each timed frame."""
        chosen = [self.stages_ms[stage] for stage in stages or self.stages_ms]
        return np.asarray(np.sum(chosen, axis=0))


class FaceCameras:
    """Six cameras at the robot's head, drawn one after the other by `mujoco.Renderer`."""

    def __init__(self, scene: SceneModel, settings: Settings, quality: Quality) -> None:
        size = FACE_SIZE
        # A copy, because the simulator has the scene's.
        model = copy.copy(scene.model)
        model.vis.global_.fovy = 90.0
        model.vis.global_.offwidth = model.vis.global_.offheight = size
        if quality == "plain":
            model.vis.quality.offsamples = 0
        self._renderer = mujoco.Renderer(model, size, size)
        if quality == "plain":
            for flag in PLAIN_WITHOUT:
                self._renderer.scene.flags[flag] = False
        self._data = mujoco.MjData(model)
        mujoco.mj_forward(model, self._data)
        self._geoms = DrawnGeoms.of_model(model)
        self._cameras = [_camera(settings.scene.anchor_position, face) for face in FACE_ORDER]
        self._faces = list(np.empty((len(FACE_ORDER), size, size, 3), np.uint8))

    def draw(self, body_poses: NDArray[np.float64]) -> list[Pixels]:
        """Six faces (N, N, 3), F R B L U D as py360convert takes them, valid until the next."""
        rotations, positions = self._geoms.poses(body_poses)
        self._data.geom_xmat[self._geoms.indices] = rotations.reshape(-1, 9)
        self._data.geom_xpos[self._geoms.indices] = positions
        for camera, face in zip(self._cameras, self._faces, strict=True):
            self._renderer.update_scene(self._data, camera)
            self._renderer.render(out=face)
        return self._faces


def _camera(position: ArrayLike, face: str) -> mujoco.MjvCamera:
    camera = mujoco.MjvCamera()
    camera.lookat[:] = position
    camera.distance = 0.0
    camera.azimuth, camera.elevation = AZIMUTH_ELEVATION[face]
    return camera


class Stopwatch:
    """Durations of a frame's stages, ms."""

    def __init__(self) -> None:
        self.laps_ms: dict[str, list[float]] = {}

    def start(self) -> None:
        """A frame begins."""
        self._last_ns = time.perf_counter_ns()

    def lap(self, stage: str) -> None:
        """A stage ends, and the next begins."""
        now_ns = time.perf_counter_ns()
        self.laps_ms.setdefault(stage, []).append((now_ns - self._last_ns) / 1e6)
        self._last_ns = now_ns


class SequentialLoop:
    """Makes frames: from a sample of the operator's hands to a picture for the headset.

    Everything that can be made once is.

    settings: scene, hands, recording and picture sizes. frames: how many it has made.
    """

    def __init__(self, settings: Settings, quality: Quality) -> None:
        import py360convert

        self.retargeting: BackendName = "dexi"
        if find_spec("dex_retargeting"):
            import torch

            self.retargeting = "dex-retargeting"
            # Its tensors hold five numbers: more threads only slow it down.
            torch.set_num_threads(1)
        scene = build_scene(settings)
        self.stopwatch = Stopwatch()
        self._settings = settings
        self._samples = endless_samples(RecordingReader(resolve(settings.replay.recording)))
        self._preprocessor = Preprocessor()
        self._retargeter = Retargeter(scene.hands, settings.scene.anchor_position, self.retargeting)
        self._simulator = MujocoSimulator(scene, settings)
        self._cameras = FaceCameras(scene, settings, quality)
        # It keeps the coordinates of a conversion by itself, and remaps with OpenCV.
        self._c2e = py360convert.c2e
        self.frames = 0

    def frame(self) -> str:
        """Make one frame of a 60th of a second, and return it as a data URL."""
        lap = self.stopwatch.lap
        chosen = self._settings.panorama
        self.stopwatch.start()
        head, hands = next(self._samples)
        lap("receive")
        self._preprocessor.update_head(head)
        targets = self._preprocessor.targets(hands)
        lap("preprocess")
        commands = self._retargeter.retarget(targets)
        lap("retarget")
        self._simulator.command(commands, self.frames)
        lap("command")
        self._simulator.step(self._settings.simulation.substeps)
        state = self._simulator.state()
        lap("simulate")
        faces = self._cameras.draw(state.body_poses)
        lap("six faces")
        strip = np.hstack(faces)
        lap("hstack")
        panorama = self._c2e(
            strip, chosen.height, chosen.width, mode="bilinear", cube_format="horizon"
        )
        lap("c2e")
        jpeg = io.BytesIO()
        Image.fromarray(panorama).save(jpeg, "JPEG", quality=self._settings.headset.jpeg_quality)
        lap("JPEG")
        picture = f"data:image/jpeg;base64,{base64.b64encode(jpeg.getvalue()).decode()}"
        lap("base64")
        self.frames += 1
        return picture


def endless_samples(recording: RecordingReader) -> Iterator[tuple[Head, Hands]]:
    """The recorded samples, each with the newest head, again and again from the beginning."""
    while True:
        head: Head | None = None
        for recorded in recording.messages(["head", "hands"]):
            match recorded.message:
                case Head() as newest:
                    head = newest
                case Hands() as hands if head is not None:
                    yield head, hands


def run_sequential(quality: Quality, seconds: float, drawing_threads: int) -> SequentialRun:
    """Run the loop in a process of its own.

    seconds: for how long; one timed frame is made at least.
    drawing_threads: with how many Mesa draws beside the loop's own, 0 with none.
    Raises RuntimeError with what the process said if it fails.
    """
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.sequential_process", quality, str(seconds)],
        cwd=ROOT,
        env={
            **os.environ,
            "MUJOCO_GL": "egl",
            "LP_NUM_THREADS": str(drawing_threads),
        },
        capture_output=True,
        text=True,
        timeout=seconds + START_S,
        check=False,
    )
    if process.returncode:
        raise RuntimeError(f"the sequential process failed:\n{process.stderr[-4000:]}")
    return SequentialRun(**json.loads(process.stdout.splitlines()[-1]))


def main() -> None:
    """Run for a time, and print the outcome."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sequential_process")
    parser.add_argument("quality", choices=get_args(Quality))
    parser.add_argument("seconds", type=float)
    chosen = parser.parse_args()
    loop = SequentialLoop(load_settings(CONFIGURATION), chosen.quality)
    for _ in range(WARM_UP):
        loop.frame()
    loop.stopwatch.laps_ms.clear()
    end = time.monotonic() + chosen.seconds
    picture = loop.frame()
    while time.monotonic() < end:
        picture = loop.frame()
    outcome = SequentialRun(
        stages_ms=loop.stopwatch.laps_ms,
        frames=loop.frames,
        picture=picture,
        retargeting=loop.retargeting,
    )
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
