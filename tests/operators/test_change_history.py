from hypothesis import given
from hypothesis import strategies as st

from operators.change_history import KEPT, ChangeHistory


def test_a_gesture_is_undone_as_one_and_every_change_from_where_it_began() -> None:
    history = ChangeHistory(0)
    for far in (3, 5, 9):
        assert history.before(gesture=7) == 0
        history.change(history.before(7) + far, 7)
    history.change(20)
    assert (history.now, history.undoable) == (20, 2)
    assert history.undo()
    assert history.now == 9
    assert history.undo()
    assert history.now == 0
    assert not history.undo()
    assert history.redo()
    assert history.now == 9
    # After an undo the same gesture begins anew: what it did before stays undone or done.
    assert history.before(7) == 9


def test_a_change_forgets_what_was_undone() -> None:
    history = ChangeHistory("a")
    history.change("b")
    history.undo()
    history.change("c")
    assert history.redoable == 0
    assert not history.redo()
    history.undo()
    assert history.now == "a"


def test_no_change_is_none() -> None:
    history = ChangeHistory(1)
    history.change(1, 5)
    assert history.undoable == 0
    history.change(2, 5)
    assert history.undoable == 1


@given(st.lists(st.integers(0, 5), max_size=30))
def test_undoing_all_and_doing_all_again_gives_the_same(changes: list[int]) -> None:
    history = ChangeHistory(-1)
    for change in changes:
        history.change(change)
    last, count = history.now, history.undoable
    while history.undo():
        pass
    assert history.now == -1
    assert history.redoable == count
    while history.redo():
        pass
    assert history.now == last


def test_it_does_not_grow_for_ever() -> None:
    history = ChangeHistory(0)
    for i in range(1, 2 * KEPT):
        history.change(i)
    assert history.undoable == KEPT
