"""The settings of a dataflow: one validated tree, one place where each default lives.

The tree comes from a YAML file (`PANODORA_CONFIG`), overridden by environment variables
`PANODORA__SECTION__KEY`, and refuses keys that it does not know.
"""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as PydanticSettingsError

from operators.align_settings import AlignSettings
from operators.camera_settings import (
    CameraSettings,
    KeypointsSettings,
    MonocularSettings,
    PictureSettings,
    RerunSettings,
)
from operators.capture_settings import CaptureSettings, MultiViewSettings
from operators.filter_settings import FiltersSettings
from operators.hand_fit_settings import HandFitSettings
from operators.headset_settings import HeadsetSettings as HeadsetSettings
from operators.isaac_gym_settings import IsaacGymSettings
from operators.overlay_settings import OverlaySettings
from operators.panorama_settings import PanoramaSettings as PanoramaSettings
from operators.section import Section, Vector3
from operators.usage_error import UsageError

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder: relative paths in settings start here."""

ENVIRONMENT_PREFIX = "PANODORA__"

Colour = Annotated[tuple[float, float, float], Field(description="red, green, blue, each 0 to 1")]


class SettingsError(UsageError):
    """A setting that cannot be used: says the file, the key, what was given, what is allowed."""


class SceneObject(Section):
    """A body of the scene: a box, sphere or upright capsule, fixed unless it has a mass."""

    name: str
    shape: Literal["box", "sphere", "capsule"] = "box"
    size: Vector3 = Field(
        description="full extents in m; a sphere's diameter is the first, "
        "a capsule's diameter the first and its whole height the third"
    )
    position: Vector3 = Field(description="centre in the world, m")
    colour: Colour = (0.6, 0.6, 0.6)
    mass: float | None = Field(default=None, gt=0, description="kg; none is fixed to the world")
    collides: bool = True


class SceneSettings(Section):
    """What stands in the world, shared by the simulator and the renderer."""

    objects: tuple[SceneObject, ...] = (
        SceneObject(
            name="table", size=(0.8, 0.8, 0.1), position=(0, 0, 1.2), colour=(0.55, 0.40, 0.28)
        ),
        SceneObject(
            name="cube",
            size=(0.05, 0.05, 0.05),
            position=(0, 0, 1.275),
            colour=(0.90, 0.20, 0.20),
            mass=0.1,
        ),
    )
    anchor_position: Vector3 = Field(
        default=(-0.6, 0.0, 1.6),
        description="the robot's head in the world, m: where the cameras and the operator's "
        "frame of reference (anchor) are",
    )
    respawn_below: float = Field(
        default=0.9, description="a loose object lower than this (m) comes back to its start"
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [o.name for o in self.objects]
        if len(set(names)) != len(names):
            raise ValueError(f"object names must differ, got {names}")
        return self


class HandsSettings(Section):
    """Which robot hand stands at each side: a file under configs/hands/."""

    left: Path = Path("configs/hands/inspire_left.yml")
    right: Path = Path("configs/hands/inspire_right.yml")
    retargeting: Literal["dexi", "dex-retargeting"] = "dexi"


class SimulationSettings(Section):
    """How the physics runs."""

    simulator: Literal["mujoco", "isaacgym"] = "mujoco"
    clock: Literal["wall", "lockstep"] = Field(
        default="wall",
        description="wall: real time; lockstep: steps only as commands arrive, for replays "
        "that give the same states bit for bit",
    )
    rate_hz: float = Field(default=60.0, gt=0, le=1000, description="frames of physics a second")
    substeps: int = Field(
        default=4, ge=1, le=64, description="steps a frame: 4 at 60 Hz hold a cube"
    )
    gravity: Vector3 = (0.0, 0.0, -9.81)
    finger_drive: Literal["position", "teleport"] = Field(
        default="position",
        description="position: drives that can hold things; teleport: joints are set, as in "
        "OpenTeleVision",
    )

    @property
    def time_step_s(self) -> float:
        """Seconds of simulated time a step."""
        return 1.0 / (self.rate_hz * self.substeps)


class OperatorSettings(Section):
    """How the operator's hands and head are understood."""

    motion_scale: float = Field(
        default=1.0,
        ge=0.25,
        le=2.0,
        description="how far the robot's hands go for each metre of the operator's, at first",
    )
    neck_offset: Vector3 | None = Field(
        default=None,
        description="from the eyes to the pivot of the neck, m: right, up, back. Where it is given "
        "it stays; without it a grown person's is taken and may be measured in the headset",
    )


