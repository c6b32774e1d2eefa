"""Pixels out of a framebuffer, straight and through a pixel buffer."""

from collections.abc import Iterator

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from operators.gl_context import NoOpenGLError, create_context
from operators.gl_read_back import GlReadBack, is_software

pytestmark = pytest.mark.gl

WIDTH, HEIGHT = 40, 30


@pytest.fixture
def context() -> Iterator[moderngl.Context]:
    created = create_context()
    with created:
        yield created
    created.release()


@pytest.fixture
def pixels() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 4), dtype=np.uint8)


@pytest.mark.parametrize("buffered", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
def test_parts_come_to_their_places(
    context: moderngl.Context, pixels: NDArray[np.uint8], buffered: bool, channels: int
) -> None:
    texture = context.texture((WIDTH, HEIGHT), 4, pixels.tobytes())
    reader = GlReadBack(context, context.framebuffer(texture), buffered)
    places = np.zeros((HEIGHT, WIDTH, channels), np.uint8)
    within = [(3, 5, 7, 11), (20, 0, 20, 30), (0, 29, 1, 1)]
    reader.read([(w, places[w[1] : w[1] + w[3], w[0] : w[0] + w[2]]) for w in within])
    expected = np.zeros_like(places)
    for x, y, width, height in within:
        part = np.s_[y : y + height, x : x + width]
        expected[part] = pixels[part][..., :channels]
    np.testing.assert_array_equal(places, expected)
    reader.read([((0, 0, WIDTH, HEIGHT), places)])
    np.testing.assert_array_equal(places, pixels[..., :channels])
    reader.read([])


def test_mesa_is_known_as_software(context: moderngl.Context) -> None:
    assert is_software(context) == ("llvmpipe" in context.info["GL_RENDERER"])


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(NoOpenGLError, match=r"on panorama.device 93 failed: .*93"):
        create_context(93)
