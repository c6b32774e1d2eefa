"""A camera's alignment in JSON, as lerobot-sim2real's environments read it.

```json
{
  "base_camera_settings": {"pos": [0.02, 0.19, 0.505], "fov": 0.655, "target": [0.151, 0.1, 0.15]},
  "greenscreen_overlay_path": "bg.png",
  "spawn_box_pos": [0.3, 0.05],
  "spawn_box_half_size": 0.1,
  "domain_randomization_config": {"robot_color": null}
}
```
Lengths are in metres in the frame of the robot's base, angles in radians.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from operators.look_at_camera import CameraError, LookAtCamera
from operators.section import Section, Vector3
from operators.settings import SettingsError

FARTHEST_M: Final = 20.0
"""A camera farther from its robot than this was told in another unit."""

WIDE_RAD: Final = 2.1
"""120 degrees: a camera of even pixels that sees more is rare."""

Share = Annotated[float, Field(ge=0, le=1)]
Rgb = tuple[Share, Share, Share]
Bound = Annotated[float, Field(ge=0)]
Angle = Annotated[float, Field(ge=0, le=1.6, description="rad")]


class BaseCameraSection(Section):
    """The camera."""

    pos: Vector3 = Field(description="where it is, m")
    fov: float = Field(description="its vertical angle of view, rad")
    target: Vector3 = Field(description="what it looks at, m")

    @field_validator("pos", "target")
    @classmethod
    def _is_near(cls, place: Vector3) -> Vector3:
        if max(map(abs, place)) > FARTHEST_M:
            raise ValueError(
                f"expected metres from the robot's base, up to {FARTHEST_M:g}; are these mm?"
            )
        return place

    @model_validator(mode="after")
    def _is_a_camera(self) -> Self:
        self.camera()
        return self

    def camera(self) -> LookAtCamera:
        """The camera itself. Raises CameraError."""
        return LookAtCamera(self.pos, self.target, self.fov)


class DomainRandomization(Section):
    """By how much the simulated picture differs from one episode to the next; nothing by default.

    The names of what ManiSkill's environments know are theirs; the bounds of colours are ours.
    """

    robot_color: Rgb | Literal["random"] | None = Field(
        default=None, description="null: its own; red, green, blue, each 0 to 1; or 'random'"
    )
    robot_color_low: Rgb = Field(default=(0.0, 0.0, 0.0), description="of a random colour")
    robot_color_high: Rgb = Field(default=(1.0, 1.0, 1.0), description="of a random colour")
    randomize_lighting: bool = Field(default=False, description="within the two bounds below")
    light_brightness: tuple[Bound, Bound] = Field(
        default=(0.4, 1.4), description="least and most, as a factor"
    )
    light_direction_noise: Angle = Field(default=0.5, description="rad to any side")
    max_camera_offset: tuple[Bound, Bound, Bound] = Field(
        default=(0.0, 0.0, 0.0), description="of the camera and its target together, m"
    )
    camera_target_noise: Bound = Field(default=0.0, description="of its target alone, m")
    camera_view_rot_noise: Angle = Field(default=0.0, description="of its roll, rad")
    camera_fov_noise: Angle = Field(default=0.0, description="rad")
    initial_qpos_noise_scale: Angle = Field(default=0.0, description="of the arm's joints, rad")

    @field_validator("robot_color", mode="before")
    @classmethod
    def _is_a_colour(cls, given: object) -> object:
        if given is None or given == "random":
            return given
        numbers = given if isinstance(given, list | tuple) else ()
        if len(numbers) == 3 and all(isinstance(n, int | float) and 0 <= n <= 1 for n in numbers):
            return given
        raise ValueError("expected null, 'random', or red, green and blue from 0 to 1")

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.light_brightness[0] > self.light_brightness[1]:
            raise ValueError(f"light_brightness: the least first, got {self.light_brightness}")
        pairs = zip(self.robot_color_low, self.robot_color_high, strict=True)
        if any(low > high for low, high in pairs):
            raise ValueError("robot_color_low: above robot_color_high")
        return self


class AlignmentFile(Section):
    """All that such a file says."""

    base_camera_settings: BaseCameraSection
    greenscreen_overlay_path: Path | None = Field(
        default=None, description="the picture behind the robot, beside the file"
    )
    spawn_box_pos: tuple[float, float] | None = Field(
        default=None, description="x and y of the middle of where the cube may lie, m"
    )
    spawn_box_half_size: float | None = Field(default=None, gt=0, description="of that square, m")
    domain_randomization_config: DomainRandomization = DomainRandomization()

    @model_validator(mode="after")
    def _box_is_whole(self) -> Self:
        if (self.spawn_box_pos is None) != (self.spawn_box_half_size is None):
            raise ValueError("spawn_box_pos and spawn_box_half_size belong together: give both")
        for number in (*(self.spawn_box_pos or ()), self.spawn_box_half_size or 0.0):
            if abs(number) > FARTHEST_M:
                raise ValueError(f"spawn box: expected metres, got {number}; are these mm?")
        return self

    @property
    def camera(self) -> LookAtCamera:
        """The camera."""
        return self.base_camera_settings.camera()

    def with_camera(self, camera: LookAtCamera) -> Self:
        """The same with another camera."""
        section = BaseCameraSection(pos=camera.position, fov=camera.fov_y_rad, target=camera.target)
        return self.model_copy(update={"base_camera_settings": section})

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is allowed but hardly meant, or left out: a sentence each, to warn with."""
        said = []
        if self.base_camera_settings.fov > WIDE_RAD:
            said.append(
                f"fov: {self.base_camera_settings.fov:g} rad are "
                f"{self.base_camera_settings.fov * 57.29578:.0f} degrees: is that meant?"
            )
        if self.greenscreen_overlay_path is None:
            said.append("greenscreen_overlay_path is missing: there is no picture to put behind")
        if self.spawn_box_pos is None:
            said.append("spawn_box_pos is missing: nothing says where a cube may lie")
        return tuple(said)


