from dataclasses import dataclass

import numpy as np
import pytest
from jaxtyping import TypeCheckError
from numpy.typing import NDArray

from benchmarks.hand_rig import MovingHands, cameras, disturbed, moving_hands, seen
from operators.fitted_hands import FittedHands
from operators.hand_fit_settings import HandFitSettings
from operators.hand_inverse_kinematics import HandFitter
from operators.hand_joint_limits import bend_axes
from operators.hand_kinematics import HandSkeleton, bone_lengths
from operators.triangulation import Triangulator
from operators.usage_error import UsageError

pytest.importorskip("jax", reason="needs the extra capture")

Floats = NDArray[np.float64]

VIEWS = 4
"""The same in all tests: another number compiles anew."""


@dataclass(frozen=True, eq=False)
class Sequence:
    """Fitted hands and triangulated joints (n, 2, 21, 3) of a sequence."""

    fits: list[FittedHands]
    triangulated: Floats

    @property
    def joints(self) -> Floats:
        return np.array([fit.joints for fit in self.fits])


@pytest.fixture(scope="module")
def hands() -> MovingHands:
    return moving_hands(30)


def fitter(hands: MovingHands, **settings: float) -> HandFitter:
    return HandFitter(cameras(VIEWS), HandFitSettings.model_validate(settings), hands.skeleton)


def follow(
    fits: HandFitter, hands: MovingHands, noise_px: float = 0.0, strays: float = 0.0
) -> Sequence:
    random, rig = np.random.default_rng(0), cameras(VIEWS)
    triangulator = Triangulator(rig)
    results, points = [], []
    for joints in hands.joints:
        pixels = disturbed(seen(rig, joints), random, noise_px, strays)
        sure = np.ones(pixels.shape[:-1])
        results.append(fits.fit(pixels, sure))
        found = triangulator.triangulate(pixels.reshape(VIEWS, 42, 2), sure.reshape(VIEWS, 42))
        points.append(found.points.reshape(2, 21, 3))
    return Sequence(results, np.array(points))


def pictures(joints: Floats) -> tuple[Floats, Floats]:
    pixels = seen(cameras(VIEWS), joints)
    return pixels, np.ones(pixels.shape[:-1])


def mean_mm(errors: Floats) -> float:
    return float(np.linalg.norm(errors, axis=-1).mean()) * 1e3


@pytest.fixture(scope="module")
def noisy(hands: MovingHands) -> Sequence:
    return follow(fitter(hands), hands, 1.0)


def test_exact_pixels_give_exact_angles_and_joints(hands: MovingHands) -> None:
    found = follow(fitter(hands), hands)
    assert mean_mm(found.joints - hands.joints) < 0.05
    angles = np.array([fit.angles for fit in found.fits])
    np.testing.assert_allclose(angles, hands.angles, atol=2e-4)
    places = np.array([fit.translations for fit in found.fits])
    np.testing.assert_allclose(places, hands.translations, atol=1e-5)
    assert all(fit.valid.all() for fit in found.fits)
    assert max(float(fit.reprojection_px.max()) for fit in found.fits) < 0.01


def test_noisy_joints_are_nearer_and_steadier_than_triangulated_ones(
    hands: MovingHands, noisy: Sequence
) -> None:
    errors, triangulated = noisy.joints - hands.joints, noisy.triangulated - hands.joints
    assert mean_mm(errors) < 1.3
    assert mean_mm(errors) < 0.85 * mean_mm(triangulated)
    assert mean_mm(np.diff(errors, axis=0)) < 0.85 * mean_mm(np.diff(triangulated, axis=0))


def test_stray_keypoints_do_little(hands: MovingHands) -> None:
    found = follow(fitter(hands), hands, 1.0, 0.1)
    assert mean_mm(found.joints - hands.joints) < 1.8


def test_bones_keep_their_lengths(noisy: Sequence, hands: MovingHands) -> None:
    expected = np.broadcast_to(hands.skeleton.lengths, (len(noisy.fits), 2, 20))
    np.testing.assert_allclose(bone_lengths(noisy.joints), expected, atol=1e-6)


def test_joints_are_forward_kinematics_of_the_angles(noisy: Sequence) -> None:
    for fit in noisy.fits[::10]:
        joints = fit.skeleton.joints(fit.angles, fit.translations, fit.scale)
        np.testing.assert_allclose(joints, fit.joints, atol=2e-6)


def test_no_finger_joint_turns_about_the_bone_that_it_carries(noisy: Sequence) -> None:
    """Points cannot tell that twist, so there is none."""
    for fit in noisy.fits[::10]:
        bones = fit.skeleton.bones.reshape(2, 5, 4, 3)[:, :, 1:].reshape(2, 15, 3)
        np.testing.assert_allclose((fit.angles[:, 1:] * bones).sum(axis=-1), 0.0, atol=1e-8)


