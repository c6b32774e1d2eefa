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
from operators.transforms import Array
from operators.usage_error import UsageError

VIEWS: Final = 5
"""Pictures; more would add little, and take longer."""

APART_S: Final = 0.5
"""Between pictures, so that the arms have moved."""

MOVED: Final = 0.02
"""Arms none of whose meshes has gone or turned farther, m or rad, stand as they did."""

STILL_S: Final = 10.0
"""So long without another pose, and the fit makes do with those there are."""

STOP_S: Final = 30.0


class SilhouetteRefinement:
    """Collects pictures of the robot, finds it in front of its background, and fits the camera.

    model: the robot, in the frame of the base that the camera is told from.
    """

    def __init__(self, model: RobotModel) -> None:
        self._model = model
        self._views: list[RobotView] = []
        self._poses: list[Array] = []
        self._last_s = -np.inf
        self._fov_free = True
        self._thread: threading.Thread | None = None
        self._outcome: AlignedCamera | Exception | None = None
        self._still = False
        self.collecting = False
        """Whether pictures are wanted."""

    @property
    def busy(self) -> bool:
        """Whether one is under way."""
        return self.collecting or self._thread is not None

    def begin(self, fov_free: bool) -> None:
        """Collect pictures. fov_free: whether the angle of view is sought too."""
        self.collecting, self._fov_free = True, fov_free
        self._views, self._poses = [], []
        self._last_s, self._still = -np.inf, False

    def add(
        self,
        real: NDArray[np.uint8],
        background: NDArray[np.uint8],
        readings: Mapping[str, Readings],
        now_s: float,
    ) -> str:
        """Take a picture (rows, columns, 3), if it is time for one; returns how far that is.

        One in which the arms stand as in one before is not counted.
        Raises UsageError, which ends the collecting, for a background of another size, and
        JointError for readings that do not fit the arms.
        """
        poses = self._model.base_from_meshes(readings, np.zeros(len(self._model.joint_names)))
        if now_s - self._last_s >= APART_S and not self._stood(poses):
            try:
                silhouette = background_silhouette(real, background)
            except UsageError:
                self.collecting = False
                raise
            self._last_s = now_s
            self._poses.append(poses)
            self._views.append(RobotView(silhouette, dict(readings)))
        self._still = now_s - self._last_s >= STILL_S
        waits = "; the arms stand still: move them" if now_s - self._last_s > 2 * APART_S else ""
        return f"{len(self._views)} of {VIEWS} poses for the silhouettes{waits}"

    @property
    def complete(self) -> bool:
        """Whether all poses are there, or no other comes, and the fit can start."""
        return self.collecting and (len(self._views) >= VIEWS or self._still)

    @property
    def fit(self) -> str:
        """In words, what was fitted."""
        count = len(self._views)
        if count >= VIEWS:
            return f"outlines in {count} poses"
        return f"outlines in {count} pose{'s' * (count > 1)} alone, the arms stood still,"

    def start(self, camera: PosedCamera) -> None:
        """Fit in a thread of its own, from a camera with an ideal lens."""
        self.collecting, self._outcome = False, None
        self._thread = threading.Thread(target=self._fit, args=(camera,), daemon=True)
        self._thread.start()

    def outcome(self) -> AlignedCamera | Exception | None:
        """What came of it, or whatever went wrong, once; None while it lasts."""
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
        except Exception as error:  # noqa: BLE001  nobody hears what ends a thread
            self._outcome = error

    def _stood(self, poses: Array) -> bool:
        """Whether the arms have been seen as they are: meshes (visuals, 4, 4) in the base."""
        return any(np.abs(poses - seen).max() < MOVED for seen in self._poses)
