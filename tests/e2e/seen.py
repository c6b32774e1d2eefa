"""Finding colours in what is on the screen."""

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]


def matches(pixels: Picture, colour: Colour) -> NDArray[np.bool_]:
    """Which pixels have about this colour: JPEG and the screen change it a little."""
    near: NDArray[np.bool_] = (np.abs(pixels.astype(int) - colour) < 40).all(axis=-1)
    return near


def centre(seen: Picture, colour: Colour) -> NDArray[np.float64]:
    """Where a colour is, (x, y) in pixels from the picture's middle, y up."""
    y, x = np.nonzero(matches(seen, colour))
    assert len(x) > 20, f"no patch of {colour} in view"
    height, width, _ = seen.shape
    return np.array([x.mean() + 0.5 - width / 2, height / 2 - y.mean() - 0.5])


def middle(seen: Picture, size: int = 20) -> Picture:
    """A square around the picture's middle."""
    height, width, _ = seen.shape
    y, x = (height - size) // 2, (width - size) // 2
    return seen[y : y + size, x : x + size]
