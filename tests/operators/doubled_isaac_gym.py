"""Settings with which Isaac Gym's double runs, small and quick."""

from pathlib import Path
from typing import Any

from operators.settings import Settings
from tests.isaacgym_double.environment import make_python

FACE_SIZE = 32


def doubled(
    folder: Path, *, isaacgym: Any = None, variables: Any = None, **sections: Any
) -> Settings:
    """Settings for the simulator; isaacgym: other keys of its section; variables: the double's."""
    worker = dict(isaacgym or {})
    if "python" not in worker:
        worker["python"] = make_python(folder, **(variables or {}))
    given = {
        "simulation": {"simulator": "isaacgym", "substeps": 2},
        "panorama": {"face_size": FACE_SIZE, "width": 128, "tile_size": 32},
        "isaacgym": worker,
    }
    for name, section in sections.items():
        given[name] = {**given.get(name, {}), **section}
    return Settings.model_validate(given)
