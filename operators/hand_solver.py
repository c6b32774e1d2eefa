"""Levenberg-Marquardt on what cameras see of two hands, in JAX.

Imported by `hand_inverse_kinematics` after `jax_runtime.prepare_jax`, for that is when JAX is.

Unknowns a hand: the wrist's rotation (3) and place (3), the logarithm of the scale (1), and two for
each of the 15 joints of its fingers. Turning a joint about the bone that it carries moves no point
that another joint could not move as well, so points cannot tell that twist; it is kept at zero: a
finger joint's rotation vector is a combination of two axes across the bone at rest.

The arrow shape of the normal equations is used: fingers share no unknowns but the wrist's.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

SHARED = 7
"""Unknowns of the wrist: rotation, place, scale."""

MM = 1e3


class Weights(NamedTuple):
    """How much each part of the cost counts. All are numbers, traced: none recompiles."""

    keypoint_2d: Float[Array, ""]
    depth: Float[Array, ""]
    temporal: Float[Array, ""]
    limits: Float[Array, ""]
    huber_px: Float[Array, ""]
    frees_scale: Float[Array, ""]


class Seen(NamedTuple):
    """What cameras see of a hand.

    pixels: (views, 21, 2), ideal, 0 where not seen; weights: (views, 21), 0 there.
    depths: (views, 21), m, along each camera's z; depth_weights: (views, 21).
    """

    pixels: Float[Array, "views 21 2"]
    weights: Float[Array, "views 21"]
    depths: Float[Array, "views 21"]
    depth_weights: Float[Array, "views 21"]


class Model(NamedTuple):
    """A hand at rest.

    bones: (5, 4, 3), m. axes: (5, 3, 3, 2), the two across the bone that each joint carries.
    limits: (2, 5, 3, 2), rad, lower and upper, of the turns about them.
    """

    bones: Float[Array, "5 4 3"]
    axes: Float[Array, "5 3 3 2"]
    limits: Float[Array, "2 5 3 2"]


class Pose(NamedTuple):
    """Where a hand is: rig_from_wrist, its place, turns about the axes, logarithm of the scale."""

    rotation: Float[Array, "3 3"]
    place: Float[Array, "3"]
    turns: Float[Array, "5 3 2"]
    log_scale: Float[Array, ""]


class Fit(NamedTuple):
    """What came out: the pose, its joints (21, 3), errors a view (views, 21) px, and how."""

    pose: Pose
    joints: Float[Array, "21 3"]
    errors: Float[Array, "views 21"]
    cost: Float[Array, ""]
    iterations: Float[Array, ""]


class _Equations(NamedTuple):
    """Normal equations: of the wrist, of the fingers, between them; gradients; the cost."""

    shared: Float[Array, "7 7"]
    finger: Float[Array, "5 6 6"]
    between: Float[Array, "5 6 7"]
    shared_gradient: Float[Array, "7"]
    finger_gradient: Float[Array, "5 6"]
    cost: Float[Array, ""]


def array(values: ArrayLike | float) -> Any:
    """What the solver takes: single precision.

    Still NumPy's: compiled functions take those as they are, and quicker than JAX converts them.
    """
    return np.asarray(values, dtype=np.float32)


def cross_matrix(v: Array) -> Array:
    """(..., 3) to (..., 3, 3), which multiplies like the cross product."""
    x, y, z = v[..., 0], v[..., 1], v[..., 2]
    o = jnp.zeros_like(x)
    return jnp.stack([o, -z, y, z, o, -x, -y, x, o], axis=-1).reshape(*v.shape, 3)


def exponential(v: Array) -> tuple[Array, Array]:
    """Rotations (..., 3, 3) of axis-angle vectors (..., 3), and their right Jacobians.

    Sola, Deray and Atchuthan, A micro Lie theory, 2018, equations 134 and 143.
    """
    square = jnp.sum(v * v, axis=-1)[..., None, None]
    small = square < 1e-6
    safe = jnp.where(small, 1.0, square)
    angle = jnp.sqrt(safe)
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    a = jnp.where(small, 1.0 - square / 6.0, sine / angle)
    b = jnp.where(small, 0.5 - square / 24.0, (1.0 - cosine) / safe)
    c = jnp.where(small, 1.0 / 6.0 - square / 120.0, (angle - sine) / (safe * angle))
    cross = cross_matrix(v)
    twice = cross @ cross
    one = jnp.eye(3, dtype=v.dtype)
    return one + a * cross + b * twice, one - b * cross + c * twice


def logarithm(rotation: Array) -> Array:
    """The axis-angle vector (3,) of a rotation (3, 3), for turns well below half a one."""
    double = jnp.stack(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    sine = jnp.sqrt(jnp.sum(double * double) + 1e-14)
    angle = jnp.arctan2(sine, jnp.trace(rotation) - 1.0)
    return double * (angle / sine)


def forward(model: Model, pose: Pose) -> tuple[Array, Array]:
    """Joints of the fingers (5, 4, 3), m, and their axes (5, 3, 3, 2) as they are turned."""
    local, jacobian = exponential(jnp.einsum("fjxa,fja->fjx", model.axes, pose.turns))
    bones = model.bones * jnp.exp(pose.log_scale)
    turned = jnp.broadcast_to(pose.rotation, (5, 3, 3))
    end = pose.place + jnp.einsum("fxy,fy->fx", turned, bones[:, 0])
    ends, axes = [end], []
    for joint in range(3):
        turned = turned @ local[:, joint]
        end = end + jnp.einsum("fxy,fy->fx", turned, bones[:, joint + 1])
        ends.append(end)
        axes.append(turned @ (jacobian[:, joint] @ model.axes[:, joint]))
    return jnp.stack(ends, axis=1), jnp.stack(axes, axis=1)


def all_joints(pose: Pose, fingers: Array) -> Array:
    """The wrist and the fingers' joints (5, 4, 3) as (21, 3)."""
    return jnp.concatenate([pose.place[None], fingers.reshape(20, 3)])


