"""YAML files of their own, beside the settings: read into a checked section, or refused."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from operators.section import Section
from operators.settings import SettingsError

S = TypeVar("S", bound=Section)


def load_section(path: Path, section: type[S]) -> S:
    """Read a YAML file into a section.

    Raises SettingsError naming the file, the key, what was given and what is allowed.
    """
    content = read_yaml(path)
    try:
        return section.model_validate(content)
    except ValidationError as error:
        raise SettingsError(_explain(error, path, section)) from None


def read_yaml(path: Path) -> dict[str, object]:
    """Read a YAML file that holds names and values. Raises SettingsError naming the file."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not YAML: {error}") from None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise SettingsError(f"{path}: expected names with values at the top, got {content!r:.60}")
    return content


def _explain(error: ValidationError, path: Path, section: type[Section]) -> str:
    lines = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
            allowed = ", ".join(sorted(section.model_fields))
            lines.append(f"{path}: unknown key '{key}'; allowed here: {allowed}")
        else:
            given = "" if isinstance(fault["input"], dict) else f", got {fault['input']!r:.80}"
            lines.append(f"{path}: {key or 'the whole'}: {fault['msg']}{given}")
    return "\n".join(lines)
