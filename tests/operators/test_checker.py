"""Checkers read from a model, against MuJoCo's own picture of them."""

import mujoco
import numpy as np
import pytest

from operators.checker import Checker
from operators.gl_renderer import GlRenderer
from operators.mujoco_renderer import MujocoRenderer
from tests.operators.marked_scene import model_of, poses_at

RED, GREEN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def plane(texture: str, material: str, size: str = "4 2 .1") -> mujoco.MjModel:
    return model_of(
        f'<geom type="plane" size="{size}" material="c"/>',
        f'<texture name="c" type="2d" width="16" height="16" {texture}/>'
        f'<material name="c" texture="c" {material}/>',
    )


CHECKERED = 'builtin="checker" rgb1="1 0 0" rgb2="0 1 0"'


def checker_of(model: mujoco.MjModel) -> Checker:
    return Checker.of_geom(model, 0, np.ones(4, np.float32))


@pytest.mark.gl
@pytest.mark.parametrize(
    "material",
    [
        'texuniform="true"',
        'texrepeat="1 3" texuniform="true"',
        'texrepeat="1.3 0.9" texuniform="true"',
        'texrepeat="5 4"',
        'texrepeat="4.6 2.7"',
    ],
)
def test_squares_lie_where_mujoco_draws_them(material: str) -> None:
    model = plane(CHECKERED, material)
    pictures = []
    for renderer_type in (GlRenderer, MujocoRenderer):
        renderer = renderer_type(model, (0.3, 0.1, 1.5), 96)
        renderer.render(poses_at())
        down = renderer.faces[5, ..., :2].astype(int)
        renderer.close()
        pictures.append(down[..., 0] > down[..., 1])
    ours, theirs = pictures
    assert (ours == theirs).mean() > 0.97
    assert 0.3 < ours.mean() < 0.7


@pytest.mark.parametrize(
    ("material", "size", "expected"),
    [
        ('texuniform="true" texrepeat="1 1"', "10 10 .1", (1.0, 1.0)),
        ('texuniform="true" texrepeat="2 3"', "0 0 .1", (2.0, 3.0)),
        ('texrepeat="20 10"', "10 2 .1", (2.0, 5.0)),
    ],
)
def test_squares_per_metre(material: str, size: str, expected: tuple[float, float]) -> None:
    checker = checker_of(plane(CHECKERED, material, size))
    np.testing.assert_allclose(checker.squares_per_metre, expected)
    # MuJoCo's first colour is the upper left one of the texture, at -x and +y of the centre.
    np.testing.assert_allclose(checker.odd_colour, RED)
    np.testing.assert_allclose(checker.even_colour, GREEN)


def test_a_plane_without_checker_has_one_colour() -> None:
    gradient = plane('builtin="gradient" rgb1="1 0 0" rgb2="0 1 0"', 'texuniform="true"')
    bare = model_of('<geom type="plane" size="1 1 .1"/>')
    for model in (gradient, bare):
        checker = Checker.of_geom(model, 0, np.array([0.2, 0.4, 0.6, 1.0], np.float32))
        np.testing.assert_allclose(checker.even_colour, (0.2, 0.4, 0.6), rtol=1e-6)
        np.testing.assert_allclose(checker.odd_colour, (0.2, 0.4, 0.6), rtol=1e-6)
