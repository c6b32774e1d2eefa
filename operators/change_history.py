"""What was changed, to be undone and done again."""

from typing import Final, Generic, TypeVar

T = TypeVar("T")

KEPT: Final = 500
"""Changes that can be undone."""


class ChangeHistory(Generic[T]):
    """The states of something, of which one is the present.

    Changes of one gesture, such as a drag of the mouse, are undone together.
    """

    def __init__(self, first: T) -> None:
        self._states = [first]
        self._at = 0
        self._gesture: int | None = None
        self._before = first

    @property
    def now(self) -> T:
        """The present state."""
        return self._states[self._at]

    @property
    def undoable(self) -> int:
        """How many changes can be undone."""
        return self._at

    @property
    def redoable(self) -> int:
        """How many that were undone can be done again."""
        return len(self._states) - 1 - self._at

    def before(self, gesture: int) -> T:
        """The state from which a gesture began, or would begin."""
        return self._before if gesture == self._gesture else self.now

    def change(self, state: T, gesture: int | None = None) -> None:
        """Make this the present state; within the gesture that was last it replaces its result."""
        if gesture is not None and gesture == self._gesture:
            self._states[self._at] = state
            return
        self._before, self._gesture = self.now, gesture
        if state == self.now:
            self._gesture = None
            return
        del self._states[self._at + 1 :]
        self._states.append(state)
        del self._states[: -KEPT - 1]
        self._at = len(self._states) - 1

    def undo(self) -> bool:
        """Go one change back; false where there is none."""
        return self._go(-1)

    def redo(self) -> bool:
        """Do again what was undone; false where nothing was."""
        return self._go(1)

    def _go(self, step: int) -> bool:
        self._gesture = None
        if not 0 <= self._at + step < len(self._states):
            return False
        self._at += step
        return True
