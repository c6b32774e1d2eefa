import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from operators.transforms import rotation_from_vector, rotation_vector

VECTORS = arrays(np.float64, (3,), elements=st.floats(-1.8, 1.8))


@given(VECTORS)
def test_rotations_are_scipys(vector: np.ndarray) -> None:
    expected = Rotation.from_rotvec(vector)
    np.testing.assert_allclose(rotation_from_vector(vector), expected.as_matrix(), atol=1e-12)
    np.testing.assert_allclose(
        rotation_vector(expected.as_matrix()), expected.as_rotvec(), atol=1e-7
    )


@pytest.mark.parametrize("length", [0.0, 1e-13, 1e-9, 1e-5])
def test_small_turns_keep_their_digits(length: float) -> None:
    vector = length * np.array([0.6, 0.0, -0.8])
    found = rotation_vector(rotation_from_vector(vector))
    np.testing.assert_allclose(found, vector, rtol=1e-6, atol=1e-16)


def test_many_at_once() -> None:
    vectors = np.random.default_rng(1).normal(size=(4, 5, 3))
    one_by_one = np.array([[rotation_from_vector(v) for v in row] for row in vectors])
    np.testing.assert_array_equal(rotation_from_vector(vectors), one_by_one)
    assert rotation_vector(one_by_one).shape == (4, 5, 3)
