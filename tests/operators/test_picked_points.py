import json
from pathlib import Path

import numpy as np
import pytest

from operators.frames import Transform
from operators.picked_points import PickedPoint, PickedPoints, read_points, write_points
from operators.pinhole import ImageSizeError, Pinhole
from operators.settings import SettingsError
from operators.transforms import rigid, rotation_about

POINTS = PickedPoints(
    size=(640, 480),
    points=(
        PickedPoint(name="left_tcp", base=(0.4, 0.2, 0.1), pixel=(320.5, 240.0)),
        PickedPoint(base=(0.3, -0.2, 0.0), pixel=(100.0, 50.25)),
    ),
)


def test_points_come_back(tmp_path: Path) -> None:
    path = tmp_path / "picked.json"
    write_points(POINTS, path)
    assert read_points(path) == POINTS
    assert "name" not in json.loads(path.read_text())["points"][1]


def test_they_are_taken_to_the_solvers_base() -> None:
    matrix = rigid(rotation_about(2, np.pi / 2), [0.0, 0.0, 1.0])
    found = POINTS.correspondences(Transform("base", "kinematic_base", matrix))
    np.testing.assert_allclose(found.points, [[-0.2, 0.4, 1.1], [0.2, 0.3, 1.0]], atol=1e-12)
    np.testing.assert_allclose(found.pixels, [[320.5, 240.0], [100.0, 50.25]])


def test_a_picture_of_another_size_is_refused() -> None:
    POINTS.check_size(Pinhole.guess(640, 480, 60.0))
    with pytest.raises(ImageSizeError, match=r"picked in a picture of 640x480 px.*1280x720"):
        POINTS.check_size(Pinhole.guess(1280, 720, 60.0))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[", "not JSON"),
        ('{"points": []}', "size: Field required"),
        ('{"size": [4, 3], "points": [{"base": [1, 2], "pixel": [0, 0]}]}', "points.0.base.2"),
        ('{"size": [4, 3], "points": [{"base": [1, 2, NaN], "pixel": [0, 0]}]}', "finite"),
        ('{"size": [4, 3], "points": [], "unit": "mm"}', "unit: Extra inputs"),
    ],
)
def test_a_wrong_file_is_refused(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "picked.json"
    path.write_text(content)
    with pytest.raises(SettingsError, match=words):
        read_points(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_points(tmp_path / "none.json")
