"""The page's Refine by silhouettes: pictures in several poses, and a fit that nothing waits for."""

import threading
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.aligned_camera import AlignedCamera
from operators.background_silhouette import background_silhouette
from operators.pictured_robot import Readings
from operators.posed_camera import PosedCamera
from operators.robot_view import RobotModel, RobotView
from operators.silhouette_alignment import align_silhouettes
from operators.usage_error import UsageError

VIEWS: Final = 5
"""Pictures; more would add little, and take longer."""

APART_S: Final = 0.5
"""Between pictures, so that the arms have moved."""

STOP_S: Final = 30.0


class SilhouetteRefinement:
    """Collects pictures of the robot, finds it in front of its background, and fits the camera.

    model: the robot, in the frame of the base that the camera is told from.
    """

    def __init__(self, model: RobotModel) -> None:
        self._model = model
        self._views: list[RobotView] = []
        self._last_s = -np.inf
        self._fov_free = True
        self._thread: threading.Thread | None = None
        self._outcome: AlignedCamera | UsageError | None = None
        self.collecting = False
        """Whether pictures are wanted."""

    @property
    def busy(self) -> bool:
        """Whether one is under way."""
        return self.collecting or self._thread is not None

    def begin(self, fov_free: bool) -> None:
        """Collect pictures. fov_free: whether the angle of view is sought too."""
        self.collecting, self._fov_free = True, fov_free
        self._views, self._last_s = [], -np.inf

    def add(
        self,
        real: NDArray[np.uint8],
        background: NDArray[np.uint8],
        readings: Mapping[str, Readings],
        now_s: float,
    ) -> str:
        """Take a picture (rows, columns, 3), if it is time for one; returns how far that is.

        Raises UsageError, which ends the collecting, for a background of another size.
        """
        if now_s - self._last_s >= APART_S:
            try:
                silhouette = background_silhouette(real, background)
            except UsageError:
                self.collecting = False
                raise
            self._last_s = now_s
            self._views.append(RobotView(silhouette, dict(readings)))
        return f"{len(self._views)} of {VIEWS} pictures for the silhouettes"

    @property
    def complete(self) -> bool:
        """Whether all pictures are there, and the fit can start."""
        return self.collecting and len(self._views) >= VIEWS

    def start(self, camera: PosedCamera) -> None:
        """Fit in a thread of its own, from a camera with an ideal lens."""
        self.collecting, self._outcome = False, None
        self._thread = threading.Thread(target=self._fit, args=(camera,), daemon=True)
        self._thread.start()

    def outcome(self) -> AlignedCamera | UsageError | None:
        """What came of it, once; None while it lasts."""
        if self._thread is None or self._thread.is_alive():
            return None
        self._thread = None
        return self._outcome

    def close(self) -> None:
        """Wait for the fit: it holds a context of the graphics driver."""
        if self._thread is not None:
            self._thread.join(STOP_S)

    def _fit(self, camera: PosedCamera) -> None:
        try:
            self._outcome = align_silhouettes(camera, self._model, self._views, self._fov_free)
        except UsageError as error:
            self._outcome = error
