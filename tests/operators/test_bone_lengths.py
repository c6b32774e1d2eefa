import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.hand_rig import MovingHands, cameras, disturbed, moving_hands, seen
from operators.bone_lengths import BoneMeasurement, turn
from operators.hand_kinematics import HandSkeleton, rotation_from_axis_angle
from operators.triangulation import TriangulatedPoints, Triangulator

Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def own_hands() -> MovingHands:
    """Hands of nobody's average: all bones differ by up to 15 %, palms are broader."""
    random = np.random.default_rng(5)
    average = HandSkeleton.average()
    palm = average.bones[:, ::4] + random.normal(0.0, 0.004, (2, 5, 3))
    lengths = average.lengths * random.uniform(0.85, 1.15, (2, 20))
    return moving_hands(40, skeleton=HandSkeleton.from_lengths(lengths, palm))


def points(joints: Floats, noise_px: float = 0.0, seed: int = 0) -> TriangulatedPoints:
    rig = cameras(8)
    pixels = disturbed(seen(rig, joints.reshape(42, 3)), np.random.default_rng(seed), noise_px)
    return Triangulator(rig).triangulate(pixels, np.ones(pixels.shape[:-1]))


def test_exact_pictures_give_exact_bones(own_hands: MovingHands) -> None:
    measurement = BoneMeasurement(enough=3)
    for joints in own_hands.joints[:3]:
        assert measurement.add(points(joints))
    assert measurement.known == (True, True)
    found = measurement.skeleton
    np.testing.assert_allclose(found.lengths, own_hands.skeleton.lengths, atol=1e-7)
    # The palm's shape is the same; how it lies in the wrist's axes is as an average palm does.
    for side in (0, 1):
        palm = own_hands.skeleton.palm[side]
        turned = (palm - palm.mean(axis=0)) @ turn(palm, HandSkeleton.average().palm[side]).T
        mine = found.palm[side] - found.palm[side].mean(axis=0)
        np.testing.assert_allclose(mine, turned, atol=1e-7)


def test_noise_averages_out(own_hands: MovingHands) -> None:
    measurement = BoneMeasurement(enough=40)
    errors = []
    for seed, joints in enumerate(own_hands.joints):
        measurement.add(points(joints, 1.0, seed))
        errors.append(np.abs(measurement.skeleton.lengths - own_hands.skeleton.lengths).mean())
    assert errors[-1] < 3e-4
    assert errors[-1] < errors[0] / 2.5


def test_a_bone_stays_as_it_is_once_it_is_known(own_hands: MovingHands) -> None:
    measurement = BoneMeasurement(enough=2)
    measurement.add(points(own_hands.joints[0]))
    measurement.add(points(own_hands.joints[1]))
    before = measurement.skeleton.bones
    assert not measurement.add(points(own_hands.joints[2] * 1.5))
    np.testing.assert_array_equal(measurement.skeleton.bones, before)


def test_a_bone_that_is_never_seen_well_costs_no_more_with_time(own_hands: MovingHands) -> None:
    seen_well = points(own_hands.joints[0])
    badly = seen_well.reprojection_px.copy()
    badly[[8, 29]] = 6.0
    spoilt = TriangulatedPoints(
        seen_well.points, seen_well.views, badly, seen_well.confidence, seen_well.used
    )
    measurement = BoneMeasurement()
    learned = sum(measurement.add(spoilt) for _ in range(500))
    assert learned == 10 + 49
    assert measurement.known == (False, False)
    assert [len(lengths) for lengths in measurement._lengths] == [200, 200]


def test_what_reprojects_badly_is_not_measured(own_hands: MovingHands) -> None:
    seen_well = points(own_hands.joints[0])
    badly = seen_well.reprojection_px.copy()
    badly[8] = 6.0
    spoilt = seen_well.points.copy()
    spoilt[8] += 0.1
    measurement = BoneMeasurement(good_px=5.0, enough=1)
    measurement.add(
        TriangulatedPoints(spoilt, seen_well.views, badly, seen_well.confidence, seen_well.used)
    )
    assert measurement.known == (False, True)
    lengths = measurement.skeleton.lengths[0]
    true = own_hands.skeleton.lengths[0]
    np.testing.assert_allclose(np.delete(lengths, 7), np.delete(true, 7), atol=1e-7)
    assert abs(lengths[7] - true[7]) < 0.01


def test_a_hand_that_was_not_seen_is_the_other_ones_mirror_image(own_hands: MovingHands) -> None:
    joints = own_hands.joints[0].copy()
    joints[0] = np.nan
    rig = cameras(8)
    pixels = seen(rig, joints.reshape(42, 3))
    measurement = BoneMeasurement(enough=1)
    measurement.add(Triangulator(rig).triangulate(pixels, np.ones(pixels.shape[:-1])))
    found = measurement.skeleton
    assert measurement.known == (False, True)
    np.testing.assert_allclose(found.lengths[1], own_hands.skeleton.lengths[1], atol=1e-7)
    np.testing.assert_allclose(found.bones[0], found.bones[1] * [-1.0, 1.0, 1.0], atol=1e-12)


def test_nothing_measured_is_an_average_hand() -> None:
    np.testing.assert_allclose(BoneMeasurement().skeleton.bones, HandSkeleton.average().bones)


def test_turn_finds_the_rotation_and_no_reflection() -> None:
    random = np.random.default_rng(2)
    cloud = random.normal(size=(6, 3))
    rotation = rotation_from_axis_angle([0.4, -1.1, 0.3])
    np.testing.assert_allclose(turn(cloud, cloud @ rotation.T + 2.0), rotation, atol=1e-12)
    mirrored = turn(cloud, cloud * [-1.0, 1.0, 1.0])
    assert np.linalg.det(mirrored) == pytest.approx(1.0)
