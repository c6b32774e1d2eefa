"""Where a user's running programs keep what is theirs alone."""

import os
import stat
import tempfile
from pathlib import Path

from operators.usage_error import UsageError


def runtime_folder() -> Path:
    """The user's own folder for sockets and tokens; made where it is missing, shut to all others.

    Raises UsageError where somebody else has it.
    """
    parent = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    own = "panodora" if "XDG_RUNTIME_DIR" in os.environ else f"panodora-{os.getuid()}"
    folder = parent / own
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise UsageError(f"{folder} belongs to somebody else: remove it, or set XDG_RUNTIME_DIR")
    folder.chmod(0o700)
    return folder
