"""Where the shadows of moving shapes fall: on which shapes, and along which part of their way.

A shape is taken for the sphere around it when it casts a shadow, for the box around it when it
catches one. Behind the sphere its shadow is a straight shaft of the sphere's radius.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Boxes(NamedTuple):
    """Boxes anywhere: rotations (b, 3, 3) `world_from_box`, centres (b, 3), half extents (b, 3).

    solid: (b,) which of them are filled by what they are around, and did not move.
    """

    rotations: Array
    centres: Array
    half_extents: Array
    solid: NDArray[np.bool_]


class Shafts(NamedTuple):
    """Parts of shadows' ways, k of them: where they begin and end (k, 3), which sphere casts each,
    and which box catches it (k,)."""

    starts: Array
    ends: Array
    casters: NDArray[np.intp]
    catchers: NDArray[np.intp]


def shafts_on(centres: Array, radii: Array, towards_sun: Array, boxes: Boxes) -> Shafts:
    """The parts of the shadows of spheres that lie in boxes, and before a solid one stops them.

    centres: (n, 3), m; radii: (n,), m; towards_sun: (3,), unit.
    """
    origin = np.einsum("bji,nbj->nbi", boxes.rotations, centres[:, None] - boxes.centres)
    way = -np.einsum("bji,j->bi", boxes.rotations, towards_sun)
    radius = radii[:, None, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        near = (-boxes.half_extents - radius - origin) / way
        far = (boxes.half_extents + radius - origin) / way
    near, far = np.fmin(near, far), np.fmax(near, far)
    # Along a box's own axis a way is inside of it everywhere, or nowhere.
    parallel = way == 0.0
    if parallel.any():
        inside = np.abs(origin) <= boxes.half_extents + radius
        near = np.where(parallel, np.where(inside, -np.inf, np.inf), near)
        far = np.where(parallel, np.where(inside, np.inf, -np.inf), far)
    enters = np.maximum(near.max(axis=-1), -radii[:, None])
    leaves = far.min(axis=-1)
    stopped = _stopped(origin, way, radii, leaves, boxes)
    casters, catchers = np.nonzero((enters <= leaves) & (enters < stopped[:, None]))
    starts, ends = (
        centres[casters] - s[casters, catchers, None] * towards_sun for s in (enters, leaves)
    )
    return Shafts(starts, ends, casters, catchers)


def _stopped(
    origin: Array, way: Array, radii: Array, leaves: Array, boxes: Boxes
) -> Array:
    """How far (n,) shadows reach before a solid box has taken in all of their width.

    What lies behind such a box is in its shadow, whatever else there is.
    """
    reaches = np.full(len(origin), np.inf)
    for box in np.flatnonzero(boxes.solid):
        half, along = boxes.half_extents[box], way[box]
        for axis in np.flatnonzero(np.abs(along) > 1e-3):
            lit_side = -np.sign(along[axis]) * half[axis]
            distance = (lit_side - origin[:, box, axis]) / along[axis]
            hit = origin[:, box] + distance[:, None] * along
            # The shadow's outline on that side is an ellipse.
            room = np.delete(half - np.abs(hit), axis, axis=1).min(axis=1)
            wholly = room >= radii / abs(along[axis])
            reaches = np.where(wholly, np.minimum(reaches, leaves[:, box]), reaches)
    return reaches
