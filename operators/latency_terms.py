"""What the words of a latency report mean, in words for who reads it."""

from typing import Final

SENT: Final = "hand to sent"
"""From the capture of the hands' sample to the picture's last byte handed to the socket."""

SHOWN: Final = "hand to shown"
"""From the capture of the hands' sample to the picture on a client's display."""

TERMS: Final = (
    (
        "transit",
        "From the moment the node before sent a message until this node took it: the way through "
        "dora, and the wait for a node that was busy. For the first node it begins at the capture "
        "of the hands' sample; for the page it is the network.",
    ),
    (
        "waiting",
        "From taking a message until the work with it began. For the page: from the decoded "
        "picture to its display.",
    ),
    (
        "working",
        "From the beginning of the work until the result was sent. For the page: decoding.",
    ),
    ("rate", "Messages that a node sent a second, also those that never came to be a frame."),
    ("lost", "Messages to a node that never arrived."),
    (
        "skipped",
        "Messages that a node passed over because a newer one was there: the newest wins, and no "
        "queue grows. For the page: pictures that it was sent and is not known to have shown.",
    ),
    (SENT, "From the capture of the hands' sample to the picture's last byte given to a socket."),
    (SHOWN, "To the time at which the browser says that the picture is displayed."),
)
COUNTED: Final = (
    "Delays count the first frame that shows a sample of the hands; a later frame with the same "
    "sample would count the wait for the next one. Nodes and hand to sent count the client that "
    "got it first, the page and hand to shown count every client. Rates and losses are those of "
    "the frames in this report."
)
NOT_MEASURED: Final = (
    "Not measured: what the tracker's hardware and software take before they tell a sample (camera "
    "exposure, hand detection, its own link), and what the display takes after the browser's time "
    "(scan-out, the panel, a headset's compositor). What a person feels is longer by both. A real "
    "robot's motors are not part of it either."
)
NOT_KNOWN: Final = (
    "No client told when it displayed a picture by a clock that could be mapped onto this "
    "machine's. Keep the page open in a browser during the run; a client that only takes pictures "
    "displays none."
)
BESIDE: Final = (
    "Beside this page: trace.json shows every frame on its way, in ui.perfetto.dev; "
    "records.parquet has every number."
)
