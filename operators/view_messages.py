"""Messages about what the robot's cameras see, apart from the panorama itself."""

import numpy as np
from numpy.typing import NDArray

from operators.message import Message, array, message


@message(version=1)
class Faces(Message):
    """Six 90-degree pictures around a point: F R B L U D, each as its camera sees it."""

    pixels: NDArray[np.uint8] = array(
        np.uint8, (6, "size", "size", 3), payload=True, doc="RGB, row 0 up, no flips"
    )


@message(version=1)
class DepthPanorama(Message):
    """How far what a panorama shows is from the robot's head."""

    half_floats: NDArray[np.uint8] = array(
        np.uint8,
        ("rows", "columns", 2),
        payload=True,
        unit="m",
        doc="the two bytes of a float16, the lower first, for each pixel of the panorama: "
        "`half_floats.view('<f2')[..., 0]`; infinite where there is only sky",
    )
