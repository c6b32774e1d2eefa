"""The motions that the page may ask for, by name: each takes numbers and gives another view."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from operators.aligned_view import AXES, AlignedView
from operators.usage_error import UsageError


class CommandError(UsageError):
    """A command that cannot be followed: says which, and what is wrong."""


@dataclass(frozen=True)
class Seen:
    """What the picture shows: its height, px, and how far away something at a pixel is, m."""

    height: int
    depth_at: Callable[[float, float], float]


Motion = Callable[[AlignedView, Sequence[float], Seen], AlignedView]


def _axis(number: float) -> int:
    if number not in range(len(AXES)):
        raise CommandError(f"expected axis 0, 1 or 2, got {number}")
    return int(number)


MOTIONS: Final[dict[str, tuple[int, Motion]]] = {
    "drag": (
        4,
        lambda view, v, seen: view.dragged(v[2], v[3], seen.depth_at(v[0], v[1]), seen.height),
    ),
    "turn": (2, lambda view, v, seen: view.turned(v[0], v[1], seen.height)),
    "step": (3, lambda view, v, seen: view.stepped(v[0], v[1], v[2])),
    "zoom": (1, lambda view, v, seen: view.zoomed(v[0])),
    "roll": (1, lambda view, v, seen: view.rolled(v[0])),
    "position": (2, lambda view, v, seen: view.with_position(_axis(v[0]), v[1])),
    "target": (2, lambda view, v, seen: view.with_target(_axis(v[0]), v[1])),
    "fov": (1, lambda view, v, seen: view.with_fov(v[0])),
    "set_roll": (1, lambda view, v, seen: AlignedView(view.camera, v[0])),
}
"""How many numbers each takes, and what it does.

drag: column and row where the mouse was pressed, and how far it has gone right and down, px; what
is there goes with it. turn: how far right and down, px. step: right, up and forward, m. zoom: a
factor. roll: rad. position, target: an axis of the base, 0 to 2, and where on it, m. fov: rad.
set_roll: rad.
"""


def moved(view: AlignedView, command: str, values: Sequence[float], seen: Seen) -> AlignedView:
    """Follow a motion from where it began.

    Raises CommandError for wrong numbers, CameraError for a camera that cannot be.
    """
    count, motion = MOTIONS[command]
    if len(values) != count or not np.isfinite(values).all():
        raise CommandError(f"{command}: expected {count} finite numbers, got {list(values)}")
    return motion(view, values, seen)
