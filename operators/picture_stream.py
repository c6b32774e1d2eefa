"""Which pictures a client of the page gets: the newest, once it has shown an earlier one."""

import time
from collections import deque

import numpy as np
import simplejpeg

from operators.header import Header
from operators.messages import Panorama, Picture
from operators.page_layout import encode_bytes

WHOLE = np.empty(0, np.int32)
"""The tiles of a picture that holds all of the panorama."""


class Frame:
    """A panorama on its way to the clients: encoded when the first takes it, and only then.

    received_ns: when it came in; started_ns: when its encoding began, 0 before.
    jpeg_quality: 1 to 100.
    """

    def __init__(
        self, panorama: Panorama, header: Header, received_ns: int, jpeg_quality: int
    ) -> None:
        self.header = header
        self.received_ns = received_ns
        self.started_ns = 0
        self._jpeg_quality = jpeg_quality
        self._panorama: Panorama | None = panorama
        self._encoded = b""

    @property
    def seq(self) -> int:
        """The panorama's sequence number."""
        return self.header.seq

    def encoded(self) -> bytes:
        """The picture as bytes for the page, made at the first call; not from two threads at once.

        Chroma is halved both ways (4:2:0): the quickest to encode, and half the size of 4:4:4.
        """
        if self._panorama is not None:
            self.started_ns = time.monotonic_ns()
            rows, columns, _ = self._panorama.pixels.shape
            jpeg = simplejpeg.encode_jpeg(
                np.ascontiguousarray(self._panorama.pixels),
                quality=self._jpeg_quality,
                colorspace="RGB",
                colorsubsampling="420",
            )
            picture = Picture(
                frame_seq=self.seq,
                capture_ns=self.header.capture_ns,
                columns=columns,
                rows=rows,
                tile_size=self._panorama.tile_size,
                tiles=WHOLE,
                jpeg=np.frombuffer(jpeg, np.uint8),
            )
            self._encoded = encode_bytes(picture, time.monotonic_ns() / 1e6)
            self._panorama = None  # the pixels may lie in shared memory that others wait for
        return self._encoded


class PictureCredit:
    """How many pictures a client may be sent before it has shown one.

    Without this a slow client's pictures wait in the network's buffers, and it sees the past:
    3 to 6 s of it, measured.
    """

    def __init__(self, frames_in_flight: int) -> None:
        self._frames_in_flight = frames_in_flight
        self._in_flight: deque[int] = deque()
        self._newest: Frame | None = None
        self._watching = True

    @property
    def watching(self) -> bool:
        """Whether the client wants pictures at all."""
        return self._watching

    @property
    def ready(self) -> bool:
        """Whether the client can take a new picture."""
        return self._watching and len(self._in_flight) < self._frames_in_flight

    def may_take(self, frame: Frame | None) -> bool:
        """Whether this is a picture to send now: never the same one twice."""
        return self.ready and frame is not None and frame is not self._newest

    def take(self, frame: Frame) -> None:
        """A picture leaves for the client."""
        self._newest = frame
        self._in_flight.append(frame.seq)

    def shown(self, seq: int) -> bool:
        """The client says that it has drawn a picture; false if it was not sent that one.

        Those sent before it are settled too: a client draws the newest that it has, so an older
        one may never be drawn.
        """
        if seq not in self._in_flight:
            return False
        while self._in_flight.popleft() != seq:
            pass
        return True

    def watch(self, watching: bool) -> None:
        """Pause or go on; what is under way is forgotten, as a client that pauses drops it."""
        self._watching = watching
        self._in_flight.clear()
