"""The checker pattern of a plane in a MuJoCo model."""

from dataclasses import dataclass
from typing import Self

import mujoco
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Checker:
    """Squares of two colours.

    even_colour, odd_colour: (3,) red, green, blue, 0 to 1, of squares whose numbers along x and y
    have an even or an odd sum. The point (x, y) of the plane, m from its centre, is in the squares
    floor(squares_per_metre * (x, y) + offset).
    squares_per_metre, offset: (2,) along x and y.
    """

    even_colour: NDArray[np.float32]
    odd_colour: NDArray[np.float32]
    squares_per_metre: NDArray[np.float64]
    offset: NDArray[np.float64]

    @classmethod
    def of_geom(cls, model: mujoco.MjModel, geom: int, colour: NDArray[np.float32]) -> Self:
        """The squares that MuJoCo would draw on a plane, or one colour where it has no checker.

        geom: the plane's index in the model; colour: (4,), which tints the texture.
        """
        tint = colour[:3]
        material = int(model.geom_matid[geom])
        texture = -1
        if material >= 0:
            texture = int(model.mat_texid[material, mujoco.mjtTextureRole.mjTEXROLE_RGB])
        colours = _two_colours(model, texture) if texture >= 0 else None
        if colours is None:
            return cls(tint, tint, np.ones(2), np.zeros(2))
        # Found by rendering: a repetition, two squares wide, takes 2 m, or else as many fit into
        # the plane's extent as texrepeat says. The texture begins in the corner at -x and +y.
        repeat = model.mat_texrepeat[material].astype(np.float64)
        size = model.geom_size[geom, :2]
        per_extent = not model.mat_texuniform[material] and bool((size > 0).all())
        squares_per_metre = repeat / size if per_extent else repeat
        offset = squares_per_metre * size * (1.0, -1.0) % 2.0
        return cls(tint * colours[1], tint * colours[0], squares_per_metre, offset)


def _two_colours(model: mujoco.MjModel, texture: int) -> NDArray[np.float32] | None:
    """The colours (2, 3) of a texture's upper left and upper right quarter, if it is a checker."""
    height, width = int(model.tex_height[texture]), int(model.tex_width[texture])
    channels, start = int(model.tex_nchannel[texture]), int(model.tex_adr[texture])
    if height % 2 or width % 2 or channels < 3:
        return None
    texels = model.tex_data[start : start + height * width * channels]
    quarters = texels.reshape(2, height // 2, 2, width // 2, channels)[..., :3]
    first, second = quarters[0, 0, 0, 0], quarters[0, 0, 1, 0]
    expected = np.array([[first, second], [second, first]])[:, None, :, None]
    if (quarters != expected).any():
        return None
    return np.stack([first, second]).astype(np.float32) / np.float32(255)
