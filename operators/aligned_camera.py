"""What alignment comes to: a camera, how sure it is, and what there is to doubt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.posed_camera import STEP, ZOOM, PosedCamera
from operators.transforms import Array
from operators.usage_error import UsageError

WIDEST: Final = np.array([0.35, 0.35, 0.35, 0.5, 0.5, 0.5, 0.35])
"""Standard deviations of a step's parts, rad, m and 1, beyond which what was given does not say
where the camera is: 20 degrees, half a metre, a third of the focal length."""


class AlignmentError(UsageError):
    """What was given does not say where a camera is: says why, and what would."""


@dataclass(frozen=True, eq=False)
class AlignedCamera:
    """A camera that was brought into line.

    camera: where it is. covariance: of a step (7,) from there, by `posed_camera.STEP`; zero for
    what was held fixed. freedom: of the residuals that it was estimated from, infinite for a noise
    that was known. rms_px: of the residuals that counted. used: how many of how many there were.
    joint_offsets_rad: what was added to the joints' readings, by name, with `joint_sd_rad`.
    depth_scale: what measured depths were multiplied by, where that was sought, with its standard
    deviation.
    doubts: sentences, to warn with.
    """

    camera: PosedCamera
    covariance: Array
    freedom: float
    rms_px: float
    used: tuple[int, int]
    joint_offsets_rad: Mapping[str, float] = field(default_factory=dict)
    joint_sd_rad: Mapping[str, float] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    depth_scale: tuple[float, float] | None = None

    @property
    def position_covariance(self) -> Array:
        """Of the camera's position (3, 3), m^2, in the base's frame."""
        rotation = self.camera.pose.matrix[:3, :3]
        covariance: Array = rotation.T @ self.covariance[3:6, 3:6] @ rotation
        return covariance

    @property
    def position_sd_m(self) -> float:
        """The root of the mean squared error that is to be expected of the position."""
        return float(np.sqrt(np.trace(self.position_covariance)))

    @property
    def rotation_sd_rad(self) -> float:
        """The same of the rotation."""
        return float(np.sqrt(np.trace(self.covariance[:3, :3])))

    @property
    def zoom_sd(self) -> float:
        """The same of the focal length, as a share of it."""
        return float(np.sqrt(self.covariance[ZOOM, ZOOM]))

    def squared_distance(self, other: PosedCamera) -> tuple[float, int]:
        """How far another camera is from this one, step^T covariance^-1 step, over p parts; and p.

        Where a camera's noise was known, chi-squared of p has it; where the residuals told it, p F
        (p, freedom) has (Seber and Wild, Nonlinear Regression, 1989, equation 5.2).
        """
        free = np.diag(self.covariance) > 0
        step = self.camera.step_to(other)[free]
        distance = float(step @ np.linalg.solve(self.covariance[np.ix_(free, free)], step))
        return distance, int(free.sum())


def inverse_information(
    information: Array, variance: float, parts: NDArray[np.signedinteger], hint: str
) -> Array:
    """The covariance (p, p) of steps from their information J^T J, times the noise's variance.

    parts: (p,) which of a step's they are, those of the camera first.
    Raises AlignmentError, with a hint of what to do, where some step is told by nothing, or by so
    little that its standard deviation at one pixel of noise is beyond WIDEST.
    """
    widest = np.array([WIDEST[part] if part < len(STEP) else np.inf for part in parts])
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    scaled = information / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(scaled)
    if values[0] <= 1e-10:
        blind = vectors[:, 0] / scale
    else:
        unit = np.linalg.inv(scaled) / np.outer(scale, scale)
        over = np.sqrt(np.diag(unit)) / widest
        if over.max() <= 1.0:
            covariance: Array = unit * variance
            return covariance
        blind = unit[:, int(np.argmax(over))]
    share = np.abs(blind) / np.where(np.isinf(widest), 1.0, widest)
    names = [STEP[part] if part < len(STEP) else "what else is sought" for part in parts]
    worst = [names[i] for i in np.argsort(-share)[:2] if share[i] > 0.2 * share.max()]
    raise AlignmentError(f"what was given does not tell {' from '.join(worst)}: {hint}")
