"""Messages as Arrow buffers: encoded into one struct a message, decoded without copying.

A message with a payload (pixels) is its flat uint8 payload alone; its other fields and all shapes
go into the metadata, so that the pixels can be written in place into shared memory.
"""

import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, NoReturn, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from operators.header import Metadata
from operators.message import Field, Message, MessageError

M = TypeVar("M", bound=Message)

ARROW_TYPES: dict[str, tuple[str, pa.DataType]] = {
    "bool": ("UInt8", pa.uint8()),  # Arrow packs booleans into bits, which cannot be viewed
    "uint8": ("UInt8", pa.uint8()),
    "int32": ("Int32", pa.int32()),
    "int64": ("Int64", pa.int64()),
    "float32": ("Float32", pa.float32()),
    "float64": ("Float64", pa.float64()),
}
"""Numpy dtype to dora's name and Arrow's type of a value."""

_ARROW_VALUES = {name: (kind, pa.large_list(kind)) for name, (_, kind) in ARROW_TYPES.items()}
"""Numpy dtype to Arrow's types of one number and of an array."""


def payload_field(message_type: type[Message]) -> Field | None:
    """The field that travels alone, if there is one."""
    return next((f for f in message_type.FIELDS if f.payload), None)


def encode(message: Message) -> tuple[pa.Array, Metadata]:
    """Turn a message without payload into one Arrow struct, and say what it is in metadata."""
    arrays = [_encode_field(f, getattr(message, f.name)) for f in message.FIELDS]
    return (
        pa.Array.from_buffers(_struct_type(type(message)), 1, [None], children=arrays),
        {"message": message.NAME, "version": message.VERSION},
    )


def encode_payload(message: Message) -> tuple[NDArray[np.uint8], Metadata]:
    """Split a message with payload into the pixels and the metadata that describe them.

    The pixels are a view of the message's own, for the caller to write where they shall go.
    """
    metadata: Metadata = {"message": message.NAME, "version": message.VERSION}
    pixels: NDArray[np.uint8] | None = None
    for field in message.FIELDS:
        value = getattr(message, field.name)
        if not field.is_scalar:
            metadata[f"{field.name}.shape"] = [int(n) for n in np.shape(value)]
        if field.payload:
            pixels = np.asarray(value, dtype=np.uint8)
        elif field.is_text:
            metadata[field.name] = value
        else:
            metadata[field.name] = (
                np.asarray(value).reshape(-1).tolist() if field.shape else int(value)
            )
    assert pixels is not None
    return pixels, metadata


def decode(message_type: type[M], value: pa.Array, metadata: Mapping[str, Any]) -> M:
    """Read a message and check it. Arrays are read-only views of the buffer.

    Raises MessageError naming the field, what it expected and what it got.
    """
    _check_kind(message_type, metadata)
    fields: dict[str, Any] = (
        _decode_struct(message_type, value)
        if payload_field(message_type) is None
        else _decode_payload(message_type, value, metadata)
    )
    message = message_type(**fields)
    message.check()
    return message


def _check_kind(message_type: type[Message], metadata: Mapping[str, Any]) -> None:
    name, version = metadata.get("message"), metadata.get("version")
    if name != message_type.NAME:
        raise MessageError(f"expected message {message_type.NAME}, got {name}")
    if version != message_type.VERSION:
        raise MessageError(
            f"{name}: expected version {message_type.VERSION}, got {version}; "
            "sender and receiver are of different releases"
        )


def _encode_field(field: Field, value: Any) -> pa.Array:
    if field.is_text:
        return _encode_names(value) if field.shape else pa.array([value], pa.string())
    array = np.ascontiguousarray(value, field.numpy_dtype)
    number, numbers = _ARROW_VALUES[field.dtype_name]
    values = pa.Array.from_buffers(number, array.size, [None, pa.py_buffer(array)])
    if field.is_scalar:
        return values
    return pa.Array.from_buffers(numbers, 1, [None, _offsets(array.size)], children=[values])


@lru_cache(maxsize=64)
def _offsets(length: int) -> pa.Buffer:
    return pa.py_buffer(np.array([0, length], np.int64))