def project(projection: Array, joints: Array) -> tuple[Array, Array]:
    """Where points (n, 3) are seen, (views, n, 2) px, and their depths (views, n), m."""
    seen = jnp.einsum("vij,nj->vni", projection[:, :, :3], joints) + projection[:, None, :, 3]
    depth = jnp.maximum(seen[..., 2], 1e-3)
    return seen[..., :2] / depth[..., None], seen[..., 2]


def equations(
    projection: Array, model: Model, seen: Seen, weights: Weights, before: Pose, pose: Pose
) -> _Equations:
    """Linearise everything at a pose."""
    fingers, axes = forward(model, pose)
    joints = all_joints(pose, fingers)
    pixels, depth = project(projection, joints)
    # Pixels: Huber's loss by its weights; the Jacobian of a projection.
    error = pixels - seen.pixels
    size = jnp.sqrt(jnp.sum(error * error, axis=-1) + 1e-12)
    squared = weights.keypoint_2d**2 * seen.weights
    inside = size <= weights.huber_px
    cost = jnp.sum(
        squared * jnp.where(inside, size**2, weights.huber_px * (2 * size - weights.huber_px))
    )
    influence = squared * jnp.where(inside, 1.0, weights.huber_px / size)
    slope = projection[:, None, :2, :3] - pixels[..., None] * projection[:, None, 2:, :3]
    slope = slope / jnp.maximum(depth, 1e-3)[..., None, None]
    pull = slope * influence[..., None, None]
    point_matrix = jnp.einsum("vnai,vnaj->nij", pull, slope)
    point_gradient = jnp.einsum("vnai,vna->ni", pull, error)
    # Depths along each camera's z.
    ahead = projection[:, 2, :3]
    squared = (weights.depth * MM) ** 2 * seen.depth_weights
    too_deep = depth - seen.depths
    cost += jnp.sum(squared * too_deep**2)
    point_matrix += jnp.einsum("vn,vi,vj->nij", squared, ahead, ahead)
    point_gradient += jnp.einsum("vn,vi->ni", squared * too_deep, ahead)
    # From points to unknowns.
    arms = joints - pose.place
    turning = jnp.cross(pose.rotation.T[None], arms[:, None])
    moving = jnp.broadcast_to(jnp.eye(3, dtype=joints.dtype), (21, 3, 3))
    growing = arms[:, None] * weights.frees_scale
    shared_j = jnp.concatenate([turning, moving, growing], axis=1)
    finger_arms = fingers[:, :, None] - fingers[:, None, :3]
    finger_j = jnp.cross(jnp.swapaxes(axes, -1, -2)[:, None], finger_arms[..., None, :])
    finger_j = finger_j.reshape(5, 4, 6, 3) * _BELOW
    of_fingers = point_matrix[1:].reshape(5, 4, 3, 3)
    weighted_j = jnp.einsum("nij,npj->npi", point_matrix, shared_j)
    shared = jnp.einsum("npi,nqi->pq", weighted_j, shared_j)
    between = jnp.einsum("fkpi,fkqi->fpq", finger_j, weighted_j[1:].reshape(5, 4, SHARED, 3))
    finger = jnp.einsum("fkpi,fkij,fkqj->fpq", finger_j, of_fingers, finger_j)
    shared_gradient = jnp.einsum("npi,ni->p", shared_j, point_gradient)
    finger_gradient = jnp.einsum("fkpi,fki->fp", finger_j, point_gradient[1:].reshape(5, 4, 3))
    # Priors: what the hand did before, and what no hand does. Both are diagonal.
    turned = logarithm(before.rotation.T @ pose.rotation)
    curled = pose.turns - before.turns
    beyond = pose.turns - jnp.clip(pose.turns, model.limits[0], model.limits[1])
    still, stop = weights.temporal**2, weights.limits**2
    cost += still * (jnp.sum(turned**2) + jnp.sum(curled**2)) + stop * jnp.sum(beyond**2)
    shared_gradient = shared_gradient.at[:3].add(still * turned)
    finger_gradient += (still * curled + stop * beyond).reshape(5, 6)
    free = 1.0 - weights.frees_scale
    shared += jnp.diag(jnp.array([still] * 3 + [0.0] * 3 + [free]))
    stiff = still + stop * (beyond != 0.0)
    finger += stiff.reshape(5, 6)[..., None] * jnp.eye(6, dtype=joints.dtype)
    return _Equations(shared, finger, between, shared_gradient, finger_gradient, cost)


