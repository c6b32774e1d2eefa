import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from operators.filter_settings import OneEuroSettings
from operators.one_euro import (
    LONGEST_S,
    SHORTEST_S,
    OneEuroFilter,
    OneEuroPoints,
    OneEuroRotations,
)

Floats = NDArray[np.float64]

RANDOM = np.random.default_rng(21)
USUAL = OneEuroSettings(min_cutoff_hz=1.5, beta=30.0, d_cutoff_hz=3.0)
IDENTITY = np.array([0.0, 0.0, 0.0, 1.0])


def fixed(cutoff_hz: float) -> OneEuroSettings:
    """A plain first-order low-pass."""
    return OneEuroSettings(min_cutoff_hz=cutoff_hz, beta=0.0, d_cutoff_hz=1.0)


def filtered(smooth: OneEuroFilter, samples: Sequence[Any] | Floats, times_s: Any) -> Floats:
    return np.array([smooth.filter(x, t) for x, t in zip(samples, times_s, strict=True)])


def every(rate_hz: float, count: int) -> Floats:
    return np.arange(count) / rate_hz


def irregular(seconds: float, seed: int = 0) -> Floats:
    """Intervals between 5 and 30 ms, as over a bad network."""
    steps = np.random.default_rng(seed).uniform(0.005, 0.03, int(seconds / 0.005))
    times = np.concatenate([[0.0], np.cumsum(steps)])
    return times[times < seconds]


def weight(cutoff_hz: float, interval_s: float) -> float:
    """The paper's alpha, as T / (T + tau)."""
    tau = 1 / (2 * math.pi * cutoff_hz)
    return interval_s / (interval_s + tau)


def published(
    samples: Sequence[float], times_s: Sequence[float], s: OneEuroSettings
) -> list[float]:
    """The paper's filter of one number, with the speed between samples."""
    estimate, speed, out = samples[0], 0.0, [samples[0]]
    for k in range(1, len(samples)):
        interval = times_s[k] - times_s[k - 1]
        a = weight(s.d_cutoff_hz, interval)
        speed = a * (samples[k] - samples[k - 1]) / interval + (1 - a) * speed
        a = weight(s.min_cutoff_hz + s.beta * abs(speed), interval)
        estimate = a * samples[k] + (1 - a) * estimate
        out.append(estimate)
    return out


