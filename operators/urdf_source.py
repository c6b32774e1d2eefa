"""Where a hand's URDF comes from: a file of the user's, or one that the package dexi-rs ships."""

from pathlib import Path
from typing import Final

from operators.settings import SettingsError

DEXI: Final = "dexi:"
"""Before the name of a URDF that dexi-rs ships, such as dexi:shadow_hand/shadow_hand_right.urdf."""


def find_urdf(given: str, configuration_path: Path) -> Path:
    """Where the URDF is that a hand's configuration names.

    given: a path relative to the configuration's folder, or `dexi:` and a name.
    Raises SettingsError if dexi-rs ships nothing of that name; a path is not looked at.
    """
    if not given.startswith(DEXI):
        return (configuration_path.parent / given).resolve()
    import dexi_rs

    folder = dexi_rs.asset_path("robots/hands")
    path = folder / given.removeprefix(DEXI)
    if not path.is_file():
        shipped = sorted(f"{DEXI}{p.relative_to(folder)}" for p in folder.rglob("*.urdf"))
        raise SettingsError(
            f"{configuration_path}: urdf: {given} is not in dexi-rs {dexi_rs.__version__}, which "
            f"ships {', '.join(shipped)}"
        )
    return path.resolve()
