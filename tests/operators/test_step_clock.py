import pytest

from operators.step_clock import MAX_DEBT_S, StepClock

STEP_S = 1 / 240
NS = 1_000_000_000


def test_steps_keep_up_with_the_clock_without_drift() -> None:
    clock = StepClock(STEP_S)
    taken = sum(clock.take_due(int(k * NS / 97)) for k in range(97 * 60 + 1))
    assert taken == 240 * 60


def test_a_step_ahead_is_paid_back() -> None:
    clock = StepClock(STEP_S)
    clock.take_due(0)
    assert clock.take_one() == 1
    assert clock.take_due(int(1.5 * STEP_S * NS)) == 0
    assert clock.take_due(int(2.5 * STEP_S * NS)) == 1


def test_a_stall_is_given_up_and_said() -> None:
    clock = StepClock(STEP_S)
    clock.take_due(0)
    assert clock.take_due(10 * NS) == pytest.approx(MAX_DEBT_S * 240, abs=1)
    assert clock.skipped_s == pytest.approx(10 - MAX_DEBT_S, abs=2 * STEP_S)
    assert clock.take_due(10 * NS + NS // 240 + 1) == 1


def test_time_that_goes_back_takes_nothing() -> None:
    clock = StepClock(STEP_S)
    clock.take_due(5 * NS)
    assert clock.take_due(4 * NS) == 0


@pytest.mark.parametrize("step_s", [1 / 60, 1 / 240])
def test_commands_that_come_faster_than_steps_do_not_make_time_go_faster(step_s: float) -> None:
    clock = StepClock(step_s)
    taken = 0
    for k in range(90 * 10):
        taken += clock.take_due(int(k * NS / 90))
        taken += clock.take_one()
    assert taken == pytest.approx(10 / step_s, abs=2)
