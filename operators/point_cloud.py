"""Depth pictures as coloured points in the camera's frame."""

import numpy as np
from numpy.typing import NDArray

from operators.overlay_messages import PointCloud
from operators.pinhole import Pinhole


class CloudMaker:
    """Turns pictures of one size into points.

    pinhole: the camera. step: every so many pixels, in both directions, a point.
    """

    def __init__(self, pinhole: Pinhole, step: int = 1) -> None:
        self._pinhole = pinhole
        self._step = step
        self._rays = pinhole.rays(step)

    def cloud(
        self,
        serial: str,
        colour: NDArray[np.uint8],
        depth: NDArray[np.uint16] | None,
        depth_scale: int,
    ) -> PointCloud:
        """The points that have a depth: none without depths.

        colour: (rows, columns, 3) RGB. depth: (rows, columns), 0 where unknown.
        Raises ImageSizeError for pictures of another size.
        """
        self._pinhole.check_size(colour, "the picture")
        if depth is None:
            nothing = np.zeros((0, 3))
            return PointCloud(
                serial=serial,
                positions=nothing.astype(np.float32),
                colours=nothing.astype(np.uint8),
            )
        self._pinhole.check_size(depth, "the depths")
        thinned = depth[:: self._step, :: self._step]
        known = thinned > 0
        distance_m = thinned[known].astype(np.float32) / np.float32(depth_scale)
        return PointCloud(
            serial=serial,
            positions=self._rays[known] * distance_m[:, None],
            colours=colour[:: self._step, :: self._step][known],
        )
