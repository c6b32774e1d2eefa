"""Settings of several cameras that see the same hands at the same time."""

from pathlib import Path

from pydantic import Field

from operators.camera_settings import PictureSettings
from operators.section import Section


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
    patience_s: float = Field(
        default=0.1,
        gt=0,
        description="live: what has come of a moment waits so long for the other cameras",
    )
    silent_s: float = Field(
        default=1.0, gt=0, description="a camera that gives nothing for so long has stopped"
    )
