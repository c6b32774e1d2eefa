from dataclasses import replace
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest

from operators.aligned_camera import AlignmentError
from operators.background_silhouette import background_silhouette
from operators.calibration_file import find_calibration
from operators.pinhole import ImageSizeError, Pinhole
from operators.recorded_views import recorded_views
from operators.rgbd_recording import RgbdRecording
from operators.settings import SettingsError
from operators.synthetic_robot import SERIAL, write_synthetic

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("views") / "recording"
    write_synthetic(made, seconds=8.0, rate_hz=1, width=320, height=180, silhouettes=True)
    return made


def lens(folder: Path) -> Pinhole:
    return find_calibration(folder / "calib").camera(SERIAL).pinhole


def nearest(joints: np.ndarray) -> float:
    """The least distance of any two."""
    return min(float(np.linalg.norm(a - b)) for a, b in combinations(joints, 2))


def test_the_most_different_poses_are_chosen(folder: Path) -> None:
    opened = RgbdRecording(folder, SERIAL)
    views = recorded_views(opened, lens(folder), 3)
    assert len(views) == 3
    assert [v.timestamp_ms for v in views] == sorted(v.timestamp_ms for v in views)
    joints = np.array([np.concatenate([r.joints for r in v.view.readings.values()]) for v in views])
    every = np.array(
        [
            np.concatenate([r.joints for r in opened.readings(t).values()])
            for t in opened.timestamps_ms
        ]
    )
    usual = np.median([nearest(np.array(some)) for some in combinations(every, 3)])
    assert nearest(joints) > usual
    assert len(recorded_views(opened, lens(folder), 50)) == len(opened.timestamps_ms)


def test_masks_and_depths_are_those_recorded(folder: Path) -> None:
    opened = RgbdRecording(folder, SERIAL)
    view = recorded_views(opened, lens(folder), 1)[0]
    np.testing.assert_array_equal(view.view.silhouette, opened.silhouette(view.timestamp_ms))
    depth = opened.frame(view.timestamp_ms).depth
    assert depth is not None
    assert view.view.depth_m is not None
    np.testing.assert_allclose(view.view.depth_m, depth / 1e3, atol=1e-6)
    assert recorded_views(opened, lens(folder), 1, with_depth=False)[0].view.depth_m is None


def test_distortion_is_taken_out(folder: Path) -> None:
    opened = RgbdRecording(folder, SERIAL)
    ideal = lens(folder)
    bent = Pinhole(320, 180, ideal.fx, ideal.fy, ideal.cx, ideal.cy, (-0.3, 0.1, 0.0, 0.0))
    straight = recorded_views(opened, bent, 1)[0].view.silhouette
    recorded = recorded_views(opened, ideal, 1)[0].view.silhouette
    rows, columns = np.nonzero(straight)
    pixels = bent.project(np.column_stack([ideal.normalised(np.column_stack([columns, rows])),
                                           np.ones(len(rows))]))  # fmt: skip
    at = np.round(pixels).astype(int).clip(0, [319, 179])
    assert recorded[at[:, 1], at[:, 0]].mean() > 0.97
    assert (straight != recorded).sum() > 100


def test_what_is_missing_or_of_another_size_is_said(folder: Path, recording: Path) -> None:
    with pytest.raises(AlignmentError, match=r"no silhouettes .*mask/"):
        recorded_views(RgbdRecording(recording, SERIAL), lens(recording), 2)
    with pytest.raises(ImageSizeError, match="expected 64x36 px"):
        recorded_views(RgbdRecording(folder, SERIAL), Pinhole.guess(64, 36, 60.0), 2)
    with pytest.raises(SettingsError, match=r"background: .*nothing\.png is not there"):
        recorded_views(
            RgbdRecording(folder, SERIAL), lens(folder), 2, background=folder / "nothing.png"
        )


def test_a_background_stands_in_for_masks(folder: Path, tmp_path: Path) -> None:
    opened = RgbdRecording(folder, SERIAL)
    colours = [opened.frame(t).colour for t in opened.timestamps_ms]
    background = np.median(colours, axis=0).astype(np.uint8)
    path = tmp_path / "background.png"
    cv2.imwrite(str(path), background[..., ::-1])
    view = recorded_views(opened, lens(folder), 1, background=path)[0]
    np.testing.assert_array_equal(
        view.view.silhouette, background_silhouette(colours[0], background)
    )


def test_a_background_is_taken_from_straightened_pictures(folder: Path, tmp_path: Path) -> None:
    """As the page captures it: the same robot is found as by subtracting before straightening."""
    opened = RgbdRecording(folder, SERIAL)
    ideal = lens(folder)
    bent = replace(ideal, distortion=(-0.3, 0.1, 0.0, 0.0))
    colours = [opened.frame(t).colour for t in opened.timestamps_ms]
    background = np.median(colours, axis=0).astype(np.uint8)
    path = tmp_path / "background.png"
    straight = cv2.undistort(background, bent.matrix, bent.distortion_terms)
    cv2.imwrite(str(path), straight[..., ::-1])
    found = recorded_views(opened, bent, 1, background=path)[0].view.silhouette
    before = background_silhouette(colours[0], background)
    expected = cv2.undistort(255 * before.astype(np.uint8), bent.matrix, bent.distortion_terms)
    assert (found != (expected > 127)).sum() < 0.15 * before.sum()


def test_what_differs_from_the_background_is_the_robot() -> None:
    random = np.random.default_rng(0)
    background = random.integers(60, 90, (120, 160, 3)).astype(np.uint8)
    picture = (background + random.integers(-6, 7, background.shape)).astype(np.uint8)
    picture[30:80, 40:100] = (180, 70, 60)
    picture[5:8, 5:8] = 255
    found = background_silhouette(picture, background)
    expected = np.zeros((120, 160), bool)
    expected[30:80, 40:100] = True
    assert (found != expected).sum() < 25
    with pytest.raises(AlignmentError, match="the background has 80x120 px"):
        background_silhouette(picture, background[:, :80])
