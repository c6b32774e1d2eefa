"""Whether the truth lies in the region that an alignment says it lies in."""

import numpy as np
from scipy import special

from operators.aligned_camera import AlignedCamera
from operators.posed_camera import PosedCamera


def covers(found: AlignedCamera, truth: PosedCamera, probability: float = 0.95) -> bool:
    """Whether a camera is in the ellipsoid of this probability, over all parts that were free."""
    distance, parts = found.squared_distance(truth)
    if np.isinf(found.freedom):
        return distance <= float(special.chdtri(parts, 1.0 - probability))
    return distance <= parts * float(special.fdtri(parts, found.freedom, probability))
