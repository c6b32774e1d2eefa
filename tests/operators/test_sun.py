"""The sun and its map: directions from the model, and texels against the projection itself."""

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from operators.sun import HALF_EXTENT_M, MAP_SIZE, USUAL_TOWARDS_SUN, Sun

DIRECTIONS = [(0.0, 0.0, 1.0), (-0.25, 0.25, 1.0), (1.0, 0.0, 0.2), (0.3, -0.9, 0.1), (0, 1, 0)]


def sun_at(direction: tuple[float, ...]) -> Sun:
    return Sun.standing(np.array(direction, dtype=np.float64))


def model_with(lights: str) -> mujoco.MjModel:
    return mujoco.MjModel.from_xml_string(
        f"<mujoco><worldbody>{lights}<geom size='1'/></worldbody></mujoco>"
    )


@pytest.mark.parametrize(
    ("lights", "expected"),
    [
        ("", USUAL_TOWARDS_SUN),
        ('<light pos="0 0 3" dir="1 0 -1"/>', USUAL_TOWARDS_SUN),
        ('<light type="directional" dir="1 0 -1"/>', (-1, 0, 1)),
        (
            '<light dir="0 1 0"/><light type="directional" dir="0 2 -1"/>'
            '<light type="directional" dir="1 0 -1"/>',
            (0, -2, 1),
        ),
        (
            '<body><freejoint/><geom size=".1"/><light type="directional" dir="1 0 -1"/></body>',
            USUAL_TOWARDS_SUN,
        ),
    ],
)
def test_the_sun_is_the_first_directional_light(
    lights: str, expected: tuple[float, float, float]
) -> None:
    towards = Sun.of_model(model_with(lights)).towards
    assert towards == pytest.approx(np.array(expected) / np.linalg.norm(expected))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_map_has_right_angles_and_looks_away_from_the_sun(
    direction: tuple[float, ...],
) -> None:
    sun = sun_at(direction)
    assert sun.map_from_centred @ sun.map_from_centred.T == pytest.approx(np.eye(3), abs=1e-12)
    assert sun.towards == pytest.approx(np.array(direction) / np.linalg.norm(direction))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_places_on_one_ray_of_light_share_a_texel(direction: tuple[float, ...]) -> None:
    sun = sun_at(direction)
    place = np.array([0.7, -1.3, 0.4])
    matrix = sun.texture_from_centred
    seen = [(matrix @ (*(place + s * sun.towards), 1.0))[:3] for s in (0.0, 2.0)]
    assert seen[0][:2] == pytest.approx(seen[1][:2])
    assert seen[1][2] < seen[0][2], "what is nearer to the sun hides the other"


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_bounds_hold_every_texel_of_a_sphere(direction: tuple[float, ...]) -> None:
    sun, random = sun_at(direction), np.random.default_rng(3)
    surface: NDArray[np.float64] = random.normal(size=(5000, 3))
    surface /= np.linalg.norm(surface, axis=-1, keepdims=True)
    for _ in range(20):
        centre, radius = random.uniform(-2, 2, 3), 10 ** random.uniform(-2, 0)
        left, top, right, bottom = sun.bounds(centre[None], np.array([radius]))[0, 0]
        places = np.column_stack([centre + radius * surface, np.ones(5000)])
        column, row = (places @ sun.texture_from_centred.T)[:, :2].T * MAP_SIZE
        assert left <= column.min()
        assert column.max() <= right
        assert top <= row.min()
        assert row.max() <= bottom
        assert right - left < np.ptp(column) + 10, "and not many more"


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_beyond_the_map_there_is_nothing(side: float) -> None:
    sun = sun_at((0, 0, 1))
    far = side * 2.0 * HALF_EXTENT_M * sun.map_from_centred[:1]
    left, _, right, _ = sun.bounds(far, np.array([0.1]))[0, 0]
    assert left >= right
