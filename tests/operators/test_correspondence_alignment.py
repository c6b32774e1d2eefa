from dataclasses import replace

import numpy as np
import pytest

from benchmarks.coverage import covers
from operators.aligned_camera import AlignedCamera, AlignmentError
from operators.correspondence_alignment import Correspondences, align_correspondences
from operators.look_at_camera import LookAtCamera
from operators.pinhole import Pinhole
from operators.posed_camera import PosedCamera, pixel_steps
from operators.transforms import Array
from tests.operators.rough_cameras import rough

LOOKING = LookAtCamera((2.05, 0.66, 0.92), (0.4, 0.0, 0.16), 0.75)
TRUTH = PosedCamera(LOOKING.camera_from_kinematic_base(), LOOKING.pinhole(1280, 720))
DISTORTED = replace(
    TRUTH, pinhole=Pinhole(1280, 720, 915.0, 920.0, 645.0, 352.0, (-0.15, 0.05, 0.001, -0.001))
)
FEW_POINTS = 6


def points(count: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform([0.1, -0.4, -0.2], [0.7, 0.4, 0.4], (count, 3))


def seen(count: int, noise_px: float, seed: int, camera: PosedCamera = TRUTH) -> Correspondences:
    at = points(count, seed)
    noise = noise_px * np.random.default_rng(seed + 1000).normal(size=(count, 2))
    return Correspondences(at, camera.project(at) + noise)


@pytest.mark.parametrize("truth", [TRUTH, DISTORTED], ids=["ideal", "distorted"])
@pytest.mark.parametrize("count", [FEW_POINTS, 30])
def test_without_noise_the_camera_is_found(truth: PosedCamera, count: int) -> None:
    for seed in range(4):
        found = align_correspondences(rough(truth, seed), seen(count, 0.0, seed, truth))
        assert truth.position_error_m(found.camera) < 1e-6
        assert truth.rotation_error_rad(found.camera) < 1e-6
        assert found.camera.pinhole.fx == pytest.approx(truth.pinhole.fx, rel=1e-6)
        assert found.camera.pinhole.distortion == truth.pinhole.distortion


def test_the_field_of_view_is_left_alone_where_it_is_known() -> None:
    start = replace(rough(TRUTH, 1), pinhole=TRUTH.pinhole)
    found = align_correspondences(start, seen(4, 0.0, 5), fov_free=False)
    assert found.camera.pinhole == TRUTH.pinhole
    assert TRUTH.position_error_m(found.camera) < 1e-6
    assert found.zoom_sd == 0.0


@pytest.fixture(scope="module")
def trials() -> list[tuple[Correspondences, AlignedCamera]]:
    given = [seen(100, 0.5, seed) for seed in range(80)]
    return [(s, align_correspondences(rough(TRUTH, i), s)) for i, s in enumerate(given)]


def test_errors_are_near_the_least_that_can_be(
    trials: list[tuple[Correspondences, AlignedCamera]],
) -> None:
    """The Cramer-Rao bound, computed here from the points: a chi-squared of 7 parts a trial."""
    squares = []
    for given, found in trials:
        _, slopes = pixel_steps(TRUTH.pose.points(given.points), TRUTH.pinhole)
        jacobian = slopes.reshape(-1, 7) / 0.5
        step = TRUTH.step_to(found.camera)
        squares.append(step @ jacobian.T @ jacobian @ step / 7)
    assert 0.8 < np.sqrt(np.mean(squares)) < 1.2


def test_the_region_holds_the_truth_as_often_as_it_says(
    trials: list[tuple[Correspondences, AlignedCamera]],
) -> None:
    shares = {p: np.mean([covers(found, TRUTH, p) for _, found in trials]) for p in (0.5, 0.95)}
    assert 0.33 < shares[0.5] < 0.67
    assert 0.88 < shares[0.95] <= 1.0
    # And what is said of the position alone is what is seen.
    errors = [TRUTH.position_error_m(found.camera) ** 2 for _, found in trials]
    said = np.mean([found.position_sd_m for _, found in trials])
    assert np.sqrt(np.mean(errors)) == pytest.approx(said, rel=0.25)


def test_a_known_noise_is_taken_at_its_word() -> None:
    given = seen(40, 0.5, 3)
    own = align_correspondences(rough(TRUTH, 0), given)
    told = align_correspondences(rough(TRUTH, 0), given, pixel_sd=2.0)
    assert own.position_sd_m < 0.4 * told.position_sd_m
    half = align_correspondences(rough(TRUTH, 0), given, pixel_sd=1.0)
    assert told.position_sd_m == pytest.approx(2.0 * half.position_sd_m)
    assert np.isinf(told.freedom)
    assert covers(told, TRUTH)


def test_points_that_do_not_agree_are_left_out() -> None:
    given = seen(40, 0.5, 8)
    pixels = given.pixels.copy()
    pixels[[3, 17, 29]] += [[40.0, 0.0], [0.0, -25.0], [-15.0, 15.0]]
    found = align_correspondences(rough(TRUTH, 2), Correspondences(given.points, pixels))
    assert found.used == (37, 40)
    assert "points 4, 18, 30" in found.doubts[0]
    clean = align_correspondences(rough(TRUTH, 2), given)
    assert TRUTH.position_error_m(found.camera) < 3 * clean.position_sd_m


def test_few_points_are_doubted_and_rough_ones_too() -> None:
    assert "only 3 more numbers" in align_correspondences(TRUTH, seen(5, 0.0, 0)).doubts[0]
    doubts = align_correspondences(TRUTH, seen(9, 12.0, 0)).doubts
    assert "px only: is one of them another point?" in doubts[0]


LINE = np.linspace([0.1, -0.3, 0.0], [0.6, 0.3, 0.1], 20)
FACING = TRUTH.pose.inverse.points(
    [[x, y, 2.0] for x in (-0.6, -0.2, 0.2, 0.5) for y in (-0.4, 0.0, 0.3)]
)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (points(3), "3 different points are too few for 7 unknowns: at least 4"),
        (np.repeat(points(3), 5, axis=0), "3 different points are too few"),
        (LINE, "points lie in one line"),
        (FACING, "zoom.*hold the field of view fixed"),
    ],
    ids=["few", "repeated", "line", "facing"],
)
def test_what_cannot_tell_the_camera_is_refused(given: Array, words: str) -> None:
    # A picture's noise may not make up for what the points cannot tell.
    noise = 0.3 * np.random.default_rng(0).normal(size=given.shape[:1])
    noise = np.zeros_like(noise) if len(given) == 15 else noise
    pixels = TRUTH.project(given) + noise[:, None]
    with pytest.raises(AlignmentError, match=words):
        align_correspondences(TRUTH, Correspondences(given, pixels))