def test_warm_starts_take_fewer_steps(noisy: Sequence) -> None:
    assert np.mean([fit.iterations for fit in noisy.fits[1:]]) < 6.0


def test_bones_are_measured_where_they_are_not_given(hands: MovingHands) -> None:
    average = HandSkeleton.average()
    random = np.random.default_rng(1)
    own = HandSkeleton.from_lengths(
        average.lengths * random.uniform(0.85, 1.15, (2, 20)),
        average.bones[:, ::4] + random.normal(0.0, 0.004, (2, 5, 3)),
    )
    moving = moving_hands(12, skeleton=own)
    fits = HandFitter(cameras(VIEWS), HandFitSettings(good_frames=5))
    assert fits.bones_known == (False, False)
    found = follow(fits, moving)
    assert fits.bones_known == (True, True)
    np.testing.assert_allclose(fits.skeleton.lengths, own.lengths, atol=1e-6)
    assert mean_mm(found.joints - moving.joints) < 0.05
    np.testing.assert_array_equal(found.fits[4].skeleton.bones, found.fits[-1].skeleton.bones)


def test_bone_lengths_alone_will_do(hands: MovingHands) -> None:
    fits = HandFitter(cameras(VIEWS), bones=hands.skeleton.lengths)
    assert fits.bones_known == (True, True)
    fit = fits.fit(*pictures(hands.joints[0]))
    assert mean_mm(fit.joints - hands.joints[0]) < 0.05


def test_the_scale_that_is_found_is_in_the_joints(hands: MovingHands) -> None:
    """Hands a tenth larger than their bones."""
    larger = hands.skeleton.joints(hands.angles[0], hands.translations[0], 1.1)
    free = fitter(hands, scale=True).fit(*pictures(larger))
    np.testing.assert_allclose(free.scale, 1.1, atol=1e-4)
    assert mean_mm(free.joints - larger) < 0.05
    fixed = fitter(hands).fit(*pictures(larger))
    np.testing.assert_array_equal(fixed.scale, 1.0)
    assert mean_mm(fixed.joints - larger) > 1.0


def test_depths_pull_with_their_weight(hands: MovingHands) -> None:
    """One camera measures everything 20 mm too far away."""
    rig, joints = cameras(VIEWS), hands.joints[0]
    matrix = rig[0].camera_from_marker.matrix
    depths = np.full((VIEWS, 2, 21), np.nan)
    depths[0] = joints @ matrix[2, :3] + matrix[2, 3] + 0.02
    away = []
    for weight in (0.0, 0.2, 5.0):
        fit = fitter(hands, depth=weight).fit(*pictures(joints), depths=depths)
        away.append(float(((fit.joints - joints) @ matrix[2, :3]).mean()) * 1e3)
    assert abs(away[0]) < 0.05
    assert away[0] + 0.3 < away[1] < away[2] - 0.3


def test_without_measured_depths_the_triangulated_ones_count(hands: MovingHands) -> None:
    """Of points moved up by 10 mm, which pixels do not see."""
    rig, joints = cameras(VIEWS), hands.joints[0]
    moved = Triangulator(rig).triangulate(
        seen(rig, joints + np.array([0.0, 0.0, 0.01])).reshape(VIEWS, 42, 2), np.ones((VIEWS, 42))
    )
    up = [
        float((fitter(hands, depth=w).fit(*pictures(joints), moved).joints - joints)[..., 2].mean())
        for w in (0.0, 1.0)
    ]
    assert abs(up[0]) < 5e-5
    assert up[1] > 1e-3


def test_the_temporal_weight_holds_hands_back(hands: MovingHands) -> None:
    lags = []
    for weight in (0.0, 3.0, 30.0):
        fits = fitter(hands, temporal=weight)
        fits.fit(*pictures(hands.joints[0]))
        fit = fits.fit(*pictures(hands.joints[2]))
        lags.append(mean_mm(fit.joints - hands.joints[2]))
    assert lags[0] < 0.05
    assert lags[0] + 0.05 < lags[1] < lags[2]


def test_the_keypoint_weight_counts_against_the_others(hands: MovingHands) -> None:
    lags = []
    for weight in (0.1, 1.0):
        fits = fitter(hands, temporal=10.0, keypoint_2d=weight)
        fits.fit(*pictures(hands.joints[0]))
        lags.append(mean_mm(fits.fit(*pictures(hands.joints[2])).joints - hands.joints[2]))
    assert lags[1] < 0.3 * lags[0]


