"""Where the shadows of moving shapes fall on still ones.

A shape is the box around it. A box that is filled by its shape, and a plane, catch shadows with
their lit sides alone, which are plates: boxes without thickness. Other shapes catch them anywhere
in their boxes.
"""

from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CORNERS: Final = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 3), axis=-1).reshape(-1, 3)
"""Of a box, (8, 3), in half extents."""

GRAZING: Final = 1e-6
"""Sine of the angle below which light along a side changes no colour."""

TOLERANCE_M: Final = 1e-6
"""So far from a plate a point is still on it."""


class Boxes(NamedTuple):
    """Boxes anywhere: rotations (b, 3, 3) `world_from_box`, centres (b, 3), half extents (b, 3)."""

    rotations: Array
    centres: Array
    half_extents: Array

    def of(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Self:
        """Some of them."""
        return self._replace(
            rotations=self.rotations[chosen],
            centres=self.centres[chosen],
            half_extents=self.half_extents[chosen],
        )

    def corners(self, margin: float = 0.0) -> Array:
        """Their corners (b, 8, 3), of boxes that are larger by a margin on each side."""
        own = CORNERS * (self.half_extents + margin)[:, None]
        return self.centres[:, None] + own @ np.swapaxes(self.rotations, -1, -2)


class Catchers(NamedTuple):
    """What shadows fall on.

    boxes: where. plate_normals: (b, 3) of those that are plates, zero of the others.
    shapes: (b,) which shape each belongs to. solid: (b,) plates that have a shadow of their own.
    """

    boxes: Boxes
    plate_normals: Array
    shapes: NDArray[np.intp]
    solid: NDArray[np.bool_]


class Shadows(NamedTuple):
    """What shadows reach: parts of catchers, which are boxes too.

    casters, catchers: (k,) which box casts each, and on which catcher it falls.
    """

    parts: Boxes
    casters: NDArray[np.intp]
    catchers: NDArray[np.intp]


def joined(*boxes: Boxes) -> Boxes:
    """All of them, one after the other."""
    return Boxes(*map(np.concatenate, zip(*boxes, strict=True)))


def catchers_of(boxes: Boxes, filled: NDArray[np.bool_], towards_sun: Array) -> Catchers:
    """Catchers of shapes: filled boxes and planes as the sides on which the sun shines.

    filled: (b,) which of the boxes have their shape's surface as their own.
    """
    sun = np.einsum("bji,j->bi", boxes.rotations, towards_sun)
    (others,) = np.nonzero(~filled)
    plates, normals, shapes = [boxes.of(others)], [np.zeros((len(others), 3))], [others]
    for axis in range(3):
        has_area = (np.delete(boxes.half_extents, axis, axis=1) > 0).min(axis=1)
        (lit,) = np.nonzero(filled & has_area & (np.abs(sun[:, axis]) > GRAZING))
        normal = boxes.rotations[lit, :, axis] * np.sign(sun[lit, axis])[:, None]
        half_extents = boxes.half_extents[lit]
        plates.append(
            Boxes(
                boxes.rotations[lit],
                boxes.centres[lit] + normal * half_extents[:, axis, None],
                half_extents * (np.arange(3) != axis),
            )
        )
        normals.append(normal)
        shapes.append(lit)
    shape = np.concatenate(shapes)
    plate_normals = np.concatenate(normals)
    has_thickness = boxes.half_extents[shape].min(axis=1) > 0
    return Catchers(
        joined(*plates),
        plate_normals,
        shape,
        filled[shape] & has_thickness,
    )


def shadows_on(casters: Boxes, reach: float, towards_sun: Array, catchers: Catchers) -> Shadows:
    """The shadows of boxes, and all within their reach, m, on catchers that they can touch.

    What falls wholly onto a side of a filled box ends there: behind it is that box's own shadow.
    """
    radii = np.linalg.norm(casters.half_extents + reach, axis=-1)
    enters, leaves = _ways_through(casters.centres, radii, towards_sun, catchers.boxes)
    enters = np.maximum(enters, -radii[:, None])
    stopped = _stopped(casters.centres, radii, towards_sun, catchers)
    first, second = np.nonzero((enters <= leaves) & (enters < stopped[:, None]))
    corners = casters.corners(reach)[first]
    plates, normals = catchers.boxes.of(second), catchers.plate_normals[second]
    is_plate = (normals != 0).max(axis=-1)
    steepness = np.where(is_plate, np.einsum("ki,i->k", normals, towards_sun), 1.0)
    heights = np.einsum("kpi,ki->kp", corners - plates.centres[:, None], normals)
    on_plate = (heights / steepness[:, None])[:, None]
    within = np.stack([enters, leaves], axis=-1)[first, second] + [-1, 1] * radii[first][:, None]
    away = np.where(is_plate[:, None, None], on_plate, within[..., None])
    points = corners[:, None] - away[..., None] * towards_sun
    points = points.reshape(len(first), 16, 3) - plates.centres[:, None]
    own = points @ plates.rotations
    low = np.maximum(own.min(axis=1), -plates.half_extents)
    high = np.minimum(own.max(axis=1), plates.half_extents)
    hit = (low <= high + TOLERANCE_M).all(axis=-1)
    middle = np.einsum("kij,kj->ki", plates.rotations, (low + high) / 2)
    parts = Boxes(plates.rotations, plates.centres + middle, np.abs(high - low) / 2)
    return Shadows(parts.of(hit), first[hit], second[hit])


def _ways_through(
    centres: Array, radii: Array, towards_sun: Array, boxes: Boxes
) -> tuple[Array, Array]:
    """Between which distances (n, b) from the centres of spheres (n, 3) their shadows meet boxes.

    They do not where the first is greater than the second.
    """
    origin = np.einsum("bji,nbj->nbi", boxes.rotations, centres[:, None] - boxes.centres)
    way = -np.einsum("bji,j->bi", boxes.rotations, towards_sun)
    # Along a side a way is between two sides everywhere, or nowhere: so it is just off it.
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    reach = boxes.half_extents + radii[:, None, None]
    one, other = (-reach - origin) / way, (reach - origin) / way
    return np.minimum(one, other).max(axis=-1), np.maximum(one, other).min(axis=-1)


def _stopped(centres: Array, radii: Array, towards_sun: Array, catchers: Catchers) -> Array:
    """How far (n,) the shadows of spheres go before a solid side has caught all of their width."""
    boxes, normals = catchers.boxes.of(catchers.solid), catchers.plate_normals[catchers.solid]
    from_plate = centres[:, None] - boxes.centres
    steepness = normals @ towards_sun
    away = np.einsum("nbi,bi->nb", from_plate, normals) / steepness
    hits = from_plate - away[..., None] * towards_sun
    across = np.abs(np.einsum("bji,nbj->nbi", boxes.rotations, hits))
    # The outline on the plate is an ellipse.
    room = np.where(boxes.half_extents > 0, boxes.half_extents - across, np.inf).min(axis=-1)
    wide = radii[:, None] / steepness
    return np.asarray(np.where(room >= wide, away + wide, np.inf).min(axis=1, initial=np.inf))
