"""What the double's Gym keeps: actors, joints and cameras, and in which order they may be used.

Bases and fixed things stand where they are put, joints are where they are driven to, and what is
loose falls onto what is below. Everything read is as stale as in the product.
"""

import os

import numpy as np

from isaacgym.kinematics import Model, matrix_of, quaternion_of
from isaacgym.pictures import picture

METHODS = {}
"""What is known of Gym's methods, by name."""

GARBAGE = 0xAB
"""What the first row of an image tensor holds while it must not be looked at."""


def known(function):
    METHODS[function.__name__] = function
    return function


class Simulation:
    """params: None before create_sim."""

    def __init__(self):
        self.params = None
        self.actors, self.cameras, self.places, self.images = [], [], [], {}
        self.prepared = self.accessed = False
        self.fetched = self.drawn = self.rendered = True


class Actor:
    def __init__(self, asset, pose, group, own_links):
        self.asset, self.group, self.own_links = asset, group, own_links
        count = len(asset.dofs)
        self.positions, self.velocities = np.zeros((2, count), np.float32)
        self.targets = np.zeros(count, np.float32)
        self.drives = None
        self.root = np.zeros(13, np.float32)
        self.root[:7] = pose.p.x, pose.p.y, pose.p.z, pose.r.x, pose.r.y, pose.r.z, pose.r.w
        self.bodies = np.zeros((len(asset.bodies), 13), np.float32)
        self.settle()

    def settle(self):
        """Let the bodies' states follow the base and the joints."""
        poses = self.asset.body_poses(matrix_of(self.root), self.positions)
        self.bodies[:, :3] = poses[:, :3, 3]
        self.bodies[:, 3:7] = [quaternion_of(pose[:3, :3]) for pose in poses]

    def advance(self, dt, gravity, floors):
        before = self.positions.copy()
        if len(before) and self.drives is not None:
            driven = (self.drives["driveMode"] == 1) & (self.drives["stiffness"] > 0)
            low, high = self.asset.limits.T
            self.positions[driven] = self.targets.clip(low, high)[driven]
        self.velocities[:] = (self.positions - before) / dt
        if not self.asset.options.fix_base_link:
            self.root[7:10] += dt * np.array(gravity)
            self.root[:3] += dt * self.root[7:10]
            floor = (
                max(floor.height_under(self.root) for floor in floors) + self.asset.extents[2] / 2
            )
            if self.root[2] < floor:
                self.root[2], self.root[9] = floor, 0.0
        self.settle()

    def height_under(self, root):
        """How high this is under the place of another, m; minus infinity where it is not."""
        away = np.abs(root[:2] - self.root[:2])
        top = self.root[2] + self.asset.extents[2] / 2
        return (
            top if (away < self.asset.extents[:2] / 2).all() and root[2] > self.root[2] else -np.inf
        )


class Ground:
    def height_under(self, root):
        return 0.0


def made(kind, inner):
    """One of the product's handles, which holds what the double knows of it."""
    from isaacgym import gymapi

    handle = getattr(gymapi, kind)()
    object.__setattr__(handle, "inner", inner)
    return handle


def refuse(when, what):
    if when:
        raise RuntimeError(what)


@known
def create_sim(it, compute, graphics, kind, params):
    refuse(it.params is not None, "one simulation a process")
    refuse(int(kind) != 0 or not params.physx.use_gpu, "the double knows PhysX on the GPU alone")
    refuse(params.dt <= 0 or params.substeps < 1, "dt and substeps must be set")
    if os.environ.get("ISAACGYM_DOUBLE_GPU") == "broken":
        return None
    it.params = params
    return made("Sim", it)


@known
def destroy_sim(it, sim):
    it.params = None


@known
def add_ground(it, sim, plane):
    refuse((plane.normal.x, plane.normal.y, plane.normal.z) != (0, 0, 1), "the ground is not level")


@known
def create_env(it, sim, lower, upper, a_row):
    refuse(lower.x >= upper.x, "an environment without room")
    return made("Env", it)


@known
def get_env_origin(it, env):
    from isaacgym import gymapi

    return gymapi.Vec3(0.0, 0.0, 0.0)


@known
def load_asset(it, sim, root, name, options):
    try:
        model = Model(os.path.join(root, name))
    except OSError:
        return None
    model.options = options
    return made("Asset", model)


@known
def create_actor(it, env, asset, pose, name, group, own_links=-1, segment=0):
    refuse(it.prepared, "actors come before prepare_sim")
    actor = Actor(asset.inner, pose, group, own_links)
    it.actors.append(actor)
    return len(it.actors) - 1


@known
def get_actor_dof_names(it, env, actor):
    return list(it.actors[actor].asset.dofs)


@known
def get_actor_rigid_body_names(it, env, actor):
    return list(it.actors[actor].asset.bodies)


@known
def get_actor_index(it, env, actor, domain):
    return actor


