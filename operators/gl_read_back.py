"""Brings pixels out of a framebuffer."""

from collections.abc import Sequence
from typing import Final

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

Part = tuple[tuple[int, int, int, int], NDArray[np.uint8]]
"""A part of a framebuffer (x, y, width, height), and where to put its pixels: (height, width, 4),
or (height, width, 3) without the fourth channel."""

SOFTWARE: Final = ("llvmpipe", "softpipe", "swrast")
"""Mesa's renderers without a graphics card."""


def is_software(context: moderngl.Context) -> bool:
    """Whether OpenGL runs on the processor, so that there is nothing to wait for but itself."""
    return any(name in context.info["GL_RENDERER"] for name in SOFTWARE)


class GlReadBack:
    """Reads parts of a framebuffer.

    From a graphics card all of them go into one pixel buffer first, without waiting for any; then
    there is one wait for the last. From Mesa's framebuffer they are copied straight.

    Four channels are read: three take Mesa six times as long.

    buffered: which of the two.
    """

    def __init__(
        self, context: moderngl.Context, framebuffer: moderngl.Framebuffer, buffered: bool
    ) -> None:
        self._framebuffer = framebuffer
        width, height = framebuffer.size
        self._buffer = context.buffer(reserve=4 * width * height) if buffered else None

    def read(self, parts: Sequence[Part]) -> None:
        """Copy parts, which do not overlap, into their places."""
        if self._buffer is None:
            for within, place in parts:
                fits = place.flags.c_contiguous and place.shape[2] == 4
                pixels = place if fits else np.empty((*place.shape[:2], 4), np.uint8)
                self._framebuffer.read_into(pixels, within, components=4)
                if pixels is not place:
                    _put(pixels, place)
            return
        offset = 0
        for within, _ in parts:
            self._framebuffer.read_into(self._buffer, within, components=4, write_offset=offset)
            offset += 4 * within[2] * within[3]
        if not offset:
            return
        content = np.frombuffer(self._buffer.read(offset), np.uint8)
        offset = 0
        for (_, _, width, height), place in parts:
            end = offset + 4 * width * height
            _put(content[offset:end].reshape(height, width, 4), place)
            offset = end


def _put(pixels: NDArray[np.uint8], place: NDArray[np.uint8]) -> None:
    if place.shape[2] == 3:
        cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB, dst=place)
    else:
        place[...] = pixels
