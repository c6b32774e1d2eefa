"""The solver against automatic differentiation, and against another solver."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from benchmarks.hand_rig import cameras, disturbed, moving_hands, seen
from operators.hand_joint_limits import bend_axes, joint_limits
from operators.hand_start import cold_start
from operators.jax_runtime import prepare_jax
from operators.triangulation import projections

pytest.importorskip("jax", reason="needs the extra capture")
prepare_jax()

import jax  # noqa: E402  after it is prepared
import jax.numpy as jnp  # noqa: E402

from operators import hand_solver as solver  # noqa: E402

VIEWS = 4

compiled = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
"""Half the time to compile, for what runs once or twice."""


class Case(NamedTuple):
    """A left hand, seen with 1 px of noise, and a pose beside where it is."""

    projection: NDArray[np.float32]
    model: Any
    seen: Any
    before: Any
    pose: Any
    joints: NDArray[np.float64]


def array(values: ArrayLike) -> jax.Array:
    return jnp.asarray(values, dtype=jnp.float32)


@pytest.fixture(scope="module")
def case() -> Case:
    random = np.random.default_rng(4)
    hands = moving_hands(1)
    rig = cameras(VIEWS)
    joints = hands.joints[0, 0]
    pixels = disturbed(seen(rig, joints), random, 1.0)
    depths = np.stack(
        [
            joints @ camera.camera_from_marker.matrix[2, :3]
            + camera.camera_from_marker.matrix[2, 3]
            for camera in rig
        ]
    )
    start = cold_start(hands.skeleton, hands.joints[0])
    turns = start.turns[0] + random.normal(0.0, 0.1, (5, 3, 2))
    turns[1, 0, 0] = 1.2  # beyond the limit
    return Case(
        array(projections(rig)),
        solver.Model(
            array(hands.skeleton.bones[0].reshape(5, 4, 3)),
            array(bend_axes(hands.skeleton)[0]),
            array(joint_limits()[0]),
        ),
        solver.Seen(
            array(pixels),
            array(random.uniform(0.3, 1.0, (VIEWS, 21))),
            array(depths + random.normal(0.0, 0.002, depths.shape)),
            array(random.uniform(0.0, 1.0, (VIEWS, 21))),
        ),
        solver.Pose(
            *(array(part[0]) for part in (start.rotation, start.place, start.turns)), array(0.0)
        ),
        solver.Pose(
            array(start.rotation[0]), array(start.place[0] + 0.01), array(turns), array(0.05)
        ),
        joints,
    )


def weights(**changed: float) -> Any:
    """Every part of the cost counts, about as much."""
    every = {
        "keypoint_2d": 0.1,
        "depth": 0.05,
        "temporal": 2.0,
        "limits": 3.0,
        "huber_px": 6.0,
        "frees_scale": 1.0,
    }
    return solver.Weights(**{name: array(v) for name, v in (every | changed).items()})


def residuals(case: Case, weights: Any, unknowns: Any, start: Any = None) -> Any:
    """What is squared, summed and minimised, without Huber's loss; unknowns (37,) from the pose."""
    pose = solver.moved(case.pose if start is None else start, unknowns[:7], unknowns[7:])
    joints = solver.all_joints(pose, solver.forward(case.model, pose)[0])
    pixels, depth = solver.project(case.projection, joints)
    beyond = pose.turns - jnp.clip(pose.turns, *case.model.limits)
    return jnp.concatenate(
        [
            (
                weights.keypoint_2d
                * jnp.sqrt(case.seen.weights)[..., None]
                * (pixels - case.seen.pixels)
            ).ravel(),
            (
                weights.depth * 1e3 * jnp.sqrt(case.seen.depth_weights) * (depth - case.seen.depths)
            ).ravel(),
            weights.temporal * solver.logarithm(case.before.rotation.T @ pose.rotation),
            weights.temporal * (pose.turns - case.before.turns).ravel(),
            weights.limits * beyond.ravel(),
        ]
    )


@pytest.fixture(scope="module")
def linearised() -> Callable[..., Any]:
    return compiled(solver.equations)


def test_the_equations_are_those_of_automatic_differentiation(
    case: Case, linearised: Callable[..., Any]
) -> None:
    """Gradient and cost in full; the matrix but for the wrist's temporal part.

    There J of the logarithm is taken to be 1, which changes the way and not the end.
    """
    squares = weights(huber_px=1e6)
    found = linearised(case.projection, case.model, case.seen, squares, case.before, case.pose)
    of = partial(residuals, case, squares)
    zero = jnp.zeros(37)
    residual, jacobian = map(
        np.asarray, compiled(lambda unknowns: (of(unknowns), jax.jacfwd(of)(unknowns)))(zero)
    )
    assert float(found.cost) == pytest.approx(float(residual @ residual), rel=1e-4)
    gradient = np.concatenate([found.shared_gradient, np.ravel(found.finger_gradient)])
    expected = jacobian.T @ residual
    np.testing.assert_allclose(gradient, expected, atol=2e-4 * np.abs(expected).max())
    matrix = jacobian.T @ jacobian
    close = partial(np.testing.assert_allclose, atol=3e-3 * np.abs(matrix).max() ** 0.5, rtol=2e-3)
    close(np.asarray(found.shared)[3:, :], matrix[3:7, :7])
    for finger in range(5):
        rows = slice(7 + 6 * finger, 13 + 6 * finger)
        close(found.finger[finger], matrix[rows, rows])
        close(found.between[finger], matrix[rows, :7])


