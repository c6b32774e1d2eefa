"""Reads HO-Cap's layout, of which a small sequence is made here."""

from pathlib import Path

import numpy as np
import pytest

from operators.calibration_file import read_calibration, write_calibration
from operators.camera_settings import PictureSettings
from operators.ho_cap import HoCapSequence
from operators.picture_source import open_source
from operators.usage_error import UsageError
from tests.operators.ho_cap_files import hands, rig, write_ho_cap


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ho_cap(tmp_path_factory.mktemp("ho_cap"))


@pytest.fixture(scope="module")
def sequence(folder: Path) -> HoCapSequence:
    return HoCapSequence(folder)


def test_eight_cameras_stand_where_they_are(sequence: HoCapSequence) -> None:
    truth = rig()
    assert sequence.serials == tuple(truth)
    assert len(truth) == 8
    for serial, camera in truth.items():
        found = sequence.calibration.camera(serial)
        assert found.pinhole == camera.pinhole
        np.testing.assert_allclose(
            found.camera_from_marker.matrix, camera.camera_from_marker.matrix, atol=1e-6
        )


def test_it_becomes_a_calibration_of_ours(sequence: HoCapSequence, tmp_path: Path) -> None:
    path = write_calibration(sequence.calibration, tmp_path)
    assert path.name == "1698170853000.yml"  # 2023-10-24 18:07:33 UTC, by `date -u -d`
    assert [*read_calibration(path).cameras] == list(sequence.serials)


def test_labels_come_left_first_in_one_frame(sequence: HoCapSequence) -> None:
    for serial in sequence.serials:
        label = sequence.label(serial, 0)
        assert label.valid.all()
        np.testing.assert_allclose(label.joints, hands(), atol=1e-5)
        camera = rig()[serial]
        left = camera.pinhole.project(camera.camera_from_marker.points(hands()[0]))
        np.testing.assert_allclose(label.pixels[0], left, atol=0.51)
        np.testing.assert_allclose(label.boxes[0, :2], left.min(axis=0) - 3, atol=0.51)
        np.testing.assert_allclose(label.boxes[0, 2:], left.max(axis=0) + 3, atol=0.51)


@pytest.mark.parametrize(("frame", "valid"), [(1, [False, True]), (7, [False, False])])
def test_absent_hands_are_nan(sequence: HoCapSequence, frame: int, valid: list[bool]) -> None:
    label = sequence.label(sequence.serials[3], frame)
    assert label.valid.tolist() == valid
    for values in (label.joints, label.pixels, label.boxes):
        there = np.isfinite(values).reshape(2, -1)
        assert there.all(axis=1).tolist() == there.any(axis=1).tolist() == valid


def test_pictures_are_a_source_without_the_depths_beside_them(sequence: HoCapSequence) -> None:
    source = PictureSettings(source=sequence.pictures(sequence.serials[0]))
    pictures = open_source(source, "capture.cameras.x")
    for value in (40, 41):
        picture = pictures.read()
        assert picture is not None
        assert abs(int(picture[5, 5, 0]) - value) <= 1
    assert pictures.read() is None


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("meta.yaml", "num_frames: 3\n", "meta.yaml: realsense: Field required"),
        ("meta.yaml", "realsense: {serials: []}\nnum_frames: 1\n", "at least 1 item"),
        ("meta.yaml", None, "meta.yaml: cannot be read"),
        (
            "../../calibration/extrinsics/extrinsics_20231014.yaml",
            "extrinsics: {tag_1: [1, 2]}\n",
            "no 005322251560; there are tag_1",
        ),
        (
            "../../calibration/extrinsics/extrinsics_20231014.yaml",
            None,
            "expected extrinsics 'extrinsics_20231014', found none",
        ),
        ("../../calibration/intrinsics/005322251560.yaml", None, "005322251560.yaml: cannot be"),
    ],
)
def test_a_wrong_file_is_refused_by_its_name(
    tmp_path: Path, file: str, text: str | None, words: str
) -> None:
    sequence = write_ho_cap(tmp_path, frames=1)
    if text is None:
        (sequence / file).unlink()
    else:
        (sequence / file).write_text(text)
    with pytest.raises(UsageError) as refused:
        HoCapSequence(sequence)
    assert words in str(refused.value)


def test_a_wrong_label_is_refused(tmp_path: Path) -> None:
    folder = write_ho_cap(tmp_path, frames=1)
    sequence = HoCapSequence(folder)
    path = folder / sequence.serials[0] / "label_000000.npz"
    np.savez(path, hand_joints_3d=np.zeros((1, 21, 3)), hand_joints_2d=np.zeros((1, 21, 2)))
    with pytest.raises(UsageError, match=r"label_000000\.npz: expected hand_joints_3d \(2, 21, 3"):
        sequence.label(sequence.serials[0], 0)
    path.write_bytes(b"no archive")
    with pytest.raises(UsageError, match=r"label_000000\.npz: cannot be read"):
        sequence.label(sequence.serials[0], 0)


def test_another_folder_is_refused(folder: Path) -> None:
    other = folder.rename(folder.with_name("mine"))
    try:
        with pytest.raises(UsageError, match="expected a sequence's folder, such as 20231024"):
            HoCapSequence(other)
    finally:
        other.rename(folder)
