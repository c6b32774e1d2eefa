"""Hands in space, of keypoints whose hand is known."""

from dataclasses import replace

import numpy as np
import pytest

from operators.hand_triangulation import HandTriangulation
from tests.operators.captured_hands import RIGHT, joints_at, seen_by
from tests.operators.rigs import two_cameras

TOLERANCE_PX = 15.0


@pytest.fixture(scope="module")
def triangulation() -> HandTriangulation:
    return HandTriangulation(two_cameras(), TOLERANCE_PX)


def test_a_hand_is_where_both_cameras_see_it(triangulation: HandTriangulation) -> None:
    joints = joints_at(0.0)[RIGHT]
    views = {"right": seen_by("right", joints, 8), "left": seen_by("left", joints, 7)}
    found = triangulation.triangulate(views, 3_000_000)
    found.check()
    assert found.cameras == ("left", "right")
    assert found.image_seqs.tolist() == [7, 8]
    assert found.skew_ms == 3.0
    assert found.valid.tolist() == [False, True]
    np.testing.assert_allclose(found.joints[RIGHT], joints, atol=1e-5)
    assert found.views.tolist() == [[0] * 21, [2] * 21]
    np.testing.assert_allclose(found.confidence[RIGHT], 0.9)
    assert (found.reprojection_px[RIGHT] < 0.01).all()


def test_one_camera_alone_triangulates_nothing_but_its_pixels_are_kept(
    triangulation: HandTriangulation,
) -> None:
    seen = seen_by("right", joints_at(0.0)[RIGHT], 4)
    found = triangulation.triangulate({"right": seen}, 0)
    found.check()
    assert found.image_seqs.tolist() == [-1, 4]
    assert not found.valid.any()
    assert np.isnan(found.joints).all()
    np.testing.assert_array_equal(found.pixels[1, RIGHT], seen.pixels[RIGHT])
    assert np.isnan(found.pixels[0]).all()
    assert (found.pixel_confidence[1, RIGHT] == 0.9).all()


def test_a_hand_that_is_not_valid_is_not_seen(triangulation: HandTriangulation) -> None:
    joints = joints_at(0.0)[RIGHT]
    unsure = replace(seen_by("left", joints), valid=np.zeros(2, bool))
    found = triangulation.triangulate({"left": unsure, "right": seen_by("right", joints)}, 0)
    assert not found.valid.any()
    assert (found.pixel_confidence[0] == 0.0).all()


def test_two_cameras_that_see_different_hands_find_none(triangulation: HandTriangulation) -> None:
    here = joints_at(0.0)[RIGHT]
    elsewhere = here + np.array([0.0, 0.15, 0.0])
    views = {"left": seen_by("left", here), "right": seen_by("right", elsewhere)}
    assert not triangulation.triangulate(views, 0).valid.any()


def test_joints_are_as_sure_as_the_detector_says(triangulation: HandTriangulation) -> None:
    joints = joints_at(0.0)[RIGHT]
    sure = np.full((2, 21), np.nan)
    sure[RIGHT, 5] = 0.6
    views = {
        "left": seen_by("left", joints, joint_confidence=sure),
        "right": seen_by("right", joints),
    }
    found = triangulation.triangulate(views, 0)
    assert found.pixel_confidence[0, RIGHT, 4:7].tolist() == [0.9, 0.6, 0.9]
    assert found.confidence[RIGHT, 5] == pytest.approx(0.75)
