"""What the page that aligns a camera is told and says; listed in operators/messages.py."""

import numpy as np
from numpy.typing import NDArray

from operators.message import Message, array, message, text

Floats = NDArray[np.float64]


@message(version=1)
class AlignCommand(Message):
    """What a person does on the page that aligns a camera."""

    command: str = text(doc="a name that operators/alignment_session.py knows")
    gesture: int = array(
        np.int64, doc="changes with the same number follow from one motion, and are undone together"
    )
    values: Floats = array(
        np.float64, ("values",), doc="what the command takes; of a motion, since it began"
    )
    word: str = text(doc="what the command takes that is no number, or empty")


@message(version=1)
class AlignState(Message):
    """How the simulated camera stands, for the page."""

    columns: int = array(np.int64, unit="px", doc="width of the pictures")
    rows: int = array(np.int64, unit="px", doc="height of the pictures")
    position: Floats = array(np.float64, (3,), unit="m", frame="kinematic_base", doc="camera")
    target: Floats = array(
        np.float64, (3,), unit="m", frame="kinematic_base", doc="what it looks at"
    )
    fov_y_rad: float = array(np.float64, unit="rad", doc="vertical angle of view")
    roll_rad: float = array(np.float64, unit="rad", doc="clockwise as it is seen")
    mode: str = text(doc="real, simulated, blend, difference, edges or composite")
    opacity: float = array(np.float64, unit="0..1", doc="of what is simulated in a blend")
    edge_gap_px: float = array(
        np.float64, unit="px", optional=True, doc="from simulated edges to the nearest real ones"
    )
    undoable: int = array(np.int64, doc="changes that can be undone")
    redoable: int = array(np.int64, doc="changes that can be done again")
    saved: bool = array(bool, doc="whether the file says what is shown")
    frozen: bool = array(bool, doc="whether the real picture stands still")
    as_before: bool = array(bool, doc="whether the camera is shown as it was at first")
    randomised: bool = array(bool, doc="whether colour, light and camera are as chance has them")
    sample: int = array(np.int64, doc="which draw of chance it is, also of the cube's place")
    background: bool = array(bool, doc="whether there is a picture to put behind the robot")
    drawn_points: Floats = array(
        np.float64,
        ("points", 2),
        unit="px",
        optional=True,
        doc="where the simulated camera sees the chosen points of the robot; NaN behind it",
    )
    real_points: Floats = array(
        np.float64,
        ("points", 2),
        unit="px",
        optional=True,
        doc="where they were clicked in the real picture; NaN for one that waits for that",
    )
    fault: bool = array(bool, doc="whether the sentence is about something that went wrong")
    sentence: str = text(doc="what was done or went wrong, or empty")
