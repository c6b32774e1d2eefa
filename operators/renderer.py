"""What draws the six faces of a cube map: the interface of both renderers."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators.cube_map import FaceRegion

Quality = Literal["fast", "good"]
"""How a picture looks: flat light, or shadows and smooth edges too."""


class Renderer(Protocol):
    """Draws a model from one point that never moves."""

    @property
    def faces(self) -> NDArray[np.uint8]:
        """The cube map (6, N, N, 3 or 4) as last drawn; a fourth channel means nothing."""

    def render(self, body_poses: ArrayLike, full: bool = False) -> Sequence[FaceRegion]:
        """Bring the faces up to date with the bodies' poses.

        body_poses: `world_from_body` (bodies, 7) [x y z qx qy qz qw] in MuJoCo's order of bodies,
        the world first; bodies at the end that carry nothing visible may be left out.
        full: draw everything, even if little moved; the pixels are the same.
        Returns the regions drawn anew: outside of them no pixel changed.
        Raises ValueError for poses of another shape or not finite.
        """

    def close(self) -> None:
        """Give back what the graphics driver holds; the renderer is of no use afterwards."""
