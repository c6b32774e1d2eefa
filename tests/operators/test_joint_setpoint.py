"""What a real hand's drives are sent: at limited speed, and nowhere without a command."""

import numpy as np
import pytest
from numpy.typing import ArrayLike

from operators.joint_setpoint import LONGEST_STEP_S, SILENT_S, JointSetpoint
from operators.messages import HandCommands

SPEED = 2.0
TICK_S = 1 / 60
LEFT, RIGHT = 0, 1


def commands(*positions: float, valid: tuple[bool, bool] = (True, True)) -> HandCommands:
    """For three joints of either hand; the right hand's come in another order."""
    wanted = np.array(positions)
    return HandCommands(
        faults=("", ""),
        valid=np.array(valid),
        world_from_base=np.zeros((2, 7)),
        left_joint_names=("a", "b", "c"),
        left_joint_positions=wanted,
        right_joint_names=("c", "b", "a"),
        right_joint_positions=-wanted[::-1],
    )


def setpoint(side: int = LEFT, start: ArrayLike = (0.0, 0.0)) -> JointSetpoint:
    """Of a hand that drives the first and the last joint alone."""
    made = JointSetpoint(side, ("c", "a"), np.array(start), SPEED)
    np.testing.assert_array_equal(made.step(0.0), start)
    return made


def test_it_moves_no_faster_than_allowed_and_arrives() -> None:
    lead = setpoint()
    seen = [np.zeros(2)]
    for k in range(1, 61):
        lead.follow(commands(0.5, 9.0, -1.5), k * TICK_S)
        seen.append(lead.step(k * TICK_S))
    speeds = np.abs(np.diff(seen, axis=0)) / TICK_S
    assert speeds.max() <= SPEED * (1 + 1e-9)
    np.testing.assert_allclose(seen[6], [-6 * SPEED * TICK_S, 6 * SPEED * TICK_S])
    np.testing.assert_array_equal(seen[-1], [-1.5, 0.5])


def test_each_side_takes_its_own_joints_by_name() -> None:
    ends = {}
    for side in (LEFT, RIGHT):
        lead = setpoint(side)
        for k in range(1, 61):
            lead.follow(commands(0.5, 9.0, -1.5), k * TICK_S)
            ends[side] = lead.step(k * TICK_S)
    np.testing.assert_array_equal(ends[RIGHT], -ends[LEFT])


@pytest.mark.parametrize("side", [LEFT, RIGHT])
def test_a_side_that_is_not_valid_stays_where_it_is(side: int) -> None:
    lead = setpoint(side)
    lead.follow(commands(1.0, 1.0, 1.0), TICK_S)
    reached = lead.step(TICK_S)
    valid = (side != LEFT, side != RIGHT)
    lead.follow(commands(*[np.nan] * 3, valid=valid), 2 * TICK_S)
    np.testing.assert_array_equal(lead.step(3 * TICK_S), reached)


def test_silence_holds() -> None:
    lead = setpoint()
    lead.follow(commands(1.0, 1.0, 1.0), 0.0)
    before = lead.step(SILENT_S - 1e-3)
    assert (before > 0.0).all()
    np.testing.assert_array_equal(lead.step(SILENT_S + 1e-3), before)
    np.testing.assert_array_equal(lead.step(SILENT_S + 1.0), before)


def test_a_pause_is_not_made_up_for() -> None:
    lead = setpoint()
    lead.follow(commands(1.0, 1.0, 1.0), 10.0)
    np.testing.assert_allclose(lead.step(10.1), SPEED * LONGEST_STEP_S)


def test_it_begins_where_the_hand_is() -> None:
    lead = setpoint(start=(0.7, -0.2))
    np.testing.assert_array_equal(lead.step(1.0), [0.7, -0.2])
    lead.follow(commands(-0.2, 0.0, 0.7), 1.0)
    np.testing.assert_array_equal(lead.step(1.0 + TICK_S), [0.7, -0.2])


@pytest.mark.parametrize("names", [("a", "b", "d"), ("d", "b", "c")])
def test_commands_of_another_hand_are_refused_and_it_stays(names: tuple[str, ...]) -> None:
    lead = setpoint()
    given = commands(1.0, 1.0, 1.0)
    other = HandCommands(
        faults=("", ""),
        valid=given.valid,
        world_from_base=given.world_from_base,
        left_joint_names=names,
        left_joint_positions=given.left_joint_positions,
        right_joint_names=given.right_joint_names,
        right_joint_positions=given.right_joint_positions,
    )
    lead.follow(given, TICK_S)
    reached = lead.step(TICK_S)
    with pytest.raises(ValueError, match=r"no finite position for [ac]; given are .*d"):
        lead.follow(other, 2 * TICK_S)
    np.testing.assert_array_equal(lead.step(2 * TICK_S), reached)


@pytest.mark.parametrize("start", [(0.0,), (0.0, np.nan)])
def test_a_start_that_is_no_position_is_refused(start: ArrayLike) -> None:
    with pytest.raises(ValueError, match="start_rad must be 2 finite positions"):
        JointSetpoint(LEFT, ("a", "b"), np.array(start), SPEED)
