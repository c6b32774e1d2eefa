import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from operators.turn_gate import GIVES_UP_S, TurnGate

STEP_S = 1 / 30


def turned(degrees: float) -> np.ndarray:
    axis = np.array([0.6, 0.0, 0.8])
    return Rotation.from_rotvec(np.deg2rad(degrees) * axis).as_matrix()


@pytest.mark.parametrize(("degrees", "passes"), [(0, True), (59, True), (61, False), (180, False)])
def test_a_turn_passes_up_to_its_limit(degrees: float, passes: bool) -> None:
    gate = TurnGate()
    assert gate.passes(turned(20), 0.0)
    assert gate.passes(turned(20 + degrees), STEP_S) == passes


def test_single_jumps_are_left_out_and_a_quick_turn_is_not() -> None:
    gate = TurnGate()
    degrees = [0, 5, 175, 10, 12, 170, 168, 20, 60, 100, 140]
    found = [gate.passes(turned(d), i * STEP_S) for i, d in enumerate(degrees)]
    assert found == [True, True, False, True, True, False, False, True, True, True, True]


def test_who_stays_turned_has_turned() -> None:
    gate = TurnGate()
    gate.passes(turned(0), 0.0)
    pictures = int(GIVES_UP_S / STEP_S) + 1
    found = [gate.passes(turned(120), (i + 1) * STEP_S) for i in range(pictures)]
    assert found == [False] * (pictures - 1) + [True]
