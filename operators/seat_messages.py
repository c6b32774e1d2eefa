"""What the page and the tracking port say of who drives; listed in operators/messages.py."""

import numpy as np

from operators.message import Message, array, message, text


@message(version=1)
class Seat(Message):
    """A client of the tracking port is told whether it drives, at first and when that changes."""

    drives: bool = array(bool, doc="what this client says reaches the robot")
    taken: bool = array(bool, doc="somebody drives")
    others: int = array(np.int64, doc="further clients of the tracking port")
    reason: str = text(doc="why this client does not drive, in words; empty where it does")


@message(version=1)
class Heard(Message):
    """A client of the tracking port is told which of its samples came; otherwise it sends few."""

    sample_ms: float = array(np.float64, unit="ms", doc="when it was taken, by the client's clock")


@message(version=1)
class Claim(Message):
    """A client of the tracking port wants to drive, or to drive no longer."""

    drive: bool = array(bool, doc="true takes over, whoever drives; false hands over")