@lru_cache(maxsize=64)
def _encode_names(names: tuple[str, ...]) -> pa.Array:
    # Names repeat in every message of a node, and making Arrow strings is slow.
    return pa.array([names], pa.large_list(pa.string()))


def _decode_struct(message_type: type[Message], value: pa.Array) -> dict[str, Any]:
    name = message_type.NAME
    if not isinstance(value, pa.StructArray) or len(value) != 1:
        raise MessageError(f"{name}: expected one Arrow struct, got {value.type} of {len(value)}")
    if not value.type.equals(_struct_type(message_type)):
        _refuse_type(message_type, value.type)
    # One call gives all buffers. To ask Arrow for each field, and each field for its value, takes
    # three times as long, and a message is read at every hop.
    buffers = value.buffers()
    fields: dict[str, Any] = {}
    first = 1
    for i, field in enumerate(message_type.FIELDS):
        own = buffers[first : first + _BUFFERS[field.is_text, field.is_scalar]]
        first += len(own)
        try:
            read = _READERS[field.is_text, field.is_scalar](field, own)
            if read is None:
                read = _decode_field(name, field, value.field(i))
        except UnicodeDecodeError as error:
            raise MessageError(f"{name}.{field.name}: expected UTF-8, got {error}") from None
        fields[field.name] = _shaped(name, field, read) if isinstance(read, np.ndarray) else read
    return fields


_BUFFERS: dict[tuple[bool, bool], int] = {
    (True, True): 3,
    (True, False): 5,
    (False, True): 2,
    (False, False): 4,
}
"""How many a field has, by whether it is text and whether it is one value: validity and values, or
offsets between them, of the list and of each text (Arrow's columnar format, buffer listing)."""

_INT32_OFFSETS = struct.Struct("=2i")
_INT64_OFFSETS = struct.Struct("=2q")
_INT32 = np.dtype(np.int32)
_SCALARS = {
    name: struct.Struct(f"={letter}") for name, letter in zip(ARROW_TYPES, "BBiqfd", strict=True)
}


# These read what one value of our own encoding has: no nulls, and buffers that hold nothing else.
# They return None for anything else that Arrow can say, such as a part of a longer array: that has
# longer buffers, and only the array itself knows where in them it begins.


def _read_text(_: Field, buffers: list[Any]) -> str | None:
    validity, offsets, letters = buffers
    if validity is not None or offsets.size != _INT32_OFFSETS.size:
        return None
    start, end = _INT32_OFFSETS.unpack(offsets)
    return letters.to_pybytes()[start:end].decode() if end > start else ""


def _read_names(_: Field, buffers: list[Any]) -> tuple[str, ...] | None:
    validity, offsets, each_validity, each_offsets, letters = buffers
    if not (validity is each_validity is None and offsets.size == _INT64_OFFSETS.size):
        return None
    start, end = _INT64_OFFSETS.unpack(offsets)
    if start == end:
        return ()
    if start or each_offsets.size != _INT32.itemsize * (end + 1):
        return None
    return _names(each_offsets.to_pybytes(), b"" if letters is None else letters.to_pybytes())


@lru_cache(maxsize=64)
def _names(offsets: bytes, letters: bytes) -> tuple[str, ...]:
    ends = np.frombuffer(offsets, _INT32).tolist()
    return tuple(letters[a:b].decode() for a, b in pairwise(ends))


def _read_scalar(field: Field, buffers: list[Any]) -> bool | float | None:
    validity, values = buffers
    layout = _SCALARS[field.dtype_name]
    if validity is not None or values.size != layout.size:
        return None
    number: float = layout.unpack(values)[0]
    return bool(number) if field.kind == "b" else number


def _read_flat(field: Field, buffers: list[Any]) -> NDArray[Any] | None:
    validity, offsets, each_validity, values = buffers
    if not (validity is each_validity is None and offsets.size == _INT64_OFFSETS.size):
        return None
    start, end = _INT64_OFFSETS.unpack(offsets)
    dtype = field.stored_dtype
    if start == end:
        return np.empty(0, dtype)
    if start or values.size != dtype.itemsize * end:
        return None
    flat = np.frombuffer(values, dtype)
    flat.flags.writeable = False  # as Arrow's own; what is shared must stay as it is
    return flat


