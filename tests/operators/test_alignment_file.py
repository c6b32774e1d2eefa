import json
from pathlib import Path
from typing import Any

import pytest

from operators.alignment_file import read_alignment, write_alignment
from operators.settings import SettingsError

SEED: dict[str, Any] = {
    "base_camera_settings": {
        "pos": [0.020, 0.190, 0.505],
        "fov": 0.655,
        "target": [0.151, 0.10, 0.15],
    },
    "greenscreen_overlay_path": "bg.png",
    "spawn_box_pos": [0.3, 0.05],
    "spawn_box_half_size": 0.1,
    "domain_randomization_config": {"robot_color": None},
}


def saved(folder: Path, content: object) -> Path:
    path = folder / "alignment.json"
    path.write_text(json.dumps(content))
    return path


def test_the_published_file_is_read(tmp_path: Path) -> None:
    found = read_alignment(saved(tmp_path, SEED))
    assert found.camera.position == (0.020, 0.190, 0.505)
    assert found.camera.target == (0.151, 0.10, 0.15)
    assert found.camera.fov_y_rad == 0.655
    assert found.greenscreen_overlay_path == tmp_path / "bg.png"
    assert (found.spawn_box_pos, found.spawn_box_half_size) == ((0.3, 0.05), 0.1)
    assert found.domain_randomization_config.robot_color is None
    assert found.doubts == ()


def test_and_written_as_it_was(tmp_path: Path) -> None:
    path = saved(tmp_path, SEED)
    write_alignment(read_alignment(path), path)
    assert json.loads(path.read_text()) == SEED
    assert [p.name for p in tmp_path.iterdir()] == ["alignment.json"]


def test_another_camera_changes_the_camera_alone(tmp_path: Path) -> None:
    path = saved(tmp_path, SEED)
    found = read_alignment(path)
    write_alignment(found.with_camera(found.camera.translated([0.0, 0.0, 0.1])), path)
    written = json.loads(path.read_text())
    assert written["base_camera_settings"]["pos"] == pytest.approx([0.020, 0.190, 0.605])
    assert {**written, "base_camera_settings": SEED["base_camera_settings"]} == SEED


@pytest.mark.parametrize("colour", [None, "random", [0.1, 0.5, 1.0]])
def test_bounds_and_colours_come_back(colour: object, tmp_path: Path) -> None:
    randomised = {
        "robot_color": colour,
        "robot_color_low": [0.2, 0.2, 0.2],
        "randomize_lighting": True,
        "light_brightness": [0.5, 1.5],
        "max_camera_offset": [0.025, 0.025, 0.025],
        "camera_fov_noise": 0.035,
    }
    path = saved(tmp_path, {**SEED, "domain_randomization_config": randomised})
    write_alignment(read_alignment(path), path)
    assert json.loads(path.read_text())["domain_randomization_config"] == randomised


def test_what_is_left_out_is_warned_of(tmp_path: Path) -> None:
    camera = {**SEED["base_camera_settings"], "fov": 2.5}
    path = saved(tmp_path, {"base_camera_settings": camera})
    doubts = "\n".join(read_alignment(path).doubts)
    assert "2.5 rad are 143 degrees" in doubts
    assert "greenscreen_overlay_path is missing" in doubts
    assert "spawn_box_pos is missing" in doubts


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base_camera_settings": None}, "base_camera_settings: Input should be"),
        ({"spawn_box_pos": None}, "belong together"),
        ({"spawn_box_pos": [1, 2, 3]}, "spawn_box_pos: .*2 items"),
        ({"spawn_box_pos": [300, 50]}, "expected metres, got 300"),
        ({"spawn_box_half_size": -1}, "spawn_box_half_size: .*greater than 0"),
        ({"spawn_box": 1}, "spawn_box: is unknown; allowed are base_camera_settings"),
        ({"domain_randomization_config": {"robot_color": "blue"}}, "robot_color: expected null"),
        ({"domain_randomization_config": {"robot_color": [255, 0, 0]}}, "from 0 to 1"),
        ({"domain_randomization_config": {"light": 1}}, "light: is unknown; allowed are robot_col"),
        ({"domain_randomization_config": {"light_brightness": [2, 1]}}, "the least first"),
        ({"domain_randomization_config": {"camera_fov_noise": 2}}, "camera_fov_noise: .*1.6"),
    ],
)
def test_a_wrong_file_is_refused_by_key(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = saved(tmp_path, {**SEED, **change})
    with pytest.raises(SettingsError, match=words) as refused:
        read_alignment(path)
    assert str(refused.value).startswith(str(path))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fov": 37.53}, "radians, 0.02 to 3.0, got 37.53; as degrees it would be 0.6550"),
        ({"pos": [20, 190, 505]}, "base_camera_settings.pos: expected metres .* are these mm"),
        ({"pos": [0.1, 0.2]}, "base_camera_settings.pos.2: is missing"),
        ({"up": [0, 0, 1]}, "base_camera_settings.up: is unknown; allowed are pos, fov, target"),
        ({"target": [0.020, 0.190, 0.0]}, "straight up or down"),
    ],
)
def test_a_wrong_camera_is_refused(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    camera = {**SEED["base_camera_settings"], **change}
    with pytest.raises(SettingsError, match=words):
        read_alignment(saved(tmp_path, {**SEED, "base_camera_settings": camera}))


@pytest.mark.parametrize("key", ["pos", "fov", "target"])
def test_a_missing_key_is_named(key: str, tmp_path: Path) -> None:
    camera = {k: v for k, v in SEED["base_camera_settings"].items() if k != key}
    with pytest.raises(SettingsError, match=f"base_camera_settings.{key}: is missing"):
        read_alignment(saved(tmp_path, {**SEED, "base_camera_settings": camera}))


@pytest.mark.parametrize(("text", "words"), [("{", "not JSON"), ("[]", "expected names")])
def test_what_is_no_such_file_is_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "alignment.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=words):
        read_alignment(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_alignment(tmp_path / "nothing.json")
