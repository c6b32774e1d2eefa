"""The page's rotations, run in Node.js, against scipy's."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from operators.transforms import rigid
from tests.operators.node_js import run_in_node

pytestmark = pytest.mark.browser

SCRIPT = """
import { rowByRow, writeQuaternion } from "./page/pose.js";
const numbers = given.flat();
result = given.map((_, i) => {
  const quaternion = [9, 9, 9, 9, 9];
  writeQuaternion(numbers, 16 * i, quaternion, 1);
  return { rows: rowByRow(numbers, 16 * i), quaternion };
});
"""


def test_reads_webxrs_matrices(tmp_path: Path) -> None:
    """Half turns about every axis among them, where the quaternion's w is 0."""
    half_turns = [*np.eye(3), *(np.ones((3, 3)) - np.eye(3)), [1, -1, 0], [1, 1, 1]]
    rotations = Rotation.concatenate(
        [
            Rotation.random(200, random_state=np.random.default_rng(3)),
            Rotation.from_rotvec([np.pi * np.array(t) / np.linalg.norm(t) for t in half_turns]),
            Rotation.identity(1),
        ]
    )
    matrices = np.array([rigid(r.as_matrix(), [1.0, 2.0, 3.0]) for r in rotations])
    columns = matrices.swapaxes(1, 2).reshape(-1, 16)
    read = run_in_node(SCRIPT, columns.tolist(), tmp_path)
    np.testing.assert_array_equal([r["rows"] for r in read], matrices.reshape(-1, 16))
    quaternions = np.array([r["quaternion"] for r in read])
    assert (quaternions[:, 0] == 9).all()
    np.testing.assert_allclose(np.linalg.norm(quaternions[:, 1:], axis=1), 1, atol=1e-12)
    # Of the two quaternions of a rotation either will do.
    cosine = np.abs((quaternions[:, 1:] * rotations.as_quat()).sum(axis=1))
    np.testing.assert_allclose(cosine, 1, atol=1e-12)
