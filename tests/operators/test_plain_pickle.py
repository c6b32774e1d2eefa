"""Plain data come out as pickle reads them; anything else is refused, and nothing of it runs."""

import io
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from operators.plain_pickle import (
    MAX_BYTES,
    UntrustedFileError,
    read_npy_data,
    read_plain_pickle,
)
from operators.usage_error import UsageError

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
)
arrays = st_np.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_, ">f4", "<U3"]),
    st_np.array_shapes(min_dims=0, max_dims=3, max_side=4),
)
plain = st.recursive(
    scalars | arrays,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


def assert_same(ours: Any, theirs: Any) -> None:
    assert type(ours) is type(theirs)
    if isinstance(theirs, np.ndarray | np.generic):
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype
        np.testing.assert_array_equal(ours, theirs)
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            assert_same(ours[key], theirs[key])
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    else:
        assert ours == theirs


@given(plain, st.sampled_from([2, 3, 4]))
def test_plain_data_come_out_as_they_went_in(value: Any, protocol: int) -> None:
    assert_same(read_plain_pickle(pickle.dumps(value, protocol=protocol)), value)


def test_a_dictionary_that_numpy_saved(tmp_path: Path) -> None:
    content = {
        "type": "robot",
        "intrinsics": {"104122061850": np.eye(3)},
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "scalar": np.float32(1.5),
    }
    path = tmp_path / "1.npy"
    np.save(path, content, allow_pickle=True)  # type: ignore[arg-type]
    assert_same(read_npy_data(path), np.load(path, allow_pickle=True).item())


def test_an_array_alone(tmp_path: Path) -> None:
    np.save(tmp_path / "1.npy", np.arange(4))
    np.testing.assert_array_equal(read_npy_data(tmp_path / "1.npy"), np.arange(4))


class Calls:
    """Pickles as a call of anything."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.what = function, arguments

    def __reduce__(self) -> Any:
        return self.what


class Stateful:
    pass


def hostile(mark: Path) -> dict[str, Any]:
    command = f"touch {mark}"
    return {
        "a shell": Calls(os.system, command),
        "eval": Calls(eval, f"open({str(mark)!r}, 'w')"),
        "open": Calls(open, str(mark), "w"),
        "numpy's loader": Calls(np.load, str(mark)),
        "numpy's memory map": Calls(np.memmap, str(mark), np.uint8, "w+", 0, (4,)),
        "getattr": Calls(getattr, "text", "upper"),
        "an object of ours": Stateful(),
        "objects in an array": np.array([Calls(os.system, command), 1], dtype=object),
        "an array's own type": Calls(np.ndarray, (3,)),
    }


@pytest.mark.parametrize("kind", hostile(Path("x")))
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_hostile_file_is_refused_and_does_nothing(
    tmp_path: Path, kind: str, protocol: int
) -> None:
    mark = tmp_path / "ran"
    content = np.array({"type": "robot", "more": hostile(mark)[kind]}, dtype=object)
    path = tmp_path / "1.npy"
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|O", "fortran_order": False, "shape": ()}
        )
        pickle.dump(content, file, protocol=protocol)
    with pytest.raises(UntrustedFileError, match=r"1\.npy: "):
        read_npy_data(path)
    assert not mark.exists()


def array_state(shape: Any, dtype: str, content: bytes) -> bytes:
    """The pickle of an array with any state."""

    class Made:
        def __reduce__(self) -> Any:
            maker, arguments, _ = np.zeros(1).__reduce__()
            return maker, arguments, (1, shape, np.dtype(dtype), False, content)

    return pickle.dumps(Made(), protocol=4)


def bomb() -> bytes:
    value: Any = ["x"]
    for _ in range(10):
        value = [value] * 10
    return pickle.dumps(value, protocol=4)


def circle() -> bytes:
    value: list[Any] = []
    value.append(value)
    return pickle.dumps(value, protocol=4)


PICKLES = {
    "an array longer than its bytes": array_state((2**40,), "<f8", b"\0" * 8),
    "an array of negative length": array_state((-1,), "<f8", b""),
    "a list that means 10^10": bomb(),
    "a list that holds itself": circle(),
    "a huge place in the memory": b"\x80\x02Nr\xff\xff\xff\xff" + b"q\x00c",
    "cut off": pickle.dumps({"a": np.eye(3)}, protocol=4)[:-20],
    "no pickle": b"hello",
    "nothing": b"",
    "protocol 0": pickle.dumps({"a": 1}, protocol=0),
    "a persistent name": b"\x80\x02X\x01\x00\x00\x00aQ.",
    "an extension": b"\x80\x02\x82\x01.",
    "a set": pickle.dumps({1, 2}, protocol=4),
    "a call of a text": b"\x80\x04\x8c\x01a)R.",
    "two values": b"\x80\x02NN.",
    "a list as a key": b"\x80\x02}]Ns.",
}


@pytest.mark.parametrize("kind", PICKLES)
def test_a_pickle_that_is_no_plain_data_is_refused(kind: str) -> None:
    with pytest.raises(UntrustedFileError):
        read_plain_pickle(PICKLES[kind])


@given(st.binary(max_size=200))
def test_any_bytes_are_data_or_refused(content: bytes) -> None:
    for pickled in (content, b"\x80\x04" + content + b"."):
        try:
            read_plain_pickle(pickled)
        except UntrustedFileError:
            continue


def test_a_header_that_promises_more_than_there_is(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        content, {"descr": "<f8", "fortran_order": False, "shape": (2**45,)}
    )
    path = tmp_path / "1.npy"
    path.write_bytes(content.getvalue() + struct.pack("<d", 1.0))
    with pytest.raises(UntrustedFileError, match="in 8 bytes"):
        read_npy_data(path)


def test_too_large_a_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "1.npy"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(UntrustedFileError, match="at most"):
        read_npy_data(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_npy_data(tmp_path / "1.npy")