@pytest.mark.parametrize("times_s", [every(72, 300), irregular(5.0)], ids=["72 Hz", "irregular"])
def test_one_number_is_filtered_as_published(times_s: Floats) -> None:
    samples = np.cumsum(RANDOM.normal(0, 0.01, len(times_s)))
    expected = published(samples.tolist(), times_s.tolist(), USUAL)
    found = filtered(OneEuroPoints(USUAL), samples[:, None], times_s)[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_each_point_goes_at_its_own_speed() -> None:
    points = RANDOM.normal(size=(50, 4, 3))
    points[:, 2] = points[0, 2]
    times = every(60, 50)
    together = filtered(OneEuroPoints(USUAL), points, times)
    for k in range(4):
        alone = filtered(OneEuroPoints(USUAL), points[:, k], times)
        np.testing.assert_array_equal(together[:, k], alone)


@pytest.mark.parametrize("cutoff_hz", [0.5, 1.5, 10.0])
def test_a_step_is_approached_as_a_geometric_series(cutoff_hz: float) -> None:
    step = np.ones((40, 1))
    step[0] = 0.0
    found = filtered(OneEuroPoints(fixed(cutoff_hz)), step, every(90, 40))[:, 0]
    np.testing.assert_allclose(found, 1 - (1 - weight(cutoff_hz, 1 / 90)) ** np.arange(40))


@pytest.mark.parametrize("cutoff_hz", [1.0, 4.0])
@pytest.mark.parametrize("frequency_hz", [0.5, 2.0, 9.0])
def test_gain_and_phase_are_those_of_a_first_order_low_pass(
    cutoff_hz: float, frequency_hz: float
) -> None:
    rate_hz, count = 72.0, 72 * 20
    times = every(rate_hz, count)
    wave = np.exp(2j * np.pi * frequency_hz * times)
    signal = np.stack([wave.real, wave.imag], axis=-1)
    found = filtered(OneEuroPoints(fixed(cutoff_hz)), signal, times)[count // 2 :] @ [1, 1j]
    a = weight(cutoff_hz, 1 / rate_hz)
    response = a / (1 - (1 - a) * np.exp(-2j * np.pi * frequency_hz / rate_hz))
    np.testing.assert_allclose(found, response * wave[count // 2 :], atol=1e-9)


def test_noise_at_rest_loses_what_a_low_pass_takes() -> None:
    a = weight(1.5, 1 / 72)
    noise = np.random.default_rng(3).normal(size=(4000, 50, 1))
    found = filtered(OneEuroPoints(fixed(1.5)), noise, every(72, 4000))[500:]
    assert found.std() == pytest.approx(math.sqrt(a / (2 - a)), rel=0.01)


@pytest.mark.parametrize(
    "times_s",
    [every(30, 300), every(60, 600), every(90, 900), irregular(10.0)],
    ids=["30 Hz", "60 Hz", "90 Hz", "irregular"],
)
@pytest.mark.parametrize("speed", [0.02, 0.5, 2.0])
def test_a_steady_hand_is_as_late_at_any_rate(times_s: Floats, speed: float) -> None:
    direction = np.array([0.6, 0.0, 0.8])
    way = speed * times_s[:, None] * direction
    behind = (way - filtered(OneEuroPoints(USUAL), way, times_s))[-1]
    late_s = 1 / (2 * math.pi * (USUAL.min_cutoff_hz + USUAL.beta * speed))
    np.testing.assert_allclose(behind, speed * late_s * direction, rtol=1e-4, atol=1e-12)


def reaching(times_s: Floats) -> Floats:
    """Up to 0.6 m/s, to and fro, in m."""
    return np.stack(
        [0.15 * np.sin(2.0 * times_s), 0.05 * np.cos(5.0 * times_s), 0.02 * np.sin(11.0 * times_s)],
        axis=-1,
    )


@pytest.mark.parametrize(
    "times_s",
    [every(60, 360), every(90, 540), irregular(6.0)],
    ids=["60 Hz", "90 Hz", "irregular"],
)
def test_the_same_motion_is_filtered_alike_at_any_rate(times_s: Floats) -> None:
    reference_s = every(72, 432)
    reference = filtered(OneEuroPoints(USUAL), reaching(reference_s), reference_s)
    found = filtered(OneEuroPoints(USUAL), reaching(times_s), times_s)
    moments = np.linspace(0.5, 5.5, 400)
    for axis in range(3):
        expected = np.interp(moments, reference_s, reference[:, axis])
        ours = np.interp(moments, times_s, found[:, axis])
        np.testing.assert_allclose(ours, expected, atol=1e-3)


def test_turning_the_points_turns_the_result() -> None:
    points, times = np.cumsum(RANDOM.normal(0, 0.02, (60, 3)), axis=0), irregular(2.0)[:60]
    turn = Rotation.random(rng=4)
    expected = turn.apply(filtered(OneEuroPoints(USUAL), points, times))
    found = filtered(OneEuroPoints(USUAL), turn.apply(points), times)
    np.testing.assert_allclose(found, expected, atol=1e-14)


DIRECTIONS = np.random.default_rng(0).normal(size=(3, 40))


@given(
    st_np.arrays(np.float64, (12, 3), elements=st.floats(-2, 2, width=32)),
    st.lists(st.floats(-0.05, 0.5), min_size=12, max_size=12),
    st.floats(0.01, 50),
    st.floats(0, 200),
)
@settings(max_examples=60)
def test_a_point_stays_within_the_hull_of_those_before(
    points: Floats, steps_s: list[float], cutoff_hz: float, beta: float
) -> None:
    smooth = OneEuroPoints(OneEuroSettings(min_cutoff_hz=cutoff_hz, beta=beta, d_cutoff_hz=1.0))
    found = filtered(smooth, points, np.cumsum(steps_s))
    for k in range(len(points)):
        seen, ours = points[: k + 1] @ DIRECTIONS, found[k] @ DIRECTIONS
        assert (ours <= seen.max(axis=0) + 1e-12).all()
        assert (ours >= seen.min(axis=0) - 1e-12).all()


# Time


@pytest.mark.parametrize(
    ("later_s", "counted_s"),
    [(0.0, SHORTEST_S), (-5.0, SHORTEST_S), (1e-9, SHORTEST_S), (0.02, 0.02), (60.0, LONGEST_S)],
)
def test_an_interval_has_bounds(later_s: float, counted_s: float) -> None:
    smooth = OneEuroPoints(fixed(2.0))
    smooth.filter([0.0], 10.0)
    assert smooth.filter([1.0], 10.0 + later_s)[0] == pytest.approx(weight(2.0, counted_s))


def test_samples_of_one_moment_neither_pass_nor_blow_up() -> None:
    samples = [[0.0]] + [[0.01], [0.0]] * 500
    found = filtered(OneEuroPoints(USUAL), samples, [7.0] * 1001)[:, 0]
    assert 0.0 < found[1] < 0.001
    assert ((found >= 0.0) & (found <= 0.01)).all()
    assert found[-1] == pytest.approx(0.005, abs=0.001)


def test_a_clock_that_is_set_back_costs_one_sample() -> None:
    samples = RANDOM.normal(size=(40, 3))
    times = every(72, 40)
    back = np.where(np.arange(40) < 20, times, times - 1000.0)
    together = np.where(np.arange(40) < 20, times, times - 1 / 72 + SHORTEST_S)
    found = filtered(OneEuroPoints(USUAL), samples, back)
    np.testing.assert_allclose(found, filtered(OneEuroPoints(USUAL), samples, together), atol=1e-9)


# What it remembers

KINDS = [
    pytest.param(OneEuroPoints, RANDOM.normal(size=(20, 3)), id="points"),
    pytest.param(OneEuroRotations, Rotation.random(20, rng=2).as_quat(), id="rotations"),
]


@pytest.mark.parametrize(("kind", "samples"), KINDS)
def test_what_stands_still_is_left_alone(kind: type[OneEuroFilter], samples: Floats) -> None:
    smooth = kind(USUAL)
    found = filtered(smooth, [samples[0]] * 30, every(72, 30))
    assert found[0].tobytes() == samples[0].tobytes()
    sign = np.sign((found * samples[0]).sum(axis=-1, keepdims=True))
    np.testing.assert_allclose(sign * found, np.tile(samples[0], (30, 1)), atol=1e-15)


@pytest.mark.parametrize(("kind", "samples"), KINDS)
def test_after_a_reset_nothing_is_left(kind: type[OneEuroFilter], samples: Floats) -> None:
    times = every(60, 20)
    smooth = kind(USUAL)
    expected = filtered(smooth, samples, times)
    smooth.reset()
    again = filtered(smooth, samples, times - 3.0)
    assert again[0].tobytes() == samples[0].tobytes()
    np.testing.assert_allclose(again, expected, atol=1e-9)


@pytest.mark.parametrize(("kind", "samples"), KINDS)
@pytest.mark.parametrize(
    ("spoilt", "time_s", "words"),
    [
        (lambda x: x * np.nan, 0.5, "finite"),
        (lambda x: [np.inf, *x[1:]], 0.5, "finite"),
        (lambda x: x, math.nan, "finite"),
        (lambda x: x[:-1], 0.5, "as before"),
        (lambda x: [x, x], 0.5, "as before"),
    ],
)
def test_what_cannot_be_filtered_leaves_no_trace(
    kind: type[OneEuroFilter], samples: Floats, spoilt: Any, time_s: float, words: str
) -> None:
    times = every(60, 20)
    expected = filtered(kind(USUAL), samples, times)
    smooth = kind(USUAL)
    smooth.filter(samples[0], times[0])
    with pytest.raises(ValueError, match=words):
        smooth.filter(spoilt(samples[1]), time_s)
    np.testing.assert_array_equal(filtered(smooth, samples[1:], times[1:]), expected[1:])


@pytest.mark.parametrize("quaternion", [[0.0] * 4, [0.0, 0, 0, 1.1], [[0.0, 0, 1]]])
def test_a_rotation_must_be_a_unit_quaternion(quaternion: Any) -> None:
    with pytest.raises(ValueError, match="unit quaternions"):
        OneEuroRotations(USUAL).filter(quaternion, 0.0)


@pytest.mark.parametrize(("kind", "samples"), KINDS)
def test_nothing_is_shared_with_the_caller(kind: type[OneEuroFilter], samples: Floats) -> None:
    expected = filtered(kind(USUAL), samples, every(60, 20))
    smooth, found = kind(USUAL), []
    for sample, time_s in zip(samples.copy(), every(60, 20), strict=True):
        result = smooth.filter(sample, time_s)
        found.append(result.copy())
        result[:] = sample[:] = 9.0
    np.testing.assert_array_equal(found, expected)


# Rotations


def rotations_about(axis: Sequence[float], angles_rad: Floats) -> Floats:
    unit = np.array(axis) / np.linalg.norm(axis)
    return Rotation.from_rotvec(angles_rad[:, None] * unit).as_quat()


def apart_rad(first: Floats, second: Floats) -> Any:
    return (Rotation.from_quat(first).inv() * Rotation.from_quat(second)).magnitude()


@pytest.mark.parametrize("axis", [[1, 0, 0], [0, 0, -1], [1, -2, 0.5]])
def test_turns_about_one_axis_are_filtered_as_their_angle(axis: list[float]) -> None:
    times = irregular(6.0)
    angles = 2.0 * times + 0.5 * np.sin(9.0 * times) + RANDOM.normal(0, 0.01, len(times))
    assert angles[-1] > 3 * math.pi
    expected = filtered(OneEuroPoints(USUAL), angles[:, None], times)[:, 0]
    found = filtered(OneEuroRotations(USUAL), rotations_about(axis, angles), times)
    assert apart_rad(found, rotations_about(axis, expected)).max() < 1e-12


def test_of_two_rotations_the_result_is_on_the_arc_between() -> None:
    for pair in zip(Rotation.random(50, rng=7), Rotation.random(50, rng=8), strict=True):
        first, second = (rotation.as_quat() for rotation in pair)
        found = filtered(OneEuroRotations(fixed(3.0)), [first, second], [0.0, 0.02])[1]
        arc = Slerp([0.0, 1.0], Rotation.from_quat([first, second]))
        assert apart_rad(found, arc(weight(3.0, 0.02)).as_quat()) < 1e-12


def shaking(count: int) -> Rotation:
    steps = Rotation.from_rotvec(RANDOM.normal(0, 0.1, (count, 3)))
    turned = [Rotation.random(rng=6)]
    for step in steps:
        turned.append(step * turned[-1])
    return Rotation.concatenate(turned)


def test_turning_either_frame_turns_the_result() -> None:
    given_rotations, times = shaking(59), irregular(2.0)[:60]
    of, to = Rotation.random(2, rng=9)
    plain = Rotation.from_quat(filtered(OneEuroRotations(USUAL), given_rotations.as_quat(), times))
    both = (of * given_rotations * to).as_quat()
    found = filtered(OneEuroRotations(USUAL), both, times)
    assert apart_rad(found, (of * plain * to).as_quat()).max() < 1e-12


def test_either_sign_of_a_quaternion_is_the_same_rotation() -> None:
    quaternions, times = shaking(59).as_quat(), every(72, 60)
    signs = RANDOM.choice([-1.0, 1.0], (60, 1))
    plain = filtered(OneEuroRotations(USUAL), quaternions, times)
    found = filtered(OneEuroRotations(USUAL), signs * quaternions, times)
    np.testing.assert_allclose(found[1:], plain[1:], atol=1e-13)
    assert (found[1:, 3] >= 0).all()


@given(
    st.lists(st_np.arrays(np.float64, 4, elements=st.floats(-1, 1)), min_size=2, max_size=20),
    st.floats(0, 500),
)
@settings(max_examples=60)
def test_a_rotation_stays_one_and_comes_nearer(given_numbers: list[Floats], beta: float) -> None:
    lengths = [float(np.linalg.norm(numbers)) for numbers in given_numbers]
    quaternions = [q / n for q, n in zip(given_numbers, lengths, strict=True) if n > 0.1]
    smooth = OneEuroRotations(OneEuroSettings(min_cutoff_hz=1.0, beta=beta, d_cutoff_hz=1.0))
    before = IDENTITY
    smooth.filter(before, 0.0)
    for k, quaternion in enumerate(quaternions, start=1):
        found = smooth.filter(quaternion, k / 60)
        assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-14)
        assert apart_rad(found, quaternion) <= apart_rad(before, quaternion) + 1e-7
        before = found


def test_a_rotation_stays_one_for_long() -> None:
    quaternions = shaking(5000).as_quat() * 1.0005  # as near to a unit as messages must be
    found = filtered(OneEuroRotations(USUAL), quaternions, every(72, len(quaternions)))
    np.testing.assert_allclose(np.linalg.norm(found[1:], axis=-1), 1.0, atol=1e-14)
