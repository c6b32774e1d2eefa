import numpy as np
import pytest

from operators.guard import Guard, GuardState
from operators.messages import HandCommands, OperatorInput
from operators.settings import GuardSettings
from tests.operators.samples import sample

TIMEOUT_S = 0.5


@pytest.fixture
def guard() -> Guard:
    return Guard(GuardSettings(input_timeout_s=TIMEOUT_S))


def press(guard: Guard, *, engage: bool = False, stop: bool = False) -> None:
    guard.operator_input(sample(OperatorInput, engage=engage, stop=stop))


def engage(guard: Guard) -> None:
    press(guard)
    press(guard, engage=True)
    press(guard)


def command(
    guard: Guard, now_s: float = 0.0, valid: tuple[bool, bool] = (True, True)
) -> HandCommands:
    return guard.command(sample(HandCommands, valid=np.array(valid)), now_s)


def test_nothing_passes_before_someone_engages(guard: Guard) -> None:
    assert not command(guard).valid.any()
    assert guard.state.state == GuardState.STOPPED
    assert "Enter" in guard.state.reason


def test_commands_pass_unchanged_while_engaged(guard: Guard) -> None:
    engage(guard)
    wanted = sample(HandCommands)
    assert guard.command(wanted, 0.0) is wanted
    assert guard.state.state == GuardState.TRACKING


def test_a_key_that_was_down_at_the_start_engages_nothing(guard: Guard) -> None:
    press(guard, engage=True)
    assert not command(guard).valid.any()


def test_stop_wins_over_engage_and_acts_at_once(guard: Guard) -> None:
    engage(guard)
    press(guard, engage=True, stop=True)
    assert not command(guard).valid.any()
    press(guard, engage=True)  # stop was let go, engage never was: still stopped
    assert guard.state.state == GuardState.STOPPED
    engage(guard)
    assert command(guard).valid.all()


def test_a_lost_hand_holds_and_the_other_follows(guard: Guard) -> None:
    engage(guard)
    command(guard, valid=(False, True))
    state = guard.state
    assert (state.left_state, state.right_state) == (GuardState.HOLDING, GuardState.TRACKING)
    assert state.state == GuardState.TRACKING
    assert state.reason == "left hand not tracked"


def test_silence_holds_both_hands_once(guard: Guard) -> None:
    engage(guard)
    command(guard, now_s=10.0)
    assert guard.tick(10.0 + 0.9 * TIMEOUT_S) is None
    held = guard.tick(10.0 + 1.1 * TIMEOUT_S)
    assert held is not None
    assert not held.valid.any()
    assert guard.state.state == GuardState.HOLDING
    assert "no hands are coming in" in guard.state.reason
    assert guard.tick(11.0) is None
    command(guard, now_s=12.0)
    assert guard.state.state == GuardState.TRACKING


def test_holding_is_a_complete_message(guard: Guard) -> None:
    command(guard).check()


@pytest.mark.parametrize("engaged", [False, True])
def test_the_state_is_always_a_complete_message(guard: Guard, engaged: bool) -> None:
    if engaged:
        engage(guard)
    guard.state.check()


def test_another_client_must_engage_for_itself(guard: Guard) -> None:
    engage(guard)
    assert command(guard).valid.all()
    guard.operator_input(sample(OperatorInput, client="another", engage=True, stop=False))
    assert not command(guard).valid.any()
    assert "another operator" in guard.state.reason
    guard.operator_input(sample(OperatorInput, client="another", engage=False, stop=False))
    guard.operator_input(sample(OperatorInput, client="another", engage=True, stop=False))
    assert command(guard).valid.all()