def read_alignment(path: Path) -> AlignmentFile:
    """Read a file. A picture's path that is not absolute is taken from the file's folder.

    Raises SettingsError naming the file, the key, what is wrong and what is allowed.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"{path}: not JSON: {error}") from None
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: expected names with values, got {content!r:.60}")
    try:
        read = AlignmentFile.model_validate(content)
    except ValidationError as error:
        raise SettingsError(_explained(error, path)) from None
    picture = read.greenscreen_overlay_path
    if picture is None or picture.is_absolute():
        return read
    return read.model_copy(update={"greenscreen_overlay_path": path.parent / picture})


def write_alignment(alignment: AlignmentFile, path: Path) -> None:
    """Write a file, in the place of one that is there, whole or not at all.

    A picture in the file's folder or below it is named from there. Raises SettingsError.
    """
    content: dict[str, Any] = alignment.model_dump(mode="json", exclude_defaults=True)
    content["greenscreen_overlay_path"] = None
    picture = alignment.greenscreen_overlay_path
    if picture is not None:
        near = picture.resolve().is_relative_to(path.parent.resolve())
        named = os.path.relpath(picture, path.parent) if near else str(picture)
        content["greenscreen_overlay_path"] = named
    randomisation = content.setdefault("domain_randomization_config", {})
    randomisation.setdefault("robot_color", None)
    order = [name for name in AlignmentFile.model_fields if name in content]
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({name: content[name] for name in order}, indent=2) + "\n")
        part.replace(path)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def _explained(error: ValidationError, path: Path) -> str:
    lines = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"]) or "the whole"
        cause = fault.get("ctx", {}).get("error")
        if fault["type"] == "missing":
            words = "is missing"
        elif fault["type"] == "extra_forbidden":
            words = f"is unknown; allowed are {_allowed(fault['loc'][:-1])}"
        elif isinstance(cause, CameraError):
            words = str(cause)
        else:
            given = "" if isinstance(fault["input"], dict) else f", got {fault['input']!r:.80}"
            words = f"{fault['msg'].removeprefix('Value error, ')}{given}"
        lines.append(f"{path}: {key}: {words}")
    return "\n".join(lines)


def _allowed(place: tuple[int | str, ...]) -> str:
    sections: dict[tuple[int | str, ...], type[Section]] = {
        ("base_camera_settings",): BaseCameraSection,
        ("domain_randomization_config",): DomainRandomization,
    }
    return ", ".join(sections.get(place, AlignmentFile).model_fields)
