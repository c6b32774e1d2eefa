"""The step over the limit that a fault makes: told of the robot's commands, and of nothing else."""

from typing import Any

import numpy as np
import pytest

from benchmarks.fault_table import _held_ns, _over_limit
from operators.motion_limits import LONGEST_STEP_S
from operators.settings import ROOT, load_settings

SPEED = load_settings(ROOT / "configs/teleop.yml").guard.speed
STEP_M = SPEED * LONGEST_STEP_S
"""As far as a command leads at the most."""

EVERY_NS = round(LONGEST_STEP_S * 1e9)


def command(seq: int, x: float, valid: bool = True) -> dict[str, Any]:
    pose = [[x, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]] * 2
    return {
        "input": "hand_commands",
        "seq": seq,
        "started_ns": seq * EVERY_NS,
        "sent_ns": seq * EVERY_NS,
        "valid": [valid, valid],
        "pose": pose,
        "left": [0.0],
        "right": [0.0],
    }


@pytest.mark.parametrize("step_m", [STEP_M, 1.5 * STEP_M])
def test_a_step_is_told_by_how_much_it_is_too_long(step_m: float) -> None:
    told = [command(0, 0.0), command(1, step_m), command(2, step_m)]
    assert _over_limit(told, False) == pytest.approx(max(step_m - STEP_M, 0.0), abs=1e-5)


def test_what_held_the_robot_in_between_allows_no_longer_step() -> None:
    told = [command(0, 0.0), command(1, 0.0, valid=False), command(2, 2 * STEP_M)]
    assert _over_limit(told, False) == pytest.approx(STEP_M, abs=1e-5)


@pytest.mark.parametrize(("step_m", "over_m"), [(3 * STEP_M, 0.0), (4 * STEP_M, STEP_M)])
def test_commands_that_the_probe_did_not_get_are_counted(step_m: float, over_m: float) -> None:
    told = [command(0, 0.0), command(3, step_m), command(4, step_m)]
    assert _over_limit(told, False) == pytest.approx(over_m, abs=1e-5)


def test_after_a_stop_it_begins_where_the_hand_is() -> None:
    scene = {"input": "scene_state", "seq": 0, "base": [0.3, *np.zeros(6)]}
    stopped = {"input": "operator_state", "seq": 0, "state": "stopped"}
    told = [command(0, 0.0), stopped, scene, command(1, 0.0)]
    assert _over_limit(told, False) > 0.2
    told = [command(0, 0.0), stopped, scene, command(1, 0.3), command(2, 0.3)]
    assert _over_limit(told, False) <= 0.0
    # The first of those that lead away from there has not come.
    told = [command(0, 0.0), stopped, scene, command(2, 0.0, valid=False), scene, command(3, 0.4)]
    assert _over_limit(told, False) <= 0.0


def state(seq: int, left: str) -> dict[str, Any]:
    return {"input": "operator_state", "sent_ns": seq * EVERY_NS, "left_state": left}


@pytest.mark.parametrize(
    ("told", "held"),
    [
        ([command(1, 0.0), command(3, 0.0), command(4, 0.0, valid=False)], 4),
        # What was told to hold before is not told so again.
        ([command(1, 0.0, valid=False), state(2, "holding"), state(5, "holding")], 5),
        ([command(1, 0.0), command(3, 0.0), state(4, "stopped")], 4),
        ([command(1, 0.0, valid=False), command(3, 0.0), state(4, "tracking")], None),
    ],
)
def test_a_hand_holds_once_it_is_told_to_or_says_so(
    told: list[dict[str, Any]], held: int | None
) -> None:
    assert _held_ns(told, 2 * EVERY_NS) == (None if held is None else held * EVERY_NS)
