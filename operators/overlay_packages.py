"""The packages of the extra `overlay`, which a plain install leaves out."""

from importlib import import_module
from types import ModuleType

from operators.usage_error import UsageError


class MissingPackageError(UsageError):
    """A package that is not installed: says which, and how to get it."""


def overlay_package(name: str) -> ModuleType:
    """Import a package of the extra. Raises MissingPackageError."""
    try:
        return import_module(name)
    except ImportError:
        raise MissingPackageError(
            f"the package {name} is needed: pip install -e '.[overlay]', or `make overlay`"
        ) from None
