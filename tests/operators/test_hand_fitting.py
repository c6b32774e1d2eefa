"""Angles of hands that are known, in order, with bones that stay."""

import numpy as np
import pytest

from operators import hand_fitting
from operators.capture_messages import HandAngles, HandJoints
from operators.hand_fit_settings import HandFitSettings
from operators.hand_fitting import HandFitting
from operators.hand_triangulation import HandTriangulation
from tests.operators.captured_hands import RIGHT, SKELETON, joints_at, seen_by
from tests.operators.rigs import two_cameras

COUNT = 12
PERIOD_S = 1 / 30


@pytest.fixture(scope="module")
def moments() -> list[HandJoints]:
    triangulation = HandTriangulation(two_cameras(), 15.0)
    return [
        triangulation.triangulate(
            {name: seen_by(name, joints_at(k * PERIOD_S)[RIGHT], k) for name in two_cameras()}, 0
        )
        for k in range(COUNT)
    ]


@pytest.fixture(scope="module")
def fitted(moments: list[HandJoints]) -> list[HandAngles]:
    fitting = HandFitting(two_cameras(), HandFitSettings(good_frames=5), ahead=True)
    assert [fitting.add(moment) for moment in moments] == [[]] * COUNT
    found = fitting.finish()
    assert fitting.finish() == []
    return found


def test_footage_waits_until_bones_are_measured_and_keeps_them(fitted: list[HandAngles]) -> None:
    assert [angles.image_seqs.tolist() for angles in fitted] == [[k, k] for k in range(COUNT)]
    assert all((angles.bones == fitted[0].bones).all() for angles in fitted)
    lengths = np.linalg.norm(fitted[0].bones, axis=-1)
    np.testing.assert_allclose(lengths[RIGHT], SKELETON.lengths[RIGHT], atol=2e-4)


def test_the_joints_are_where_they_were(fitted: list[HandAngles]) -> None:
    for number, angles in enumerate(fitted):
        angles.check()
        assert angles.valid.tolist() == [False, True]
        truth = joints_at(number * PERIOD_S)[RIGHT]
        np.testing.assert_allclose(angles.joints[RIGHT], truth, atol=1e-3)
        assert np.median(angles.reprojection_px[RIGHT]) < 0.3
        again = SKELETON.__class__(angles.bones).joints(
            np.nan_to_num(angles.angles), np.nan_to_num(angles.translations)
        )
        np.testing.assert_allclose(again[RIGHT], angles.joints[RIGHT], atol=1e-5)


def test_no_more_than_so_many_moments_wait(
    moments: list[HandJoints], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_fitting, "LOOK_AHEAD", 4)
    fitting = HandFitting(two_cameras(), HandFitSettings(good_frames=100), ahead=True)
    assert [len(fitting.add(moment)) for moment in moments[:6]] == [0, 0, 0, 4, 1, 1]


def test_moments_without_hands_do_not_count(
    moments: list[HandJoints], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_fitting, "LOOK_AHEAD", 6)
    empty = HandTriangulation(two_cameras(), 15.0).triangulate({}, 0)
    fitting = HandFitting(two_cameras(), HandFitSettings(good_frames=5), ahead=True)
    assert all(fitting.add(empty) == [] for _ in range(20))
    found = [angles for moment in moments[:6] for angles in fitting.add(moment)]
    assert len(found) == 26
    assert found[0].bones_from.tolist() == [1, 2]
    lengths = np.linalg.norm(found[0].bones, axis=-1)
    np.testing.assert_allclose(lengths[RIGHT], SKELETON.lengths[RIGHT], atol=2e-4)


def test_without_hands_bones_are_average_and_memory_has_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hand_fitting, "MOST_WAITING", 3)
    empty = HandTriangulation(two_cameras(), 15.0).triangulate({}, 0)
    fitting = HandFitting(two_cameras(), HandFitSettings(), ahead=True)
    found = [fitting.add(empty) for _ in range(3)]
    assert [len(angles) for angles in found] == [0, 0, 3]
    assert found[2][0].bones_from.tolist() == [0, 0]


def test_after_warming_up_nothing_is_compiled(moments: list[HandJoints]) -> None:
    from operators import hand_solver

    hand_solver.fit_hands.clear_cache()
    fitting = HandFitting(two_cameras(), HandFitSettings(), ahead=False)
    fitting.warm_up()
    compiled = hand_solver.fit_hands._cache_size()
    assert compiled == 1
    assert fitting.add(moments[0])[0].valid[RIGHT]
    assert fitting.add(moments[1])[0].valid[RIGHT]
    assert hand_solver.fit_hands._cache_size() == compiled


def test_live_moments_do_not_wait(moments: list[HandJoints]) -> None:
    fitting = HandFitting(two_cameras(), HandFitSettings(), ahead=False)
    found = [fitting.add(moment) for moment in moments[:3]]
    assert [[a.image_seqs[0] for a in each] for each in found] == [[0], [1], [2]]
