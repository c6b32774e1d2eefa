from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.airexo_products import chain_errors
from operators.frame_configuration import drawn, load_frames
from operators.settings import ROOT, SettingsError

SHIPPED = sorted((ROOT / "configs/frames").glob("*.yml"))
ERRORS = chain_errors(rounds=20, seed=7)


@pytest.mark.parametrize("chain", ERRORS)
def test_a_shipped_chain_is_the_seeds_product(chain: str) -> None:
    assert ERRORS[chain] <= 1e-12


def test_all_chains_are_there() -> None:
    assert {path.stem for path in SHIPPED} == {"robot", "two_arms", "exoskeleton", "point_cloud"}
    assert len(ERRORS) == 16


def test_the_left_arm_is_to_the_left_and_leans_outwards() -> None:
    robot = load_frames(ROOT / "configs/frames/robot.yml")
    np.testing.assert_allclose(
        robot["kinematic_base_from_left_arm_base"].matrix[:3, 3], [0.0, 0.135, 0.0]
    )
    arms = load_frames(ROOT / "configs/frames/two_arms.yml")
    up = arms["left_arm_base_from_left_kinematic_base"].matrix[:3, :3] @ [0.0, 0.0, 1.0]
    np.testing.assert_allclose(up, [0.0, np.sqrt(0.5), np.sqrt(0.5)], atol=1e-15)


def written(folder: Path, content: str) -> Path:
    path = folder / "frames.yml"
    path.write_text(content)
    return path


def test_a_rotation_may_be_a_quaternion(tmp_path: Path) -> None:
    rotation = Rotation.from_rotvec([0.3, -0.2, 1.1])
    x, y, z, w = rotation.as_quat().tolist()
    text = f"transforms: {{a_from_b: {{quaternion: [{x}, {y}, {z}, {w}], translation: [1, 2, 3]}}}}"
    tree = load_frames(written(tmp_path, text))
    np.testing.assert_allclose(tree["a_from_b"].matrix[:3, :3], rotation.as_matrix(), atol=1e-12)
    np.testing.assert_array_equal(tree["a_from_b"].matrix[:3, 3], [1, 2, 3])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("transforms: {a_from_b: guesswork}", "a_from_b"),
        ("transforms: {camera: calibration}", "transform 'camera': expected a name"),
        (
            "transforms: {a_from_b: {matrix: [[2,0,0,0],[0,2,0,0],[0,0,2,0],[0,0,0,1]]}}",
            "a_from_b: expected a rigid transform",
        ),
        ("transforms: {a_from_b: {quaternion: [0, 0, 0, 2]}}", "length must be 1, it is 2"),
        (
            "transforms: {a_from_b: {quaternion: [0,0,0,1], turn: {axis: x, degrees: 3}}}",
            "give a matrix, or one of turn and quaternion",
        ),
        ("transforms: {a_from_b: {turn: {axis: w, degrees: 3}}}", "axis"),
        ("frames: {}", "unknown key 'frames'; allowed here: transforms"),
        ("[1, 2]", "expected names with values"),
        ("a: [", "not YAML"),
        (
            "transforms: {a_from_b: {}, b_from_c: {}, c_from_a: robot}",
            "joins the two already",
        ),
    ],
)
def test_a_file_that_says_nothing_clear_is_refused(
    tmp_path: Path, content: str, words: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(SettingsError) as refused:
        load_frames(path)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yml: cannot be read"):
        load_frames(tmp_path / "nowhere.yml")


def test_the_drawing_has_every_frame_once_below_its_neighbour() -> None:
    tree = load_frames(ROOT / "configs/frames/two_arms.yml")
    lines = drawn(tree).splitlines()
    assert lines[0] == "render"
    assert lines[1] == "└─ camera   (render_from_camera)"
    assert lines[2] == "   ├─ left_base   (camera_from_left_base, from calibration)"
    assert len(lines) == len(tree.frames)
    for frame in tree.frames:
        assert sum(f" {frame} " in f" {line.split('   (')[0]} " for line in lines) == 1
