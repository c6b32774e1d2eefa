"""Which pixels of a cube map something can touch: what was drawn there is drawn anew, and no more.

Shapes are bounded by spheres about them, or by hulls of points. Seen along an axis of a face, a
sphere at distance d with radius r covers the angles within asin(r / d) of its centre's, and a hull
those between its outermost points: exact, with no special case for what reaches behind the camera.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.cube_map import WORLD_FROM_FACE, FaceRegion

MARGIN: Final = 2
"""Pixels around a bound: the rasteriser's single precision and pixel rule stay well within."""

REGION_COST: Final = 10_000
"""Pixels that are rather drawn needlessly than beginning another region. With two hands a frame
takes the same time for anything from ten to eighty thousand."""

Bounds = NDArray[np.int32]

_FACE_FROM_WORLD: Final = np.swapaxes(WORLD_FROM_FACE, -1, -2)

_BESIDE: Final = 1.0
"""An angle to the axis that no face shows, whose tangent is finite."""


def sphere_bounds(
    centres: NDArray[np.float64], radii: NDArray[np.float64], face_size: int
) -> Bounds:
    """Pixels that spheres can cover on every face: (n, 6, 4) left, top, right, bottom.

    centres: (n, 3), m, along the world's axes with the camera at the origin; radii: (n,), m.
    Right and bottom are exclusive; where a sphere is out of a face's view, left >= right or
    top >= bottom.
    """
    seen = np.einsum("fji,nj->nfi", WORLD_FROM_FACE, centres)
    across, forward = seen[..., :2], seen[..., 2:]
    distance = np.hypot(across, forward)
    outside = distance > radii[:, None, None]
    ratio = np.divide(radii[:, None, None], distance, where=outside, out=np.ones_like(distance))
    # From within a sphere it is everywhere.
    spread = np.where(outside, np.arcsin(ratio), np.inf)
    angle = np.arctan2(across, forward)
    return _bounds_of_slopes(
        _slope(angle - spread), _slope(angle + spread), np.array(False), face_size
    )


def hull_bounds(points: NDArray[np.float64], face_size: int) -> Bounds:
    """Pixels that the hulls of points can cover on every face: (n, 6, 4), as of sphere_bounds.

    points: (n, k, 3), m, along the world's axes with the camera at the origin.
    """
    # With the hulls along the last axis numpy goes through eight points three times as fast.
    hulls, count, _ = points.shape
    seen = _FACE_FROM_WORLD.reshape(-1, 3) @ points.transpose(2, 1, 0).reshape(3, -1)
    seen = seen.reshape(len(_FACE_FROM_WORLD), 3, count, hulls)
    ahead = seen[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = seen[:, :2] / ahead[:, None]
    low, high = (np.moveaxis(s, -1, 0) for s in (slopes.min(axis=2), slopes.max(axis=2)))
    nearest, farthest = ahead.min(axis=1).T, ahead.max(axis=1).T
    hull, face = np.nonzero((nearest <= 0) & (farthest > 0))
    if len(hull):
        low[hull, face], high[hull, face] = _slopes_around(seen[face, :, :, hull])
    return _bounds_of_slopes(low, high, (farthest <= 0)[..., None], face_size)


def _slopes_around(seen: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Between which slopes (m, 2) hulls (m, 3, k) lie that are partly behind the camera."""
    angles = np.arctan2(seen[:, :2], seen[:, 2:])
    # Seen from outside a hull takes less than half a turn, to either side of any of its points.
    first = angles[..., 0]
    turns = (angles - first[..., None] + np.pi) % (2 * np.pi) - np.pi
    low, high = turns.min(axis=-1), turns.max(axis=-1)
    spread = np.where(high - low < np.pi - 1e-6, (high - low) / 2, np.inf)
    middle = (first + (low + high) / 2 + np.pi) % (2 * np.pi) - np.pi
    return _slope(middle - spread), _slope(middle + spread)


def _slope(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """The tangent of an angle to the axis; beyond what a face shows it only says on which side."""
    return np.asarray(np.tan(np.clip(angle, -_BESIDE, _BESIDE)))


def _bounds_of_slopes(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    is_behind: NDArray[np.bool_],
    face_size: int,
) -> Bounds:
    """Pixels between two slopes (n, 6, 2), along columns and rows, unless all is behind."""
    half = face_size / 2
    first = np.floor((np.clip(low, -1.0, 1.0) + 1.0) * half) - MARGIN
    end = np.ceil((np.clip(high, -1.0, 1.0) + 1.0) * half) + MARGIN
    end[(low > 1.0) | (high < -1.0) | is_behind] = -1
    bounds: Bounds = np.concatenate([first, end], axis=-1).clip(0, face_size).astype(np.int32)
    return bounds


def common(a: Bounds, b: Bounds) -> Bounds:
    """The pixels that are in both of two bounds (..., 4)."""
    return np.concatenate(
        [np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])], axis=-1
    )


def overlaps(bounds: Bounds, region: FaceRegion) -> NDArray[np.bool_]:
    """Which of the bounds (n, faces, 4) share a pixel with a region: (n,)."""
    on_face = bounds[:, region.face]
    first = np.maximum(on_face[:, :2], (region.left, region.top))
    end = np.minimum(on_face[:, 2:], (region.right, region.bottom))
    return _has_area(first, end)


def regions_of(bounds: Bounds, groups: NDArray[np.int32]) -> list[FaceRegion]:
    """Cover bounds (n, faces, 4) by few regions: one a face and group (n,), fewer where they meet.

    groups: what moves together and so lies together, such as the shapes of one hand.
    """
    seen = _has_area(bounds[..., :2], bounds[..., 2:])
    regions = []
    for face in range(bounds.shape[1]):
        here = seen[:, face]
        rectangles = []
        for group in np.unique(groups[here]):
            members = bounds[here & (groups == group), face]
            first, end = members[:, :2].min(axis=0), members[:, 2:].max(axis=0)
            rectangles.append(FaceRegion(face, *first.tolist(), *end.tolist()))
        regions += merged(rectangles)
    return regions


def merged(regions: Sequence[FaceRegion]) -> list[FaceRegion]:
    """Join regions of one face as long as drawing them together is not dearer than apart."""
    apart: list[FaceRegion] = []
    for region in regions:
        joined = region
        while other := next((o for o in apart if _cheaper_together(joined, o)), None):
            apart.remove(other)
            joined = _union(joined, other)
        apart.append(joined)
    return apart


def _has_area(first: Bounds, end: Bounds) -> NDArray[np.bool_]:
    return np.logical_and(first[..., 0] < end[..., 0], first[..., 1] < end[..., 1])


def _union(a: FaceRegion, b: FaceRegion) -> FaceRegion:
    return FaceRegion(
        a.face,
        min(a.left, b.left),
        min(a.top, b.top),
        max(a.right, b.right),
        max(a.bottom, b.bottom),
    )


def _cheaper_together(a: FaceRegion, b: FaceRegion) -> bool:
    return _area(_union(a, b)) <= _area(a) + _area(b) + REGION_COST


def _area(region: FaceRegion) -> int:
    return (region.right - region.left) * (region.bottom - region.top)
