"""Silhouettes: how far from a mask's edge a pixel is, and the outline of a drawn robot."""

from dataclasses import dataclass, replace
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.pinhole import Pinhole

BLUR_PX: Final = 1.0
"""Distances are smoothed by so much: an edge in whole pixels turns in steps of 45 degrees."""

CROSS: Final = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))

Picture = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class EdgeDistance:
    """How far a mask's edge is from each pixel, px: below 0 within; and its gradient."""

    distance: Picture
    across: Picture
    down: Picture

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> Self:
        """Of a mask (rows, columns). The edge lies amid the pixels on both of its sides."""
        within = mask.astype(np.uint8)
        inner = cv2.distanceTransform(within, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        outer = cv2.distanceTransform(1 - within, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        signed = np.where(mask, 0.5 - inner, outer - 0.5).astype(np.float32)
        distance = cv2.GaussianBlur(signed, (0, 0), BLUR_PX)
        # Sobel's kernel weighs eight steps of one pixel.
        across = cv2.Sobel(distance, cv2.CV_32F, 1, 0, ksize=3, scale=1.0 / 8.0)
        down = cv2.Sobel(distance, cv2.CV_32F, 0, 1, ksize=3, scale=1.0 / 8.0)
        return cls(distance, across, down)

    def gradient(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Picture:
        """(n, 2), along columns and rows, at pixels."""
        return np.stack([self.across[rows, columns], self.down[rows, columns]], axis=-1)


def outline(mask: NDArray[np.bool_], most: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of a mask's outermost pixels, evenly thinned out to so many.

    Where the picture ends is no outline.
    """
    inner = cv2.erode(mask.astype(np.uint8), CROSS, borderValue=1)
    edge = mask & (inner == 0)
    edge[[0, -1]] = False
    edge[:, [0, -1]] = False
    rows, columns = np.nonzero(edge)
    if len(rows) > most:
        chosen = np.linspace(0, len(rows) - 1, most).astype(int)
        rows, columns = rows[chosen], columns[chosen]
    return rows, columns


def shrunk_mask(mask: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """A mask with pixels of factor x factor: set where at least half of them are."""
    rows, columns = mask.shape[0] // factor, mask.shape[1] // factor
    whole = mask[: rows * factor, : columns * factor]
    share = whole.reshape(rows, factor, columns, factor).mean(axis=(1, 3))
    shrunk: NDArray[np.bool_] = share >= 0.5
    return shrunk


def shrunk_lens(pinhole: Pinhole, factor: int) -> Pinhole:
    """The lens of a picture whose pixels are factor x factor of this one's."""
    return replace(
        pinhole,
        width=pinhole.width // factor,
        height=pinhole.height // factor,
        fx=pinhole.fx / factor,
        fy=pinhole.fy / factor,
        cx=(pinhole.cx + 0.5) / factor - 0.5,
        cy=(pinhole.cy + 0.5) / factor - 0.5,
    )
