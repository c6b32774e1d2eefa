"""Isaac Gym as a process of its own: steps two robot hands, and draws what is around the robot.

    python3.8 workers/isaac_gym.py COMMANDS ANSWERS FACES

The arguments are file descriptors: two pipes, on which messages are lines of JSON, and the memory
that the faces are drawn into. `operators/isaac_gym_simulator.py` starts it and talks to it. The
first line describes the scene (`operators/isaac_gym_scene.py`); when it stands, the answer is its
state. After that each line is one request and has one answer, until the commands end.

Isaac Gym Preview 4 runs under Python 3.6 to 3.8: nothing here is newer than 3.7, and nothing but
numpy, torch and isaacgym is imported from outside of Python.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import signal
import sys
from typing import Any, BinaryIO

PR_SET_PDEATHSIG = 1

ONE_GROUP = 0
"""The collision group of all that can touch each other; the ground touches every group."""

OWN_LINKS = (1, 2)
"""Filters of the hands, left and right: shapes that share a bit pass through each other."""

FARTHEST = 1e6
"""m or rad. Beyond it, or where it is no number, the simulation has diverged."""

ENV_HALF_EXTENT_M = 2.0


class StartError(Exception):
    """What keeps the simulation from starting: a kind that the caller words, and what was said."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(said)
        self.kind, self.said = kind, said


def main() -> int:
    """Serve requests until there are no more."""
    # A call into the simulator that never returns must not outlive the node.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    commands_fd, answers_fd, faces_fd = (int(argument) for argument in sys.argv[1:])
    with os.fdopen(commands_fd, "rb") as commands, os.fdopen(answers_fd, "wb") as answers:
        description = json.loads(commands.readline())
        try:
            product = Product(description["device"])
            if description["look_only"]:
                say(answers, {"found": product.found})
                return 0
            world = World(product, description, mmap.mmap(faces_fd, 0))
        except StartError as error:
            version = list(sys.version_info[:3])
            say(answers, {"fault": error.kind, "said": error.said, "python": version})
            return 1
        say(answers, world.start())
        for line in commands:
            say(answers, world.serve(json.loads(line)))
        world.close()
    return 0


def say(answers: BinaryIO, answer: dict[str, Any]) -> None:
    """Answer one request."""
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


class Product:
    """Isaac Gym and PyTorch, imported in the order that the former asks for, and a graphics card.

    Raises StartError: `import`, or `gpu`.
    """

    def __init__(self, device: int) -> None:
        try:
            from isaacgym import gymapi, gymtorch  # isort: skip
            import numpy
            import torch
        except Exception as error:  # noqa: BLE001  Isaac Gym's own checks raise whatever they like
            raise StartError("import", f"{type(error).__name__}: {error}") from None
        self.gymapi, self.gymtorch, self.torch, self.numpy = gymapi, gymtorch, torch, numpy
        if not torch.cuda.is_available() or torch.cuda.device_count() <= device:
            raise StartError("gpu", f"torch {torch.__version__} sees no GPU {device}")
        self.found = f"torch {torch.__version__}, {torch.cuda.get_device_name(device)}"


