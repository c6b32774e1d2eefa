import itertools

import pytest

from operators.guard_states import MOVING, TRANSITIONS, GuardEvent, GuardState, after, overall

S, E = GuardState, GuardEvent


@pytest.mark.parametrize("state", S)
def test_stop_stops_whatever_it_does(state: GuardState) -> None:
    assert after(state, E.STOP) is S.STOPPED


@pytest.mark.parametrize(("state", "event"), list(itertools.product(S, E)))
def test_only_what_stands_in_the_table_changes_anything(
    state: GuardState, event: GuardEvent
) -> None:
    assert after(state, event) is TRANSITIONS.get((state, event), state)


def test_only_to_engage_ends_a_stop() -> None:
    assert {event for event in E if after(S.STOPPED, event) is not S.STOPPED} == {E.ENGAGE}


def test_what_is_lost_does_not_move() -> None:
    assert not any(after(state, E.LOST) in MOVING for state in S)


def test_nothing_gets_to_full_speed_without_arriving() -> None:
    into = {(state, event) for (state, event), then in TRANSITIONS.items() if then is S.TRACKING}
    assert into == {(S.ENGAGING, E.ARRIVED)}


@pytest.mark.parametrize(
    ("left", "right", "whole"),
    [
        (S.STOPPED, S.STOPPED, S.STOPPED),
        (S.STOPPED, S.HOLDING, S.HOLDING),
        (S.HOLDING, S.ENGAGING, S.ENGAGING),
        (S.ENGAGING, S.TRACKING, S.TRACKING),
        (S.TRACKING, S.STOPPED, S.TRACKING),
    ],
)
def test_what_moves_is_the_state_of_the_whole(
    left: GuardState, right: GuardState, whole: GuardState
) -> None:
    assert overall((left, right)) is overall((right, left)) is whole
