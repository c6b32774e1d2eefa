from dataclasses import replace

import numpy as np
import pytest

from benchmarks.mask_noise import noisy_mask
from operators.aligned_camera import AlignedCamera, AlignmentError
from operators.pinhole import ImageSizeError
from operators.robot_view import RobotView
from operators.silhouette_alignment import EXOSKELETON_BOUNDS, Bounds, align_silhouettes
from tests.operators.rough_cameras import rough
from tests.operators.seen_robots import HEIGHT, WIDTH, SeenRobot, misread, seen_robot

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def robot() -> SeenRobot:
    return seen_robot()


def errors(robot: SeenRobot, found: AlignedCamera) -> tuple[float, float]:
    """mm and degrees."""
    camera = found.camera
    turned = float(np.degrees(robot.truth.rotation_error_rad(camera)))
    return 1e3 * robot.truth.position_error_m(camera), turned


@pytest.mark.parametrize("seed", [0, 1])
def test_five_silhouettes_bring_a_rough_camera_into_line(robot: SeenRobot, seed: int) -> None:
    start = rough(robot.truth, seed)
    assert 1e3 * robot.truth.position_error_m(start) == pytest.approx(50.0)
    found = align_silhouettes(start, robot.model, robot.without_depth)
    position_mm, rotation_deg = errors(robot, found)
    assert position_mm < 0.8
    assert rotation_deg < 0.01
    zoom = found.camera.pinhole.fx / robot.truth.pinhole.fx
    assert zoom == pytest.approx(1.0, abs=5e-4)
    assert found.doubts == ()
    assert found.joint_offsets_rad == {}


def test_masks_with_mistakes_are_stood(robot: SeenRobot) -> None:
    random = np.random.default_rng(5)
    views = [
        RobotView(noisy_mask(view.silhouette, random, 0.5), view.readings) for view in robot.views
    ]
    found = align_silhouettes(rough(robot.truth, 2), robot.model, views)
    position_mm, rotation_deg = errors(robot, found)
    assert position_mm < 6.0
    assert rotation_deg < 0.1
    assert position_mm < 4e3 * found.position_sd_m
    assert 0.2 < 1e3 * found.position_sd_m < 6.0


def test_depth_brings_it_nearer(robot: SeenRobot) -> None:
    random = np.random.default_rng(6)
    views = [
        RobotView(noisy_mask(view.silhouette, random, 0.7), view.readings, 1.01 * view.depth_m)
        for view in robot.views[:2]
        if view.depth_m is not None
    ]
    alone = [RobotView(view.silhouette, view.readings) for view in views]
    start = rough(robot.truth, 3)
    both = align_silhouettes(start, robot.model, views)
    without = align_silhouettes(start, robot.model, alone)
    assert errors(robot, both)[0] < min(1.5, 0.5 * errors(robot, without)[0])
    assert both.position_sd_m < 0.5 * without.position_sd_m
    assert "2 view(s)" in without.doubts[-1]
    # The depths are 1% too long, which is found; who trusts them is led astray.
    assert both.depth_scale is not None
    assert both.depth_scale[0] == pytest.approx(1 / 1.01, abs=1e-3)
    trusting = align_silhouettes(start, robot.model, views, depth_scale_sd=0.0)
    assert trusting.depth_scale is None
    assert errors(robot, trusting)[0] > 8.0


def test_a_known_field_of_view_is_left_alone(robot: SeenRobot) -> None:
    start = replace(rough(robot.truth, 4), pinhole=robot.truth.pinhole)
    found = align_silhouettes(start, robot.model, robot.without_depth[:2], fov_free=False)
    assert found.camera.pinhole == robot.truth.pinhole
    assert found.zoom_sd == 0.0
    assert errors(robot, found)[0] < 0.8


def test_joint_offsets_are_found_within_their_bounds(robot: SeenRobot) -> None:
    offsets = np.radians(np.random.default_rng(7).uniform(-1.0, 1.0, 14))
    views = [misread(view, offsets) for view in robot.without_depth]
    start = rough(robot.truth, 5, off=0.4)
    found = align_silhouettes(start, robot.model, views, bounds=EXOSKELETON_BOUNDS)
    sought = np.array(list(found.joint_offsets_rad.values()))
    assert list(found.joint_offsets_rad)[:2] == ["0:left_joint1", "0:left_joint2"]
    # The last joint of each arm turns the gripper about itself, and hardly moves an outline.
    told = np.delete(np.arange(14), [6, 13])
    assert np.degrees(np.abs(sought - offsets)[told]).max() < 0.35
    assert errors(robot, found)[0] < 4.0
    trusting = align_silhouettes(start, robot.model, views)
    assert errors(robot, trusting)[0] > 4 * errors(robot, found)[0]