class World:
    """The simulated scene, as the description says, with the robot's six cameras.

    faces: of 6 N N 4 bytes, where `draw` puts the faces as the cameras give them, RGBA.
    Raises StartError: `simulation` where the product refuses something of it.
    """

    def __init__(self, product: Product, description: dict[str, Any], faces: mmap.mmap) -> None:
        self._product, self._gymapi = product, product.gymapi
        self._description = description
        self._gym = gym = self._gymapi.acquire_gym()
        device = description["device"]
        self._sim = gym.create_sim(device, device, self._gymapi.SIM_PHYSX, self._parameters())
        if self._sim is None:
            raise StartError("simulation", "create_sim gave nothing")
        self._add_ground()
        low, high = (self._gymapi.Vec3(*3 * [x]) for x in (-ENV_HALF_EXTENT_M, ENV_HALF_EXTENT_M))
        self._env = gym.create_env(self._sim, low, high, 1)
        origin = gym.get_env_origin(self._env)
        if (origin.x, origin.y, origin.z) != (0.0, 0.0, 0.0):
            raise StartError("simulation", "the first environment is not at the origin")
        self._objects = [self._add_object(i, o) for i, o in enumerate(description["objects"])]
        self._hands = [
            Hand(gym, product, self._sim, self._env, hand, own_links)
            for hand, own_links in zip(description["hands"], OWN_LINKS)
        ]
        self._cameras = [self._add_camera(pose) for pose in description["cameras"]]
        gym.prepare_sim(self._sim)
        self._take_tensors()
        self._take_pictures_into(faces)

    def _parameters(self) -> Any:
        parameters = self._gymapi.SimParams()
        parameters.dt = self._description["dt"]
        parameters.substeps = self._description["substeps"]
        parameters.up_axis = self._gymapi.UP_AXIS_Z
        parameters.gravity = self._gymapi.Vec3(*self._description["gravity"])
        for name, value in self._description["solver"].items():
            setattr(parameters.physx, name, value)
        # With it, joints could be set by tensors alone; two hands are too few to gain by that.
        parameters.use_gpu_pipeline = False
        return parameters

    def _add_ground(self) -> None:
        plane = self._gymapi.PlaneParams()
        plane.normal = self._gymapi.Vec3(0.0, 0.0, 1.0)
        plane.distance = 0.0
        self._gym.add_ground(self._sim, plane)

    def _add_object(self, number: int, described: dict[str, Any]) -> int:
        options = self._gymapi.AssetOptions()
        options.fix_base_link = described["fixed"]
        options.replace_cylinder_with_capsule = True  # as MuJoCo's scene does: URDF has no capsule
        asset = load(self._gym, self._sim, described["urdf"], options)
        # What touches nothing is alone in its group.
        group = ONE_GROUP if described["collides"] else 1 + number
        pose, name = transform(self._gymapi, described["pose"]), described["name"]
        actor: int = self._gym.create_actor(self._env, asset, pose, name, group, 0)
        return actor

    def _add_camera(self, pose: list[float]) -> int:
        properties = self._gymapi.CameraProperties()
        properties.width = properties.height = self._description["face_size"]
        properties.horizontal_fov = 90.0
        properties.near_plane, properties.far_plane = self._description["near_and_far_m"]
        properties.enable_tensors = self._description["image_tensors"]
        camera: int = self._gym.create_camera_sensor(self._env, properties)
        if camera == self._gymapi.INVALID_HANDLE:
            raise StartError("simulation", "create_camera_sensor gave nothing: no graphics?")
        # Not set_camera_location, which leaves open how a camera that looks up is turned.
        self._gym.set_camera_transform(camera, self._env, transform(self._gymapi, pose))
        return camera

    def _take_tensors(self) -> None:
        """Views of what the simulator knows, which `_refresh` brings up to date."""
        gym, sim, env = self._gym, self._sim, self._env
        wrap = self._product.gymtorch.wrap_tensor
        self._roots = wrap(gym.acquire_actor_root_state_tensor(sim))
        self._root_states = self._roots.numpy()
        self._body_states = wrap(gym.acquire_rigid_body_state_tensor(sim)).numpy()
        everywhere = self._gymapi.DOMAIN_SIM
        self._object_rows = [gym.get_actor_index(env, actor, everywhere) for actor in self._objects]
        self._hand_rows = [gym.get_actor_index(env, hand.actor, everywhere) for hand in self._hands]
        self._body_rows = [
            gym.get_actor_rigid_body_index(env, actor, 0, everywhere) for actor in self._objects
        ] + [
            gym.get_actor_rigid_body_index(env, hand.actor, place, everywhere)
            for hand in self._hands
            for place in hand.body_places
        ]
        self._refresh()
        self._start_states = self._root_states.copy()

    def _take_pictures_into(self, faces: mmap.mmap) -> None:
        numpy, size = self._product.numpy, self._description["face_size"]
        self._faces = numpy.frombuffer(faces, numpy.uint8).reshape(6, size, size, 4)
        self._images = []
        if self._description["image_tensors"]:
            colour = self._gymapi.IMAGE_COLOR
            self._face_tensors = [self._product.torch.from_numpy(face) for face in self._faces]
            self._images = [
                self._product.gymtorch.wrap_tensor(
                    self._gym.get_camera_image_gpu_tensor(self._sim, self._env, camera, colour)
                )
                for camera in self._cameras
            ]

    def serve(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what one request asks for."""
        if request["do"] == "step":
            if "commands" in request:
                self._command(request["commands"])
            return self.step(request["count"])
        if request["do"] == "draw":
            return self.draw()
        return self.start()

    def start(self) -> dict[str, Any]:
        """Put everything to its start; returns that state."""
        self._root_states[:] = self._start_states
        self._set_roots(self._object_rows + self._hand_rows)
        for hand in self._hands:
            hand.start()
        # The bodies' states follow what was set only when a step is taken. It is not counted.
        self._advance()
        self._step = 0
        return self._state()

    def step(self, count: int) -> dict[str, Any]:
        """Advance by so many steps of `dt`; returns the state."""
        for _ in range(count):
            self._advance()
            self._step += 1
            if not (self._product.numpy.abs(self._body_states) < FARTHEST).all():
                return self.start()
            states = self._root_states
            fallen = [
                row
                for row, described in zip(self._object_rows, self._description["objects"])
                if not described["fixed"] and states[row, 2] < self._description["respawn_below"]
            ]
            if fallen:
                states[fallen] = self._start_states[fallen]
                self._set_roots(fallen)
        return self._state()

    def draw(self) -> dict[str, Any]:
        """Draw the six faces into the shared memory."""
        gym, sim = self._gym, self._sim
        gym.step_graphics(sim)
        gym.render_all_camera_sensors(sim)
        if self._images:
            gym.start_access_image_tensors(sim)
            for face, image in zip(self._face_tensors, self._images):
                face.copy_(image)
            gym.end_access_image_tensors(sim)
        else:
            colour = self._gymapi.IMAGE_COLOR
            for face, camera in zip(self._faces, self._cameras):
                image = gym.get_camera_image(sim, self._env, camera, colour)
                face[:] = image.reshape(face.shape)
        return {"drawn": self._step}

    def close(self) -> None:
        """Give back what the graphics card holds."""
        self._gym.destroy_sim(self._sim)

    def _command(self, commands: list[dict[str, Any] | None]) -> None:
        moved = []
        for row, hand, command in zip(self._hand_rows, self._hands, commands):
            if command is None:
                hand.hold()
                continue
            # A fixed base, whose velocity nobody integrates: it stands where it is put.
            self._root_states[row] = command["pose"] + [0.0] * 6
            moved.append(row)
            hand.follow(command["joints"])
        if moved:
            self._set_roots(moved)

    def _advance(self) -> None:
        self._gym.simulate(self._sim)
        self._gym.fetch_results(self._sim, True)
        self._refresh()

    def _refresh(self) -> None:
        self._gym.refresh_actor_root_state_tensor(self._sim)
        self._gym.refresh_rigid_body_state_tensor(self._sim)

    def _set_roots(self, rows: list[int]) -> None:
        """Put actors where `_root_states` has them; all others stay as they are."""
        product = self._product
        indices = product.torch.from_numpy(product.numpy.array(rows, product.numpy.int32))
        unwrap = product.gymtorch.unwrap_tensor
        self._gym.set_actor_root_state_tensor_indexed(
            self._sim, unwrap(self._roots), unwrap(indices), len(rows)
        )

    def _state(self) -> dict[str, Any]:
        joints = [hand.joint_states() for hand in self._hands]
        return {
            "step": self._step,
            "bodies": self._body_states[self._body_rows, :7].tolist(),
            "positions": [position for states in joints for position in states["pos"].tolist()],
            "velocities": [velocity for states in joints for velocity in states["vel"].tolist()],
        }


class Hand:
    """One robot hand: a fixed base that is put where it shall be, and driven fingers.

    described: its URDF, start pose, joints and bodies by name, drives. Isaac Gym has an order of
    its own for joints and bodies, and leaves followers (`<mimic>`) alone: every joint is commanded.
    """

    def __init__(
        self, gym: Any, product: Product, sim: Any, env: Any, described: dict[str, Any], own: int
    ) -> None:
        gymapi = product.gymapi
        self._gym, self._env, self._described = gym, env, described
        self._numpy, self._gymapi = product.numpy, gymapi
        options = gymapi.AssetOptions()
        options.fix_base_link = True
        options.disable_gravity = True
        options.default_dof_drive_mode = gymapi.DOF_MODE_POS
        options.replace_cylinder_with_capsule = True
        options.use_physx_armature = True
        asset = load(gym, sim, described["urdf"], options)
        pose = transform(gymapi, described["pose"])
        self.actor: int = gym.create_actor(env, asset, pose, described["name"], ONE_GROUP, own)
        self._places = places(
            described["joints"], gym.get_actor_dof_names(env, self.actor), described["urdf"]
        )
        self.body_places = places(
            described["bodies"], gym.get_actor_rigid_body_names(env, self.actor), described["urdf"]
        )
        self._set_drives()

    def _set_drives(self) -> None:
        drives = self._gym.get_actor_dof_properties(self._env, self.actor)
        drives["driveMode"][:] = int(self._gymapi.DOF_MODE_POS)
        for name in ("stiffness", "damping", "armature", "effort"):
            drives[name][self._places] = self._described[name]
        self._gym.set_actor_dof_properties(self._env, self.actor, drives)

    def start(self) -> None:
        """Open the hand."""
        self._held = True
        self._put(self._described["start"])
        self._drive(self._described["start"])

    def follow(self, positions: list[float]) -> None:
        """Send every joint to its position, rad, in the described order."""
        self._held = False
        if self._described["teleport"]:
            self._put(positions)
        self._drive(positions)

    def hold(self) -> None:
        """Stop where it is, and keep the grip. To hold on changes nothing."""
        if self._held:
            return
        self._held = True
        now, grip = self.joint_states()["pos"], self._described["grip"]
        self._drive(self._numpy.clip(self._positions, now - grip, now + grip))

    def joint_states(self) -> Any:
        """Positions `pos` and velocities `vel`, rad and rad/s, in the described order."""
        states = self._gym.get_actor_dof_states(self._env, self.actor, self._gymapi.STATE_ALL)
        return states[self._places]

    def _put(self, positions: Any) -> None:
        states = self._numpy.zeros(len(self._places), self._gymapi.DofState.dtype)
        states["pos"][self._places] = positions
        self._gym.set_actor_dof_states(self._env, self.actor, states, self._gymapi.STATE_ALL)

    def _drive(self, positions: Any) -> None:
        self._positions = self._numpy.array(positions)
        targets = self._numpy.zeros(len(self._places), self._numpy.float32)
        targets[self._places] = positions
        self._gym.set_actor_dof_position_targets(self._env, self.actor, targets)


def load(gym: Any, sim: Any, urdf: str, options: Any) -> Any:
    """Load an asset. Raises StartError where Isaac Gym cannot."""
    asset = gym.load_asset(sim, os.path.dirname(urdf), os.path.basename(urdf), options)
    if asset is None:
        raise StartError("simulation", f"load_asset cannot read {urdf}")
    return asset


def places(wanted: list[str], names: list[str], urdf: str) -> list[int]:
    """Where the wanted names are among these. Raises StartError for one that is not."""
    missing = sorted(set(wanted) - set(names))
    if missing:
        raise StartError("simulation", "{} came without {}".format(urdf, ", ".join(missing)))
    return [names.index(name) for name in wanted]


def transform(gymapi: Any, pose: list[float]) -> Any:
    """A pose [x y z qx qy qz qw] as Isaac Gym has it."""
    return gymapi.Transform(gymapi.Vec3(*pose[:3]), gymapi.Quat(*pose[3:]))


if __name__ == "__main__":
    sys.exit(main())
