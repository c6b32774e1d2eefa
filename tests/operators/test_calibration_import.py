from pathlib import Path
from typing import Any

import numpy as np
import pytest

from operators.calibration import Calibration
from operators.calibration_import import import_calibration, orthonormal
from operators.frame_configuration import load_frames
from operators.frames import FrameTree, Transform
from operators.settings import ROOT
from operators.transforms import is_rigid
from operators.usage_error import UsageError
from tests.operators.calibrations import (
    MOUNTED,
    SERIALS,
    SIDES,
    in_hand,
    marker,
    optimised,
    published,
    save,
)

HANDS = FrameTree([Transform(f"{side}_camera", f"{side}_tcp", MOUNTED[side]) for side in SIDES])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("airexo", marker()), ("airexo_upd", optimised()), ("robot", in_hand())],
)
def test_a_published_calibration_tells_what_ours_tells(
    tmp_path: Path, kind: str, expected: Calibration
) -> None:
    path = save(tmp_path, published(kind))
    imported = import_calibration(path, 1280, 720, HANDS)
    assert (imported.kind, imported.timestamp_ms) == (expected.kind, 1737548651048)
    name = "robot" if kind == "robot" else "exoskeleton"
    frames = load_frames(ROOT / f"configs/frames/{name}.yml")
    for serial in SERIALS[:2]:
        ours = imported.camera_from_base(serial, frames).matrix
        # The extrinsics were float32.
        np.testing.assert_allclose(
            ours, expected.camera_from_base(serial, frames).matrix, atol=3e-6
        )
        assert imported.camera(serial).pinhole == expected.camera(serial).pinhole


def test_rounded_rotations_are_made_exact(tmp_path: Path) -> None:
    imported = import_calibration(save(tmp_path, published("airexo")), 1280, 720)
    for camera in imported.cameras.values():
        assert is_rigid(camera.camera_from_marker.matrix, 1e-14)


@pytest.mark.parametrize("matrix", [np.diag([1, 1, -1, 1.0]), 1.01 * np.eye(4), np.zeros((4, 4))])
def test_what_rounding_did_not_make_is_refused(matrix: np.ndarray) -> None:
    with pytest.raises(UsageError, match="extrinsics: not a rigid transform"):
        orthonormal("extrinsics", matrix)


def without(content: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != name}


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("airexo", {"type": "camera"}, "type: expected one of airexo, airexo_upd, robot"),
        ("airexo", {"type": 3}, "type: a int is not what belongs there"),
        ("airexo", {"extrinsics": {}}, "extrinsics: no entry '104122061850'"),
        ("airexo", {"intrinsics": {s: np.eye(4) for s in SERIALS}}, "expected numbers (3, 3)"),
        ("airexo", {"intrinsics": {s: np.array([["a"] * 3] * 3) for s in SERIALS}}, "<U1"),
        (
            "airexo",
            {"extrinsics": {s: np.full((4, 4), np.nan) for s in SERIALS}},
            "extrinsics.104122061850: not finite",
        ),
        (
            "airexo",
            {"extrinsics": {s: 2.0 * np.eye(4) for s in SERIALS}},
            "extrinsics[104122061850]: not a rigid transform",
        ),
        (
            "airexo_upd",
            {"upd": {"camera_serial": "9", "camera_to_base": np.eye(4)}},
            "no camera '9'",
        ),
        ("robot", {"robot_left": {"tcp_pose": np.zeros(6)}}, "expected numbers (7,)"),
    ],
)
def test_a_wrong_entry_is_named(
    tmp_path: Path, kind: str, change: dict[str, Any], words: str
) -> None:
    path = save(tmp_path, {**published(kind), **change})
    with pytest.raises(UsageError) as refused:
        import_calibration(path, 1280, 720, HANDS)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)


@pytest.mark.parametrize("name", ["type", "intrinsics", "camera_serials", "upd"])
def test_a_missing_entry_is_named_with_those_that_there_are(tmp_path: Path, name: str) -> None:
    path = save(tmp_path, without(published("airexo_upd"), name))
    with pytest.raises(UsageError, match=f"no entry '{name}'; there are "):
        import_calibration(path, 1280, 720)


def test_a_robots_hands_must_be_told(tmp_path: Path) -> None:
    path = save(tmp_path, published("robot"))
    with pytest.raises(UsageError, match="needs how its cameras are mounted"):
        import_calibration(path, 1280, 720)


def test_the_files_name_must_be_its_time(tmp_path: Path) -> None:
    path = save(tmp_path, published("airexo"), "today.npy")
    with pytest.raises(UsageError, match="time in ms as the file's name"):
        import_calibration(path, 1280, 720)


def test_what_is_no_dictionary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "1.npy"
    np.save(path, np.eye(3))
    with pytest.raises(UsageError, match="expected a dictionary, got ndarray"):
        import_calibration(path, 1280, 720)
