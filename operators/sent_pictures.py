"""Which of the pictures sent are still on their way, so that no more are sent than can be taken."""

import threading
import time
from typing import Final

ANSWER_S: Final = 10.0
"""Whoever has not looked at a picture by then is missing, or was not told in time."""


class SentPictures:
    """When the last picture was sent, and which have been looked at. Safe between threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sent_s: float | None = time.monotonic()
        self._sent = -1
        self._looked_at = -1
        self._stopping = False
        self.failure: Exception | None = None
        """Why no more could be sent, where that was not their end."""

    def add(self, seq: int) -> None:
        """Note that the picture of this sequence number was sent."""
        self._sent_s = time.monotonic()
        self._sent = seq

    def end(self) -> None:
        """No more will come, and none is missed."""
        self._sent_s = None

    def silent_s(self) -> float:
        """For how long none has come, 0 after the end."""
        sent_s = self._sent_s
        return 0.0 if sent_s is None else time.monotonic() - sent_s

    def looked_at(self, seq: int) -> None:
        """Note that a picture was looked at, and with it all before; none if seq is -1."""
        with self._changed:
            self._looked_at = max(self._looked_at, seq)
            self._changed.notify_all()

    def stop(self) -> None:
        """End all waits."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def wait_for_room(self, in_flight: int, timeout_s: float = ANSWER_S) -> bool:
        """Wait until fewer than so many pictures are on their way; false if it is not in time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._stopping or self._sent - self._looked_at < in_flight, timeout_s
            )
