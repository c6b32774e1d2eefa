"""What is written is read again, by ourselves and by others."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from operators.angles_file import AnglesFile, AnglesFileError, AnglesWriter
from operators.capture_messages import HandAngles
from operators.joint_layout import MEDIAPIPE_JOINTS
from tests.operators.captured_hands import RIGHT, fitted, seen_by
from tests.operators.rigs import two_cameras

COUNT = 5
PERIOD_NS = 33_333_333


def written(path: Path, count: int = COUNT) -> AnglesWriter:
    writer = AnglesWriter(path, two_cameras(), fit={"huber_px": 3.0})
    for number in range(count):
        writer.write(fitted(number / 30, number), number * PERIOD_NS)
    writer.close()
    return writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "new" / "angles.parquet"
    written(path)
    return path


def test_every_number_comes_back(path: Path) -> None:
    angles = AnglesFile.read(path)
    assert len(angles) == COUNT
    assert angles.time_ns.tolist() == [k * PERIOD_NS for k in range(COUNT)]
    names = {field.name for field in HandAngles.FIELDS} - {"cameras"}
    assert set(angles.columns) == names
    for number in range(COUNT):
        given = fitted(number / 30, number)
        for name in names:
            value = np.asarray(getattr(given, name))
            np.testing.assert_array_equal(angles[name][number], value)
            assert angles[name].dtype == value.dtype


def test_the_schema_says_shapes_units_frames_and_order(path: Path) -> None:
    schema = pq.read_schema(path)  # by Arrow itself
    angles = schema.field("angles")
    assert angles.type.shape == [2, 16, 3]
    assert angles.type.dim_names == ["side", "rotation", "xyz"]
    assert angles.metadata[b"unit"] == b"rad"
    assert schema.field("joints").metadata[b"unit"] == b"m"
    assert schema.field("joints").metadata[b"frame"] == b"rig"
    about = json.loads(schema.metadata[b"panodora"])
    assert about["sides"] == ["left", "right"]
    assert about["joints"] == list(MEDIAPIPE_JOINTS)
    assert about["rotations"][:5] == [*MEDIAPIPE_JOINTS[:4], "INDEX_FINGER_MCP"]
    mano = [about["rotations"][k] for k in about["mano_rotations_from_these"]]
    assert [mano[k] for k in (1, 4, 7, 10, 13)] == [
        *("INDEX_FINGER_MCP", "MIDDLE_FINGER_MCP", "PINKY_MCP", "RING_FINGER_MCP", "THUMB_CMC")
    ]
    assert about["fit"] == {"huber_px": 3.0}


def test_the_file_alone_tells_where_a_camera_saw_a_joint(path: Path) -> None:
    angles = AnglesFile.read(path)
    left = angles.about["cameras"]["left"]
    fx, fy, cx, cy = left["fx_fy_cx_cy"]
    k1, k2, p1, p2, k3 = left["distortion"]
    x, y, z = np.array(left["camera_from_rig"])[:3] @ [*angles["joints"][2, RIGHT, 8], 1.0]
    x, y = x / z, y / z
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    u = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    v = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
    seen = seen_by("left", angles["joints"][2, RIGHT]).pixels[RIGHT, 8]
    np.testing.assert_allclose([fx * u + cx, fy * v + cy], seen, atol=1e-6)


def test_others_read_lists(path: Path) -> None:
    storage = pq.read_table(path)["angles"].combine_chunks().storage.to_pylist()
    np.testing.assert_array_equal(np.reshape(storage[1], (2, 16, 3)), fitted(1 / 30, 1).angles)


def test_a_file_has_its_name_when_it_is_complete(path: Path) -> None:
    before = path.read_bytes()
    writer = AnglesWriter(path, two_cameras())
    writer.write(fitted(0.0, 0), 0)
    assert path.read_bytes() == before
    assert path.with_name("angles.parquet.partial").exists()
    writer.close()
    assert len(AnglesFile.read(path)) == 1
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_without_a_moment_the_file_before_stays(path: Path) -> None:
    before = path.read_bytes()
    AnglesWriter(path, two_cameras()).close()
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_moment_of_other_cameras_is_refused(tmp_path: Path) -> None:
    cameras = two_cameras()
    writer = AnglesWriter(tmp_path / "angles.parquet", {"above": cameras["left"]})
    with pytest.raises(AnglesFileError, match="expected a moment of above, got one of left, right"):
        writer.write(fitted(0.0, 0), 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file; angles.parquet.partial is one that was not completed"),
        (b"PAR1 no more", "cannot be read"),
        ("other", "holds no joint angles"),
        ("newer", "expected version 1 of joint angles, got 2"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes | str | None, words: str) -> None:
    path = tmp_path / "angles.parquet"
    match content:
        case None:
            path.with_name("angles.parquet.partial").touch()
        case bytes():
            path.write_bytes(content)
        case "other":
            pq.write_table(pa.table({"a": [1]}), path)
        case _:
            about = json.dumps({"kind": "joint angles", "version": 2}).encode()
            pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({"panodora": about}), path)
    with pytest.raises(AnglesFileError, match=words):
        AnglesFile.read(path)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AnglesFileError, match=r"angles\.parquet: cannot be written: "):
        AnglesWriter(tmp_path / "file" / "angles.parquet", two_cameras())
