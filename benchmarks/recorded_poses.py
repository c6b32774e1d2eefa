"""What moves when the shipped recording drives the scene: the simulator's states, no dataflow."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from operators.messages import Hands, Head
from operators.mujoco_simulator import MujocoSimulator
from operators.preprocessing import Preprocessor
from operators.recording import RecordingReader
from operators.retargeting import Retargeter
from operators.scene import SceneModel
from operators.settings import Settings, resolve

Poses = NDArray[np.float64]


def recorded_poses(
    scene: SceneModel, settings: Settings, start_s: float, count: int
) -> list[Poses]:
    """Poses (bodies, 7) at 60 Hz from a time of the recording on, as the simulator has them."""
    recording = RecordingReader(resolve(settings.replay.recording))
    preprocessor, retargeter = Preprocessor(), Retargeter.from_settings(settings)
    simulator = MujocoSimulator(scene, settings)
    poses: list[Poses] = []
    frame = 0
    for recorded in recording.messages(["head", "hands"]):
        match recorded.message:
            case Head() as head:
                preprocessor.update_head(head)
            case Hands() as hands:
                simulator.command(retargeter.retarget(preprocessor.targets(hands)), frame)
                simulator.step(settings.simulation.substeps)
                frame += 1
                if frame > start_s * settings.simulation.rate_hz:
                    poses.append(simulator.state().body_poses)
                if len(poses) == count:
                    break
    return poses


def to_and_fro(poses: Sequence[Poses] | NDArray[np.float64]) -> Iterator[Poses]:
    """The poses forwards, then backwards, without end and without a jump."""
    while True:
        yield from poses
        yield from reversed(poses[1:-1])
