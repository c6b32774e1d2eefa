"""The robot's surroundings as one panorama: six cameras at its head, joined."""

from collections.abc import Callable, Sequence
from typing import Final, Self

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators.cube_map import FaceRegion
from operators.depth_panorama import DepthMap
from operators.equirectangular import CONVERTERS, Rectangle
from operators.gl_painter import NEAR_M
from operators.gl_renderer import GlRenderer
from operators.messages import Panorama
from operators.mujoco_renderer import MujocoRenderer
from operators.panorama_tiles import PanoramaTiles
from operators.renderer import Renderer
from operators.settings import Settings
from operators.view_messages import DepthPanorama

RENDERERS: Final[dict[str, type[GlRenderer] | type[MujocoRenderer]]] = {
    "gl": GlRenderer,
    "mujoco": MujocoRenderer,
}
"""By their names in the settings."""

Conversion = Callable[[NDArray[np.uint8], Sequence[Rectangle] | None], None]
"""Writes rectangles of the panorama, or all of it."""


class PanoramaCapture:
    """Sees all around the robot's head, from one place that no operator's movement changes.

    model: a compiled scene, which is only read.
    settings: `panorama` says how, `scene.anchor_position` from where.
    first_frame: what frames are counted from: to whom versions of tiles count, no two captures may
    give the same.
    Raises NoOpenGLError without EGL, SettingsError without the converter's package or for a width
    that it cannot take, ValueError for a model that the renderer cannot draw.
    """

    def __init__(self, model: mujoco.MjModel, settings: Settings, first_frame: int = 1) -> None:
        chosen = settings.panorama
        dimensions = chosen.drawn_face_size, chosen.height, chosen.width
        self._renderer, self._convert = _renderer_and_conversion(model, settings)
        self._tile_size = chosen.tile_size
        self._tiles = PanoramaTiles(*dimensions, chosen.tile_size, chosen.interpolation)
        # What did not change since the last frame is kept here.
        self._pixels = np.zeros((chosen.height, chosen.width, 3), np.uint8)
        self._converted = np.zeros_like(self._pixels)
        self._tile_version = np.zeros(self._tiles.shape, np.int64)
        self._first_frame = first_frame
        self._frame = first_frame - 1
        self._depths = np.ones((6, dimensions[0], dimensions[0]), np.float32)
        self._distances = DepthMap(NEAR_M, *dimensions) if chosen.depth else None

    def capture(self, body_poses: ArrayLike, full: bool = False) -> Panorama:
        """See the bodies where they are now.

        body_poses: `world_from_body` (bodies, 7) [x y z qx qy qz qw], float64, in MuJoCo's order
        of bodies, the world first; bodies at the end that carry nothing visible may be left out.
        full: draw everything and call every tile changed, even if little moved.
        Returns the panorama, whose pixels are a read-only view until the next capture.
        Raises ValueError for poses of another shape, or not finite.
        """
        regions = self._renderer.render(body_poses, full)
        self._frame += 1
        if full or self._frame == self._first_frame:
            self._convert(self._pixels, None)
            self._update_distances(regions, None)
            self._tile_version[:] = self._frame
        elif regions:
            self._update(regions)
        pixels = self._pixels.view()
        pixels.flags.writeable = False
        return Panorama(
            pixels=pixels, tile_size=self._tile_size, tile_version=self._tile_version.copy()
        )

    def _update(self, regions: Sequence[FaceRegion]) -> None:
        """Convert the tiles that show these regions, and keep those whose pixels differ.

        Regions are drawn generously: in half of the tiles that they reach nothing changes, and
        comparing a tile takes a tenth of the time of encoding it, and none of the network's.
        """
        shown = self._tiles.showing(regions)
        rectangles = self._tiles.rectangles(shown)
        self._update_distances(regions, rectangles)
        self._convert(self._converted, rectangles)
        for row, column in np.argwhere(shown):
            left, top, right, bottom = self._tiles.rectangle(row, column, column + 1)
            part = np.s_[top:bottom, left:right]
            if not np.array_equal(self._converted[part], self._pixels[part]):
                self._pixels[part] = self._converted[part]
                self._tile_version[row, column] = self._frame

    def _update_distances(
        self, regions: Sequence[FaceRegion], rectangles: Sequence[Rectangle] | None
    ) -> None:
        if self._distances is not None and isinstance(self._renderer, GlRenderer):
            self._renderer.read_depths(regions, self._depths)
            self._distances.update(self._depths, rectangles)

    def depth(self) -> DepthPanorama | None:
        """How far what the last capture shows is, a copy; none unless `panorama.depth` is set."""
        if self._distances is None:
            return None
        distances = self._distances.distances.astype("<f2")
        return DepthPanorama(half_floats=distances[..., None].view(np.uint8))

    def faces(self) -> NDArray[np.uint8]:
        """The cube map of the last capture: (6, N, N, 3) uint8 F R B L U D, row 0 up, a copy."""
        return self._renderer.faces[..., :3].copy()

    def close(self) -> None:
        """Give back what the graphics driver holds; the capture is of no use afterwards."""
        self._renderer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _renderer_and_conversion(
    model: mujoco.MjModel, settings: Settings
) -> tuple[Renderer, Conversion]:
    chosen = settings.panorama
    camera, face_size = settings.scene.anchor_position, chosen.drawn_face_size
    if chosen.converter == "shader":
        on_card = GlRenderer(
            model, camera, face_size, chosen.quality, chosen.device, read_back=False
        )
        shader = on_card.converter(chosen.height, chosen.width, chosen.interpolation)
        return on_card, shader.convert
    table = CONVERTERS[chosen.converter](
        face_size, chosen.height, chosen.width, chosen.interpolation
    )
    renderer_type = RENDERERS[chosen.renderer]
    renderer: Renderer = renderer_type(model, camera, face_size, chosen.quality, chosen.device)

    def convert(out: NDArray[np.uint8], rectangles: Sequence[Rectangle] | None) -> None:
        table.convert(renderer.faces, out, rectangles)

    return renderer, convert
