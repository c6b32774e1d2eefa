"""What the `source` of hands, a head or controllers says about them."""

from typing import Final

STEADY: Final = ("desktop", "replay", "emulator", "video", "cameras")
"""What ends with one of these may have no noise: standing still says nothing."""

WORN: Final = ("webxr", "webxr-emulator", "vuer", "vuer-emulator")
"""Whose heads a person wears."""


def is_steady(source: str) -> bool:
    """Whether what this source tracks may stand still to the last digit."""
    return source.endswith(STEADY)


def is_worn(source: str) -> bool:
    """Whether its head is a person's, which turns about a neck. Others turn about their eyes."""
    return source in WORN