_BELOW = jnp.repeat(
    jnp.array([[k > joint for joint in range(3)] for k in range(4)], dtype=jnp.float32), 2, axis=1
)[None, :, :, None]
"""Which of a finger's joints each of its unknowns moves: those after it."""


def step(found: _Equations, damping: Array) -> tuple[Array, Array]:
    """The damped Gauss-Newton step (7,), (5, 6): Schur's complement, fingers first."""
    finger = found.finger + _diagonal(found.finger, damping)
    factor = jax.lax.linalg.cholesky(finger)
    right = jnp.concatenate([found.between, -found.finger_gradient[..., None]], axis=-1)
    half = jax.lax.linalg.triangular_solve(factor, right, left_side=True, lower=True)
    complement = found.shared + _diagonal(found.shared, damping)
    complement -= jnp.einsum("fpa,fpb->ab", half[..., :SHARED], half[..., :SHARED])
    rest = -found.shared_gradient - jnp.einsum("fpa,fp->a", half[..., :SHARED], half[..., SHARED])
    shared = jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(complement, lower=True), rest)
    rest = half[..., SHARED] - half[..., :SHARED] @ shared
    fingers = jax.lax.linalg.triangular_solve(
        factor, rest[..., None], left_side=True, lower=True, transpose_a=True
    )
    return shared, fingers[..., 0]


def _diagonal(matrix: Array, damping: Array) -> Array:
    size = matrix.shape[-1]
    diagonal = jnp.diagonal(matrix, axis1=-2, axis2=-1)
    added: Array = (damping * diagonal + 1e-6)[..., None] * jnp.eye(size, dtype=matrix.dtype)
    return added


def moved(pose: Pose, shared: Array, fingers: Array) -> Pose:
    """A pose after a step; turns beyond half a one become those to the other side."""
    turns = pose.turns + fingers.reshape(5, 3, 2)
    angle = jnp.sqrt(jnp.sum(turns**2, axis=-1, keepdims=True) + 1e-12)
    return Pose(
        pose.rotation @ exponential(shared[:3])[0],
        pose.place + shared[3:6],
        turns * (1.0 - 2.0 * jnp.pi / angle * jnp.round(angle / (2.0 * jnp.pi))),
        pose.log_scale + shared[6],
    )


def fit_hand(
    projection: Array,
    model: Model,
    seen: Seen,
    weights: Weights,
    start: Pose,
    known: Float[Array, ""],
    warm: Float[Array, ""],
    iterations: Array | int,
    tolerance: Array | float,
) -> Fit:
    """Minimise the cost of one hand, from a start.

    known: 0 of a hand that is not there, whose pose stays; else 1. warm: 1 if the start is where
    the hand was before, which the temporal part holds on to; else 0.
    Ends after so many iterations, or when a step gains less than tolerance of the cost.
    """
    seen = seen._replace(weights=seen.weights * known, depth_weights=seen.depth_weights * known)
    weights = weights._replace(temporal=weights.temporal * warm)
    here = equations(projection, model, seen, weights, start, start)

    def going(state: tuple[Array, Array, Array, Pose, _Equations]) -> Array:
        count, damping, gain, _, _ = state
        return (count < iterations) & (gain > tolerance) & (damping < 1e6)

    def improve(
        state: tuple[Array, Array, Array, Pose, _Equations],
    ) -> tuple[Array, Array, Array, Pose, _Equations]:
        count, damping, _, pose, at = state
        shared, fingers = step(at, damping)
        there = moved(pose, shared, fingers)
        new = equations(projection, model, seen, weights, start, there)
        better = new.cost < at.cost
        gain = jnp.where(better, (at.cost - new.cost) / (at.cost + 1e-12), 1.0)
        largest = jnp.maximum(jnp.max(jnp.abs(shared)), jnp.max(jnp.abs(fingers)))
        gain = jnp.where(largest < 1e-6, 0.0, gain)
        damping = jnp.where(better, jnp.maximum(damping * 0.3, 1e-7), damping * 4.0)
        pose, at = jax.tree.map(lambda a, b: jnp.where(better, a, b), (there, new), (pose, at))
        return count + 1, damping, gain, pose, at

    state = (jnp.int32(0), jnp.float32(1e-3), jnp.float32(jnp.inf), start, here)
    count, _, _, pose, at = jax.lax.while_loop(going, improve, state)
    joints = all_joints(pose, forward(model, pose)[0])
    pixels, _ = project(projection, joints)
    errors = jnp.sqrt(jnp.sum((pixels - seen.pixels) ** 2, axis=-1))
    return Fit(pose, joints, errors, at.cost, count)


fit_hands = jax.jit(jax.vmap(fit_hand, in_axes=(None, 0, 0, None, 0, 0, 0, None, None)))
"""`fit_hand` for both hands at once: every array of models, of what is seen and of starts has a
leading axis of two; the cameras, the weights and the limits of the work are the same for both."""