class GuardSettings(Section):
    """When the robot follows, how fast, and how far."""

    input_timeout_s: float = Field(
        default=0.07, gt=0, description="no command for so long: hold; five frames of a headset"
    )
    control_timeout_s: float = Field(
        default=0.5, gt=0, description="nothing heard of the operator's keys for so long: stop"
    )
    state_timeout_s: float = Field(
        default=0.08, gt=0, description="nothing heard of the robot for so long: hold"
    )
    stop_after_s: float = Field(
        default=10.0, gt=0, description="a hand that holds for so long stops: engage again"
    )
    speed: float = Field(default=1.5, gt=0, description="of a hand's base, m/s")
    acceleration: float = Field(default=20.0, gt=0, description="of a hand's base, m/s^2")
    turn_speed: float = Field(default=8.0, gt=0, description="of a hand's base, rad/s")
    turn_acceleration: float = Field(default=120.0, gt=0, description="of a hand's base, rad/s^2")
    joint_speed: float = Field(default=8.0, gt=0, description="of every joint, rad/s")
    joint_acceleration: float = Field(default=160.0, gt=0, description="of every joint, rad/s^2")
    engaging_share: float = Field(
        default=0.25, gt=0, le=1, description="of all speeds, on the way to the operator's hand"
    )
    lowest: Vector3 = Field(
        default=(-1.5, -1.3, 0.2), description="corner of where a hand's base may be, world, m"
    )
    highest: Vector3 = Field(default=(0.9, 1.3, 2.6), description="the opposite corner, world, m")


class RecordSettings(Section):
    """What is written, and where."""

    folder: Path = Path("recordings")


class ReplaySettings(Section):
    """Which recording drives, and how."""

    recording: Path = Path("assets/recordings/two_hands")
    speed: float = Field(default=1.0, gt=0, le=100)
    loop: bool = False


class LatencySettings(Section):
    """What is counted of the stamps."""

    window_frames: int = Field(
        default=300, ge=2, le=100_000, description="the live summary looks back so far"
    )
    kept_frames: int = Field(
        default=18_000,
        ge=2,
        le=1_000_000,
        description="records kept: 18000 are five minutes at 60 Hz",
    )
    socket: Path | None = Field(
        default=None,
        description="where `panodora latency` finds this dataflow; by default it looks for it",
    )
    report: Path | None = Field(default=None, description="a JSON file for the whole run's figures")


class Settings(BaseSettings):
    """The whole tree of a dataflow."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__"
    )

    scene: SceneSettings = SceneSettings()
    hands: HandsSettings = HandsSettings()
    filters: FiltersSettings = FiltersSettings()
    simulation: SimulationSettings = SimulationSettings()
    isaacgym: IsaacGymSettings = IsaacGymSettings()
    panorama: PanoramaSettings = PanoramaSettings()
    headset: HeadsetSettings = HeadsetSettings()
    operator: OperatorSettings = OperatorSettings()
    guard: GuardSettings = GuardSettings()
    record: RecordSettings = RecordSettings()
    replay: ReplaySettings = ReplaySettings()
    latency: LatencySettings = LatencySettings()
    camera: CameraSettings = CameraSettings()
    panorama_camera: PictureSettings = PictureSettings()
    keypoints: KeypointsSettings = KeypointsSettings()
    monocular: MonocularSettings = MonocularSettings()
    capture: CaptureSettings = CaptureSettings()
    hand_fit: HandFitSettings = HandFitSettings()
    multi_view: MultiViewSettings = MultiViewSettings()
    rerun: RerunSettings = RerunSettings()
    overlay: OverlaySettings = OverlaySettings()
    align: AlignSettings = AlignSettings()

    def check_live(self) -> None:
        """Raise SettingsError where a person must not drive."""
        if self.simulation.clock == "lockstep":
            raise SettingsError(
                "simulation.clock: lockstep waits for a recording, and notices no hand that does "
                "not come; set it to wall where a person drives"
            )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, which is handed in as initial values."""
        return (env_settings, init_settings)


