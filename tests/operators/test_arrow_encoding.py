import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from operators.arrow_encoding import decode, encode, encode_payload, payload_field
from operators.message import Message, MessageError
from operators.messages import (
    DATAFLOW_MESSAGES,
    HandCommands,
    Hands,
    Head,
    OperatorInput,
    Panorama,
    SceneState,
)
from tests.operators.samples import sample

SMALL = [m for m in DATAFLOW_MESSAGES if payload_field(m) is None]
PICTURES = [m for m in DATAFLOW_MESSAGES if payload_field(m) is not None]


def assert_equal(given: Message, expected: Message) -> None:
    for field in expected.FIELDS:
        a, b = getattr(given, field.name), getattr(expected, field.name)
        if field.is_text or field.is_scalar:
            assert a == b, field.name
        else:
            np.testing.assert_array_equal(a, b, err_msg=field.name)
            assert a.dtype == b.dtype


@pytest.mark.parametrize("message_type", SMALL, ids=lambda m: m.NAME)
def test_messages_survive_the_way_through_arrow(message_type: type[Message]) -> None:
    message = sample(message_type)
    value, metadata = encode(message)
    assert_equal(decode(message_type, value, metadata), message)


@pytest.mark.parametrize("message_type", PICTURES, ids=lambda m: m.NAME)
def test_pictures_travel_flat_with_their_shape_in_the_metadata(
    message_type: type[Message],
) -> None:
    message = sample(message_type)
    pixels, metadata = encode_payload(message)
    assert_equal(decode(message_type, pa.array(pixels.reshape(-1)), metadata), message)


def test_decoding_copies_no_array() -> None:
    value, metadata = encode(sample(Hands))
    decoded = decode(Hands, value, metadata)
    buffers = {b.address for b in value.field(4).buffers() if b is not None}
    buffers |= {b.address for b in value.field(4).values.buffers() if b is not None}
    assert decoded.joint_positions.__array_interface__["data"][0] in buffers
    assert not decoded.joint_positions.flags.writeable


def test_names_are_a_tuple_even_if_there_are_none() -> None:
    commands = sample(
        HandCommands,
        left_joint_names=(),
        left_joint_positions=np.zeros(0),
        valid=np.array([0, 1], bool),
    )
    value, metadata = encode(commands)
    assert decode(HandCommands, value, metadata).left_joint_names == ()


def of_a_longer_array(value: pa.Array) -> pa.Array:
    """The same value as the middle one of three, as a sender that cuts arrays may have it."""
    others = pa.array([None, None], value.type)
    return pa.concat_arrays([others[:1], value, others[:1]])[1:2]


def with_cut_parts(value: pa.StructArray) -> pa.StructArray:
    """The same struct of columns that are parts of longer ones."""
    names = [field.name for field in value.type]
    return pa.StructArray.from_arrays([of_a_longer_array(value.field(n)) for n in names], names)


def with_cut_numbers(value: pa.StructArray) -> pa.StructArray:
    """The same struct of lists whose numbers and names are parts of longer arrays."""
    columns = []
    for field in value.type:
        column = value.field(field.name)
        if pa.types.is_large_list(field.type) and len(column.values):
            numbers = pa.concat_arrays([column.values, column.values])[len(column.values) :]
            column = pa.LargeListArray.from_arrays(column.offsets, numbers)
        columns.append(column)
    return pa.StructArray.from_arrays(columns, [field.name for field in value.type])


@pytest.mark.parametrize("cut", [of_a_longer_array, with_cut_parts, with_cut_numbers])
@pytest.mark.parametrize("message_type", SMALL, ids=lambda m: m.NAME)
def test_a_part_of_a_longer_array_is_read_as_what_it_is(
    message_type: type[Message], cut: Callable[[pa.StructArray], pa.StructArray]
) -> None:
    message = sample(message_type)
    value, metadata = encode(message)
    assert_equal(decode(message_type, cut(value), metadata), message)


@pytest.mark.parametrize("field", ["source", "left_joint_names"])
def test_text_that_is_none_is_refused(field: str) -> None:
    message_type = {"source": Hands, "left_joint_names": HandCommands}[field]
    value, metadata = encode(sample(message_type))
    column = pa.array([b"\xff\xfe"], pa.binary()).view(pa.string())
    if field != "source":
        column = pa.LargeListArray.from_arrays(pa.array([0, 1], pa.int64()), column)
    with pytest.raises(MessageError, match=f"{field}: expected UTF-8"):
        decode(message_type, replaced(value, field, column), metadata)