def test_a_plane_that_faces_the_camera_does_with_a_known_field_of_view() -> None:
    found = align_correspondences(
        TRUTH, Correspondences(FACING, TRUTH.project(FACING)), fov_free=False
    )
    assert TRUTH.position_error_m(found.camera) < 1e-6


def test_pixels_outside_of_the_picture_are_of_another_size() -> None:
    at = points(10)
    with pytest.raises(AlignmentError, match=r"outside of a picture of 1280x720 px.*another size"):
        align_correspondences(TRUTH, Correspondences(at, 2.0 * TRUTH.project(at)))


def test_points_behind_the_camera_are_refused() -> None:
    at = points(10)
    pixels = TRUTH.project(at)
    at[3] = [4.0, 1.0, 1.5]
    with pytest.raises(AlignmentError, match=r"point \(4.000, 1.000, 1.500\) m is behind"):
        align_correspondences(TRUTH, Correspondences(at, pixels))


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (((5, 2), (5, 2)), r"got \(5, 2\) and \(5, 2\)"),
        (((5, 3), (4, 2)), r"got \(5, 3\) and \(4, 2\)"),
    ],
)
def test_other_shapes_are_refused(
    shapes: tuple[tuple[int, int], tuple[int, int]], words: str
) -> None:
    with pytest.raises(AlignmentError, match=words):
        Correspondences(np.zeros(shapes[0]), np.zeros(shapes[1]))


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(AlignmentError, match="not finite"):
        Correspondences(np.full((6, 3), np.nan), np.zeros((6, 2)))
