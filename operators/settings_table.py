"""The settings as a page of documentation, for docs/settings.md."""

from typing import Any

from pydantic import BaseModel

from operators.camera_settings import RtmlibSettings
from operators.capture_settings import CaptureCameraSettings
from operators.overlay_settings import OverlayPart
from operators.settings import ENVIRONMENT_PREFIX, SceneObject, Settings

_INTRODUCTION = f"""\
<!-- Written by `panodora generate` from operators/settings.py: do not edit. -->
# Settings

A dataflow reads one YAML file, by default the one under configs/ that has the dataflow's name;
`PANODORA_CONFIG` names another. `extends: OTHER.yml` at its top takes over what another file says.
An environment variable overrides a key: `{ENVIRONMENT_PREFIX}HEADSET__PORT=9000`. Unknown keys and
wrong values end a node at its start, with the file, the key, what was given and what is allowed.
With `dora start` the daemon's environment counts, as it was when `dora up` was called.
"""

_LONG = {"objects": "configs/teleop.yml", "parts": "configs/overlay.yml"}
"""Defaults that are too long for a table, and where they stand."""


def settings_markdown() -> str:
    """All sections, a table each."""
    parts = [_INTRODUCTION]
    for name, section in _sections(Settings):
        parts.append(_table(f"`{name}`", section))
        parts += [_table(f"`{name}.{key}`", inner) for key, inner in _sections(section)]
    parts.append(_table("An entry of `scene.objects`", SceneObject))
    parts.append(_table("`keypoints.rtmlib`", RtmlibSettings))
    parts.append(_table("An entry of `capture.cameras`", CaptureCameraSettings))
    parts.append(_table("An entry of `overlay.parts`", OverlayPart))
    return "\n".join(parts)


def _sections(model: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    """The fields of a part of the tree that are parts themselves."""
    fields = [(name, field.annotation) for name, field in model.model_fields.items()]
    return [(n, s) for n, s in fields if isinstance(s, type) and issubclass(s, BaseModel)]


def _table(title: str, section: type[BaseModel]) -> str:
    properties: dict[str, Any] = section.model_json_schema()["properties"]
    inner = [name for name, _ in _sections(section)]
    lines = [f"## {title}", (section.__doc__ or "").strip()]
    keys = [key for key in properties if key not in inner]
    if keys:
        lines += ["", "| key | default | allowed | meaning |", "|---|---|---|---|"]
    for key in keys:
        about = properties[key]
        default = about.get("default", "must be given")
        shown = f"see {_LONG[key]}" if key in _LONG else f"`{default}`"
        if "$ref" in about:
            shown = "see below"
        meaning = about.get("description", "")
        lines.append(f"| `{key}` | {shown} | {_allowed(about)} | {meaning} |")
    return "\n".join(lines) + "\n"


def _allowed(about: dict[str, Any]) -> str:
    if "anyOf" in about:
        return " or ".join(_allowed(choice) for choice in about["anyOf"])
    if "enum" in about:
        return ", ".join(f"`{choice}`" for choice in about["enum"])
    if "const" in about:
        return f"`{about['const']}`"
    words = {"exclusiveMinimum": ">", "minimum": ">=", "maximum": "<=", "multipleOf": "multiple of"}
    limits = [f"{word} {about[key]}" for key, word in words.items() if key in about]
    kind = {"null": "nothing", "array": "list", "string": "text"}.get(
        about.get("type", ""), about.get("type", "")
    )
    return " ".join([kind, *limits])
