"""A valid message of every kind, with numbers that differ from field to field."""

from typing import Any

import numpy as np

from operators.message import Field, Message
from operators.transforms import rigid, rotation_about

LENGTHS = {"size": 4, "rows": 8, "columns": 16, "bodies": 3, "joints": 5, "contacts": 2}


def sample(message_type: type[Message], seed: int = 0, **changes: Any) -> Any:
    """A message with random values; a flag that says whether something is there is true."""
    random = np.random.default_rng(seed)
    values = {field.name: _value(field, random) for field in message_type.FIELDS}
    return message_type(**{**values, **changes})


def _value(field: Field, random: np.random.Generator) -> Any:
    shape = tuple(LENGTHS.get(axis, 2) if isinstance(axis, str) else axis for axis in field.shape)
    if field.is_text:
        words = tuple(f"{field.name} ü{i}" for i in range(*shape)) if shape else f"a {field.name}"
        return words
    dtype = field.numpy_dtype
    if dtype.kind == "b":
        array = np.ones(shape, bool)
    elif dtype.kind == "f" and field.rigid:
        array = rigid(rotation_about(1, random.normal(size=shape[:-2])), random.normal(size=3))
    elif dtype.kind == "f":
        array = random.normal(size=shape).astype(dtype)
    else:
        array = random.integers(0, 200, shape).astype(dtype)
    return array if shape else array.item() if isinstance(array, np.ndarray) else array
