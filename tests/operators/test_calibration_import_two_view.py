"""Reads the layout of TemugeB's stereo calibration."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from operators.calibration_import_two_view import import_two_view
from operators.settings import ROOT
from operators.usage_error import UsageError

RECORDED = ROOT.parent / "shared" / "data"

LENS = """intrinsic:
926.1 0.0 356.1
0.0 925.8 355.2
0.0 0.0 1.0
distortion:
-0.014 1.419 -0.0035 -0.0036 -6.394
"""
PLACE = """R:
0.0 -1.0 0.0
1.0 0.0 0.0
0.0 0.0 1.0
T:
-2.0
1.0
16.0

#below is rotation and translation to go from cam0 to cam1.
R:
1.0 0.0 0.0
0.0 1.0 0.0
0.0 0.0 1.0
T:
9.0
0.0
0.0
"""


def write(folder: Path, **files: str) -> Path:
    for name in ("c0", "c1"):
        (folder / f"{name}.dat").write_text(files.get(name, LENS))
        (folder / f"rot_trans_{name}.dat").write_text(files.get(f"rot_trans_{name}", PLACE))
    return folder


def test_lens_and_place_come_in_metres(tmp_path: Path) -> None:
    calibration = import_two_view(write(tmp_path), 720, 700, unit_m=0.025, timestamp_ms=5)
    assert (calibration.timestamp_ms, calibration.kind) == (5, "marker")
    assert [*calibration.cameras] == ["c0", "c1"]
    camera = calibration.camera("c1")
    assert camera.pinhole.distortion == (-0.014, 1.419, -0.0035, -0.0036, -6.394)
    assert (camera.pinhole.width, camera.pinhole.height, camera.pinhole.fy) == (720, 700, 925.8)
    np.testing.assert_allclose(
        camera.camera_from_marker.points([0.1, 0.0, 0.0])[0], [-0.05, 0.125, 0.4], atol=1e-12
    )


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"c1": "intrinsic:\n1 2 x\n"}, "c1.dat:2: expected numbers, got '1 2 x'"),
        ({"c1": "intrinsic:\n1 2 3\n"}, "c1.dat: intrinsic: expected 9 numbers, got 3"),
        ({"c0": LENS[: LENS.index("dist")]}, "c0.dat: no entry 'distortion:'; there are intrinsic"),
        ({"rot_trans_c1": PLACE.replace("16.0", "")}, "rot_trans_c1.dat: T: expected 3 numbers"),
        ({"rot_trans_c1": PLACE.replace("-1.0", "-3.0")}, "rot_trans_c1.dat: R: not a rigid"),
    ],
)
def test_a_wrong_file_is_refused_by_its_name(
    tmp_path: Path, files: dict[str, str], words: str
) -> None:
    with pytest.raises(UsageError) as refused:
        import_two_view(write(tmp_path, **files), 720, 720, 0.025, 1)
    assert words in str(refused.value)


def test_a_lens_without_its_place_is_refused(tmp_path: Path) -> None:
    (write(tmp_path) / "rot_trans_c0.dat").unlink()
    with pytest.raises(UsageError, match=r"rot_trans_c0\.dat: cannot be read"):
        import_two_view(tmp_path, 720, 720, 0.025, 1)


def test_a_folder_without_any_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no calibration here"):
        import_two_view(tmp_path, 720, 720, 0.025, 1)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="needs the recordings in ../shared/data")
def test_the_recorded_pair_stands_as_its_own_file_says() -> None:
    cameras = import_two_view(RECORDED, 720, 720, 1.0, 1).cameras
    relative = cameras["c1"].camera_from_marker @ cameras["c0"].camera_from_marker.inverse
    # The second half of rot_trans_c1.dat, which is not what the importer reads.
    rotation, _ = cv2.Rodrigues(relative.matrix[:3, :3])
    second = (RECORDED / "two_view_rot_trans_c1.dat").read_text().split("#", 1)[1].splitlines()[1:]
    numbers = [float(n) for line in second if ":" not in line for n in line.split()]
    expected, _ = cv2.Rodrigues(np.reshape(numbers[:9], (3, 3)))
    np.testing.assert_allclose(rotation, expected, atol=1e-6)
    np.testing.assert_allclose(relative.matrix[:3, 3], numbers[9:], atol=2e-5)
