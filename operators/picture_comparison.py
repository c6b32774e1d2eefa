"""A real picture and a simulated one in one picture, so that an eye sees where they part."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.align_settings import ComparisonMode
from operators.green_screen import composed
from operators.pinhole import Pinhole
from operators.simulated_camera import SimulatedPicture
from operators.transforms import Array

Picture = NDArray[np.uint8]

REAL_EDGES: Final = (60, 220, 255)
SIMULATED_EDGES: Final = (255, 220, 0)
SPAWN_BOX: Final = (255, 90, 200)

CANNY: Final = (60, 150)
DIM: Final = 0.35
DIFFERENCE_GAIN: Final = 1.6

FAR_PX: Final = 20.0
"""An edge of the robot without any of the picture's so near is taken to have one there: it may be
hidden, or of the colour of what is behind it."""

DEPTH_EDGE_M: Final = 0.02
"""A step between two pixels of the robot that counts as an edge."""

BEFORE_M: Final = 0.05
"""Lines are drawn from so far before the camera on."""


def compared(
    mode: ComparisonMode,
    real: Picture,
    simulated: SimulatedPicture,
    *,
    opacity: float,
    background: Picture | None = None,
) -> Picture:
    """Both pictures (rows, columns, 3) in one, as a new array.

    opacity: of what is simulated in a blend, 0 to 1. background: what is behind it in a composite,
    and in a difference; without one, that is of the robot's own pixels alone.
    Raises ImageSizeError for a background of another size.
    """
    shown = simulated.shown.astype(np.uint8)
    match mode:
        case "real":
            return real.copy()
        case "simulated":
            return simulated.colour.copy()
        case "composite":
            return composed(simulated.colour, simulated.shown, background)
        case "blend":
            blended = cv2.addWeighted(simulated.colour, opacity, real, 1.0 - opacity, 0.0)
            return _over(real.copy(), blended, shown)
        case "difference":
            if background is not None:
                drawn = composed(simulated.colour, simulated.shown, background)
                return _difference(real, drawn)
            return _over(_dimmed(real), _difference(real, simulated.colour), shown)
        case "edges":
            picture = _dimmed(real)
            picture[real_edges(real) > 0] = REAL_EDGES
            picture[simulated_edges(simulated) > 0] = SIMULATED_EDGES
            return picture


def real_edges(real: Picture) -> NDArray[np.uint8]:
    """Where brightness steps in a picture: (rows, columns), 255 or 0."""
    grey = cv2.GaussianBlur(cv2.cvtColor(real, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    edges: NDArray[np.uint8] = cv2.Canny(grey, *CANNY)
    return edges


def simulated_edges(simulated: SimulatedPicture) -> NDArray[np.uint8]:
    """Where what is drawn ends, or steps back: (rows, columns), 255 or 0."""
    depth_m = np.where(simulated.shown, simulated.depth_m, 0.0).astype(np.float32)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    steps = cv2.dilate(depth_m, cross) - depth_m > DEPTH_EDGE_M
    edges: NDArray[np.uint8] = (steps & simulated.shown).astype(np.uint8) * 255
    inner = cv2.erode(simulated.shown.astype(np.uint8), cross)
    edges[simulated.shown & (inner == 0)] = 255
    return edges


def edge_gap_px(real: Picture, simulated: SimulatedPicture) -> float:
    """How far the simulated edges are from the nearest real one, px on average; NaN without any.

    It is small where the two agree, and never 0: not every edge can be seen, and others are near.
    """
    edges = simulated_edges(simulated) > 0
    if not edges.any():
        return float("nan")
    gaps = cv2.distanceTransform(255 - real_edges(real), cv2.DIST_L2, 3)
    return float(np.minimum(gaps[edges], FAR_PX).mean())


def draw_spawn_box(
    picture: Picture,
    pinhole: Pinhole,
    camera_from_base: Array,
    middle: tuple[float, float],
    half_size: float,
    table_z_m: float,
) -> None:
    """Draw the square on the table in which a cube may lie; middle and sizes in the base, m."""
    x, y = middle
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    corners = np.array([(x + a * half_size, y + b * half_size, table_z_m) for a, b in signs])
    seen = corners @ camera_from_base[:3, :3].T + camera_from_base[:3, 3]
    for start, end in zip(seen, np.roll(seen, -1, axis=0), strict=True):
        clipped = _before_the_camera(start, end)
        if clipped is not None:
            # Beyond what OpenCV can count in, a line is drawn anywhere.
            ends = np.clip(16.0 * pinhole.project(clipped), -(2.0**27), 2.0**27).astype(int)
            first, last = ends.tolist()
            cv2.line(picture, first, last, SPAWN_BOX, 2, cv2.LINE_AA, 4)


def _before_the_camera(start: Array, end: Array) -> Array | None:
    """The part (2, 3) of a line that is before the camera; None where there is none."""
    ends = np.stack([start, end])
    if (ends[:, 2] < BEFORE_M).all():
        return None
    for i in range(2):
        if ends[i, 2] < BEFORE_M:
            share = (BEFORE_M - ends[i, 2]) / (ends[1 - i, 2] - ends[i, 2])
            ends[i] += share * (ends[1 - i] - ends[i])
    return ends


def _over(below: Picture, above: Picture, shown: NDArray[np.uint8]) -> Picture:
    cv2.copyTo(above, shown, below)
    return below


def _dimmed(picture: Picture) -> Picture:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    dimmed: Picture = cv2.cvtColor(cv2.convertScaleAbs(grey, alpha=DIM), cv2.COLOR_GRAY2RGB)
    return dimmed


def _difference(first: Picture, second: Picture) -> Picture:
    difference: Picture = cv2.convertScaleAbs(cv2.absdiff(first, second), alpha=DIFFERENCE_GAIN)
    return difference
