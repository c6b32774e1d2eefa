"""The skeleton that sliders move, for the viewer of rerun.io."""

import time

import numpy as np

from operators.camera_settings import RerunSettings
from operators.hands import SIDES
from operators.rerun_recording import RerunRecording
from operators.transforms import Array
from operators.whole_body import HAND_BONES

COLOUR = (0, 255, 0)


class SkeletonView:
    """Logs joints as they are turned. Raises SettingsError without the package."""

    def __init__(self, settings: RerunSettings) -> None:
        self._log_to = RerunRecording(settings)
        self.name = self._log_to.name
        up = self._log_to.rerun.ViewCoordinates.RIGHT_HAND_Y_UP
        self._log_to.stream.log("wrist", up, static=True)

    def show(self, side: str, joints: Array) -> None:
        """Show a side's joints (21, 3), m, in the wrist's axes; the other side goes."""
        rerun, stream = self._log_to.rerun, self._log_to.stream
        self._log_to.at(time.monotonic_ns())
        for name in SIDES:
            points = joints if name == side else np.empty((0, 3))
            bones = [points[list(bone)] for bone in HAND_BONES] if len(points) else []
            stream.log(f"wrist/{name}/bones", rerun.LineStrips3D(bones, colors=COLOUR))
            stream.log(f"wrist/{name}/joints", rerun.Points3D(points, colors=COLOUR, radii=0.004))

    def close(self) -> None:
        """Write what is left."""
        self._log_to.close()
