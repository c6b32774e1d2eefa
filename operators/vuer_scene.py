"""What Vuer's server tells its client: the scene, and who drives."""

from typing import Any, Final

import msgpack
from vuer.events import ServerEvent, Set
from vuer.schemas import Hands, Head, MotionControllers, Scene
from vuer.schemas.scene_components import SceneElement

from operators.seat_messages import Seat

SAMPLES_PER_S: Final = 60
"""Vuer's client sends by a timer of its own, whatever the headset's frames."""


class PanoramaElement(SceneElement):  # type: ignore[misc]
    """Our component of Vuer's scene, assets/vuer/loop.js."""

    tag = "Panodora"


class SeatEvent(ServerEvent):  # type: ignore[misc]
    """Tells our component whether the client drives."""

    etype = "PANODORA_SEAT"


def scene() -> Set:
    """The whole scene in one event: what is tracked, and the panorama around it.

    Our component draws the operator's hands, as one thing; Vuer would draw 50.
    """
    return Set(
        Scene(
            bgChildren=[
                PanoramaElement(key="panorama"),
                Head(key="head", fps=SAMPLES_PER_S, stream=True),
                Hands(key="hands", fps=SAMPLES_PER_S, stream=True, hideLeft=True, hideRight=True),
                MotionControllers(
                    key="controllers", fps=SAMPLES_PER_S, stream=True, left=True, right=True
                ),
            ],
            up=[0, 1, 0],
        )
    )


def seat_event(seat: Seat) -> SeatEvent:
    """Who drives, in Vuer's words."""
    return SeatEvent({"drives": seat.drives, "reason": seat.reason})


def packed(event: ServerEvent) -> bytes:
    """An event as Vuer's client reads it."""
    content: dict[str, Any] = event._serialize()
    content["ts"] = int(event.ts * 1000)
    made: bytes = msgpack.packb(content, use_single_float=True, use_bin_type=True)
    return made