@known
def get_actor_rigid_body_index(it, env, actor, body, domain):
    return sum(len(a.asset.bodies) for a in it.actors[:actor]) + body


@known
def get_actor_dof_properties(it, env, actor):
    from isaacgym import gymapi

    asset = it.actors[actor].asset
    drives = np.zeros(len(asset.dofs), gymapi.DOF_PROPERTIES)
    drives["hasLimits"] = True
    drives["lower"], drives["upper"] = asset.limits.T
    return drives


@known
def set_actor_dof_properties(it, env, actor, drives):
    it.actors[actor].drives = drives.copy()
    return True


@known
def get_actor_dof_states(it, env, actor, flags):
    from isaacgym import gymapi

    refuse(not it.fetched, "fetch_results first")
    states = np.zeros(len(it.actors[actor].positions), gymapi.DofState.dtype)
    states["pos"], states["vel"] = it.actors[actor].positions, it.actors[actor].velocities
    return states


@known
def set_actor_dof_states(it, env, actor, states, flags):
    refuse(it.params.use_gpu_pipeline, "the GPU pipeline has tensors alone")
    it.actors[actor].positions[:] = states["pos"]
    return True


@known
def set_actor_dof_position_targets(it, env, actor, targets):
    refuse(it.params.use_gpu_pipeline, "the GPU pipeline has tensors alone")
    refuse(len(targets) != len(it.actors[actor].targets), "a target for each joint")
    it.actors[actor].targets[:] = targets
    return True


@known
def prepare_sim(it, sim):
    it.prepared = True
    return True


def buffer(it, name, rows, columns):
    refuse(not it.prepared, "tensors come after prepare_sim")
    setattr(it, name, np.zeros((rows, columns), np.float32))
    return made("Tensor", getattr(it, name))


@known
def acquire_actor_root_state_tensor(it, sim):
    return buffer(it, "roots", len(it.actors), 13)


@known
def acquire_rigid_body_state_tensor(it, sim):
    return buffer(it, "bodies", sum(len(a.asset.bodies) for a in it.actors), 13)


@known
def refresh_actor_root_state_tensor(it, sim):
    refuse(not it.fetched, "fetch_results first")
    it.roots[:] = [actor.root for actor in it.actors]
    return True


@known
def refresh_rigid_body_state_tensor(it, sim):
    refuse(not it.fetched, "fetch_results first")
    it.bodies[:] = np.concatenate([actor.bodies for actor in it.actors])
    return True


@known
def set_actor_root_state_tensor_indexed(it, sim, states, indices, count):
    refuse(indices.inner.dtype != np.int32, "indices must be int32")
    for row in indices.inner[:count]:
        it.actors[row].root[:] = states.inner[row]
    return True


@known
def simulate(it, sim):
    floors = [Ground()] + [
        a for a in it.actors if not a.asset.dofs and a.asset.options.fix_base_link and a.group == 0
    ]
    gravity = it.params.gravity
    for actor in it.actors:
        actor.advance(it.params.dt, (gravity.x, gravity.y, gravity.z), floors)
    it.fetched = it.drawn = it.rendered = False


@known
def fetch_results(it, sim, wait):
    refuse(not wait, "nobody waited for the results")
    it.fetched = True


@known
def create_camera_sensor(it, env, properties):
    it.cameras.append([properties, None])
    return len(it.cameras) - 1


@known
def set_camera_transform(it, camera, env, transform):
    p, r = transform.p, transform.r
    rotation = matrix_of(np.array([p.x, p.y, p.z, r.x, r.y, r.z, r.w]))[:3, :3]
    it.places.append((p.x, p.y, p.z))
    it.cameras[camera][1] = picture(rotation, it.cameras[camera][0])
    it.cameras[camera][1].flags.writeable = False


@known
def step_graphics(it, sim):
    refuse(not it.fetched, "fetch_results first")
    it.drawn = True


@known
def render_all_camera_sensors(it, sim):
    refuse(not it.drawn, "step_graphics first")
    it.rendered = True


@known
def get_camera_image(it, sim, env, camera, kind):
    refuse(not it.rendered, "render_all_camera_sensors first")
    return it.cameras[camera][1]


@known
def get_camera_image_gpu_tensor(it, sim, env, camera, kind):
    properties = it.cameras[camera][0]
    refuse(not properties.enable_tensors, "enable_tensors first")
    shape = (properties.height, properties.width, 4)
    it.images[camera] = it.cameras[camera][1].reshape(shape).copy()
    it.images[camera][0] = GARBAGE
    return made("Tensor", it.images[camera])


@known
def start_access_image_tensors(it, sim):
    refuse(not it.rendered, "render_all_camera_sensors first")
    refuse(it.accessed, "end_access_image_tensors first")
    it.accessed = True
    for camera, image in it.images.items():
        image[0] = it.cameras[camera][1].reshape(image.shape)[0]


@known
def end_access_image_tensors(it, sim):
    it.accessed = False
    for image in it.images.values():
        image[0] = GARBAGE
