"""Which pictures a client of the page gets: what it lacks of the newest, on its credit."""

import math
import time
from collections import deque
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from operators.header import Header
from operators.messages import Panorama
from operators.page_layout import encode_bytes
from operators.page_messages import Picture
from operators.tile_atlas import BLOCK, Grid, atlas_shape, pack, pieces

WHOLE: Final = b""
"""Stands for all tiles."""

FLAT_BLOCK_BYTES: Final = 4
"""Of 16 x 16 pixels of one colour at 4:2:0, the least that a JPEG can have: four blocks of luma at
6 bits and two of chroma at 4 (ITU-T T.81, annex K.3)."""

LARGEST_SHARE: Final = 0.5
"""Of the panorama's pixels. A larger atlas is hardly less than the whole panorama, and to find that
out would take half as long again."""


@dataclass(frozen=True, eq=False)
class TileVersions:
    """What a panorama looks like: its tiles, and the number (rows, columns) that each one has."""

    grid: Grid
    numbers: NDArray[np.int64]

    def changed_since(self, held: Self | None) -> NDArray[np.bool_]:
        """Which tiles somebody lacks who has others, or none at all."""
        if held is None or held.grid != self.grid:
            return np.ones(self.numbers.shape, np.bool_)
        changed: NDArray[np.bool_] = self.numbers != held.numbers
        return changed


class Frame:
    """A panorama on its way to the clients, encoded when the first takes it, and only then.

    Clients that lack the same tiles share what was encoded.
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
        self._pixels = panorama.pixels
        rows, columns, _ = panorama.pixels.shape
        self._grid = Grid(rows, columns, panorama.tile_size)
        self.versions = TileVersions(self._grid, panorama.tile_version)
        self._encoded: dict[bytes, bytes] = {}

    @property
    def seq(self) -> int:
        """The panorama's sequence number."""
        return self.header.seq

    def encoded(self, held: TileVersions | None) -> bytes:
        """The picture for a client that has these tiles, or none; not from two threads at once.

        It is never larger than the whole panorama would be.
        """
        changed = self.versions.changed_since(held)
        if not self.started_ns:
            self.started_ns = time.monotonic_ns()
        if changed.all():
            return self._whole()
        lacking = changed.tobytes()
        if lacking not in self._encoded:
            self._encoded[lacking] = self._patch(np.flatnonzero(changed).astype(np.int32))
        return self._encoded[lacking]

    def _patch(self, tiles: NDArray[np.int32]) -> bytes:
        """These tiles, or the whole panorama where that is less."""
        if not tiles.size:
            return self._message(b"", tiles)
        laid = pieces(self._grid, tiles.tolist())
        rows, columns = self._grid.rows, self._grid.columns
        if math.prod(atlas_shape(self._grid, laid)) > LARGEST_SHARE * rows * columns:
            return self._whole()
        patch = self._message(self._jpeg(pack(self._pixels, self._grid, laid)), tiles)
        if len(patch) <= FLAT_BLOCK_BYTES * (rows // BLOCK) * (columns // BLOCK):
            return patch
        return min(patch, self._whole(), key=len)

    def _whole(self) -> bytes:
        if WHOLE not in self._encoded:
            jpeg = self._jpeg(np.ascontiguousarray(self._pixels))
            self._encoded[WHOLE] = self._message(jpeg, None)
        return self._encoded[WHOLE]

    def _jpeg(self, pixels: NDArray[np.uint8]) -> bytes:
        """Chroma is halved both ways (4:2:0): the quickest, and half the size of 4:4:4."""
        jpeg: bytes = simplejpeg.encode_jpeg(
            pixels, quality=self._jpeg_quality, colorspace="RGB", colorsubsampling="420"
        )
        return jpeg

    def _message(self, jpeg: bytes, tiles: NDArray[np.int32] | None) -> bytes:
        picture = Picture(
            frame_seq=self.seq,
            capture_ns=self.header.capture_ns,
            columns=self._grid.columns,
            rows=self._grid.rows,
            tile_size=self._grid.tile_size,
            whole=tiles is None,
            tiles=np.empty(0, np.int32) if tiles is None else tiles,
            jpeg=np.frombuffer(jpeg, np.uint8),
        )
        return encode_bytes(picture, time.monotonic_ns() / 1e6)


class PictureCredit:
    """How many pictures a client may be sent before it has shown one, and what it has.

    Without credit a slow client's pictures wait in the network's buffers, and it sees the past:
    3 to 6 s of it, measured. What a client has is what it says that it has shown: what was sent and
    not drawn, because something newer came first, is missing from no later picture.
    """

    def __init__(self, frames_in_flight: int) -> None:
        self._frames_in_flight = frames_in_flight
        self._in_flight: deque[tuple[int, TileVersions]] = deque()
        self._newest: Frame | None = None
        self._watching = True
        self._held: TileVersions | None = None

    @property
    def watching(self) -> bool:
        """Whether the client wants pictures at all."""
        return self._watching

    @property
    def ready(self) -> bool:
        """Whether the client can take a new picture."""
        return self._watching and len(self._in_flight) < self._frames_in_flight

    @property
    def held(self) -> TileVersions | None:
        """The tiles that the client has, None before it has shown a picture."""
        return self._held

    def may_take(self, frame: Frame | None) -> bool:
        """Whether this is a picture to send now: never the same one twice."""
        return self.ready and frame is not None and frame is not self._newest

    def take(self, frame: Frame) -> None:
        """A picture leaves for the client."""
        self._newest = frame
        self._in_flight.append((frame.seq, frame.versions))

    def shown(self, seq: int) -> bool:
        """The client says that it has drawn a picture; false if it was not sent that one.

        Those sent before it are settled too: a client draws the newest that it has, so an older
        one may never be drawn.
        """
        if all(seq != sent for sent, _ in self._in_flight):
            return False
        while True:
            sent, versions = self._in_flight.popleft()
            if sent == seq:
                self._held = versions
                return True

    def watch(self, watching: bool) -> None:
        """Pause, or begin with a whole picture; what is under way is forgotten.

        A client that pauses drops it, and one that goes on may have lost what it had drawn.
        """
        self._watching = watching
        self._in_flight.clear()
        self._held = None
