import cv2
import numpy as np
import pytest

from operators.look_at_camera import LookAtCamera
from operators.posed_camera import PosedCamera
from operators.silhouette_search import searched
from operators.transforms import Array

LOOKING = LookAtCamera((2.0, 0.0, 0.5), (0.0, 0.0, 0.1), 0.7)
START = PosedCamera(LOOKING.camera_from_kinematic_base(), LOOKING.pinhole(160, 90))
CORNERS = [
    np.array([[0, -0.3, 0.1], [0, -0.3, 0.15], [0, 0.2, 0.35], [0, 0.25, 0.3]], np.float64),
    np.array([[0.1, 0, -0.2], [0.1, 0.05, -0.2], [0.1, 0.3, 0.4], [0.1, 0.2, 0.4]], np.float64),
]


def mask(camera: PosedCamera, corners: Array) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    picture = np.zeros((90, 160), np.uint8)
    pixels = np.round(camera.project(corners) * 16).astype(np.int32)
    cv2.fillConvexPoly(picture, pixels, 1, shift=4)
    return picture > 0


@pytest.mark.parametrize(
    "turn",
    [(0, 0, 0), (0.08, 0, 0), (0, -0.08, 0), (-0.06, 0.06, 0), (0, 0, 0.087), (0.04, -0.04, -0.08)],
)
def test_a_turned_camera_is_turned_back(turn: tuple[float, float, float]) -> None:
    truth = START.stepped([*turn, 0.0, 0.0, 0.0, 0.0])
    drawn, seen = ([mask(c, corners) for corners in CORNERS] for c in (START, truth))
    found = searched(START, drawn, seen)
    off = np.linalg.norm(turn)
    # As near as whole pixels of 0.35 degrees, and rolls by 2.5, allow.
    assert truth.rotation_error_rad(found) < max(0.03, 0.3 * off)


def test_a_longer_lens_is_told_from_a_shorter() -> None:
    truth = START.stepped([0.03, 0.03, 0.0, 0.0, 0.0, 0.0, np.log(1.06)])
    large = [2.0 * corners for corners in CORNERS]
    drawn, seen = ([mask(c, corners) for corners in large] for c in (START, truth))
    found = searched(START, drawn, seen)
    assert found.pinhole.fx / START.pinhole.fx == pytest.approx(1.06)