def test_hubers_loss_has_the_gradient_of_its_cost(
    case: Case, linearised: Callable[..., Any]
) -> None:
    """By small steps along every unknown."""
    huber = weights(depth=0.0)
    here = linearised(case.projection, case.model, case.seen, huber, case.before, case.pose)
    gradient = np.concatenate([here.shared_gradient, np.ravel(here.finger_gradient)])
    size = 2e-3
    for index in range(37):
        ends = []
        for sign in (-1.0, 1.0):
            step = np.zeros(37, dtype=np.float32)
            step[index] = sign * size
            there = solver.moved(case.pose, array(step[:7]), array(step[7:]))
            at = linearised(case.projection, case.model, case.seen, huber, case.before, there)
            ends.append(float(at.cost))
        slope = (ends[1] - ends[0]) / (2.0 * size) / 2.0
        assert gradient[index] == pytest.approx(
            slope, rel=0.03, abs=0.02 * float(abs(gradient).max())
        )


def test_a_step_solves_the_damped_equations(case: Case, linearised: Callable[..., Any]) -> None:
    """The same step from all 37 equations at once."""
    every = weights()
    found = linearised(case.projection, case.model, case.seen, every, case.before, case.pose)
    matrix = np.zeros((37, 37))
    matrix[:7, :7] = found.shared
    for finger in range(5):
        rows = slice(7 + 6 * finger, 13 + 6 * finger)
        matrix[rows, rows] = found.finger[finger]
        matrix[rows, :7] = found.between[finger]
        matrix[:7, rows] = np.asarray(found.between[finger]).T
    gradient = np.concatenate([found.shared_gradient, np.ravel(found.finger_gradient)])
    damped = matrix + np.diag(0.01 * np.diag(matrix) + 1e-6)
    expected = np.linalg.solve(damped, -gradient)
    shared, fingers = solver.step(found, array(0.01))
    step = np.concatenate([shared, np.ravel(fingers)])
    np.testing.assert_allclose(step, expected, atol=1e-3 * np.abs(expected).max())


def test_the_optimum_is_optimistixs(case: Case) -> None:
    optimistix = pytest.importorskip("optimistix", reason="needs the extra dev")
    squares = weights(huber_px=1e6, temporal=0.0, depth=0.0, frees_scale=0.0)
    model, picture, start = jax.tree.map(
        lambda part: np.stack([part, part]), (case.model, case.seen, case.before)
    )
    ones = np.ones(2, dtype=np.float32)
    fits = solver.fit_hands(
        case.projection, model, picture, squares, start, ones, 0.0 * ones, 100, 1e-7
    )
    fit = jax.tree.map(lambda part: part[0], fits)

    def of(unknowns: Any, _: None) -> Any:
        held = jnp.insert(unknowns, 6, 0.0)
        return residuals(case, squares, held, case.before)

    def joints_at(unknowns: Any) -> Any:
        held = jnp.insert(unknowns, 6, 0.0)
        pose = solver.moved(case.before, held[:7], held[7:])
        return solver.all_joints(pose, solver.forward(case.model, pose)[0])

    def other(start: Any) -> Any:
        found = optimistix.least_squares(
            of,
            optimistix.LevenbergMarquardt(rtol=1e-6, atol=1e-6),
            start,
            max_steps=100,
            throw=False,
        ).value
        return of(found, None), joints_at(found)

    residual, joints = compiled(other)(jnp.zeros(36))
    cost = float(np.sum(np.asarray(residual) ** 2))
    assert float(fit.cost) == pytest.approx(cost, rel=1e-4)
    np.testing.assert_allclose(fit.joints, joints, atol=2e-5)


@pytest.mark.parametrize("angle", [0.0, 1e-4, 1e-3, 0.5, 3.0])
def test_exponential_and_logarithm_are_scipys(angle: float) -> None:
    vector = angle * np.array([0.48, -0.6, 0.64])
    rotation, _ = solver.exponential(array(vector))
    np.testing.assert_allclose(rotation, Rotation.from_rotvec(vector).as_matrix(), atol=1e-6)
    np.testing.assert_allclose(solver.logarithm(rotation), vector, atol=5e-6 + 1e-5 * angle)


def test_turns_beyond_half_a_one_go_on_from_the_other_side(case: Case) -> None:
    turns = np.zeros((5, 6), dtype=np.float32)
    turns[2, 1] = np.pi
    still = solver.Pose(*case.before[:2], jnp.full((5, 3, 2), 0.5), array(0.0))
    moved = compiled(solver.moved)(still, jnp.zeros(7), array(turns))
    assert np.linalg.norm(moved.turns, axis=-1).max() <= np.pi + 1e-5
    far = solver.Pose(*still[:2], still.turns + turns.reshape(5, 3, 2), array(0.0))
    forward = compiled(solver.forward)
    np.testing.assert_allclose(
        forward(case.model, moved)[0], forward(case.model, far)[0], atol=1e-6
    )
