"""The panorama of faces that a simulator has drawn by itself."""

import numpy as np

from operators.equirectangular import CONVERTERS, Converter
from operators.messages import Panorama
from operators.panorama_settings import PanoramaSettings
from operators.panorama_video import PanoramaVideo
from operators.settings import SettingsError
from operators.view_messages import Faces


class StitchedPanorama:
    """Joins six faces of any size, and says which tiles of the panorama changed.

    settings: the panorama's width, converter, interpolation and tiles; nothing is drawn.
    first_frame: what frames are counted from: to whom versions of tiles count, no two runs may give
    the same.
    Raises SettingsError for a converter that is not here, or that joins only what it draws itself.
    """

    def __init__(self, settings: PanoramaSettings, first_frame: int = 1) -> None:
        if settings.converter not in CONVERTERS:
            raise SettingsError(
                f"panorama.converter: {settings.converter} joins only what its own renderer has "
                f"drawn; choose {' or '.join(CONVERTERS)}"
            )
        self._settings = settings
        self._face_size = settings.drawn_face_size
        self._converter = self._make_converter()
        self._changes = PanoramaVideo(settings, first_frame)
        # What changed is found by comparing with the panorama before, so two are kept.
        shape = (settings.height, settings.width, 3)
        self._newest, self._before = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)

    def panorama(self, faces: Faces) -> Panorama:
        """Join the next faces. Its pixels are written over by the next call but one."""
        size = faces.pixels.shape[1]
        if size != self._face_size:
            self._face_size = size
            self._converter = self._make_converter()
        self._newest, self._before = self._before, self._newest
        self._converter.convert(np.ascontiguousarray(faces.pixels), self._newest)
        return self._changes.panorama(self._newest)

    def _make_converter(self) -> Converter:
        chosen = self._settings
        return CONVERTERS[chosen.converter](
            self._face_size, chosen.height, chosen.width, chosen.interpolation
        )