def test_limits_hold_fingers_that_bend_backwards(hands: MovingHands) -> None:
    angles = hands.angles[0].copy()
    bend = bend_axes(hands.skeleton)[:, 1, 0, :, 0]
    angles[:, 4] = 1.6 * bend
    joints = hands.skeleton.joints(angles, hands.translations[0])
    bends = [
        (fitter(hands, limits=weight).fit(*pictures(joints)).angles[:, 4] * bend).sum(axis=-1)
        for weight in (0.0, 30.0)
    ]
    np.testing.assert_allclose(bends[0], 1.6, atol=0.03)
    assert (bends[1] < 1.3).all()


def test_a_hand_that_is_lost_is_found_again_elsewhere(hands: MovingHands) -> None:
    fits = fitter(hands)
    fits.fit(*pictures(hands.joints[0]))
    pixels, sure = pictures(hands.joints[1])
    pixels[:, 1] = np.nan
    gone = fits.fit(pixels, sure)
    assert gone.valid.tolist() == [True, False]
    assert np.isnan(gone.joints[1]).all()
    assert np.isnan(gone.angles[1]).all()
    assert (gone.confidence[1] == 0.0).all()
    assert gone.iterations[1] == 0
    assert mean_mm(gone.joints[0] - hands.joints[1, 0]) < 0.05
    turned = hands.angles[2].copy()
    turned[1, 0] = [2.0, -1.5, 0.7]
    elsewhere = hands.skeleton.joints(turned, hands.translations[2] + [0.0, 0.1, 0.0])
    again = fits.fit(*pictures(elsewhere))
    assert again.valid.all()
    assert mean_mm(again.joints - elsewhere) < 0.05


def test_a_hand_that_jumps_starts_anew(hands: MovingHands) -> None:
    fits = fitter(hands)
    fits.fit(*pictures(hands.joints[0]))
    turned = hands.angles[0].copy()
    turned[:, 0] = [[2.0, -1.5, 0.7], [-0.5, 2.5, 0.0]]
    elsewhere = hands.skeleton.joints(turned, hands.translations[0] + [0.0, 0.1, 0.0])
    fit = fits.fit(*pictures(elsewhere))
    assert fit.valid.all()
    assert mean_mm(fit.joints - elsewhere) < 0.05


def test_one_view_is_enough_to_go_on_but_not_to_begin(hands: MovingHands) -> None:
    pixels, sure = pictures(hands.joints[0])
    pixels[1:] = np.nan
    assert not fitter(hands).fit(pixels, sure).valid.any()
    fits = fitter(hands)
    fits.fit(*pictures(hands.joints[0]))
    fit = fits.fit(pixels, sure)
    assert fit.valid.all()
    assert mean_mm(fit.joints - hands.joints[0]) < 0.5
    fits.forget()
    assert not fits.fit(pixels, sure).valid.any()


def test_nothing_seen_is_no_hands(hands: MovingHands) -> None:
    fit = fitter(hands).fit(np.full((VIEWS, 2, 21, 2), np.nan), np.ones((VIEWS, 2, 21)))
    assert not fit.valid.any()
    assert np.isnan(fit.joints).all()
    assert (fit.confidence == 0.0).all()


def test_a_hand_that_cannot_be_what_is_seen_is_not_valid(hands: MovingHands) -> None:
    """Points anywhere in a cube of 30 cm are no hand."""
    scattered = hands.joints[0].copy()
    scattered[1] = np.random.default_rng(0).uniform(-0.15, 0.15, (21, 3))
    fit = fitter(hands).fit(*pictures(scattered))
    assert fit.valid.tolist() == [True, False]


def test_reprojection_and_confidence_say_which_joint_to_doubt(hands: MovingHands) -> None:
    """A fingertip that all views see where the finger does not reach."""
    joints = hands.joints[0].copy()
    joints[0, 8] += (
        0.02 * (joints[0, 8] - joints[0, 0]) / np.linalg.norm(joints[0, 8] - joints[0, 0])
    )
    pixels, sure = pictures(joints)
    sure[:] = 0.8
    pixels[:, 1, 12] = np.nan
    fit = fitter(hands).fit(pixels, sure)
    assert fit.reprojection_px[0].argmax() == 8
    assert fit.confidence[0].argmin() == 8
    assert np.isnan(fit.reprojection_px[1, 12])
    assert fit.confidence[1, 12] == 0.0
    np.testing.assert_allclose(np.delete(fit.confidence[1], 12), 0.8, atol=1e-6)


def test_views_must_be_as_many_as_cameras(hands: MovingHands) -> None:
    with pytest.raises(UsageError, match="pixels of 3 views, but there are 4 cameras"):
        fitter(hands).fit(np.zeros((3, 2, 21, 2)), np.ones((3, 2, 21)))


def test_shapes_are_checked_in_tests(hands: MovingHands) -> None:
    with pytest.raises(TypeCheckError, match="pixels"):
        fitter(hands).fit(np.zeros((VIEWS, 2, 25, 2)), np.ones((VIEWS, 2, 25)))
