"""Reads a pickled numpy dictionary as data: numbers, texts, lists, dictionaries and arrays.

A pickle is a program: `numpy.load(..., allow_pickle=True)` runs whatever its sender has put in.
This reader is not an unpickler with a filter but an interpreter of its own for the instructions
that plain data need. It calls nothing that the file names: an array's bytes, shape and type are
taken out of the instructions that would build it, and checked against each other.
"""

import io
import math
import pickletools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from operators.usage_error import UsageError

MAX_BYTES: Final = 16 * 2**20
"""A calibration of ten cameras has 20 kB."""

MAX_DEPTH: Final = 12

MAX_VALUES: Final = 100_000
"""A pickle says a value once and refers to it often: a short one can mean a very long list."""

ARRAY_KINDS: Final = "biufSU"
"""Numbers and texts; no objects, whose elements would be programs again."""

_ARRAY_MAKERS: Final = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}
_SCALAR_MAKERS: Final = {
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
}
_NAMES: Final = {
    *_ARRAY_MAKERS,
    *_SCALAR_MAKERS,
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}
"""What an array's instructions name. None of them is imported or called here."""


class UntrustedFileError(UsageError):
    """A file that holds anything but plain data, or is cut off."""


@dataclass(frozen=True)
class _Name:
    module: str
    name: str


@dataclass
class _Dtype:
    code: str
    state: tuple[Any, ...] = ()


@dataclass
class _Array:
    state: tuple[Any, ...] | None = None


class _Mark:
    """Where a list of arguments begins on the stack."""


def read_npy_data(path: Path) -> Any:
    """Read a .npy file: an array, or one pickled object made of plain data alone.

    Raises UntrustedFileError naming the file and what is in it that is neither, and UsageError
    where it cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UntrustedFileError(f"{path}: {size} bytes; at most {MAX_BYTES} are taken")
        content = io.BytesIO(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        version = np.lib.format.read_magic(content)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read_header(content)
        if not dtype.hasobject:
            _check_length(shape, dtype, size - content.tell())
            content.seek(0)
            return np.load(content, allow_pickle=False)
    except UntrustedFileError as error:
        raise UntrustedFileError(f"{path}: {error}") from None
    except (ValueError, KeyError, EOFError) as error:
        raise UntrustedFileError(f"{path}: not a .npy file: {error}") from None
    if dtype != np.dtype(object) or shape != ():
        raise UntrustedFileError(
            f"{path}: expected one dictionary, got an array {shape} of {dtype}"
        )
    try:
        return read_plain_pickle(content.read())
    except UntrustedFileError as error:
        raise UntrustedFileError(f"{path}: {error}") from None


def read_plain_pickle(pickled: bytes) -> Any:
    """Read a pickle of plain data, protocol 2 to 4, which `numpy.save` writes.

    An object array of no axes, as `numpy.save` wraps a dictionary in, gives what is in it.
    Raises UntrustedFileError naming the instruction or the name that plain data do not need.
    """
    reader = _Reader()
    try:
        for opcode, argument, _ in pickletools.genops(pickled):
            if opcode.name == "STOP":
                break
            reader.run(opcode.name, argument)
        (value,) = reader.stack
        return _Plain().of(value)
    except UntrustedFileError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UntrustedFileError(f"not a pickle of plain data: {error!r:.80}") from None


_CONSTANTS: Final = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_VALUES: Final = {
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"),
}
_EMPTY: Final = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_TUPLES: Final = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_IGNORED: Final = {"PROTO", "FRAME"}


class _Reader:
    """The stack and the memory of the interpreter."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._memory: dict[int, Any] = {}

    def run(self, name: str, argument: Any) -> None:
        """Carry out one instruction."""
        stack = self.stack
        if name in _IGNORED:
            return
        if name in _VALUES:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            count = _TUPLES[name]
            stack[-count:] = [tuple(stack[-count:])]
        elif name == "MARK":
            stack.append(_Mark())
        elif name == "MEMOIZE":
            self._memory[len(self._memory)] = stack[-1]
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memory[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self._memory[argument])
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            self._name(argument)
        elif name == "REDUCE":
            arguments = stack.pop()
            stack.append(_made(stack.pop(), arguments))
        elif name == "BUILD":
            state = stack.pop()
            _give_state(stack[-1], state)
        else:
            self._collect(name)

    def _collect(self, name: str) -> None:
        """Put what stands above the last mark, or the last one or two, into what is below."""
        if name == "TUPLE":
            self.stack.append(tuple(self._since_mark()))
        elif name == "APPEND":
            value = self.stack.pop()
            _expect(self.stack[-1], list).append(value)
        elif name == "APPENDS":
            values = self._since_mark()
            _expect(self.stack[-1], list).extend(values)
        elif name == "SETITEM":
            key, value = self.stack[-2:]
            del self.stack[-2:]
            _expect(self.stack[-1], dict)[_key(key)] = value
        elif name == "SETITEMS":
            values = self._since_mark()
            pairs = zip(values[::2], values[1::2], strict=True)
            _expect(self.stack[-1], dict).update((_key(key), value) for key, value in pairs)
        else:
            raise UntrustedFileError(f"the instruction {name}, which plain data do not need")

    def _since_mark(self) -> list[Any]:
        last = max(i for i, value in enumerate(self.stack) if isinstance(value, _Mark))
        values = self.stack[last + 1 :]
        del self.stack[last:]
        return values

    def _name(self, argument: str | None) -> None:
        if argument is None:
            module, name = self.stack[-2:]
            del self.stack[-2:]
        else:
            module, _, name = argument.partition(" ")
        if (module, name) not in _NAMES:
            raise UntrustedFileError(
                f"it names {module}.{name}; an importer of calibrations takes arrays, numbers, "
                "texts, lists and dictionaries alone. Do not load this file with pickle"
            )
        self.stack.append(_Name(module, name))


