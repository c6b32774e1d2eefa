"""The panorama of a scene: markers where they belong, and changed regions like a full redraw."""

from collections.abc import Callable, Iterator
from typing import Any

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from operators.equirectangular import CONVERTERS
from operators.panorama import RENDERERS, PanoramaCapture
from tests.operators.marked_scene import (
    FAR_AWAY_M,
    elbow,
    marker_directions,
    marker_model,
    marker_poses,
    model_of,
    pixels_apart,
    poses_at,
    seen_direction,
    settings_of,
)

pytestmark = pytest.mark.gl

SHAPES = {
    "box": "0.2 0.1 0.05",
    "sphere": "0.15",
    "capsule": "0.05 0.2",
    "cylinder": "0.1 0.1",
    "ellipsoid": "0.2 0.1 0.05",
}
CHECKER = (
    '<texture name="c" type="2d" builtin="checker" rgb1=".4 .4 .4" rgb2=".6 .6 .6" width="8" '
    'height="8"/><material name="c" texture="c" texrepeat="1 1" texuniform="true"/>'
)
WIDTH = 512
Capture = Callable[..., PanoramaCapture]


@pytest.fixture
def capture_of() -> Iterator[Capture]:
    """Makes captures and closes them."""
    captures = []

    def create(model: mujoco.MjModel, **settings: Any) -> PanoramaCapture:
        captures.append(PanoramaCapture(model, settings_of(**settings)))
        return captures[-1]

    yield create
    for capture in captures:
        capture.close()


def crowd() -> mujoco.MjModel:
    """Bodies of every shape, two of them jointed, over a checkered ground with a fixed table."""
    bodies = "".join(
        f'<body><freejoint/><geom type="{shape}" size="{size}" rgba=".9 .3 .2 1"/></body>'
        for shape, size in SHAPES.items()
    )
    return model_of(
        '<geom type="plane" size="5 5 .1" material="c"/>'
        '<geom type="box" size=".4 .4 .05" pos="0 0 1.2" rgba=".5 .4 .3 1"/>'
        f"{bodies}"
        '<body><freejoint/><geom type="mesh" mesh="elbow" rgba=".2 .4 .8 1"/></body>'
        '<body><freejoint/><geom type="box" size=".1 .1 .1"/><body pos="0 .2 0"><joint/>'
        '<geom type="capsule" size=".03 .1"/></body></body>',
        CHECKER + elbow(".2 .1 .1"),
    )


def random_walk(bodies: int, steps: int) -> Iterator[NDArray[np.float64]]:
    """Poses of bodies that wander about the camera, now and then far, near, still or jumping."""
    random = np.random.default_rng(8)
    poses = poses_at(*random.normal(0.0, 1.5, (bodies, 3)))
    for _ in range(steps):
        moving = random.random(bodies) < 0.5
        jumping = random.random(bodies) < 0.1
        poses[1:, :3] += moving[:, None] * random.normal(0.0, 0.15, (bodies, 3))
        poses[1:][jumping, :3] = random.normal(0.0, 2.0, (jumping.sum(), 3))
        poses[1:][moving, 3:] += random.normal(0.0, 0.2, (moving.sum(), 4))
        yield poses.copy()


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("converter", CONVERTERS)
def test_markers_appear_where_they_are(renderer: str, converter: str, capture_of: Capture) -> None:
    capture = capture_of(marker_model(), renderer=renderer, converter=converter, width=WIDTH)
    background = capture.capture(marker_poses(np.array([1.0, 0, 0]), FAR_AWAY_M)).pixels.copy()
    for name, direction in marker_directions().items():
        seen = seen_direction(capture.capture(marker_poses(direction)).pixels, background)
        assert pixels_apart(seen, direction, WIDTH) < 1.5, name


