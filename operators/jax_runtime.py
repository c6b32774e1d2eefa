"""JAX as it is used here: on the CPU, one thread, what is compiled kept for the next start."""

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from operators.usage_error import UsageError


class MissingJaxError(UsageError):
    """JAX is not installed: says how to get it."""


@cache
def prepare_jax() -> None:
    """Set JAX up, before anything imports it. Raises MissingJaxError.

    What the environment says already stays: JAX_PLATFORMS, PJRT_NPROC and JAX_COMPILATION_CACHE_DIR
    are what to set for another device, for more threads, or for another folder.
    A hand's equations are small: a second thread makes them no quicker, and the cores are needed by
    cameras and detectors.
    """
    if find_spec("jax") is None:
        raise MissingJaxError("fitting hands needs the package jax: pip install -e '.[capture]'")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("PJRT_NPROC", "1")
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(folder))
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


def cache_folder() -> Path:
    """Where compiled functions are kept: under the user's folder for caches (XDG)."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(home) if Path(home).is_absolute() else Path.home() / ".cache"
    return base / "panodora" / "jax"