def replaced(value: pa.StructArray, name: str, column: pa.Array) -> pa.StructArray:
    names = [value.type.field(i).name for i in range(value.type.num_fields)]
    columns = [column if n == name else value.field(n) for n in names]
    return pa.StructArray.from_arrays(columns, names)


@pytest.mark.parametrize(
    ("column", "complaint"),
    [
        (pa.array([[1.0] * 15], pa.large_list(pa.float64())), "shape"),
        (pa.array([[1.0] * 16], pa.large_list(pa.float32())), "float"),
        (pa.array([None], pa.large_list(pa.float64())), "null"),
        (pa.array(["x"], pa.string()), "string"),
    ],
    ids=["wrong shape", "wrong dtype", "null", "text"],
)
def test_a_wrong_column_is_refused_by_name(column: pa.Array, complaint: str) -> None:
    value, metadata = encode(sample(Head))
    with pytest.raises(MessageError, match=rf"head\.stage_from_head.*{complaint}"):
        decode(Head, replaced(value, "stage_from_head", column), metadata)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("message_type", "field"),
    [
        (m, f.name)
        for m in SMALL
        for f in m.FIELDS
        if not f.is_text and f.numpy_dtype.kind == "f" and not f.optional
    ],
    ids=lambda x: x if isinstance(x, str) else getattr(x, "NAME", None),
)
def test_numbers_that_are_not_finite_are_refused_by_name(
    message_type: type[Message], field: str, bad: float
) -> None:
    message = sample(message_type)
    wrong: Any = getattr(message, field)
    if isinstance(wrong, float):
        wrong = bad
    else:
        wrong = wrong.copy()
        wrong.reshape(-1)[-1] = bad
    value, metadata = encode(dataclasses.replace(message, **{field: wrong}))
    with pytest.raises(MessageError, match=rf"{message_type.NAME}\.{field}.*finite"):
        decode(message_type, value, metadata)


def test_an_absent_hand_is_nan_and_no_fault() -> None:
    hands = sample(Hands, valid=np.array([True, False]))
    for field in ("stage_from_wrist", "joint_positions", "pinch", "squeeze"):
        getattr(hands, field)[1] = np.nan
    value, metadata = encode(hands)
    assert np.isnan(decode(Hands, value, metadata).stage_from_wrist[1]).all()


def test_a_matrix_that_is_not_rigid_is_refused() -> None:
    value, metadata = encode(sample(Head, stage_from_head=np.diag([1.0, 1.0, 2.0, 1.0])))
    with pytest.raises(MessageError, match=r"head\.stage_from_head.*rigid"):
        decode(Head, value, metadata)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"version": 99}, "version 1, got 99"),
        ({"message": "hands"}, "head, got hands"),
        ({"version": None}, "None"),
    ],
)
def test_another_version_or_message_is_refused(changed: dict[str, Any], complaint: str) -> None:
    value, metadata = encode(sample(Head))
    with pytest.raises(MessageError, match=complaint):
        decode(Head, value, {**metadata, **changed})


def test_lengths_that_must_agree_are_compared() -> None:
    value, metadata = encode(sample(SceneState, joint_positions=np.zeros(7)))
    with pytest.raises(MessageError, match=r"expected 5 joints as in joint_names, got 7"):
        decode(SceneState, value, metadata)


def test_flags_are_zero_or_one() -> None:
    value, metadata = encode(sample(OperatorInput))
    column = pa.array([[0, 2]], pa.large_list(pa.uint8()))
    with pytest.raises(MessageError, match=r"operator_input\.clutch.*got 2"):
        decode(OperatorInput, replaced(value, "clutch", column), metadata)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"pixels.shape": [8, 16, 4]}, "pixels"),
        ({"pixels.shape": None}, "pixels.*missing"),
        ({"tile_version": None}, "tile_version.*missing"),
        ({"tile_version": [1]}, "tile_version"),
    ],
)
def test_a_picture_with_wrong_metadata_is_refused(changes: dict[str, Any], complaint: str) -> None:
    pixels, metadata = encode_payload(sample(Panorama))
    wrong = {k: v for k, v in {**metadata, **changes}.items() if v is not None}
    with pytest.raises(MessageError, match=complaint):
        decode(Panorama, pa.array(pixels.reshape(-1)), wrong)
