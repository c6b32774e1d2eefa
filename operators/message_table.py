"""The messages as a page of documentation, for docs/messages.md."""

from operators.message import Message
from operators.messages import DATAFLOW_MESSAGES, PAGE_MESSAGES

_INTRODUCTION = """\
<!-- Written by `panodora generate` from operators/messages.py: do not edit. -->
# Messages

Every message also carries a header: `seq` (counts the messages of one output; gaps are losses),
`capture_ns` (when the operator's sample was taken, CLOCK_MONOTONIC), `hands_seq` and `head_seq`
(which samples those were) and a stamp for each node that it passed: received, started, sent.

Axis 0 of an array of shape (2, ...) is the side: left, right. Quaternions are x y z w. A transform
`a_from_b` takes coordinates in b to coordinates in a.

| frame | origin | axes |
|---|---|---|
| stage | WebXR's local-floor | x right, y up, -z forward |
| world | the simulator's | x forward, y left, z up |
| anchor | the head's place, which its turning does not move | x forward, y left, z up |
| wrist | the operator's wrist | -z towards the fingers, +y out of the back of the hand |
| camera | the camera's lens | x right, y down, z forward |
| base | the robot hand's base link | as its URDF has them |
| rig | what the calibration of several cameras is counted from: its marker | as it defines them |
| camera | the calibrated camera's centre of projection | x right, y down, z forward |
"""


def messages_markdown() -> str:
    """All messages, a table each."""
    page_only = [m for m in PAGE_MESSAGES if m not in DATAFLOW_MESSAGES]
    parts = [_INTRODUCTION, "## Between nodes\n"]
    parts += [_table(m) for m in DATAFLOW_MESSAGES]
    parts.append("## Between the page and its servers only\n")
    parts += [_table(m) for m in page_only]
    return "\n".join(parts)


def _table(message_type: type[Message]) -> str:
    lines = [
        f"### `{message_type.NAME}`, version {message_type.VERSION}",
        (message_type.__doc__ or "").strip(),
        "",
        "| field | dtype | shape | unit | frame | absent | meaning |",
        "|---|---|---|---|---|---|---|",
    ]
    for field in message_type.FIELDS:
        dtype = "text" if field.is_text else field.numpy_dtype.name
        shape = " x ".join(str(axis) for axis in field.shape)
        lines.append(
            f"| `{field.name}` | {dtype} | {shape} | {field.unit} | {field.frame} "
            f"| {field.absent} | {field.doc} |"
        )
    return "\n".join(lines) + "\n"
