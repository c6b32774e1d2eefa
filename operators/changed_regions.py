"""Which pixels of a cube map something can touch: what was drawn there is drawn anew, and no more.

Shapes are bounded by spheres about them. Seen along an axis of a face, a sphere at distance d with
radius r covers the angles within asin(r / d) of its centre's: exact, and with no special case for
what reaches behind the camera.
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


def sphere_bounds(
    centres: NDArray[np.float64], radii: NDArray[np.float64], face_size: int
) -> Bounds:
    """Pixels that spheres can cover on every face: (n, 6, 4) left, top, right, bottom.

    centres: (n, 3), m, along the world's axes with the camera at the origin; radii: (n,), m.
    Right and bottom are exclusive; where a sphere is out of a face's view, left >= right or
    top >= bottom.
    """
    return swept_bounds(centres, centres, radii, face_size)


def swept_bounds(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    radii: NDArray[np.float64],
    face_size: int,
) -> Bounds:
    """Pixels that spheres can cover while they go straight from starts to ends: as sphere_bounds.

    Seen along an axis of a face the outermost lines of sight touch the sphere at one of its ends,
    unless the way leads through the camera.
    """
    start, end = (np.einsum("fji,nj->nfi", WORLD_FROM_FACE, ends_) for ends_ in (starts, ends))
    radius = radii[:, None, None]
    start_distance, start_angle = _polar(start)
    end_distance, end_angle = _polar(end)
    # The way is seen on the side where it takes less than half a turn.
    turn = (end_angle - start_angle + np.pi) % (2 * np.pi) - np.pi
    start_spread, end_spread = _spread(start_distance, radius), _spread(end_distance, radius)
    low = np.minimum(-start_spread, turn - end_spread)
    high = np.maximum(start_spread, turn + end_spread)
    middle = start_angle + (low + high) / 2
    middle = (middle + np.pi) % (2 * np.pi) - np.pi
    half = (high - low) / 2
    quarter = np.pi / 4
    # From within it is everywhere; so wide that it might be seen at both edges, all between too.
    half = np.where((_way_distance(start, end) <= radius) | (half > np.pi - quarter), np.inf, half)
    first = np.tan(np.clip(middle - half, -quarter, quarter))
    last = np.tan(np.clip(middle + half, -quarter, quarter))
    scale = face_size / 2
    first = np.floor((first + 1.0) * scale) - MARGIN
    last = np.ceil((last + 1.0) * scale) + MARGIN
    last[(middle - half > quarter) | (middle + half < -quarter)] = -1
    bounds: Bounds = np.concatenate([first, last], axis=-1).clip(0, face_size).astype(np.int32)
    return bounds


def _polar(seen: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances and angles (n, 6, 2) from straight ahead, along a face's columns and rows."""
    across, forward = seen[..., :2], seen[..., 2:]
    return np.hypot(across, forward), np.arctan2(across, forward)


def _spread(distance: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half of the angle that a circle takes up; from within it is everywhere."""
    outside = distance > radius
    ratio = np.divide(radius, distance, where=outside, out=np.ones_like(distance))
    return np.where(outside, np.arcsin(ratio), np.pi)


def _way_distance(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """How close the ways (n, 6, 3) come to the camera, (n, 6, 2) along columns and rows."""
    from_, way = (np.stack([p[..., :2], p[..., [2, 2]]], axis=-1) for p in (start, end - start))
    length2 = (way**2).sum(axis=-1)
    along = -(from_ * way).sum(axis=-1) / np.maximum(length2, 1e-300)
    nearest = from_ + along.clip(0.0, 1.0)[..., None] * way
    return np.asarray(np.hypot(nearest[..., 0], nearest[..., 1]))


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
