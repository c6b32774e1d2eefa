"""What a message is: fields declared once, with their dtype, shape, unit, frame and absence.

`operators.messages` declares the messages; encodings, port types, the page's layout, a recording's
columns and the documentation are all read from these declarations.
"""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

import numpy as np
from numpy.typing import DTypeLike, NDArray

from operators.transforms import is_rigid

Shape = tuple[int | str, ...]
"""Lengths of the axes; a word stands for a length that differs from message to message."""


FEW = 4096
"""So few numbers are squared by one thread."""


class MessageError(ValueError):
    """A message that cannot be used: names the field, what it expected and what it got."""


@dataclass(frozen=True)
class Field:
    """One declared field.

    dtype: a numpy dtype, or `str` for text. A text field of shape ("n",) is a list of names.
    valid_by: the boolean field that says which entries of the first axis (or, for a scalar
    validity, whether the whole field) are present; absent entries are NaN. `flags.1` means that
    the whole field hangs on entry 1 of `flags`.
    optional: NaN is allowed everywhere, for what a device may not give.
    rigid: the last two axes are a rigid transform, and are checked to be one.
    payload: pixels that travel alone in the Arrow buffer; all other fields go into metadata.
    """

    name: str
    dtype: np.dtype[Any] | type[str]
    shape: Shape
    unit: str
    frame: str
    doc: str
    valid_by: str | None = None
    optional: bool = False
    rigid: bool = False
    payload: bool = False

    # Read for every field of every message, and worked out once.

    @cached_property
    def is_text(self) -> bool:
        """Whether the field holds text."""
        return self.dtype is str

    @cached_property
    def numpy_dtype(self) -> np.dtype[Any]:
        """The dtype of a field that is not text."""
        assert isinstance(self.dtype, np.dtype)
        return self.dtype

    @cached_property
    def dtype_name(self) -> str:
        """Numpy's name of the dtype."""
        return self.numpy_dtype.name

    @cached_property
    def stored_dtype(self) -> np.dtype[Any]:
        """The dtype in Arrow's buffers: a flag is a whole byte."""
        return np.dtype(np.uint8) if self.kind == "b" else self.numpy_dtype

    @cached_property
    def known_shape(self) -> tuple[int, ...]:
        """The shape, with -1 for a length that differs from message to message."""
        return tuple(-1 if isinstance(axis, str) else axis for axis in self.shape)

    @cached_property
    def known_lengths(self) -> tuple[tuple[int, int], ...]:
        """Axes whose length is declared, each with it."""
        return tuple((i, n) for i, n in enumerate(self.shape) if isinstance(n, int))

    @cached_property
    def kind(self) -> str:
        """Numpy's letter of the dtype's kind: b, i, u or f."""
        return self.numpy_dtype.kind

    @cached_property
    def open_axes(self) -> int:
        """How many axes differ in length from message to message."""
        return sum(isinstance(axis, str) for axis in self.shape)

    @cached_property
    def known_size(self) -> int:
        """The product of the lengths that are declared."""
        return math.prod(axis for axis in self.shape if isinstance(axis, int))

    @cached_property
    def is_scalar(self) -> bool:
        """Whether the field is one number, flag or text."""
        return not self.shape

    @property
    def absent(self) -> str:
        """What absence looks like, in words."""
        if self.valid_by is not None:
            return f"NaN where `{self.valid_by}` is false"
        return "NaN where the source does not give it" if self.optional else "never absent"


def array(
    dtype: DTypeLike,
    shape: Shape = (),
    *,
    doc: str,
    unit: str = "",
    frame: str = "",
    valid_by: str | None = None,
    optional: bool = False,
    rigid: bool = False,
    payload: bool = False,
) -> Any:
    """Declare a number, flag or array."""
    spec = Field("", np.dtype(dtype), shape, unit, frame, doc, valid_by, optional, rigid, payload)
    return dataclasses.field(metadata={"field": spec})


def text(*, doc: str, shape: Shape = ()) -> Any:
    """Declare a text, or with a shape of one word a list of names."""
    return dataclasses.field(metadata={"field": Field("", str, shape, "", "", doc)})


