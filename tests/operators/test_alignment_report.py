import base64
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.coverage import covers
from operators.aligned_camera import AlignedCamera, AlignmentError, inverse_information
from operators.alignment_report import Shown, numbers, outlined, pointed, write_alignment_report
from operators.correspondence_alignment import Correspondences
from operators.look_at_camera import LookAtCamera
from operators.posed_camera import PosedCamera
from operators.usage_error import UsageError

LOOKING = LookAtCamera((1.0, 0.2, 0.6), (0.2, 0.0, 0.1), 0.8)
START = PosedCamera(LOOKING.camera_from_kinematic_base(), LOOKING.pinhole(160, 120))
FOUND = AlignedCamera(
    START.stepped([0.03, 0.0, 0.04, 0.0, 0.03, 0.0, 0.02]),
    np.diag([1e-6, 1e-6, 1e-6, 4e-6, 1e-6, 9e-6, 1e-6]),
    100.0,
    0.42,
    (90, 100),
    {"0:left_joint1": 0.01},
    {"0:left_joint1": 0.002},
    ("look <here>",),
)
BLACK = np.zeros((120, 160, 3), np.uint8)


def test_the_page_has_pictures_numbers_and_doubts_and_asks_no_network(tmp_path: Path) -> None:
    path = tmp_path / "out" / "report.html"
    shown = Shown("view 1", BLACK, np.full_like(BLACK, 200))
    write_alignment_report(path, START, FOUND, [shown], [("camera", "9 & 1")])
    page = path.read_text()
    assert "9 &amp; 1" in page
    assert "look &lt;here&gt;." in page
    assert "http" not in page.replace("http-equiv", "")
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    means = [
        cv2.imdecode(np.frombuffer(base64.b64decode(p), np.uint8), cv2.IMREAD_COLOR).mean()
        for p in pictures
    ]
    assert means == pytest.approx([0.0, 200.0], abs=1.0)


def test_the_numbers_are_those_of_the_step() -> None:
    rows = {name: (after, sure) for name, _, after, sure in numbers(START, FOUND)}
    assert rows["moved by, mm"] == ("30.0", "3.74 mm")
    assert rows["turned by"][0] == f"{np.degrees(0.05):.2f}°"
    assert rows["vertical field of view"][1] == "0.100%"
    assert rows["offset of joint 0:left_joint1"] == ("0.57°", "0.11°")
    assert rows["used"][0] == "90 of 100"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="the report cannot be written"):
        write_alignment_report(tmp_path / "file" / "report.html", START, FOUND, [], [])


def test_edges_and_points_are_drawn() -> None:
    mask = np.zeros((120, 160), bool)
    mask[20:60, 30:90] = True
    drawn = outlined(BLACK, mask, np.roll(mask, 20, axis=1))
    assert drawn[40, 30].tolist() == [255, 230, 0]
    assert drawn[40, 110].tolist() == [60, 160, 255]
    assert not drawn[100, 100].any()
    seen = Correspondences(np.array([LOOKING.target]), np.array([[40.0, 30.0]]))
    picture = pointed(BLACK, START, seen)
    assert picture[30, 40].tolist() == [60, 160, 255]
    assert picture[45, 60].any()  # half way to the middle, where the target is


def test_what_nothing_tells_is_named() -> None:
    slopes = np.random.default_rng(0).normal(size=(40, 7)) * 500
    inverse_information(slopes.T @ slopes, 1.0, np.arange(7), "")
    slopes[:, 5] = 3.0 * slopes[:, 6]
    with pytest.raises(AlignmentError, match=r"shift z from zoom|zoom from shift z"):
        inverse_information(slopes.T @ slopes, 1.0, np.arange(7), "a hint")


def test_regions_of_a_known_noise_are_those_of_chi_squared() -> None:
    known = AlignedCamera(START, np.diag([1e-6] * 3 + [0.0] * 4), np.inf, 1.0, (1, 1))
    # 95% of three parts: 7.815 (any table).
    for square, within in ((7.7, True), (7.9, False)):
        step = np.array([np.sqrt(square) * 1e-3, 0, 0, 0, 0, 0, 0])
        assert covers(known, START.stepped(step)) is within
