"""The neck's pivot, on synthetic heads that turn about a known one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.neck_pivot import (
    LARGEST_RESIDUAL_M,
    LEAST_SAMPLES,
    LEAST_TURNING,
    USUAL_NECK_OFFSET_M,
    NeckCalibration,
    NeckFit,
    NeckOutcome,
    anchor_origin,
)
from operators.transforms import rigid

Array = NDArray[np.float64]

NECK = np.array([0.01, -0.09, 0.07])
PLACE = np.array([0.3, 1.45, -0.2])
DEGREE = np.pi / 180
angles = st.floats(-1.5, 1.5)


def head_about(
    place: Array, yaw: float, pitch: float = 0.0, roll: float = 0.0, neck: Array = NECK
) -> Array:
    """A head whose neck is at a place, turned left, then up, then rolled: the eyes' pose."""
    rotation = Rotation.from_euler("YXZ", [yaw, pitch, roll])
    return rigid(rotation.as_matrix(), place - rotation.apply(neck))


def turning(count: int, yaw: float, pitch: float, neck: Array = NECK) -> Array:
    """Poses (count, 4, 4) of a head that goes twice left and right and three times up and down."""
    turns = 2 * np.pi * np.arange(count) / count
    return np.stack(
        [head_about(PLACE, yaw * np.sin(2 * t), pitch * np.sin(3 * t), 0, neck) for t in turns]
    )


def fit(poses: Array) -> NeckFit:
    calibration = NeckCalibration()
    for pose in poses:
        calibration.add(pose)
    return calibration.fit()


def test_eyes_before_and_above_the_neck_move_ahead_as_the_head_nods() -> None:
    """Worked out by hand: looking down by 90 degrees, eyes 8 cm before and 7.5 cm above the pivot
    come to 8 cm below and 7.5 cm before it."""
    eyes = head_about(np.zeros(3), 0, -np.pi / 2, neck=np.array(USUAL_NECK_OFFSET_M))[:3, 3]
    np.testing.assert_allclose(eyes, [0, -0.080, -0.075], atol=1e-12)
    np.testing.assert_allclose(
        anchor_origin(head_about(np.zeros(3), 0, -np.pi / 2), 0, NECK), -NECK, atol=1e-12
    )


@given(yaw=angles, pitch=angles, roll=angles, straight=st.floats(-3.1, 3.1))
def test_origin_stays_as_the_head_turns(
    yaw: float, pitch: float, roll: float, straight: float
) -> None:
    before = anchor_origin(head_about(PLACE, straight), straight, NECK)
    after = anchor_origin(head_about(PLACE, straight + yaw, pitch, roll), straight, NECK)
    np.testing.assert_allclose(after, before, atol=1e-12)


@given(straight=st.floats(-3.1, 3.1))
def test_origin_is_at_the_eyes_that_look_straight_on(straight: float) -> None:
    head = head_about(PLACE, straight)
    np.testing.assert_allclose(anchor_origin(head, straight, NECK), head[:3, 3], atol=1e-12)


def test_origin_goes_where_the_body_goes() -> None:
    way = np.array([0.1, -0.2, 0.3])
    head, moved = head_about(PLACE, 0.4, 0.3), head_about(PLACE + way, 0.4, 0.3)
    by = anchor_origin(moved, 0.2, NECK) - anchor_origin(head, 0.2, NECK)
    np.testing.assert_allclose(by, way, atol=1e-12)


def test_without_an_offset_the_origin_is_at_the_eyes() -> None:
    head = head_about(PLACE, 0.9, -0.5, 0.2)
    np.testing.assert_array_equal(anchor_origin(head, 0.3, np.zeros(3)), head[:3, 3])


def test_a_turn_by_thirty_degrees_moves_a_hand_measured_from_the_eyes_by_centimetres() -> None:
    """What the pivot is for: 8 cm before it, the eyes go 2 sin(15 degrees) of that."""
    neck = np.array(USUAL_NECK_OFFSET_M)
    straight, turned = (head_about(PLACE, yaw, neck=neck) for yaw in (0, 30 * DEGREE))
    by = np.linalg.norm(turned[:3, 3] - straight[:3, 3])
    assert by == pytest.approx(2 * 0.080 * np.sin(15 * DEGREE))
    assert 0.04 < by < 0.06


@pytest.mark.parametrize("neck", [NECK, np.array(USUAL_NECK_OFFSET_M), np.zeros(3)], ids=str)
def test_finds_a_known_pivot(neck: Array) -> None:
    found = fit(turning(300, 30 * DEGREE, 20 * DEGREE, neck))
    assert found.outcome is NeckOutcome.MEASURED
    np.testing.assert_allclose(found.offset, neck, atol=1e-9)
    assert found.residual_m < 1e-6