def _made(maker: Any, arguments: Any) -> Any:
    """What an array's instructions would have made by a call; nothing is called."""
    name = _expect(maker, _Name)
    arguments = _expect(arguments, tuple)
    pair = (name.module, name.name)
    if pair in _ARRAY_MAKERS:
        return _Array()
    if pair == ("numpy", "dtype"):
        return _Dtype(_expect(arguments[0], str))
    if pair == ("_codecs", "encode"):  # how protocol 2 writes bytes
        text, encoding = arguments
        if encoding != "latin1":
            raise UntrustedFileError(f"bytes in the encoding {encoding!r:.20}")
        return _expect(text, str).encode("latin1")
    if pair in _SCALAR_MAKERS:
        dtype, content = arguments
        return _array((), _expect(dtype, _Dtype), content)[()]
    raise UntrustedFileError(f"a call of {name.module}.{name.name}")


def _give_state(built: Any, state: Any) -> None:
    if not isinstance(built, _Array | _Dtype):
        raise UntrustedFileError(f"a state for a {type(built).__name__}")
    built.state = _expect(state, tuple)


class _Plain:
    """Makes the arrays of a value; refuses what holds itself, or means more than it says."""

    def __init__(self) -> None:
        self._values = 0

    def of(self, value: Any, depth: int = 0) -> Any:
        """The value with its arrays made."""
        self._values += 1
        if depth > MAX_DEPTH or self._values > MAX_VALUES:
            raise UntrustedFileError(
                f"more than {MAX_DEPTH} levels or {MAX_VALUES} values, or one that holds itself"
            )
        if isinstance(value, dict):
            return {key: self.of(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.of(inner, depth + 1) for inner in value)
        if isinstance(value, _Array):
            return self._array(value, depth)
        if value is None or isinstance(value, bool | int | float | str | bytes | np.generic):
            return value
        raise UntrustedFileError(f"a {type(value).__name__.strip('_').lower()} by itself")

    def _array(self, value: _Array, depth: int) -> Any:
        _, shape, dtype, in_columns, content = _expect(value.state, tuple)
        if _expect(dtype, _Dtype).code == "O8" and shape == () and isinstance(content, list):
            (inner,) = content
            return self.of(inner, depth + 1)
        array = _array(shape[::-1] if in_columns else shape, dtype, content)
        self._values += array.nbytes // 8
        return array.T if in_columns else array


def _array(shape: Any, dtype: _Dtype, content: Any) -> NDArray[Any]:
    order = dtype.state[1] if len(dtype.state) > 1 else "|"
    if dtype.code[:1] not in ARRAY_KINDS or order not in ("<", ">", "=", "|"):
        raise UntrustedFileError(f"an array of type {dtype.code!r:.20}; numbers and texts alone")
    exact = np.dtype(order.strip("|") + dtype.code)
    _check_length(_expect(shape, tuple), exact, len(_expect(content, bytes)))
    return np.frombuffer(content, exact).reshape(shape).copy()


def _check_length(shape: tuple[int, ...], dtype: np.dtype[Any], given: int) -> None:
    if dtype.itemsize == 0 or any(_expect(length, int) < 0 for length in shape):
        raise UntrustedFileError(f"an array of shape {shape} and type {dtype}")
    wanted = dtype.itemsize * math.prod(shape)
    if given != wanted:
        raise UntrustedFileError(
            f"an array of shape {shape} and type {dtype} in {given} bytes, not {wanted}"
        )


def _key(key: Any) -> Any:
    if not isinstance(key, str | int | float | bool):
        raise UntrustedFileError(f"a dictionary's key of type {type(key).__name__}")
    return key


def _expect(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, kind):
        raise UntrustedFileError(f"a {type(value).__name__} in the place of a {kind.__name__}")
    return value
