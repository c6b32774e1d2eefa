"""How large a panorama this machine can draw sixty times a second, by trying."""

import time
from dataclasses import dataclass
from typing import Final

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.panorama import PanoramaCapture
from operators.settings import Settings

WIDTHS: Final = (1440, 2160, 2880, 4096)
"""Panorama columns that are tried: 4, 6, 8 and 11 a degree. A headset shows about 20."""

BUDGET_MS: Final = 8.0
"""For drawing a frame with moving hands: half of what there is at 60 Hz. The rest is for physics,
encoding and the page's connections."""

FRAMES: Final = 40
UNCOUNTED: Final = 4
"""First frames, in which everything is drawn and OpenGL's programs are compiled."""

SWAY_M: Final = 0.05


@dataclass(frozen=True)
class PanoramaBudget:
    """What was measured.

    milliseconds: of each width that was tried, in rising order, the median of a frame.
    width: the largest that fits, or the smallest if none does.
    """

    milliseconds: dict[int, float]
    width: int

    @property
    def fits(self) -> bool:
        """Whether even the smallest is drawn in time."""
        return self.milliseconds[self.width] <= BUDGET_MS


def measure_budget(model: mujoco.MjModel, settings: Settings) -> PanoramaBudget:
    """Draw everything that can move, swaying, at rising widths until one takes too long.

    It takes some seconds. Faces have their usual size, whatever the settings say; the rest is as
    set. Raises what PanoramaCapture raises.
    """
    milliseconds: dict[int, float] = {}
    width = WIDTHS[0]
    for tried in WIDTHS:
        chosen = settings.panorama.model_copy(update={"width": tried, "face_size": None})
        milliseconds[tried] = _frame_ms(model, settings.model_copy(update={"panorama": chosen}))
        if milliseconds[tried] > BUDGET_MS:
            break
        width = tried
    return PanoramaBudget(milliseconds, width)


def swaying_poses(model: mujoco.MjModel, frames: int) -> NDArray[np.float64]:
    """Poses (frames, bodies, 7) of a model in which all that can move goes around in circles."""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    rest = np.concatenate([data.xpos, data.xquat[:, [1, 2, 3, 0]]], axis=1)
    poses = np.tile(rest, (frames, 1, 1))
    moves = model.body_weldid != 0
    angle = np.linspace(0.0, 2 * np.pi, frames)
    circle = SWAY_M * np.stack([np.cos(angle), np.sin(angle), np.sin(2 * angle)], axis=-1)
    poses[:, moves, :3] += circle[:, None]
    return poses


def _frame_ms(model: mujoco.MjModel, settings: Settings) -> float:
    durations = []
    with PanoramaCapture(model, settings) as capture:
        for poses in swaying_poses(model, FRAMES + UNCOUNTED):
            start = time.perf_counter()
            capture.capture(poses)
            durations.append(time.perf_counter() - start)
    return float(np.median(durations[UNCOUNTED:])) * 1e3
