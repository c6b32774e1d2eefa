"""Isaac Gym as the dataflow's simulator: a worker in its own Python steps, and draws the faces."""

import logging
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.hand_command import CommandCheck, SideCommand
from operators.isaac_gym_faults import IsaacGymError, explain, find_python
from operators.isaac_gym_scene import describe_scene
from operators.isaac_gym_settings import IsaacGymSettings
from operators.messages import HandCommands, SceneState
from operators.scene import SceneModel
from operators.settings import ROOT, Settings, SettingsError
from operators.simulator import SimulatorLostError
from operators.worker_process import Answer, WorkerLostError, WorkerProcess, WorkerState

logger = logging.getLogger(__name__)

WORKER: Final = ROOT / "workers/isaac_gym.py"

MOST_RESTARTS: Final = 3
RESTART_WINDOW_S: Final = 120.0
"""A worker that ends more often in so long will not do better the next time: like dora's nodes."""

FIRST_WAIT_S: Final = 20.0
"""dora gives a node 30 s to start. A worker that takes longer is waited for in the dataflow."""

WORLD_POSE: Final = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


class IsaacGymSimulator:
    """Two hands and the scene's objects, stepped and drawn by Isaac Gym.

    Bases are put where they shall be, fingers are driven or set; contacts are not told. A step is
    one frame of `simulation.rate_hz`, in `simulation.substeps`.

    scene: as `build_scene(settings)` made it, for names, digest and hands; MuJoCo steps nothing.
    Raises SettingsError naming `isaacgym.python` where there is no such interpreter.
    """

    def __init__(self, scene: SceneModel, settings: Settings) -> None:
        self.model_digest = scene.digest
        self.joint_names = scene.joint_names
        self.time_step_s = 1.0 / settings.simulation.rate_hz
        self._body_names = scene.body_names
        self._settings = settings.isaacgym
        self._check = CommandCheck(scene.hands)
        size = settings.panorama.drawn_face_size
        self._worker = _worker(settings.isaacgym, 6 * size * size * 4)
        self._folder = tempfile.TemporaryDirectory(prefix="panodora-isaacgym-")
        self._description = describe_scene(scene, settings, Path(self._folder.name))
        self._drawn = np.frombuffer(self._worker.memory, np.uint8).reshape(6 * size, size, 4)
        self._faces = np.zeros((6 * size, size, 3), np.uint8)
        self._restarts: deque[float] = deque(maxlen=MOST_RESTARTS)
        self._state: Answer | None = None
        self._acting_seq = -1
        self._waiting: tuple[int, tuple[SideCommand | None, ...]] | None = None

    def start(self) -> None:
        """See `Simulator.start`. The first time it waits for the worker, up to 20 s.

        Raises IsaacGymError saying what to install where the worker cannot work at all.
        """
        self._forget()
        if self._worker.is_ready:
            self._state = self._ask({"do": "start"})
            return
        if self._worker.state is WorkerState.ABSENT:
            self._launch()
        try:
            self._greet(min(FIRST_WAIT_S, self._settings.start_timeout_s))
        except WorkerLostError as lost:
            raise IsaacGymError(f"Isaac Gym's worker cannot start: {lost}") from None

    def command(self, commands: HandCommands, seq: int) -> None:
        """See `Simulator.command`."""
        self._waiting = seq, self._check.both(commands)

    def step(self, count: int = 1) -> None:
        """See `Simulator.step`."""
        self._need_worker()
        if not count:
            return
        request: dict[str, Any] = {"do": "step", "count": count}
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            request["commands"] = [_plain(command) for command in waiting[1]]
        before = 0 if self._state is None else self._state["step"]
        self._state = self._ask(request)
        if self._state["step"] < before:
            logger.warning("step %d diverged: everything is put back to its start", before)
        if waiting is not None:
            self._acting_seq = waiting[0]

    def state(self) -> SceneState:
        """See `Simulator.state`. It tells of no contacts."""
        self._need_worker()
        assert self._state is not None
        step = self._state["step"]
        return SceneState(
            step=step,
            simulation_time_s=step * self.time_step_s,
            command_seq=self._acting_seq,
            model_digest=self.model_digest,
            body_names=self._body_names,
            body_poses=np.array([WORLD_POSE, *self._state["bodies"]]),
            joint_names=self.joint_names,
            joint_positions=np.array(self._state["positions"]),
            joint_velocities=np.array(self._state["velocities"]),
            contact_bodies=np.zeros((0, 2), np.int32),
            contact_positions=np.zeros((0, 3)),
            contact_forces=np.zeros(0),
        )

    def faces(self) -> NDArray[np.uint8]:
        """See `Simulator.faces`; what is returned is drawn over by the next call."""
        self._need_worker()
        self._ask({"do": "draw"})
        cv2.cvtColor(self._drawn, cv2.COLOR_RGBA2RGB, dst=self._faces)
        return self._faces.reshape(6, *self._drawn.shape[1:2] * 2, 3)

    def close(self) -> None:
        """See `Simulator.close`."""
        del self._drawn  # the memory cannot be closed while an array looks at it
        self._worker.close()
        self._folder.cleanup()

    def _forget(self) -> None:
        """Be as at the start, with no command and nothing known."""
        self._state = None
        self._acting_seq = -1
        self._waiting = None

    def _launch(self) -> None:
        _start(self._worker, self._description, self._settings)

    def _greet(self, timeout_s: float) -> None:
        """Wait for the worker's first answer. Raises IsaacGymError if it is a fault."""
        answer = self._worker.first_answer(timeout_s)
        if answer is None:
            if self._worker.starting_for_s > self._settings.start_timeout_s:
                self._worker.kill()
                raise IsaacGymError(
                    f"Isaac Gym did not start in {self._settings.start_timeout_s:g} s; raise "
                    "isaacgym.start_timeout_s if it is slow here"
                )
            return
        if "fault" in answer:
            raise explain(answer, self._settings)
        self._state = answer

    def _need_worker(self) -> None:
        """Raise SimulatorLostError while the worker is not ready."""
        if self._worker.is_ready:
            return
        try:
            self._greet(0.0)
        except WorkerLostError as lost:
            self._restart(lost)
        if not self._worker.is_ready:
            raise SimulatorLostError(
                f"Isaac Gym is starting, since {self._worker.starting_for_s:.1f} s"
            )

    def _ask(self, request: dict[str, Any]) -> Answer:
        try:
            return self._worker.ask(request, self._settings.answer_timeout_s)
        except WorkerLostError as lost:
            self._restart(lost)
            raise SimulatorLostError(f"Isaac Gym's worker: {lost}; it starts again") from None

    def _restart(self, lost: WorkerLostError) -> None:
        """Start the worker anew. Raises IsaacGymError where that was done too often already."""
        now = time.monotonic()
        if len(self._restarts) == MOST_RESTARTS and now - self._restarts[0] < RESTART_WINDOW_S:
            raise IsaacGymError(
                f"Isaac Gym's worker ended {MOST_RESTARTS + 1} times in {RESTART_WINDOW_S:g} s, "
                f"at last: {lost}; what it printed is above"
            )
        self._restarts.append(now)
        self._forget()
        self._launch()