def test_an_outline_that_fits_badly_is_doubted(robot: SeenRobot) -> None:
    random = np.random.default_rng(9)
    views = [
        RobotView(noisy_mask(view.silhouette, random, 1.6), view.readings) for view in robot.views
    ]
    found = align_silhouettes(robot.truth, robot.model, views[:3])
    assert "px only: the masks may be rough, or the joints' readings" in found.doubts[0]


def test_it_stays_within_its_bounds(robot: SeenRobot) -> None:
    start = rough(robot.truth, 6)
    bounds = Bounds(position_m=0.02, rotation_rad=float(np.radians(4.0)))
    found = align_silhouettes(start, robot.model, robot.without_depth[:2], bounds=bounds)
    assert start.position_error_m(found.camera) < 0.02 + 1e-9
    assert start.rotation_error_rad(found.camera) < np.radians(4.0) + 1e-9
    assert "the camera is at the bound of its place (20 mm)" in "\n".join(found.doubts)
    wide = align_silhouettes(start, robot.model, robot.without_depth[:2])
    assert "bound" not in "\n".join(wide.doubts)


def test_bounds_are_about_the_camera_that_they_name(robot: SeenRobot) -> None:
    about = rough(robot.truth, 6)
    bounds = Bounds(position_m=0.02, rotation_rad=float(np.radians(4.0)), about=about)
    found = align_silhouettes(robot.truth, robot.model, robot.without_depth[:2], bounds=bounds)
    assert about.position_error_m(found.camera) == pytest.approx(0.02)
    assert about.rotation_error_rad(found.camera) < np.radians(4.0) + 1e-9


def test_another_robots_silhouettes_are_refused(robot: SeenRobot) -> None:
    other = np.zeros((HEIGHT, WIDTH), bool)
    other[40:300, 250:400] = True
    views = [RobotView(other, view.readings) for view in robot.views[:3]]
    with pytest.raises(AlignmentError, match="of the drawn robot's outline lies on the edge"):
        align_silhouettes(robot.truth, robot.model, views)


def test_a_camera_that_does_not_see_the_robot_is_refused(robot: SeenRobot) -> None:
    away = robot.truth.stepped([0.0, 2.5, 0.0, 0.0, 0.0, 0.0, 0.0])
    with pytest.raises(AlignmentError, match="does not see the robot at all"):
        align_silhouettes(away, robot.model, robot.without_depth[:1])


@pytest.mark.parametrize(
    ("mask", "error", "words"),
    [
        (np.zeros((HEIGHT, WIDTH), bool), AlignmentError, r"view 2: the robot covers 0.00%"),
        (np.ones((HEIGHT, WIDTH), bool), AlignmentError, "view 2: all of the picture"),
        (np.eye(480, dtype=bool), ImageSizeError, "view 2: expected 640x360 px .* got 480x480"),
    ],
)
def test_masks_that_cannot_be_are_refused(
    robot: SeenRobot, mask: np.ndarray, error: type[Exception], words: str
) -> None:
    views = [robot.views[0], RobotView(mask, robot.views[1].readings)]
    with pytest.raises(error, match=words):
        align_silhouettes(robot.truth, robot.model, views)


def test_depth_of_another_size_is_refused(robot: SeenRobot) -> None:
    view = replace(robot.views[0], depth_m=np.ones((90, 160), np.float32))
    with pytest.raises(ImageSizeError, match="view 1: depth"):
        align_silhouettes(robot.truth, robot.model, [view])


def test_what_has_no_view_or_a_distorted_lens_is_refused(robot: SeenRobot) -> None:
    with pytest.raises(AlignmentError, match="no view of the robot"):
        align_silhouettes(robot.truth, robot.model, [])
    bent = replace(robot.truth, pinhole=replace(robot.truth.pinhole, distortion=(0.1, 0, 0, 0)))
    with pytest.raises(AlignmentError, match="straighten them first"):
        align_silhouettes(bent, robot.model, robot.views)
