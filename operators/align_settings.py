"""Settings of the alignment of a simulated camera with a real one."""

from pathlib import Path
from typing import Final, Literal, get_args

from pydantic import Field

from operators.section import Section

ComparisonMode = Literal["real", "simulated", "blend", "difference", "edges", "composite"]
COMPARISON_MODES: Final[tuple[ComparisonMode, ...]] = get_args(ComparisonMode)


class StillArm(Section):
    """What an arm reads that stands still."""

    joints: tuple[float, ...] = Field(description="in the order and unit of the arm's file")
    width_m: float | None = Field(default=None, description="between the gripper's pads, m")


class AlignSettings(Section):
    """The real camera and the simulated one; their robot is that of `overlay`."""

    real: Literal["recording", "camera"] = Field(
        default="recording",
        description="where real pictures come from: `overlay.recording`, or the `camera` section's "
        "camera, video or folder of pictures",
    )
    still: dict[Literal["left", "right"], StillArm] = Field(
        default_factory=dict,
        description="where the arms stand, by side, while `real` is camera; a recording tells it",
    )
    file: Path = Field(
        default=Path("out/align/camera.json"),
        description="the alignment, as lerobot-sim2real has it: read at the start if it is there, "
        "and written by the page's Save",
    )
    start: Path = Field(
        default=Path("configs/align/two_arms.json"),
        description="read in the place of `file` while that is not there",
    )
    calibration: Path | None = Field(
        default=None,
        description="a calibration of this camera, such as `panodora align` writes: the simulated "
        "camera begins there, and not where `file` or `start` has it, with its lens",
    )
    calibrations: Path = Field(
        default=Path("out/align/calib"),
        description="the folder into which Save writes the camera as a calibration",
    )
    mode: ComparisonMode = Field(default="blend", description="what the page shows at first")
    opacity: float = Field(default=0.5, ge=0, le=1, description="of the simulated robot in a blend")
    table_z_m: float = Field(
        default=0.0,
        description="how high the table is on which the cube lies, in the base, m",
    )
    cube_size_m: float = Field(default=0.04, gt=0, description="the cube's edge")
    seed: int = Field(default=0, ge=0, description="of where the cube lies and what is randomised")
    shadows: bool = Field(default=True, description="of the simulated robot upon itself")
