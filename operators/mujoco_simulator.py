"""MuJoCo as the dataflow's simulator: physics alone, drawing is left to the renderer."""

import logging
from typing import Final

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.base_servo import BaseServo
from operators.hand_command import GRIP_RAD, CommandCheck, SideCommand
from operators.hands import SIDES, Hand
from operators.messages import HandCommands, SceneState
from operators.scene import SceneModel
from operators.settings import Settings

logger = logging.getLogger(__name__)

Array = NDArray[np.float64]

FARTHEST: Final = 1e6
"""m or rad. Beyond it, or where it is no number, the simulation has diverged."""


class CommandedHand:
    """One hand of the running scene, and what it was last told to do."""

    def __init__(self, model: mujoco.MjModel, hand: Hand, side: str, finger_drive: str) -> None:
        self._teleports = finger_drive == "teleport"
        joints = [model.joint(f"{side}/{name}") for name in hand.joint_names]
        self.position_addresses = np.array([j.qposadr[0] for j in joints])
        self.velocity_addresses = np.array([j.dofadr[0] for j in joints])
        self._leaders = np.array([hand.joint_names.index(name) for name in hand.leader_names])
        self._drives = np.array(
            []
            if self._teleports
            else [model.actuator(f"{side}/{name}").id for name in hand.leader_names],
            dtype=np.int64,
        )
        self._start_positions = np.clip(0.0, *hand.limits_rad)
        self._servo = BaseServo(model, side)

    def start(self, data: mujoco.MjData) -> None:
        """Open the hand, at its start pose."""
        self._servo.start()
        self._holds = True
        self._joint_positions = self._start_positions
        data.qpos[self.position_addresses] = self._start_positions
        self._drive_fingers(data)

    def follow(self, command: SideCommand, data: mujoco.MjData) -> None:
        """Make a checked command the one that acts."""
        self._holds = False
        self._servo.aim(command.pose[:3], command.pose[[6, 3, 4, 5]])
        self._joint_positions = command.joint_positions
        self._drive_fingers(data)

    def hold(self, data: mujoco.MjData) -> None:
        """Stop where it is. To hold on changes nothing, or a grip would slacken bit by bit."""
        if self._holds:
            return
        self._holds = True
        self._servo.hold(data)
        now = data.qpos[self.position_addresses]
        self._joint_positions = np.clip(self._joint_positions, now - GRIP_RAD, now + GRIP_RAD)
        self._drive_fingers(data)

    def pull(self, data: mujoco.MjData) -> None:
        """Do what is due before each step."""
        self._servo.pull(data)
        if self._teleports:
            data.qpos[self.position_addresses] = self._joint_positions
            data.qvel[self.velocity_addresses] = 0.0

    def _drive_fingers(self, data: mujoco.MjData) -> None:
        if not self._teleports:
            data.ctrl[self._drives] = self._joint_positions[self._leaders]


