"""The panorama from a shader, against the one from a table of the same faces."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from operators import gl_painter
from operators.equirectangular import Interpolation, Rectangle
from operators.gl_renderer import GlRenderer
from operators.panorama import PanoramaCapture
from operators.renderer import Quality
from operators.settings import PanoramaSettings, SettingsError
from tests.operators.marked_scene import CAMERA, marker_directions, model_of, poses_at, settings_of

pytestmark = pytest.mark.gl

SHOWN = [Rectangle(0, 0, 48, 32), Rectangle(96, 32, 144, 64), Rectangle(240, 128, 288, 144)]


def surroundings() -> tuple[Any, NDArray[np.float64]]:
    """Coloured bodies at the centres, edges and corners of the cube, and between."""
    random = np.random.default_rng(12)
    directions = list(marker_directions().values())
    bodies = "".join(
        '<body><freejoint/><geom type="ellipsoid" size=".5 .4 .6" '
        f'rgba="{" ".join(f"{x:.2f}" for x in random.random(3))} 1"/></body>'
        for _ in directions
    )
    return model_of(bodies), poses_at(*(CAMERA + 3.0 * d for d in directions))


def picture(converter: str, quality: str = "fast", **keys: Any) -> NDArray[np.int16]:
    model, poses = surroundings()
    settings = settings_of(face_size=160, width=288, converter=converter)
    chosen = settings.panorama.model_copy(update={"quality": quality, **keys})
    with PanoramaCapture(model, settings.model_copy(update={"panorama": chosen})) as capture:
        return capture.capture(poses).pixels.astype(np.int16)


@pytest.mark.parametrize("quality", ["fast", "good"])
def test_shader_and_table_make_the_same_panorama(quality: str) -> None:
    difference = np.abs(picture("shader", quality) - picture("table", quality)).max(axis=-1)
    # A card weighs with 8 bits between pixels; where two faces meet either may be taken.
    assert np.percentile(difference, 99) <= 3
    assert (difference > 12).mean() < 0.003


def test_nearest_takes_no_colour_that_is_not_there() -> None:
    nearest = picture("shader", interpolation="nearest")
    table = picture("table", interpolation="nearest")
    assert (np.abs(nearest - table).max(axis=-1) > 0).mean() < 0.01


def test_what_a_texture_cannot_do_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"nearest or linear, got cubic; .*converter to table"):
        picture("shader", interpolation="cubic")
    with pytest.raises(ValueError, match="converter shader needs renderer gl, got mujoco"):
        PanoramaSettings(renderer="mujoco", converter="shader")


@pytest.mark.parametrize("buffered", [False, True])
@pytest.mark.parametrize("quality", ["fast", "good"])
def test_changes_give_the_picture_of_a_full_redraw(
    quality: Quality, buffered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gl_painter, "is_software", lambda _: not buffered)
    model, poses = surroundings()
    settings = settings_of(face_size=96, width=192, converter="shader")
    chosen = settings.panorama.model_copy(update={"quality": quality})
    settings = settings.model_copy(update={"panorama": chosen})
    random = np.random.default_rng(3)
    with (
        PanoramaCapture(model, settings) as changing,
        PanoramaCapture(model, settings) as redrawn,
    ):
        for _ in range(15):
            moving = random.integers(1, model.nbody, 3)
            poses[moving, :3] += random.normal(0.0, 0.1, (3, 3))
            pictures = changing.capture(poses), redrawn.capture(poses, full=True)
            np.testing.assert_array_equal(pictures[0].pixels, pictures[1].pixels)
            np.testing.assert_array_equal(changing.faces(), redrawn.faces())


@pytest.mark.parametrize("interpolation", ["nearest", "linear"])
def test_only_the_rectangles_that_are_asked_for_are_written(interpolation: Interpolation) -> None:
    model, poses = surroundings()
    renderer = GlRenderer(model, CAMERA, 160, read_back=False)
    renderer.render(poses)
    converter = renderer.converter(144, 288, interpolation)
    whole, parts = np.zeros((2, 144, 288, 3), np.uint8)
    converter.convert(whole)
    converter.convert(parts, SHOWN)
    renderer.close()
    expected = np.zeros_like(whole)
    for left, top, right, bottom in SHOWN:
        expected[top:bottom, left:right] = whole[top:bottom, left:right]
    np.testing.assert_array_equal(parts, expected)