@pytest.mark.parametrize("converter", CONVERTERS)
def test_changed_regions_are_bit_for_bit_a_full_redraw(converter: str, capture_of: Capture) -> None:
    model = crowd()
    changing = capture_of(model, converter=converter, face_size=160, width=320)
    redrawn = capture_of(model, converter=converter, face_size=160, width=320)
    steps = 300 if converter == "table" else 30
    for poses in random_walk(model.nbody - 1, steps):
        picture = changing.capture(poses)
        expected = redrawn.capture(poses, full=True)
        np.testing.assert_array_equal(changing.faces(), redrawn.faces())
        np.testing.assert_array_equal(picture.pixels, expected.pixels)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_tile_versions_say_when_pixels_changed(renderer: str, capture_of: Capture) -> None:
    model = crowd()
    tile, rows, columns = 32, 5, 10
    capture = capture_of(model, renderer=renderer, face_size=96, width=320, tile_size=tile)
    before = np.full((160, 320, 3), 255, np.uint8)
    version = np.zeros((rows, columns), np.int64)
    untouched = 0
    for frame, poses in enumerate(random_walk(model.nbody - 1, 30), start=1):
        picture = capture.capture(poses)
        changed = (picture.pixels != before).any(-1).reshape(rows, tile, columns, tile).any((1, 3))
        version[changed] = frame
        assert picture.tile_version.dtype == np.int64
        np.testing.assert_array_equal(picture.tile_version, version)
        before, untouched = picture.pixels.copy(), untouched + int((~changed).sum())
    assert untouched > 0


def test_a_full_redraw_renews_every_tile(capture_of: Capture) -> None:
    capture = capture_of(marker_model())
    for _ in range(3):
        last = capture.capture(poses_at((1.0, 0.0, 0.0)), full=True)
    assert (last.tile_version == 3).all()


@pytest.mark.parametrize("renderer", RENDERERS)
def test_nothing_moved_changes_no_tile(renderer: str, capture_of: Capture) -> None:
    capture = capture_of(marker_model(), renderer=renderer)
    first = capture.capture(poses_at((1.0, 0.0, 1.6)))
    second = capture.capture(poses_at((1.0, 0.0, 1.6)))
    assert (second.tile_version == 1).all()
    np.testing.assert_array_equal(first.pixels, second.pixels)


def test_tiles_at_the_edges_may_be_cut(capture_of: Capture) -> None:
    capture = capture_of(marker_model(), width=320, tile_size=48)
    picture = capture.capture(poses_at((1.0, 0.0, 1.6)))
    assert picture.tile_version.shape == (4, 7)


def test_the_pixels_are_read_only(capture_of: Capture) -> None:
    picture = capture_of(marker_model()).capture(poses_at((1.0, 0.0, 1.6)))
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0] = 0


@pytest.mark.parametrize("renderer", RENDERERS)
def test_tile_versions_and_faces_are_the_callers_to_keep(
    renderer: str, capture_of: Capture
) -> None:
    capture = capture_of(marker_model(), renderer=renderer, face_size=96)
    picture = capture.capture(poses_at((1.0, 0.0, 1.6)))
    faces = capture.faces()
    assert faces.shape == (6, 96, 96, 3)
    kept = picture.tile_version.copy(), faces.copy()
    capture.capture(poses_at((0.0, 1.0, 1.6)))
    for now, then in zip((picture.tile_version, faces), kept, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize(
    ("poses", "fault"),
    [
        (np.zeros((1, 7)), r"at least the 2 bodies .* got \(1, 7\)"),
        (np.zeros((2, 6)), r"expected \(bodies, 7\) .* got \(2, 6\)"),
        (np.zeros(14), r"got \(14,\)"),
        (np.full((2, 7), np.nan), "body 0 is not finite"),
        (poses_at((1.0, np.inf, 0.0)), "body 1 is not finite"),
        (np.zeros((2, 7)), "body 0 has a quaternion of length 0"),
    ],
)
def test_other_poses_are_refused_and_change_nothing(
    renderer: str, poses: NDArray[np.float64], fault: str, capture_of: Capture
) -> None:
    capture = capture_of(marker_model(), renderer=renderer, face_size=64)
    expected = capture.capture(poses_at((1.0, 0.0, 1.6))).pixels.copy()
    with pytest.raises(ValueError, match=fault):
        capture.capture(poses)
    picture = capture.capture(poses_at((1.0, 0.0, 1.6)))
    np.testing.assert_array_equal(picture.pixels, expected)
    assert picture.tile_version.max() <= 2


def test_it_closes_as_a_context() -> None:
    with PanoramaCapture(marker_model(), settings_of()) as capture:
        assert capture.capture(poses_at((1.0, 0.0, 1.6))).pixels.any()