class MujocoSimulator:
    """Two driven hands and the scene's objects, stepped by MuJoCo.

    scene: as `build_scene(settings)` made it. The same commands at the same steps give the same
    states bit for bit, on the same machine.
    """

    def __init__(self, scene: SceneModel, settings: Settings) -> None:
        # MuJoCo would write MUJOCO_LOG.TXT into the working folder.
        mujoco.set_mju_user_warning(logger.warning)
        self.model_digest = scene.digest
        self.joint_names = scene.joint_names
        self.time_step_s = float(scene.model.opt.timestep)
        self._model = scene.model
        self._data = mujoco.MjData(scene.model)
        self._body_names = scene.body_names
        drive = settings.simulation.finger_drive
        self._hands = tuple(
            CommandedHand(scene.model, hand, side, drive)
            for side, hand in zip(SIDES, scene.hands, strict=True)
        )
        self._check = CommandCheck(scene.hands)
        self._qpos = np.concatenate([hand.position_addresses for hand in self._hands])
        self._qvel = np.concatenate([hand.velocity_addresses for hand in self._hands])
        loose = [scene.model.joint(name) for name in scene.loose_names]
        self._loose_qpos = np.array([j.qposadr[0] for j in loose], dtype=np.int64)
        self._loose_qvel = np.array([j.dofadr[0] for j in loose], dtype=np.int64)
        self._lowest_m = settings.scene.respawn_below
        self.start()

    def start(self) -> None:
        """See `Simulator.start`."""
        mujoco.mj_resetData(self._model, self._data)
        for hand in self._hands:
            hand.start(self._data)
        self._step = 0
        self._acting_seq = -1
        self._waiting: tuple[int, tuple[SideCommand | None, ...]] | None = None
        mujoco.mj_forward(self._model, self._data)

    def command(self, commands: HandCommands, seq: int) -> None:
        """See `Simulator.command`."""
        self._waiting = seq, self._check.both(commands)

    def step(self, count: int = 1) -> None:
        """See `Simulator.step`."""
        for _ in range(count):
            self._let_waiting_command_act()
            for hand in self._hands:
                hand.pull(self._data)
            mujoco.mj_step(self._model, self._data)
            self._step += 1
            self._bring_back_loose_objects()
            # At once: a collision with something that is nowhere takes MuJoCo many seconds.
            if not (np.abs(self._data.qpos) < FARTHEST).all():
                self._start_over()
        # A step ends by moving the joints; without this the bodies would be one step behind.
        mujoco.mj_kinematics(self._model, self._data)

    def state(self) -> SceneState:
        """See `Simulator.state`."""
        data = self._data
        bodies = len(self._body_names)
        poses = np.empty((bodies, 7))
        poses[:, :3] = data.xpos[:bodies]
        poses[:, 3:6] = data.xquat[:bodies, 1:]
        poses[:, 6] = data.xquat[:bodies, 0]
        contact = data.contact
        row = contact.efc_address
        # With elliptic cones a contact's first row of constraint forces is the normal one.
        pressed = row >= 0
        return SceneState(
            step=self._step,
            simulation_time_s=self._step * self.time_step_s,
            command_seq=self._acting_seq,
            model_digest=self.model_digest,
            body_names=self._body_names,
            body_poses=poses,
            joint_names=self.joint_names,
            joint_positions=data.qpos[self._qpos],
            joint_velocities=data.qvel[self._qvel],
            contact_bodies=self._model.geom_bodyid[contact.geom[pressed]].reshape(-1, 2),
            contact_positions=contact.pos[pressed].reshape(-1, 3),
            contact_forces=data.efc_force[row[pressed]],
        )

    def faces(self) -> None:
        """See `Simulator.faces`: the renderer draws."""

    def close(self) -> None:
        """See `Simulator.close`: memory is all there is."""

    def _let_waiting_command_act(self) -> None:
        if self._waiting is None:
            return
        self._acting_seq, commands = self._waiting
        self._waiting = None
        for hand, command in zip(self._hands, commands, strict=True):
            if command is None:
                hand.hold(self._data)
            else:
                hand.follow(command, self._data)

    def _bring_back_loose_objects(self) -> None:
        """Put objects that fell off, or whose position is no number, back to their start."""
        height = self._data.qpos[self._loose_qpos + 2]
        if (height >= self._lowest_m).all():
            return
        for i in np.flatnonzero(~(height >= self._lowest_m)):
            position, velocity = self._loose_qpos[i], self._loose_qvel[i]
            self._data.qpos[position : position + 7] = self._model.qpos0[position : position + 7]
            self._data.qvel[velocity : velocity + 6] = 0.0
            self._data.qacc_warmstart[velocity : velocity + 6] = 0.0

    def _start_over(self) -> None:
        logger.warning("step %d diverged: everything is put back to its start", self._step)
        seq = self._acting_seq
        self.start()  # from step 0, by which others learn that it began anew
        self._acting_seq = seq