def _worker(settings: IsaacGymSettings, shared_bytes: int) -> WorkerProcess:
    return WorkerProcess([str(find_python(settings)), str(WORKER)], shared_bytes)


def _start(worker: WorkerProcess, first: Answer, settings: IsaacGymSettings) -> None:
    try:
        worker.start(first)
    except OSError as error:
        raise SettingsError(
            f"isaacgym.python: {settings.python} cannot be run: {error.strerror}"
        ) from None


def _plain(command: SideCommand | None) -> Answer | None:
    """A side's command as JSON can hold it."""
    if command is None:
        return None
    return {"pose": command.pose.tolist(), "joints": command.joint_positions.tolist()}


def look_at_isaac_gym(settings: IsaacGymSettings) -> str:
    """What Isaac Gym's Python has to work with: PyTorch's version and the graphics card.

    Raises IsaacGymError or SettingsError saying what to install where it cannot work.
    """
    worker = _worker(settings, 1)
    try:
        _start(worker, {"look_only": True, "device": settings.device}, settings)
        answer = worker.first_answer(settings.start_timeout_s)
    except WorkerLostError as lost:
        raise IsaacGymError(f"Isaac Gym's worker cannot start: {lost}") from None
    finally:
        worker.close()
    if answer is None:
        raise IsaacGymError(f"isaacgym.python: no answer in {settings.start_timeout_s:g} s")
    if "fault" in answer:
        raise explain(answer, settings)
    found: str = answer["found"]
    return found