_READERS: dict[tuple[bool, bool], Callable[[Field, list[Any]], Any]] = {
    (True, True): _read_text,
    (True, False): _read_names,
    (False, True): _read_scalar,
    (False, False): _read_flat,
}


def _refuse_type(message_type: type[Message], given: pa.StructType) -> NoReturn:
    """Raise MessageError on the first field that is not as declared."""
    names = [field.name for field in given]
    for i, field in enumerate(message_type.FIELDS):
        where = f"{message_type.NAME}.{field.name}"
        if i >= len(names) or names[i] != field.name:
            raise MessageError(f"{where}: expected as field {i}, got fields {names}")
        expected, got = arrow_type_of(field), given.field(i).type
        if got != expected:
            raise MessageError(f"{where}: expected {expected}, got {got}")
    raise MessageError(f"{message_type.NAME}: expected no more fields, got {names}")


_struct_types: dict[str, pa.DataType] = {}


def _struct_type(message_type: type[Message]) -> pa.DataType:
    if message_type.NAME not in _struct_types:
        columns = [(field.name, arrow_type_of(field)) for field in message_type.FIELDS]
        _struct_types[message_type.NAME] = pa.struct(columns)
    return _struct_types[message_type.NAME]


def _decode_field(name: str, field: Field, column: pa.Array) -> Any:
    """A field of anybody's encoding; an array's values are flat."""
    if column.null_count:
        raise MessageError(f"{name}.{field.name}: expected a value, got null")
    if field.is_text:
        value = column[0].as_py()
        return tuple(value) if field.shape else value
    if field.is_scalar:
        scalar = column[0].as_py()
        return bool(scalar) if field.kind == "b" else scalar
    flat = column.flatten()
    if flat.null_count:
        raise MessageError(f"{name}.{field.name}: expected numbers, got null among them")
    return flat.to_numpy(zero_copy_only=True)


def _shaped(name: str, field: Field, flat: NDArray[Any]) -> NDArray[Any]:
    if field.kind == "b":
        if flat.size and flat.max() > 1:
            raise MessageError(f"{name}.{field.name}: expected flags 0 or 1, got {flat.max()}")
        flat = flat.view(np.bool_)
    return reshape(name, field, flat)


def reshape(name: str, field: Field, flat: NDArray[Any]) -> NDArray[Any]:
    """Give a flat array its declared shape; one length that differs is worked out."""
    fits = flat.size % field.known_size == 0 if field.open_axes else flat.size == field.known_size
    if field.open_axes <= 1 and fits:
        return flat.reshape(field.known_shape)
    raise MessageError(
        f"{name}.{field.name}: expected shape {field.shape}, got {flat.size} numbers"
    )


def arrow_type_of(field: Field) -> pa.DataType:
    """The Arrow type of a field's column."""
    if field.is_text:
        return pa.large_list(pa.string()) if field.shape else pa.string()
    number, numbers = _ARROW_VALUES[field.dtype_name]
    return numbers if field.shape else number


def _decode_payload(
    message_type: type[Message], value: pa.Array, metadata: Mapping[str, Any]
) -> dict[str, Any]:
    name = message_type.NAME
    fields: dict[str, Any] = {}
    for field in message_type.FIELDS:
        where = f"{name}.{field.name}"
        shape = metadata.get(f"{field.name}.shape", [])
        given = value if field.payload else metadata.get(field.name)
        if given is None or (field.shape and not shape):
            raise MessageError(f"{where}: missing from the metadata")
        if field.payload:
            if given.type != pa.uint8():
                raise MessageError(f"{where}: expected flat uint8, got {given.type}")
            given = given.to_numpy(zero_copy_only=True)
        elif field.is_scalar or field.is_text:
            fields[field.name] = given
            continue
        else:
            given = np.asarray(given, field.numpy_dtype)
        if given.size != np.prod(shape):
            raise MessageError(f"{where}: expected shape {shape}, got {given.size} numbers")
        fields[field.name] = given.reshape(shape)
    return fields
