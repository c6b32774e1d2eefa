"""Reads what OpenCV's FileStorage writes."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from operators.calibration_import_opencv import import_opencv, import_opencv_pair
from operators.usage_error import UsageError

K = np.array([[900.0, 0.0, 640.5], [0.0, 905.0, 361.0], [0.0, 0.0, 1.0]])
TERMS = np.array([[0.1, -0.2, 0.001, -0.002, 0.05]])
TURN = np.array([0.1, -0.4, 0.25])
PLACE = np.array([[12.0], [-30.0], [800.0]])


def write(path: Path, **entries: Any) -> Path:
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for name, value in entries.items():
        storage.write(name, value)
    storage.release()
    return path


def one(path: Path, **changes: Any) -> Path:
    entries: dict[str, Any] = {
        "calibration_time": "Sun Nov 22 00:00:00 2026",
        "image_width": 1280,
        "image_height": 720,
        "camera_matrix": K,
        "distortion_coefficients": TERMS,
        "avg_reprojection_error": 0.3,
    }
    entries.update(changes)
    return write(path, **{k: v for k, v in entries.items() if v is not None})


@pytest.mark.parametrize("suffix", ["yml", "xml", "json"])
def test_one_camera_is_read_as_the_calibration_sample_writes_it(
    tmp_path: Path, suffix: str
) -> None:
    path = one(tmp_path / f"webcam.{suffix}")
    camera = import_opencv({"webcam": path}, None, None, 7).camera("webcam")
    np.testing.assert_array_equal(camera.pinhole.matrix, K)
    assert (camera.pinhole.width, camera.pinhole.height) == (1280, 720)
    assert camera.pinhole.distortion == tuple(TERMS.ravel())
    np.testing.assert_array_equal(camera.camera_from_marker.matrix, np.eye(4))


@pytest.mark.parametrize("rotation", [TURN, cv2.Rodrigues(TURN)[0]], ids=["vector", "matrix"])
def test_places_come_in_metres(tmp_path: Path, rotation: np.ndarray) -> None:
    files = {
        "a": one(tmp_path / "a.yml", R=np.eye(3), T=np.zeros((3, 1))),
        "b": one(tmp_path / "b.yml", R=rotation, T=PLACE),
    }
    camera = import_opencv(files, None, 0.001, 7).camera("b")
    points = np.random.default_rng(0).normal([0.0, 0.0, 0.3], 0.1, (9, 3))
    expected, _ = cv2.projectPoints(points * 1000.0, TURN, PLACE, K, TERMS)
    found = camera.pinhole.project(camera.camera_from_marker.points(points))
    np.testing.assert_allclose(found, expected[:, 0], atol=1e-6)


@pytest.mark.parametrize("in_two_files", [False, True])
def test_a_pair_is_read_as_the_stereo_sample_writes_it(tmp_path: Path, in_two_files: bool) -> None:
    lenses = {"M1": K, "D1": TERMS, "M2": 2 * K - np.diag([0, 0, 1.0]), "D2": np.zeros((1, 8))}
    place = {"R": cv2.Rodrigues(TURN)[0], "T": PLACE}
    if in_two_files:
        paths = [write(tmp_path / "in.yml", **lenses), write(tmp_path / "ex.yml", **place)]
    else:
        paths = [write(tmp_path / "both.yml", **lenses, **place)]
    calibration = import_opencv_pair(paths, (1280, 720), 0.001, 7)
    left, right = calibration.camera("left"), calibration.camera("right")
    assert (left.pinhole.fx, right.pinhole.fx, right.pinhole.distortion) == (900, 1800, (0.0,) * 8)
    np.testing.assert_allclose(right.camera_from_marker.matrix[:3, 3], PLACE.ravel() / 1000)
    np.testing.assert_array_equal(left.camera_from_marker.matrix, np.eye(4))


@pytest.mark.parametrize(
    ("changes", "size", "words"),
    [
        ({"camera_matrix": None}, None, "no camera_matrix; there are image_width, image_height"),
        ({"image_width": None}, None, "does not tell the size of the pictures"),
        ({}, (640, 480), "is for pictures of 1280x720 px, and 640x480 was given"),
        ({"R": np.eye(3), "T": PLACE}, None, "has a T, but not its unit"),
        ({"camera_matrix": 3 * K}, None, "intrinsics: expected"),
        ({"distortion_coefficients": np.zeros(3)}, None, "distortion: expected 0, 4, 5"),
    ],
)
def test_a_wrong_file_is_refused_by_its_name(
    tmp_path: Path, changes: dict[str, Any], size: tuple[int, int] | None, words: str
) -> None:
    path = one(tmp_path / "webcam.yml", **changes)
    with pytest.raises(UsageError) as refused:
        import_opencv({"webcam": path}, size, None, 7)
    assert str(refused.value).startswith(f"{path}: ")
    assert words in str(refused.value)


def test_places_that_are_none_are_refused(tmp_path: Path) -> None:
    files = {"a": one(tmp_path / "a.yml"), "b": one(tmp_path / "b.yml")}
    with pytest.raises(UsageError, match=r"a\.yml: no R and T"):
        import_opencv(files, None, 0.001, 7)
    mirrored = one(tmp_path / "c.yml", R=np.diag([1.0, 1.0, -1.0]), T=PLACE)
    with pytest.raises(UsageError, match=r"c\.yml: R: not a rigid"):
        import_opencv({"c": mirrored}, None, 0.001, 7)


@pytest.mark.parametrize("text", ["", "a: [1, 2", "%YAML:1.0\n---\na: [", "\x00\xff", "{"])
def test_what_is_no_such_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "webcam.yml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"webcam\.yml: "):
        import_opencv({"webcam": path}, (640, 480), None, 7)
    with pytest.raises(UsageError, match="no such file"):
        import_opencv({"webcam": tmp_path / "other.yml"}, (640, 480), None, 7)
