"""What keeps Isaac Gym from running here, in words that say what to install."""

import os
from pathlib import Path
from typing import Final

from operators.isaac_gym_settings import IsaacGymSettings
from operators.settings import SettingsError, resolve
from operators.usage_error import UsageError
from operators.worker_process import Answer

NEWEST_PYTHON: Final = (3, 8)

INSTALL: Final = (
    "make an environment with Python 3.8 (conda create -n gym python=3.8), download Isaac Gym "
    "Preview 4 from developer.nvidia.com/isaac-gym, and in it: pip install -e isaacgym/python"
)


class IsaacGymError(UsageError):
    """Isaac Gym cannot run as it is set up."""


def find_python(settings: IsaacGymSettings) -> Path:
    """The interpreter that the settings name. Raises SettingsError where there is none."""
    if settings.python is None:
        raise SettingsError(
            "isaacgym.python: not set; give the Python 3.8 that has Isaac Gym, such as "
            f"~/miniconda3/envs/gym/bin/python. Without one: {INSTALL}"
        )
    path = resolve(settings.python)
    if not path.is_file() or not os.access(path, os.X_OK):
        raise SettingsError(
            f"isaacgym.python: there is no program {path}; give the python of the environment that "
            f"has Isaac Gym. Without one: {INSTALL}"
        )
    return path


def explain(answer: Answer, settings: IsaacGymSettings) -> IsaacGymError:
    """The error for a worker's answer that holds a fault."""
    kind, said = answer["fault"], answer["said"]
    version = ".".join(map(str, answer["python"]))
    where = f"isaacgym.python: {settings.python} (Python {version})"
    match kind:
        case "import" if tuple(answer["python"][:2]) > NEWEST_PYTHON:
            advice = f"Isaac Gym Preview 4 has no build for a Python newer than 3.8; {INSTALL}"
            return IsaacGymError(f"{where} cannot be used: {said}. {advice}")
        case "import":
            advice = (
                "set LD_LIBRARY_PATH to that environment's lib folder"
                if "libpython" in said
                else INSTALL
            )
            return IsaacGymError(f"{where} cannot import what is needed: {said}. {advice}")
        case "gpu":
            return IsaacGymError(
                f"Isaac Gym needs an NVIDIA GPU, and {said} (isaacgym.device): `nvidia-smi` must "
                "show one with a driver of 470 or newer, and that Python needs a build of PyTorch "
                "with CUDA; without a GPU use dataflows/teleop.yml"
            )
    return IsaacGymError(f"{where}: Isaac Gym refuses the scene: {said}; see what it printed above")
