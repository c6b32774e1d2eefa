import numpy as np
import pytest
import simplejpeg

from operators.camera_messages import CameraImage, Keypoints
from operators.camera_view import COLUMNS, INTERVAL_S, KEPT_S, CameraViewer
from tests.operators.camera_hands import keypoints

ROWS, WIDTH = 360, 640


def image(red: int) -> CameraImage:
    pixels = np.zeros((ROWS, WIDTH, 3), np.uint8)
    pixels[..., 0] = red
    pixels[100:140, 200:240] = (0, 255, 0)
    return CameraImage(
        camera="", pixels=pixels, lens=np.full(4, np.nan), distortion=np.full(14, np.nan)
    )


def found_in(seq: int) -> Keypoints:
    joints = np.full((21, 2), (219.5, 119.5))
    joints[3] = np.nan
    return keypoints(joints, np.zeros((21, 3)), image_seq=seq, columns=WIDTH, rows=ROWS)


def test_a_picture_is_shown_with_its_own_keypoints() -> None:
    viewer = CameraViewer()
    for seq in range(3):
        viewer.add(image(100 * seq), seq, 0.0)
    view = viewer.view(found_in(1), 0.0)
    assert view is not None
    view.check()
    pixels = simplejpeg.decode_jpeg(view.jpeg.tobytes())
    assert pixels.shape == (view.rows, view.columns, 3) == (180, COLUMNS, 3)
    assert abs(int(pixels[10, 10, 0]) - 100) < 5
    x, y = view.joints[1, 0]
    assert pixels[round(y), round(x), 1] > 200  # where the green square has its middle
    np.testing.assert_allclose([x, y], [109.5, 59.5])
    assert np.isnan(view.joints[1, 3]).all()
    assert view.valid.tolist() == [False, True]


def test_a_small_picture_stays_as_it_is() -> None:
    viewer = CameraViewer()
    small = CameraImage(
        camera="",
        pixels=np.zeros((90, 160, 3), np.uint8),
        lens=np.zeros(4),
        distortion=np.zeros(14),
    )
    viewer.add(small, 0, 0.0)
    view = viewer.view(keypoints(np.zeros((21, 2)), np.zeros((21, 3)), columns=160, rows=90), 0.0)
    assert view is not None
    assert (view.columns, view.rows) == (160, 90)


@pytest.mark.parametrize(("later_s", "is_due"), [(0.5 * INTERVAL_S, False), (INTERVAL_S, True)])
def test_views_are_a_few_a_second(later_s: float, is_due: bool) -> None:
    viewer = CameraViewer()
    viewer.add(image(0), 0, 1.0)
    assert viewer.view(found_in(0), 1.0) is not None
    viewer.add(image(0), 1, 1.0 + later_s)
    assert (viewer.view(found_in(1), 1.0 + later_s) is not None) == is_due


def test_pictures_that_nothing_is_found_out_about_are_forgotten() -> None:
    viewer = CameraViewer()
    for seq, time_s in enumerate((0.0, 0.1, KEPT_S + 0.05)):
        viewer.add(image(0), seq, time_s)
    assert viewer.view(found_in(0), KEPT_S + 0.05) is None
    assert viewer.view(found_in(1), KEPT_S + 0.05) is not None


@pytest.mark.parametrize("looks_for", [1, 3, 9, 25, 70])
def test_a_slow_detector_has_its_views_too(looks_for: int) -> None:
    """It takes the newest picture of 25 a second, and looks for hands for so many more."""
    viewer = CameraViewer()
    seen, looked_at = 0, 0
    for seq in range(300):
        viewer.add(image(0), seq, seq / 25)
        if seq - looked_at == looks_for:
            seen += viewer.view(found_in(looked_at), seq / 25) is not None
            looked_at = seq
    assert seen >= 300 // max(looks_for, 3) - 1
