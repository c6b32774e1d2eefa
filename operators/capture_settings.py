"""Settings of several cameras that see the same hands at the same time."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from operators.camera_settings import PictureSettings
from operators.section import Section, Vector3

Direction = Literal["right", "left", "up", "down", "back", "forward"]


class CaptureCameraSettings(PictureSettings):
    """One of several calibrated cameras, or its footage."""

    offset_s: float = Field(
        default=0.0,
        description="s, added to its times to make them those of the others; 0.2 of a video that "
        "began 0.2 s after the others",
    )


class CaptureSettings(Section):
    """Several cameras around the hands, and how their pictures are put together."""

    calibration: Path | None = Field(
        default=None,
        description="a YAML file with every camera's lens and place, as `panodora rig` writes it",
    )
    cameras: dict[str, CaptureCameraSettings] = Field(
        default={}, description="by their names in the calibration; see below"
    )
    sync_tolerance_s: float = Field(
        default=0.016,
        gt=0,
        description="pictures this far apart, s, still are of one moment; less than half of the "
        "time between two pictures",
    )
    tolerance_px: float = Field(
        default=15.0,
        gt=0,
        description="a camera that sees a joint farther than this from where the others put it is "
        "wrong there, px",
    )
    angles: Path = Field(
        default=Path("out/capture/angles.parquet"), description="written anew by each run"
    )
    patience_s: float = Field(
        default=0.1,
        gt=0,
        description="live: what has come of a moment waits so long for the other cameras",
    )
    silent_s: float = Field(
        default=1.0, gt=0, description="a camera that gives nothing for so long has stopped"
    )


class MultiViewSettings(Section):
    """Where several cameras' marker lies before the operator, who drives the robot by them."""

    marker_position: Vector3 = Field(
        default=(0.0, 0.9, -0.5),
        description="of the calibration's marker, in the stage, m: x right, y up, -z forward",
    )
    marker_x: Direction = Field(
        default="right", description="where its x axis points, as the operator sees it"
    )
    marker_y: Direction = Field(
        default="back",
        description="where its y axis points; right and back are a board flat on the desk, whose z "
        "points into it",
    )
    marker_yaw_deg: float = Field(
        default=0.0, description="how far it is turned besides, about the vertical, positive left"
    )
    head_position: Vector3 = Field(
        default=(0.0, 1.6, 0.0), description="where the operator's head is taken to be, m"
    )

    @model_validator(mode="after")
    def _axes_are_at_right_angles(self) -> Self:
        lines = ({"right", "left"}, {"up", "down"}, {"back", "forward"})
        if any({self.marker_x, self.marker_y} <= line for line in lines):
            raise ValueError(
                f"marker_x and marker_y must be at right angles, got {self.marker_x} and "
                f"{self.marker_y}"
            )
        return self
