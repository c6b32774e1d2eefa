"""Messages as bytes for the page: a small little-endian layout that JavaScript reads directly.

A message is: its number in PAGE_MESSAGES (u16), its version (u16), the time of what it tells by the
sender's clock in ms (f64; a page's clock is `performance.now`), then its fields in their declared
order. A number or flag stands as its dtype; an array of declared shape likewise, flat;
an array whose length differs is preceded by its count (u32); text by its length in bytes (u32);
a list of names by its count. assets/page/wire.js does the same from the layout that
`javascript()` writes.
"""

import json
import math
import struct
from typing import Any

import numpy as np

from operators.arrow_encoding import reshape
from operators.message import Field, Message, MessageError
from operators.messages import PAGE_MESSAGES

_NOTICE = "// Written by `panodora generate` from operators/messages.py: do not edit.\n"

_NUMBERS = {m: i for i, m in enumerate(PAGE_MESSAGES)}


_HEAD = struct.Struct("<HHd")


def encode_bytes(message: Message, time_ms: float) -> bytes:
    """Turn a message of the page into bytes; time_ms is by the sender's clock."""
    parts = [_HEAD.pack(_NUMBERS[type(message)], message.VERSION, time_ms)]
    for field in message.FIELDS:
        value = getattr(message, field.name)
        if field.is_text:
            parts.append(_encode_names(value) if field.shape else _encode_text(value))
            continue
        values = np.ascontiguousarray(value, field.numpy_dtype.newbyteorder("<"))
        if _counted(field):
            parts.append(struct.pack("<I", values.size))
        parts.append(values.tobytes())
    return b"".join(parts)


def decode_bytes(content: bytes) -> tuple[Message, float]:
    """Read a message of the page and its time in ms by the sender's clock, and check it.

    Raises MessageError naming what was expected and what was given.
    """
    if len(content) < _HEAD.size:
        raise MessageError(f"expected at least {_HEAD.size} bytes, got {len(content)}")
    number, version, time_ms = _HEAD.unpack_from(content)
    if not math.isfinite(time_ms):
        raise MessageError(f"expected a finite time, got {time_ms}")
    if number >= len(PAGE_MESSAGES):
        raise MessageError(f"expected a message number below {len(PAGE_MESSAGES)}, got {number}")
    message_type = PAGE_MESSAGES[number]
    if version != message_type.VERSION:
        raise MessageError(
            f"{message_type.NAME}: expected version {message_type.VERSION}, got {version}; "
            "reload the page"
        )
    reader = _Reader(message_type.NAME, content, _HEAD.size)
    message: Message = message_type(**{f.name: reader.field(f) for f in message_type.FIELDS})
    reader.finish()
    message.check()
    return message, time_ms


def is_message(content: bytes, message_type: type[Message]) -> bool:
    """Whether bytes begin like a message of this type; what follows is not looked at."""
    return content[:2] == _NUMBERS[message_type].to_bytes(2, "little")


def javascript() -> str:
    """The layout as a JavaScript module, which assets/page/wire.js encodes and decodes with."""
    layout = [
        {
            "name": m.NAME,
            "version": m.VERSION,
            "fields": [_describe(f) for f in m.FIELDS],
        }
        for m in PAGE_MESSAGES
    ]
    rows = ",\n".join("  " + json.dumps(entry) for entry in layout)
    return f"{_NOTICE}export const MESSAGES = [\n{rows},\n];\n"


def _counted(field: Field) -> bool:
    return any(isinstance(axis, str) for axis in field.shape)


def _describe(field: Field) -> dict[str, Any]:
    if field.is_text:
        return {"name": field.name, "type": "names" if field.shape else "text"}
    description: dict[str, Any] = {"name": field.name, "type": field.numpy_dtype.name}
    if _counted(field):
        description["count"] = "sent"
    elif field.shape:
        description["count"] = int(np.prod(field.shape))  # type: ignore[arg-type]
    return description


def _encode_text(value: str) -> bytes:
    content = value.encode()
    return struct.pack("<I", len(content)) + content


def _encode_names(names: tuple[str, ...]) -> bytes:
    return struct.pack("<I", len(names)) + b"".join(_encode_text(name) for name in names)


class _Reader:
    """Walks through a message's bytes and refuses to go beyond them."""

    def __init__(self, name: str, content: bytes, start: int) -> None:
        self._name = name
        self._content = content
        self._at = start

    def field(self, field: Field) -> Any:
        where = f"{self._name}.{field.name}"
        if field.is_text:
            if not field.shape:
                return self._text(where)
            return tuple(self._text(where) for _ in range(self._count(where, 4)))
        dtype = field.numpy_dtype.newbyteorder("<")
        if _counted(field):
            count = self._count(where, dtype.itemsize)
        else:
            count = int(np.prod(field.shape, dtype=np.int64))  # type: ignore[arg-type]
        flat = np.frombuffer(self._take(where, count * dtype.itemsize), dtype)
        if dtype.kind == "b" and flat.size and flat.view(np.uint8).max() > 1:
            raise MessageError(f"{where}: expected flags 0 or 1")
        if field.is_scalar:
            return flat[0].item()
        return reshape(self._name, field, flat.astype(field.numpy_dtype, copy=False))

    def finish(self) -> None:
        left = len(self._content) - self._at
        if left:
            raise MessageError(f"{self._name}: {left} bytes left over at its end")

    def _take(self, where: str, size: int) -> bytes:
        left = len(self._content) - self._at
        if size > left:
            raise MessageError(f"{where}: expected {size} bytes, got {left}")
        self._at += size
        return self._content[self._at - size : self._at]

    def _count(self, where: str, item_size: int) -> int:
        count: int = struct.unpack("<I", self._take(where, 4))[0]
        left = len(self._content) - self._at
        if count * item_size > left:
            raise MessageError(f"{where}: {count} entries announced, {left} bytes left")
        return count

    def _text(self, where: str) -> str:
        content = self._take(where, self._count(where, 1))
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise MessageError(f"{where}: not UTF-8: {error}") from None