def test_is_least_squares_as_another_library_solves_it() -> None:
    random = np.random.default_rng(3)
    poses = turning(200, 30 * DEGREE, 20 * DEGREE)
    poses[:, :3, 3] += random.normal(0, 0.005, (200, 3))
    left = np.concatenate([poses[:, :3, :3], np.tile(-np.eye(3), (200, 1, 1))], axis=-1)
    solution, squares, _, _ = np.linalg.lstsq(
        left.reshape(-1, 6), -poses[:, :3, 3].ravel(), rcond=None
    )
    found = fit(poses)
    np.testing.assert_allclose(found.offset, solution[:3], atol=1e-9)
    assert found.residual_m == pytest.approx(np.sqrt(squares[0] / 200))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_noise_of_a_tracker_leaves_millimetres(seed: int) -> None:
    random = np.random.default_rng(seed)
    poses = turning(300, 30 * DEGREE, 20 * DEGREE)
    poses[:, :3, 3] += random.normal(0, 0.002, (300, 3))
    shaken = Rotation.from_rotvec(random.normal(0, 0.3 * DEGREE, (300, 3))).as_matrix()
    poses[:, :3, :3] = poses[:, :3, :3] @ shaken
    found = fit(poses)
    assert found.outcome is NeckOutcome.MEASURED
    assert np.linalg.norm(found.offset - NECK) < 0.004  # 6 standard deviations
    assert 0.002 < found.residual_m < 0.006


def test_residual_tells_the_noise() -> None:
    poses = turning(5000, 30 * DEGREE, 20 * DEGREE)
    poses[:, :3, 3] += np.random.default_rng(0).normal(0, 0.004, (5000, 3))
    assert fit(poses).residual_m == pytest.approx(0.004 * np.sqrt(3), rel=0.05)


def test_turning_is_what_a_uniform_sweep_gives_in_closed_form() -> None:
    """Yaws spread evenly over +-a: R is diag(s, 1, s), s = sin(a)/a, and upright nothing turns."""
    sweep = np.linspace(-0.6, 0.6, 4001)
    calibration = NeckCalibration()
    for yaw in sweep:
        calibration.add(head_about(PLACE, yaw))
        calibration.add(head_about(PLACE, 0, yaw))
    half = (1 + np.sin(0.6) / 0.6) / 2
    assert calibration.fit().turning == pytest.approx(1 - half**2, rel=1e-3)


@pytest.mark.parametrize(
    ("count", "yaw", "pitch", "outcome"),
    [
        (LEAST_SAMPLES - 1, 30, 20, NeckOutcome.TOO_SHORT),
        (LEAST_SAMPLES, 30, 20, NeckOutcome.MEASURED),
        (300, 30, 0, NeckOutcome.TOO_LITTLE_NODDED),
        (300, 30, 6, NeckOutcome.TOO_LITTLE_NODDED),
        (300, 0, 30, NeckOutcome.TOO_LITTLE_TURNED),
        (300, 6, 30, NeckOutcome.TOO_LITTLE_TURNED),
        (300, 3, 3, NeckOutcome.TOO_LITTLE_TURNED),
        (300, 0, 0, NeckOutcome.TOO_LITTLE_TURNED),
    ],
)
def test_says_what_is_lacking(count: int, yaw: float, pitch: float, outcome: NeckOutcome) -> None:
    found = fit(turning(count, yaw * DEGREE, pitch * DEGREE))
    assert found.outcome is outcome
    if outcome is not NeckOutcome.MEASURED:
        assert np.isnan(found.offset).all()
        assert found.turning < LEAST_TURNING


def test_says_that_it_has_seen_nothing() -> None:
    assert NeckCalibration().fit().outcome is NeckOutcome.TOO_SHORT


@pytest.mark.parametrize("heading", [0.0, 1.0, 2.5])
def test_whichever_way_the_operator_stands(heading: float) -> None:
    """Turns and nods are told apart in the head's own axes."""
    turn = rigid(Rotation.from_euler("y", heading).as_matrix(), np.zeros(3))
    assert fit(turn @ turning(300, 0, 30 * DEGREE)).outcome is NeckOutcome.TOO_LITTLE_TURNED
    assert fit(turn @ turning(300, 30 * DEGREE, 0)).outcome is NeckOutcome.TOO_LITTLE_NODDED
    np.testing.assert_allclose(
        fit(turn @ turning(300, 30 * DEGREE, 20 * DEGREE)).offset, NECK, atol=1e-9
    )


@pytest.mark.parametrize("metres", [0.1, 0.5, 2.0])
def test_walking_meanwhile_is_refused(metres: float) -> None:
    poses = turning(300, 30 * DEGREE, 20 * DEGREE)
    poses[:, 0, 3] += np.linspace(0, metres, 300)
    found = fit(poses)
    assert found.outcome is NeckOutcome.MOVED
    assert found.residual_m > LARGEST_RESIDUAL_M


def test_turning_on_a_chair_is_refused() -> None:
    """The residual is nothing, but nobody's eyes are 40 cm before the neck."""
    found = fit(turning(300, 30 * DEGREE, 20 * DEGREE, np.array([0, -0.1, 0.4])))
    assert found.outcome is NeckOutcome.MOVED
    assert found.residual_m < 1e-6


@pytest.mark.parametrize("pose", [np.zeros((4, 4)), np.full((4, 4), np.nan)], ids=["zeros", "nan"])
def test_poses_that_are_none_do_not_count(pose: Array) -> None:
    poses = turning(300, 30 * DEGREE, 20 * DEGREE)
    found = fit(np.concatenate([[pose], poses, [pose]]))
    np.testing.assert_allclose(found.offset, NECK, atol=1e-9)
