"""The sections of the settings that are about cameras and what is found in their pictures."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from operators.section import Section, Vector3


class PictureSettings(Section):
    """A 360-degree camera, or equirectangular pictures in its place."""

    source: int | Path = Field(
        default=0,
        description="a camera's number, a video file, a folder of pictures, or FOLDER/color_*.jpg",
    )
    pace: Literal["live", "paced", "footage"] = Field(
        default="live",
        description="live: the newest picture wins; paced: every picture of a file or folder, at "
        "its rate or slower; footage: every picture as fast as they are taken in, each with its "
        "time in the file",
    )
    loop: bool = Field(default=False, description="a file or folder starts again at its end")
    mirrored: bool = Field(
        default=False, description="the source shows a mirror image; it is turned back"
    )
    size: tuple[int, int] | None = Field(
        default=None, description="columns and rows to ask a camera for"
    )
    rate_hz: float | None = Field(
        default=None,
        gt=0,
        le=1000,
        description="to ask a camera for, and of a folder (without it 30); a file has its own",
    )


class CameraSettings(PictureSettings):
    """A camera that sees the operator's hands, or pictures in its place."""

    calibration: Path | None = Field(
        default=None, description="a YAML file with the lens; without one it is guessed"
    )
    serial: str | None = Field(
        default=None, description="which of the calibration's cameras it is, if it has several"
    )
    horizontal_fov_deg: float = Field(
        default=60.0, gt=1, lt=170, description="the guess: how wide the camera sees"
    )


class RtmlibSettings(Section):
    """How rtmlib finds hands. Its weights are a path of yours, or its own download."""

    finds: Literal["hand", "wholebody"] = Field(
        default="hand", description="wholebody also gives 133 points of the body, to be shown"
    )
    mode: Literal["lightweight", "balanced", "performance"] = Field(
        default="lightweight", description="which weights it downloads; hand has only lightweight"
    )
    backend: Literal["onnxruntime", "opencv", "openvino"] = "onnxruntime"
    device: str = Field(default="cpu", description="cpu, cuda, mps: as the backend knows them")
    detection_model: Path | None = Field(
        default=None, description="ONNX that finds boxes; without one the whole picture is a box"
    )
    detection_size: tuple[int, int] = Field(default=(320, 320), description="of its input, px")
    pose_model: Path | None = Field(
        default=None, description="ONNX that finds keypoints; without one rtmlib downloads both"
    )
    pose_size: tuple[int, int] = Field(default=(256, 256), description="of its input, px")

    @model_validator(mode="after")
    def _mode_exists(self) -> Self:
        if self.finds == "hand" and self.mode != "lightweight":
            raise ValueError(f"mode {self.mode} is wholebody's; hand has only lightweight")
        return self


class KeypointsSettings(Section):
    """What finds hands in a picture."""

    detector: Literal["mediapipe", "rtmlib"] = "mediapipe"
    min_confidence: float = Field(
        default=0.5, ge=0, le=1, description="what is less sure counts as not seen"
    )
    side_flips: Literal["leave_out", "keep"] = Field(
        default="leave_out",
        description="a hand that one picture calls by its other side: one camera leaves it out, as "
        "its shape is wrong there; several keep it, as its pixels are not",
    )
    most_hands: int = Field(default=2, ge=1, le=2, description="one is found in half the time")
    mediapipe_model: Path | None = Field(
        default=None, description="hand_landmarker.task; by default the package's that ships it"
    )
    rtmlib: RtmlibSettings = RtmlibSettings()


class MonocularSettings(Section):
    """Where one camera stands, and how large the hands are that it sees."""

    camera_position: Vector3 = Field(
        default=(0.0, 1.45, -1.1), description="in the stage, m: x right, y up, -z forward"
    )
    camera_yaw_deg: float = Field(
        default=180.0, description="180 looks at the operator, 0 where the operator looks"
    )
    camera_pitch_deg: float = Field(default=0.0, ge=-90, le=90, description="up is positive")
    head_position: Vector3 = Field(
        default=(0.0, 1.6, 0.0), description="where the operator's head is taken to be, m"
    )
    hand_length_m: float = Field(
        default=0.19, gt=0.05, lt=0.4, description="from the wrist to the middle finger's tip"
    )
    depth_cutoff_hz: float = Field(
        default=1.0,
        gt=0,
        description="of the depth's filter while the hand rests; lower is steadier and later",
    )


class RerunSettings(Section):
    """Where dataflows/teleop_video_rerun.yml shows what the camera sees."""

    to: str = Field(
        default="recordings/teleop_video.rrd",
        description="a file to be opened with `rerun FILE`, or a viewer that listens: "
        "rerun+http://127.0.0.1:9876/proxy",
    )
