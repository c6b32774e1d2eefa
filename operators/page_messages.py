"""How the page gets pictures, and says what it did with them; listed in operators/messages.py."""

import numpy as np
from numpy.typing import NDArray

from operators.message import Message, array, message, text

CLOCK = "whose clock: performance.now, an XR frame's predictedDisplayTime, or its XRFrame time"


@message(version=1)
class Welcome(Message):
    """The first message that a client of the page gets."""

    client: str = text(doc="the name by which the server knows the client")
    recording: bool = array(bool, doc="a recording drives: the page's hands are not needed")


@message(version=2)
class Picture(Message):
    """A panorama, or the tiles of it that changed, for the page."""

    frame_seq: int = array(np.int64, doc="sequence number of the panorama")
    capture_ns: int = array(np.int64, unit="ns", doc="when the operator's sample was taken")
    columns: int = array(np.int64, unit="px", doc="width of the whole panorama")
    rows: int = array(np.int64, unit="px", doc="height of the whole panorama")
    tile_size: int = array(np.int64, unit="px", doc="edge of a tile")
    whole: bool = array(bool, doc="whether the picture is all of the panorama")
    tiles: NDArray[np.int32] = array(
        np.int32,
        ("tiles",),
        doc="which tiles it packs otherwise, counted row by row; none where nothing changed",
    )
    jpeg: NDArray[np.uint8] = array(
        np.uint8, ("bytes",), doc="the panorama or the atlas of its tiles; empty without tiles"
    )


@message(version=2)
class PictureShown(Message):
    """A client has drawn a picture and can take another. Times are by its own clock."""

    frame_seq: int = array(np.int64, doc="sequence number of the panorama")
    received_ms: float = array(np.float64, unit="ms", doc="when the client got it")
    decoded_ms: float = array(np.float64, unit="ms", doc="when it was ready to be drawn")
    shown_ms: float = array(np.float64, unit="ms", doc="when it was seen, as `clock` tells")
    clock: str = text(doc=CLOCK)


@message(version=1)
class Watch(Message):
    """A client asks for pictures, or for none."""

    watching: bool = array(bool, doc="false pauses the stream")


@message(version=1)
class ClockQuestion(Message):
    """The server asks what time it is by the client's clock."""

    number: int = array(np.int64, doc="of the question")


@message(version=1)
class ClockAnswer(Message):
    """The client says it at once."""

    number: int = array(np.int64, doc="of the question")
    received_ms: float = array(np.float64, unit="ms", doc="when it came, by the client's clock")
    answered_ms: float = array(np.float64, unit="ms", doc="when this leaves, by the same")
