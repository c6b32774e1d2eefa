"""Distances against closed forms and MuJoCo's own rays."""

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from operators.depth_panorama import DepthMap
from operators.equirectangular import direction_of_pixel
from operators.panorama import PanoramaCapture
from operators.settings import PanoramaSettings
from tests.operators.marked_scene import CAMERA, marker_model, model_of, poses_at, settings_of

HEIGHT, WIDTH = 160, 320
Distances = NDArray[np.float64]


def capture_of(model: mujoco.MjModel, converter: str = "table") -> PanoramaCapture:
    settings = settings_of(face_size=256, width=WIDTH, converter=converter)
    chosen = settings.panorama.model_copy(update={"depth": True})
    return PanoramaCapture(model, settings.model_copy(update={"panorama": chosen}))


def distances(capture: PanoramaCapture) -> Distances:
    message = capture.depth()
    assert message is not None
    message.check()
    return message.half_floats.view("<f2")[..., 0].astype(np.float64)


def directions() -> NDArray[np.float64]:
    row, column = np.indices((HEIGHT, WIDTH))
    return direction_of_pixel(column, row, HEIGHT, WIDTH)


@pytest.mark.gl
@pytest.mark.parametrize("converter", ["table", "shader"])
def test_a_plane_is_as_far_as_geometry_says(converter: str) -> None:
    with capture_of(model_of('<geom type="plane" size="0 0 .1"/>'), converter) as capture:
        capture.capture(poses_at())
        seen = distances(capture)
    down = -directions()[..., 2]
    with np.errstate(divide="ignore"):
        expected = np.where(down > 0, CAMERA[2] / down, np.inf)
    near = expected < 10.0
    # A pixel of the panorama shows what a pixel of a face shows that is up to 0.2 degrees off.
    np.testing.assert_allclose(seen[near], expected[near], rtol=0.05)
    steep = down > 0.7
    np.testing.assert_allclose(seen[steep], expected[steep], rtol=0.006)
    assert np.isinf(seen[: HEIGHT // 2 - 1]).all()


@pytest.mark.gl
def test_everything_is_as_far_as_mujocos_rays_go() -> None:
    random = np.random.default_rng(4)
    shapes = ('box" size=".3 .4 .2', 'sphere" size=".4', 'capsule" size=".2 .3')
    model = model_of(
        '<geom type="plane" size="0 0 .1"/>'
        + "".join(f'<body><freejoint/><geom type="{shapes[i % 3]}"/></body>' for i in range(15))
    )
    poses = poses_at(*(CAMERA + random.normal(0.0, 1.5, (15, 3))))
    poses[1:, 3:] = random.normal(size=(15, 4))
    data = mujoco.MjData(model)
    data.qpos[:] = poses[1:, [0, 1, 2, 6, 3, 4, 5]].ravel()
    mujoco.mj_forward(model, data)
    with capture_of(model) as capture:
        capture.capture(poses)
        seen = distances(capture)
    hit, ways = np.zeros(1, np.int32), directions()
    expected = np.empty((HEIGHT, WIDTH))
    for place in np.ndindex(HEIGHT, WIDTH):
        found = mujoco.mj_ray(model, data, np.array(CAMERA), ways[place], None, 1, -1, hit)
        expected[place] = found if found >= 0 else np.inf
    near = expected < 6.0
    error = np.abs(seen[near] / expected[near] - 1.0)
    # The rest are outlines, where a pixel shows what is in front or what is behind.
    assert np.percentile(error, 90) < 0.03
    assert np.median(error) < 0.003
    assert near.mean() > 0.4


@pytest.mark.gl
def test_changes_give_the_distances_of_a_full_redraw() -> None:
    random = np.random.default_rng(5)
    model = marker_model()
    with capture_of(model) as changing, capture_of(model) as redrawn:
        for _ in range(20):
            poses = poses_at(CAMERA + random.normal(0.0, 1.0, 3))
            changing.capture(poses)
            redrawn.capture(poses, full=True)
            np.testing.assert_array_equal(distances(changing), distances(redrawn))


@pytest.mark.gl
def test_there_is_no_depth_unless_it_is_asked_for() -> None:
    with PanoramaCapture(marker_model(), settings_of()) as capture:
        capture.capture(poses_at((1.0, 0.0, 1.6)))
        assert capture.depth() is None


def test_depth_needs_the_renderer_that_knows_it() -> None:
    with pytest.raises(ValueError, match="depth needs renderer gl, got mujoco"):
        PanoramaSettings(renderer="mujoco", depth=True)


def test_depths_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(6, N, N\), got \(5, 16, 16\)"):
        DepthMap(0.02, 16, 16, 32).update(np.zeros((5, 16, 16), np.float32))
