"""What Vuer's client really sent; tests/operators/vuer_messages/README.md says from where."""

from pathlib import Path
from typing import Any

import msgpack

FOLDER = Path(__file__).parent / "vuer_messages"

HEAD_M = (0.0, 1.6, 0.0)
HANDS_M = ((-0.2, 1.45, -0.35), (0.2, 1.45, -0.35))


def captured(name: str) -> bytes:
    return (FOLDER / f"{name}.msgpack").read_bytes()


def value_of(name: str) -> dict[str, Any]:
    """What the event says."""
    value: dict[str, Any] = msgpack.unpackb(captured(name))["value"]
    return value
