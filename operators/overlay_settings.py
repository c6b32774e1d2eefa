"""Settings of the overlay: which robot, seen by which camera, drawn how."""

from pathlib import Path

from pydantic import Field

from operators.section import Section


class OverlayTool(Section):
    """A frame at a link, such as a tool's centre point."""

    link: str
    translation: tuple[float, float, float] = Field(
        default=(0.0, 0.0, 0.0), description="of its origin, m"
    )
    quaternion: tuple[float, float, float, float] = Field(
        default=(0.0, 0.0, 0.0, 1.0), description="of its axes, x y z w"
    )


class OverlayPart(Section):
    """One URDF in the picture: a robot with both arms, or one arm."""

    urdf: Path
    root: str = Field(
        default="kinematic_base", description="the frame, of `frames`, in which its root link lies"
    )
    left: Path | None = Field(
        default=None, description="configs/arms/ file of the left arm, if this URDF holds it"
    )
    right: Path | None = Field(default=None, description="the same of the right arm")
    tools: dict[str, OverlayTool] = Field(
        default_factory=dict,
        description="frames whose axes are drawn, by name: each with its link, translation (m) and "
        "quaternion (x y z w) there",
    )


class OverlaySettings(Section):
    """The robot drawn into a calibrated camera's picture."""

    recording: Path = Field(
        default=Path("out/overlay/recording"),
        description="the RGB-D recording that is read; `panodora synthesize` makes this one",
    )
    serial: str = Field(default="900000000001", description="the camera's serial number")
    calibrations: Path | None = Field(
        default=None, description="a folder of calibrations; without one the recording's calib/"
    )
    calibration_ms: int | None = Field(
        default=None,
        description="the calibration's time; without one what the recording names, or the newest",
    )
    frames: Path = Path("configs/frames/robot.yml")
    parts: tuple[OverlayPart, ...] = (
        OverlayPart(
            urdf=Path("assets/robots/two_arms/robot.urdf"),
            left=Path("configs/arms/two_arms_left.yml"),
            right=Path("configs/arms/two_arms_right.yml"),
        ),
    )
    tool_links: tuple[str, ...] = Field(
        default=("left_tcp", "right_tcp"), description="links whose axes are drawn too, 5 cm long"
    )
    opacity: float = Field(default=0.6, ge=0, le=1, description="of the drawn robot")
    tint: tuple[float, float, float] | None = Field(
        default=(0.15, 0.95, 0.45),
        description="red, green, blue, each 0 to 1: a drawn robot of another colour than the real "
        "one shows where they part; null draws it in its own colours",
    )
    outline: bool = Field(default=True, description="draw the edge of the drawn robot, in yellow")
    depth_tolerance_m: float = Field(
        default=0.02,
        ge=0,
        description="the robot shows unless something is nearer by more than this: the camera sees "
        "the robot itself, and not quite where the calibration has it",
    )
    cloud_step: int = Field(
        default=4, ge=1, le=64, description="every so many pixels a point of the cloud"
    )
    joint_gap_ms: int = Field(
        default=100, ge=0, description="a reading may be so far from its picture in time"
    )
    rate_hz: float | None = Field(
        default=None, gt=0, description="of replay; without one as it was recorded"
    )
    loop: bool = Field(default=True, description="begin again at the recording's end")
    video: Path = Field(
        default=Path("out/overlay/overlay.mp4"), description="written anew by each run"
    )
    video_rate_hz: float = Field(
        default=15.0, gt=0, le=240, description="its pictures a second, whatever comes"
    )
    view_3d: Path | None = Field(
        default=None,
        description="a .rrd file for the 3-D view; without one a viewer that runs here is told",
    )
