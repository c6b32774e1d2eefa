"""What a file of joint angles holds, in figures and in a plot."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from operators.angles_file import AnglesFile
from operators.hand_bones import PARENTS
from operators.hand_kinematics import HandSkeleton
from operators.hands import SIDES
from operators.joint_layout import FINGERS
from operators.transforms import Array

MIDDLE_BONES: Final = slice(8, 12)
"""From the wrist to the middle finger's tip."""

STYLE: Final[Any] = {"linewidth": 1.2}
WIDTH_IN, ROW_IN = 10.0, 2.3


@dataclass(frozen=True)
class SideReport:
    """One hand's figures.

    fitted: share of the moments. reprojection_px: of the fitted joints, median and 95th percentile.
    jitter_mm, triangulated_jitter_mm: median over joints and moments of how far a joint is from
    the middle of where it was before and after, of moments and joints that have both.
    hand_length_mm: wrist to the middle finger's tip. bones_change_mm: how far the length of any
    bone ever is from its median. rebuilt_off_mm: how far any joint of the file is from where
    forward kinematics of its angles has it, at the most.
    """

    fitted: float
    reprojection_px: tuple[float, float]
    jitter_mm: float
    triangulated_jitter_mm: float
    hand_length_mm: float
    bones_change_mm: float
    rebuilt_off_mm: float


def side_report(angles: AnglesFile, side: int) -> SideReport | None:
    """The figures of a side; None if it was never fitted."""
    valid = angles["valid"][:, side]
    if not valid.any():
        return None
    off = angles["reprojection_px"][valid, side]
    joints = angles["joints"][valid, side]
    lengths_mm = 1e3 * _bone_lengths(joints)
    fitted, triangulated = jitter(angles["joints"][:, side], angles["triangulated"][:, side])
    return SideReport(
        fitted=float(valid.mean()),
        reprojection_px=(float(np.nanmedian(off)), float(np.nanpercentile(off, 95))),
        jitter_mm=1e3 * fitted,
        triangulated_jitter_mm=1e3 * triangulated,
        hand_length_mm=float(np.median(lengths_mm[:, MIDDLE_BONES].sum(axis=1))),
        bones_change_mm=float(np.abs(lengths_mm - np.median(lengths_mm, axis=0)).max()),
        rebuilt_off_mm=1e3 * float(np.abs(rebuilt(angles, side) - joints).max()),
    )


def rebuilt(angles: AnglesFile, side: int) -> Array:
    """A side's joints (n, 21, 3), m, by forward kinematics, of the moments that have it."""
    joints = [
        HandSkeleton(np.stack([bones[side]] * 2)).joints(turns, place, scale)[side]
        for bones, turns, place, scale in zip(
            *(
                angles[name][angles["valid"][:, side]]
                for name in ("bones", "angles", "translations", "scale")
            ),
            strict=True,
        )
    ]
    return np.array(joints)


def jitter(joints: ArrayLike, others: ArrayLike) -> tuple[float, float]:
    """How much two tracks (n, 21, 3) of the same joints tremble, in their unit, as SideReport says.

    Only what both have is compared. NaN without three moments in a row.
    """
    steps = []
    for track in (joints, others):
        at = np.asarray(track, dtype=np.float64)
        steps.append(np.linalg.norm(at[1:-1] - (at[:-2] + at[2:]) / 2.0, axis=-1))
    both = np.isfinite(steps[0]) & np.isfinite(steps[1])
    if not both.any():
        return float("nan"), float("nan")
    return float(np.median(steps[0][both])), float(np.median(steps[1][both]))


def flexions_deg(joints: ArrayLike) -> Array:
    """The sum of each finger's bends, (n, 5), thumb first, degrees; joints: (n, 21, 3)."""
    at = np.asarray(joints, dtype=np.float64)
    fingers = np.stack(
        [at[:, [0, *range(4 * f + 1, 4 * f + 5)]] for f in range(len(FINGERS))], axis=1
    )
    bones = np.diff(fingers, axis=2)
    bones /= np.linalg.norm(bones, axis=-1, keepdims=True)
    cosines = np.clip((bones[:, :, 1:] * bones[:, :, :-1]).sum(axis=-1), -1.0, 1.0)
    flexions: Array = np.degrees(np.arccos(cosines)).sum(axis=-1)
    return flexions


def plot(angles: AnglesFile, path: Path) -> None:
    """Draw flexions, wrists and reprojection errors over time into a picture, .png or .svg."""
    sides = [side for side in range(len(SIDES)) if angles["valid"][:, side].any()]
    rows = 2 * len(sides) + 1
    figure = Figure(figsize=(WIDTH_IN, ROW_IN * rows), layout="constrained")
    axes: list[Axes] = list(np.ravel(figure.subplots(rows, 1, sharex=True)))
    time_s = (angles.time_ns - angles.time_ns[0]) / 1e9
    for row, side in enumerate(sides):
        joints = angles["joints"][:, side]
        bends, wrist = axes[2 * row], axes[2 * row + 1]
        for finger, name in enumerate(FINGERS):
            bends.plot(time_s, flexions_deg(joints)[:, finger], label=name, **STYLE)
        bends.set_title(f"{SIDES[side]} hand: sum of each finger's bends, degrees")
        for axis, name in enumerate("xyz"):
            wrist.plot(time_s, joints[:, 0, axis], label=name, **STYLE)
        wrist.set_title(f"{SIDES[side]} wrist in the rig's frame, m")
    for side in sides:
        axes[-1].plot(
            time_s, _medians(angles["reprojection_px"][:, side]), label=SIDES[side], **STYLE
        )
    axes[-1].set_title("fitted joints beside where they are seen, median of 21, px")
    axes[-1].set_xlabel("s")
    axes[-1].set_ylim(bottom=0.0)
    for one in axes:
        one.grid(alpha=0.3)
        if one.get_legend_handles_labels()[1]:
            one.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _medians(values: NDArray[np.float64]) -> Array:
    """Of each row (n, 21) what is not NaN; NaN of a row without any."""
    medians = np.full(len(values), np.nan)
    some = np.isfinite(values).any(axis=1)
    medians[some] = np.nanmedian(values[some], axis=1)
    return medians


def _bone_lengths(joints: Array) -> Array:
    lengths: Array = np.linalg.norm(joints[:, 1:] - joints[:, list(PARENTS[1:])], axis=-1)
    return lengths
