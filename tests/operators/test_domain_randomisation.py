"""Chance within the file's bounds: all are reached, none is passed, and nothing else moves."""

from typing import Any

import numpy as np
import pytest

from operators.aligned_view import AlignedView
from operators.alignment_file import AlignmentFile
from operators.domain_randomisation import DomainRandomisation, Sample
from operators.look_at_camera import LookAtCamera

VIEW = AlignedView(LookAtCamera((2.0, 0.7, 0.9), (0.4, 0.0, 0.2), 0.8), 0.05)
DRAWS = 400


def chance(seed: int = 3, box: bool = True, **randomisation: Any) -> DomainRandomisation:
    content: dict[str, Any] = {
        "base_camera_settings": {"pos": [2, 0.7, 0.9], "fov": 0.8, "target": [0.4, 0, 0.2]},
        "domain_randomization_config": randomisation,
    }
    if box:
        content |= {"spawn_box_pos": [0.3, 0.05], "spawn_box_half_size": 0.1}
    alignment = AlignmentFile.model_validate(content)
    return DomainRandomisation(alignment, table_z_m=-0.2, cube_size_m=0.04, seed=seed)


def samples(drawing: DomainRandomisation) -> list[Sample]:
    return [drawing.sample(VIEW, i) for i in range(DRAWS)]


def fills(values: Any, low: Any, high: Any) -> bool:
    """Whether values lie between bounds and come near to both."""
    values, low, high = (np.asarray(v, float) for v in (values, low, high))
    near = 0.03 * (high - low)
    within = (values >= low - 1e-12).all() and (values <= high + 1e-12).all()
    return bool(
        within
        and (values.min(axis=0) < low + near).all()
        and (values.max(axis=0) > high - near).all()
    )


def test_the_cube_lies_anywhere_in_the_box_and_on_the_table() -> None:
    cubes = [s.cube for s in samples(chance())]
    assert all(cube is not None for cube in cubes)
    middles = np.array([c.middle for c in cubes if c is not None])
    assert fills(middles[:, :2], (0.2, -0.05), (0.4, 0.15))
    np.testing.assert_allclose(middles[:, 2], -0.18)
    assert fills([c.yaw_rad for c in cubes if c is not None], -np.pi, np.pi)
    assert chance(box=False).cube(0) is None


def test_the_camera_goes_within_its_bounds() -> None:
    drawn = samples(
        chance(
            max_camera_offset=[0.02, 0.03, 0.0],
            camera_target_noise=0.01,
            camera_view_rot_noise=0.04,
            camera_fov_noise=0.1,
        )
    )
    offsets = np.array([s.view.camera.position for s in drawn]) - VIEW.camera.position
    assert fills(offsets[:, :2], (-0.02, -0.03), (0.02, 0.03))
    assert np.abs(offsets[:, 2]).max() < 1e-12
    aside = np.array([s.view.camera.target for s in drawn]) - VIEW.camera.target - offsets
    assert fills(aside, [-0.01] * 3, [0.01] * 3)
    assert fills([s.view.roll_rad for s in drawn], 0.01, 0.09)
    assert fills([s.view.camera.fov_y_rad for s in drawn], 0.7, 0.9)


def test_without_bounds_nothing_is_left_to_chance_but_the_cube() -> None:
    drawn = samples(chance())
    for view in (s.view for s in drawn):
        assert view.camera.position == pytest.approx(VIEW.camera.position, abs=1e-15)
        assert view.camera.target == pytest.approx(VIEW.camera.target, abs=1e-15)
    assert {s.look for s in drawn} == {chance().plain_look()}


@pytest.mark.parametrize("colour", [None, [0.1, 0.2, 0.3]])
def test_a_colour_of_the_files_is_always_taken(colour: list[float] | None) -> None:
    wanted = None if colour is None else tuple(colour)
    assert {s.look.robot_colour for s in samples(chance(robot_color=colour))} == {wanted}
    assert chance(robot_color=colour).plain_look().robot_colour == wanted


def test_a_random_colour_is_within_its_bounds() -> None:
    low, high = [0.1, 0.0, 0.5], [0.3, 1.0, 0.6]
    drawing = chance(robot_color="random", robot_color_low=low, robot_color_high=high)
    assert fills([s.look.robot_colour for s in samples(drawing)], low, high)
    assert drawing.plain_look().robot_colour is None


def test_light_is_as_bright_and_as_aslant_as_it_may_be() -> None:
    drawn = samples(
        chance(randomize_lighting=True, light_brightness=[0.5, 1.2], light_direction_noise=0.4)
    )
    assert fills([s.look.brightness for s in drawn], 0.5, 1.2)
    usual = np.array(chance().plain_look().light_from)
    towards = np.array([s.look.light_from for s in drawn])
    cosines = towards @ usual / np.linalg.norm(usual) / np.linalg.norm(towards, axis=1)
    assert fills(np.arccos(np.clip(cosines, -1, 1)) ** 2, 0.0, 0.16)
    # Evenly around: the mean is where the light usually comes from.
    mean = towards.mean(axis=0)
    assert np.degrees(np.arccos(mean @ usual / np.linalg.norm(usual) / np.linalg.norm(mean))) < 2


def test_a_sample_is_told_by_seed_and_number_alone() -> None:
    everything = {
        "robot_color": "random",
        "randomize_lighting": True,
        "max_camera_offset": [0.1] * 3,
    }
    first = [chance(**everything).sample(VIEW, i) for i in (5, 2, 5)]
    assert first[0] == first[2] != first[1]
    assert chance(seed=4, **everything).sample(VIEW, 5) != first[0]
    # What is switched off changes nothing of the rest.
    without = chance(robot_color="random", max_camera_offset=[0.1] * 3).sample(VIEW, 5)
    assert without.cube == first[0].cube
    assert without.view == first[0].view
    assert without.look.robot_colour == first[0].look.robot_colour
    # The same on every machine and in every version.
    cube = chance().cube(0)
    assert cube is not None
    aside = np.random.default_rng([3, 0, 0]).uniform(-0.1, 0.1, 2)
    np.testing.assert_allclose(np.subtract(cube.middle[:2], (0.3, 0.05)), aside)
