import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from operators.motion_limits import (
    LONGEST_STEP_S,
    ElementLimiter,
    Limit,
    TurnLimiter,
    VectorLimiter,
    step_s,
)

ANYWHERE = np.full(3, -np.inf), np.full(3, np.inf)
BOX = np.array([-0.5, -0.2, 0.0]), np.array([0.5, 0.3, 1.0])
LIMIT = Limit(speed=1.5, acceleration=20.0)
DT_S = 1 / 60
COORDINATES = st.tuples(*[st.floats(-3, 3)] * 3)
STEPS = st.lists(st.tuples(COORDINATES, st.floats(0, 0.2)), min_size=1, max_size=40)
ROUNDING = 1 + 1e-9


@given(COORDINATES, STEPS)
def test_a_vector_keeps_its_limits_whatever_is_wanted(start: tuple, steps: list) -> None:
    limiter, velocity, value = VectorLimiter(np.array(start)), np.zeros(3), np.array(start)
    for wanted, elapsed_s in steps:
        dt_s = step_s(elapsed_s)
        after = limiter.step(np.array(wanted), dt_s, LIMIT, ANYWHERE)
        assert np.linalg.norm(after - value) <= LIMIT.speed * dt_s * ROUNDING + 1e-15
        if dt_s > 1e-6:
            now = (after - value) / dt_s
            assert np.linalg.norm(now - velocity) <= LIMIT.acceleration * dt_s + 1e-6
            velocity = now
        value = after


@given(COORDINATES, STEPS)
def test_each_joint_keeps_its_limits_whatever_is_wanted(start: tuple, steps: list) -> None:
    limiter, velocity, value = ElementLimiter(np.array(start)), np.zeros(3), np.array(start)
    for wanted, elapsed_s in steps:
        dt_s = step_s(elapsed_s)
        after = limiter.step(np.array(wanted), dt_s, LIMIT, ANYWHERE)
        assert (np.abs(after - value) <= LIMIT.speed * dt_s * ROUNDING + 1e-15).all()
        if dt_s > 1e-6:
            now = (after - value) / dt_s
            assert (np.abs(now - velocity) <= LIMIT.acceleration * dt_s + 1e-6).all()
            velocity = now
        value = after


@given(COORDINATES, STEPS)
def test_a_rotation_keeps_its_limits_whatever_is_wanted(start: tuple, steps: list) -> None:
    value, velocity = Rotation.from_rotvec(start), np.zeros(3)
    limiter = TurnLimiter(value.as_quat())
    for wanted, elapsed_s in steps:
        dt_s = step_s(elapsed_s)
        quaternion = limiter.step(Rotation.from_rotvec(wanted).as_quat(), dt_s, LIMIT)
        assert np.linalg.norm(quaternion) == pytest.approx(1.0)
        after = Rotation.from_quat(quaternion)
        turned = (after * value.inv()).as_rotvec()
        assert np.linalg.norm(turned) <= LIMIT.speed * dt_s + 1e-7
        if dt_s > 1e-3:
            change = np.linalg.norm(turned / dt_s - velocity)
            assert change <= LIMIT.acceleration * dt_s + 1e-4
            velocity = turned / dt_s
        elif dt_s > 0.0:  # too short for a rotation's own rounding
            velocity = limiter._velocity
        value = after


@pytest.mark.parametrize("kind", [VectorLimiter, ElementLimiter])
@given(COORDINATES, STEPS)
def test_nothing_leaves_its_box_and_what_is_outside_only_comes_nearer(
    kind: type[VectorLimiter | ElementLimiter], start: tuple, steps: list
) -> None:
    limiter = kind(np.array(start))
    outside = np.abs(np.array(start) - np.clip(start, *BOX))
    for wanted, elapsed_s in steps:
        value = limiter.step(np.array(wanted), step_s(elapsed_s), LIMIT, BOX)
        before, outside = outside, np.abs(value - np.clip(value, *BOX))
        assert (outside <= before).all()


