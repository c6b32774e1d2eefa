"""The pattern of a plane in a MuJoCo model: a checker, or a picture that is laid out like one."""

from dataclasses import dataclass
from typing import Self

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.geom_textures import GeomTexture, picture, texture_of


@dataclass(frozen=True)
class Checker:
    """Squares of two colours.

    even_colour, odd_colour: (3,) red, green, blue, 0 to 1, of squares whose numbers along x and y
    have an even or an odd sum. The point (x, y) of the plane, m from its centre, is in the squares
    floor(squares_per_metre * (x, y) + offset).
    squares_per_metre, offset: (2,) along x and y.
    texture: a picture that covers two by two squares each time, in place of the two colours, which
    then tint it.
    """

    even_colour: NDArray[np.float32]
    odd_colour: NDArray[np.float32]
    squares_per_metre: NDArray[np.float64]
    offset: NDArray[np.float64]
    texture: GeomTexture | None = None

    @classmethod
    def of_geom(cls, model: mujoco.MjModel, geom: int, colour: NDArray[np.float32]) -> Self:
        """What MuJoCo would draw on a plane, or one colour where it has no texture.

        geom: the plane's index in the model; colour: (4,), which tints the texture.
        """
        tint = colour[:3]
        texture = texture_of(model, geom)
        if texture is None or texture.is_cube:
            return cls(tint, tint, np.ones(2), np.zeros(2))
        # The texture begins in the corner at -x and +y, on an endless plane a square from x and y.
        size = model.geom_size[geom, :2]
        ends = size > 0
        squares_per_metre = texture.scale[:2] / np.where(ends, size, 1.0)
        offset = np.where(ends, squares_per_metre * size * (1.0, -1.0), 1.0) % 2.0
        colours = _two_colours(picture(model, texture.number))
        if colours is None:
            return cls(tint, tint, squares_per_metre, offset, texture)
        return cls(tint * colours[1], tint * colours[0], squares_per_metre, offset)


def _two_colours(texels: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """The colours (2, 3) of a texture's upper left and upper right quarter, if it is a checker."""
    height, width, channels = texels.shape
    if height % 2 or width % 2:
        return None
    quarters = texels.reshape(2, height // 2, 2, width // 2, channels)[..., :3]
    first, second = quarters[0, 0, 0, 0], quarters[0, 0, 1, 0]
    expected = np.array([[first, second], [second, first]])[:, None, :, None]
    if (quarters != expected).any():
        return None
    return np.stack([first, second]).astype(np.float32) / np.float32(255)
