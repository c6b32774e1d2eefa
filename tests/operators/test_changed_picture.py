"""What is drawn of a frame's changes equals a full redraw, bit for bit, whatever moves and how."""

import mujoco
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from operators.gl_renderer import GlRenderer
from operators.panorama import PanoramaCapture
from operators.settings import PanoramaSettings, SceneSettings, Settings
from tests.operators.marked_scene import elbow, marker_directions

pytestmark = pytest.mark.gl

FACE_SIZE, WIDTH, TILE = 112, 288, 32
DIRECTIONS = list(marker_directions().values())
Array = NDArray[np.float64]

GEOMS = (
    'type="box" size=".2 .1 .05" material="chequered"',
    'type="capsule" size=".03 .15"',
    'type="sphere" size=".12"',
    'type="cylinder" size=".1 .02" material="chequered"',
    'type="ellipsoid" size=".2 .1 .05"',
    'type="mesh" mesh="elbow"',
)

directions = st.one_of(
    st.sampled_from(DIRECTIONS), st.integers(0, 2**32 - 1).map(lambda seed: unit_vector(seed))
)
distances_m = st.floats(-3.5, 1.8).map(np.exp)
"""From 3 cm, where a body is around the camera, to 6 m, near the end of the map of shadows."""
places = st.builds(lambda direction, distance: direction * distance, directions, distances_m)
steps = st.lists(
    st.fixed_dictionaries(
        {
            "body": st.integers(0, len(GEOMS) - 1),
            "jump": st.none() | places,
            "seed": st.integers(0, 2**32 - 1),
            "is_seen": st.booleans(),
        }
    ),
    min_size=6,
    max_size=14,
)
starts = st.lists(places, min_size=len(GEOMS), max_size=len(GEOMS))
suns = directions.filter(lambda direction: direction[2] > -0.2)


def unit_vector(seed: int) -> Array:
    vector = np.random.default_rng(seed).normal(size=3)
    return np.asarray(vector / np.linalg.norm(vector))


def model_under(sun: Array) -> mujoco.MjModel:
    """Six bodies that move, one of them with a second that hangs from it, around a table."""
    bodies = "".join(f'<body><freejoint/><geom {geom} rgba=".9 .5 .3 1"/></body>' for geom in GEOMS)
    light = " ".join(f"{-x}" for x in sun)
    return mujoco.MjModel.from_xml_string(
        "<mujoco><asset>"
        '<texture name="c" type="2d" builtin="checker" rgb1=".4 .4 .4" rgb2=".6 .6 .6" width="8" '
        'height="8"/><material name="chequered" texture="c" texrepeat="1 1" texuniform="true"/>'
        f"{elbow('.2 .1 .1')}</asset><worldbody>"
        f'<light type="directional" dir="{light}"/>'
        '<geom type="plane" size="0 0 .1" material="chequered"/>'
        '<geom type="box" pos="0 0 .7" size=".5 .4 .02" euler="0 3 20"/>'
        '<geom type="capsule" pos="1.5 1 .6" size=".1 .5"/>'
        f"{bodies}</worldbody></mujoco>"
    )


def capture_of(model: mujoco.MjModel, camera: Array, quality: str) -> PanoramaCapture:
    panorama = {"face_size": FACE_SIZE, "width": WIDTH, "tile_size": TILE, "quality": quality}
    return PanoramaCapture(
        model,
        Settings(
            scene=SceneSettings(anchor_position=(camera[0], camera[1], camera[2])),
            panorama=PanoramaSettings.model_validate(panorama),
        ),
    )


def moved(poses: Array, step: dict[str, object], camera: Array) -> None:
    """Let one body go a little and turn, or jump; every third step others move along."""
    random = np.random.default_rng(step["seed"])  # type: ignore[arg-type]
    body = 1 + int(step["body"])  # type: ignore[call-overload]
    if step["jump"] is not None:
        poses[body, :3] = camera + step["jump"]
    chosen = random.random(len(poses)) < random.choice([0.0, 0.5])
    chosen[body], chosen[0] = True, False
    poses[chosen, :3] += random.normal(0.0, 0.04, (chosen.sum(), 3))
    poses[chosen, 3:] += random.normal(0.0, 0.2, (chosen.sum(), 4))


@pytest.mark.parametrize("quality", ["fast", "good"])
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sun=suns, camera=places, starts=starts, steps=steps)
def test_changes_give_the_picture_of_a_full_redraw(
    quality: str, sun: Array, camera: Array, starts: list[Array], steps: list[dict[str, object]]
) -> None:
    model = model_under(sun)
    camera = camera + np.array([0.0, 0.0, 1.3])
    poses = np.zeros((model.nbody, 7))
    poses[:, 6] = 1.0
    poses[1:, :3] = camera + starts
    tile_rows, tile_columns = -(-WIDTH // 2 // TILE), WIDTH // TILE
    with (
        capture_of(model, camera, quality) as changing,
        capture_of(model, camera, quality) as redrawn,
    ):
        before = changing.capture(poses).pixels.copy()
        version, frame = np.ones((tile_rows, tile_columns), np.int64), 1
        for step in steps:
            moved(poses, step, camera)
            if not step["is_seen"]:  # a state that was dropped on its way
                continue
            frame += 1
            picture = changing.capture(poses)
            expected = redrawn.capture(poses, full=True)
            np.testing.assert_array_equal(changing.faces(), redrawn.faces())
            np.testing.assert_array_equal(picture.pixels, expected.pixels)
            differs = (picture.pixels != before).any(axis=-1)
            padded = np.zeros((tile_rows * TILE, tile_columns * TILE), bool)
            padded[: differs.shape[0], : differs.shape[1]] = differs
            in_tile = padded.reshape(tile_rows, TILE, tile_columns, TILE).any(axis=(1, 3))
            version[in_tile] = frame
            np.testing.assert_array_equal(picture.tile_version, version)
            before = picture.pixels.copy()


def test_a_shadows_soft_edge_changes_with_it() -> None:
    # So close that the edge is wider than what is drawn around a region in any case.
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><worldbody><light type="directional" dir=".3 .2 -1"/>'
        '<geom type="plane" size="0 0 .1"/>'
        '<body><freejoint/><geom type="box" size=".02 .02 .02"/></body></worldbody></mujoco>'
    )
    changing, redrawn = (GlRenderer(model, (0.0, 0.0, 0.3), 256, "good") for _ in range(2))
    poses = np.zeros((2, 7))
    poses[:, 6] = 1.0
    for step in range(12):
        poses[1, :3] = (0.25, 0.1 + 0.03 * (step % 3), 0.05 + 0.01 * step)
        changing.render(poses)
        redrawn.render(poses, full=True)
        np.testing.assert_array_equal(changing.faces, redrawn.faces)
    changing.close()
    redrawn.close()