def load_settings(path: Path | str | None = None) -> Settings:
    """Read the tree from a YAML file and the environment.

    path: the file; without one `PANODORA_CONFIG`, and without that the defaults alone.
    Raises SettingsError naming the file or variable, the key, what was given and what is allowed.
    """
    if path is None:
        path = os.environ.get("PANODORA_CONFIG")
    content: dict[str, object] = {}
    if path is not None:
        path = resolve(path)
        content = _read_file(path)
    _refuse_unknown_variables()
    try:
        return Settings(**content)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(_explain(error, path)) from None
    except PydanticSettingsError as error:
        raise SettingsError(f"environment variables {ENVIRONMENT_PREFIX}...: {error}") from None


def resolve(path: Path | str) -> Path:
    """Make a path of the settings absolute: relative ones start at the project's folder."""
    path = Path(path).expanduser()
    return path if path.is_absolute() else ROOT / path


def _read_file(path: Path, above: tuple[Path, ...] = ()) -> dict[str, object]:
    """Read a settings file; with `extends: OTHER` it changes what the other file says."""
    content = _read_yaml(path)
    other = content.pop("extends", None)
    if other is None:
        return content
    read = (*above, path.resolve())
    if not isinstance(other, str) or (path.parent / other).resolve() in read:
        raise SettingsError(
            f"{path}: extends: expected the name of another file that does not extend this one, "
            f"got {other!r}"
        )
    below = _read_file(path.parent / other, read)
    try:
        Settings.model_validate(below)  # so that a fault is told of the file that it is in
    except ValidationError as error:
        raise SettingsError(_explain(error, path.parent / other)) from None
    return _merged(below, content)


def _merged(below: dict[str, object], above: dict[str, object]) -> dict[str, object]:
    """Sections are joined key by key; anything else above replaces what is below."""
    merged = dict(below)
    for key, value in above.items():
        under = below.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            merged[key] = _merged(under, value)
        else:
            merged[key] = value
    return merged


def _read_yaml(path: Path) -> dict[str, object]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: no such file; set PANODORA_CONFIG to a file under configs/"
        ) from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: not YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: expected sections at the top, got {type(content).__name__}")
    wrong = [key for key in content if not isinstance(key, str)]
    if wrong:
        raise SettingsError(f"{path}: expected names of sections, got {wrong[0]!r}")
    return content


def _refuse_unknown_variables() -> None:
    """pydantic-settings ignores an environment variable whose section it does not know."""
    sections = sorted(Settings.model_fields)
    for name in os.environ:
        if name.startswith(ENVIRONMENT_PREFIX):
            section = name[len(ENVIRONMENT_PREFIX) :].split("__")[0].lower()
            if section not in sections:
                raise SettingsError(
                    f"environment variable {name}: no section '{section}'; "
                    f"allowed: {', '.join(sections)}"
                )


def _explain(error: ValidationError, path: Path | None) -> str:
    lines = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        variable = ENVIRONMENT_PREFIX + "__".join(str(part).upper() for part in fault["loc"])
        where = (
            f"environment variable {variable}"
            if variable in os.environ
            else str(path or "defaults")
        )
        if fault["type"] == "extra_forbidden":
            allowed = _keys_beside(fault["loc"])
            lines.append(f"{where}: unknown key '{key}'; allowed here: {', '.join(allowed)}")
        else:
            lines.append(f"{where}: {key}: {fault['msg']}{_given(fault)}")
    return "\n".join(lines)


def _given(fault: ErrorDetails) -> str:
    """What was given, in words; nothing where it is a secret, or a whole section that has some."""
    if fault["loc"][-1:] == ("token",) or isinstance(fault["input"], BaseModel | dict):
        return ""
    return f", got {fault['input']!r}"


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    """The keys that the section at a fault's location knows."""
    model: type[BaseModel] = Settings
    for part in location[:-1]:
        if part not in model.model_fields:  # an entry's number or name
            continue
        annotation = model.model_fields[part].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        sections = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if not sections:
            break
        model = sections[0]
    return sorted(model.model_fields)