@pytest.mark.parametrize("kind", [VectorLimiter, ElementLimiter])
@pytest.mark.parametrize("speed", [0.1, 0.7, 1.0, 1.4])
def test_it_brakes_before_a_side_that_it_is_carried_over(
    kind: type[VectorLimiter | ElementLimiter], speed: float
) -> None:
    limiter, velocity, value = kind(np.zeros(3)), np.zeros(3), np.zeros(3)
    for frame in range(120):
        after = limiter.step(np.array([speed * frame * DT_S, 0.0, 0.5]), DT_S, LIMIT, BOX)
        now = (after - value) / DT_S
        assert np.abs(now - velocity).max() <= LIMIT.acceleration * DT_S + 1e-6
        value, velocity = after, now
    assert value[0] <= BOX[1][0]
    assert value[0] == pytest.approx(min(BOX[1][0], speed * 119 * DT_S), abs=1e-3)


@pytest.mark.parametrize("elapsed_s", [0.0, -1.0])
def test_without_time_nothing_moves(elapsed_s: float) -> None:
    limiter = VectorLimiter(np.zeros(3))
    for _ in range(1000):
        limiter.step(np.ones(3), step_s(elapsed_s), LIMIT, ANYWHERE)
    assert (limiter.value == 0).all()


def test_a_pause_is_not_made_up_for() -> None:
    assert step_s(10.0) == LONGEST_STEP_S


def test_what_keeps_within_the_limits_is_followed_exactly() -> None:
    """A hand that swings 10 cm at 1 Hz: 0.63 m/s, 3.9 m/s^2; it begins at rest."""
    position, joints = VectorLimiter(np.zeros(3)), ElementLimiter(np.zeros(3))
    turn = TurnLimiter(np.array([0.0, 0.0, 0.0, 1.0]))
    for k in range(1, 240):
        swing = 0.1 * (1 - np.cos(2 * np.pi * k * DT_S)) * np.array([0.6, 0.0, 0.8])
        np.testing.assert_allclose(position.step(swing, DT_S, LIMIT, ANYWHERE), swing, atol=1e-12)
        np.testing.assert_allclose(joints.step(swing, DT_S, LIMIT, ANYWHERE), swing, atol=1e-12)
        turned = Rotation.from_quat(turn.step(Rotation.from_rotvec(swing).as_quat(), DT_S, LIMIT))
        np.testing.assert_allclose(turned.as_rotvec(), swing, atol=1e-7)


@pytest.mark.parametrize("distance", [0.02, 0.3, 2.0])
def test_a_jump_is_made_up_for_without_overshooting(distance: float) -> None:
    """Not faster than bang-bang control, which is the quickest there is, and hardly slower."""
    limiter = VectorLimiter(np.zeros(3))
    wanted = np.array([distance, 0.0, 0.0])
    reached = [limiter.step(wanted, DT_S, LIMIT, ANYWHERE)[0] for _ in range(240)]
    assert max(reached) <= distance + 1e-9
    assert reached[-1] == pytest.approx(distance, abs=1e-6)
    v, a = LIMIT.speed, LIMIT.acceleration
    ideal_s = 2 * np.sqrt(distance / a) if distance < v * v / a else distance / v + v / a
    arrived_s = (1 + np.argmax(np.array(reached) > distance - 1e-3)) * DT_S
    assert ideal_s - 3 * DT_S < arrived_s < ideal_s + 6 * DT_S


@settings(max_examples=30)
@given(st.integers(0, 1000))
def test_the_same_steps_give_the_same_bits(seed: int) -> None:
    random = np.random.default_rng(seed)
    steps = [(random.normal(size=3), random.uniform(0, 0.1)) for _ in range(20)]
    first, second = VectorLimiter(np.zeros(3)), VectorLimiter(np.zeros(3))
    for wanted, dt_s in steps:
        np.testing.assert_array_equal(
            first.step(wanted, dt_s, LIMIT, BOX), second.step(wanted, dt_s, LIMIT, BOX)
        )


def test_resting_forgets_the_speed() -> None:
    limiter = VectorLimiter(np.zeros(3))
    for _ in range(20):
        limiter.step(np.ones(3), DT_S, LIMIT, ANYWHERE)
    before = limiter.value
    limiter.rest()
    step = np.linalg.norm(limiter.step(np.ones(3), DT_S, LIMIT, ANYWHERE) - before)
    assert step <= LIMIT.acceleration * DT_S**2 * ROUNDING