class Message:
    """The base of all messages: plain dataclasses of numpy arrays, numbers and text."""

    NAME: ClassVar[str]
    VERSION: ClassVar[int]
    FIELDS: ClassVar[tuple[Field, ...]]

    def check(self) -> None:
        """Refuse wrong dtypes and shapes, and numbers that are not finite where they must be.

        Raises MessageError naming message, field, what was expected and what was given.
        """
        lengths: dict[str, tuple[int, str]] = {}
        for field in self.FIELDS:
            value = getattr(self, field.name)
            if field.is_text:
                _check_text(self.NAME, field, value)
            else:
                _check_array(self, field, value)
            if field.open_axes:
                shape = value.shape if isinstance(value, np.ndarray) else np.shape(value)
                _check_lengths(self.NAME, field, shape, lengths)

    def says_the_same_as(self, other: Self) -> bool:
        """Whether all fields are equal; NaN equals nothing."""
        names = (field.name for field in self.FIELDS)
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in names)


M = TypeVar("M", bound=Message)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(array, text))
def message(*, version: int) -> Callable[[type[M]], type[M]]:
    """Make a class of declared fields a message; its name on the wire is its name in snake case."""

    def decorate(cls: type[M]) -> type[M]:
        made = dataclass(frozen=True, kw_only=True, eq=False)(cls)
        made.NAME = "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__)[1:]
        made.VERSION = version
        made.FIELDS = tuple(
            dataclasses.replace(field.metadata["field"], name=field.name)
            for field in dataclasses.fields(made)  # type: ignore[arg-type]
        )
        return made

    return decorate


def _check_text(name: str, field: Field, value: object) -> None:
    if field.is_scalar:
        if not isinstance(value, str):
            raise MessageError(f"{name}.{field.name}: expected text, got {type(value).__name__}")
    elif not isinstance(value, tuple) or not all(isinstance(v, str) for v in value):
        raise MessageError(f"{name}.{field.name}: expected a tuple of texts, got {value!r:.60}")


def _check_array(message: Message, field: Field, value: Any) -> None:
    where = f"{message.NAME}.{field.name}"
    dtype = field.numpy_dtype
    given = np.asarray(value)
    same_kind = given.dtype.kind == field.kind if field.is_scalar else given.dtype == dtype
    if not same_kind:
        raise MessageError(f"{where}: expected dtype {dtype}, got {given.dtype}")
    if given.ndim != len(field.shape) or any(
        given.shape[i] != length for i, length in field.known_lengths
    ):
        raise MessageError(f"{where}: expected shape {_words(field.shape)}, got {given.shape}")
    if field.kind == "f" and not field.optional:
        _check_numbers(message, field, where, given)


def _check_numbers(message: Message, field: Field, where: str, given: NDArray[Any]) -> None:
    """Refuse what is there and not finite, or no rigid transform where it shall be one."""
    # Mostly all is finite, and then so is the sum of squares: that takes a quarter of the time.
    all_finite = given.size <= FEW and math.isfinite(np.vdot(given, given))
    if all_finite and not field.rigid:
        return
    present = _present(message, field, given)
    finite = np.isfinite(present)
    if not finite.all():
        raise MessageError(
            f"{where}: expected finite numbers, got {(~finite).sum()} of {finite.size} "
            f"that are not (first: {present[~finite][0]})"
        )
    if field.rigid and present.size:
        _check_rigid(where, present)


def _present(message: Message, field: Field, given: NDArray[Any]) -> NDArray[Any]:
    """The entries that are not declared absent."""
    if field.valid_by is None:
        return given
    name, _, entry = field.valid_by.partition(".")
    valid = np.asarray(getattr(message, name))
    if entry:
        valid = valid[int(entry)]
    present: NDArray[Any] = given[valid] if valid.ndim else (given if valid else given[:0])
    return present


def _check_rigid(where: str, matrices: NDArray[Any]) -> None:
    if not is_rigid(matrices).all():
        raise MessageError(
            f"{where}: expected rigid transforms (orthonormal, right-handed, last row 0 0 0 1), "
            f"got {np.array2string(matrices.reshape(-1, 4, 4)[~is_rigid(matrices).reshape(-1)][0])}"
        )


def _check_lengths(
    name: str, field: Field, shape: tuple[int, ...], lengths: dict[str, tuple[int, str]]
) -> None:
    for axis, length in zip(field.shape, shape, strict=True):
        if isinstance(axis, str):
            known, by = lengths.setdefault(axis, (length, field.name))
            if known != length:
                raise MessageError(
                    f"{name}.{field.name}: expected {known} {axis} as in {by}, got {length}"
                )


def _words(shape: Shape) -> str:
    return "(" + ", ".join(str(axis) for axis in shape) + ("," if len(shape) == 1 else "") + ")"
