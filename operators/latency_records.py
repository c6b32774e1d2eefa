"""What is kept of every frame that left for a client: a table that others can read too."""

from typing import Final

import pyarrow as pa

STAGE: Final = pa.struct(
    [
        pa.field("node", pa.string(), nullable=False),
        pa.field("received_ns", pa.int64(), nullable=False),
        pa.field("started_ns", pa.int64(), nullable=False),
        pa.field("sent_ns", pa.int64(), nullable=False),
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("lost", pa.int64(), nullable=False),
        pa.field("skipped", pa.int64(), nullable=False),
    ]
)
"""A node's part, as in `operators.header.Stamp`."""

SCHEMA: Final = pa.schema(
    [
        pa.field("client", pa.string(), nullable=False),
        pa.field("frame_seq", pa.int64(), nullable=False),
        pa.field("hands_seq", pa.int64(), nullable=False),
        pa.field("head_seq", pa.int64(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("capture_ns", pa.int64(), nullable=False),
        pa.field("stages", pa.list_(pa.field("item", STAGE, nullable=False)), nullable=False),
        pa.field("page_received_ns", pa.int64()),
        pa.field("page_decoded_ns", pa.int64()),
        pa.field("shown_ns", pa.int64()),
        pa.field("clock_error_ns", pa.int64()),
        pa.field("clock", pa.string()),
    ],
    metadata={
        "about": "A row a frame and client, in the order of sending. Times are CLOCK_MONOTONIC ns "
        "of the host. hands_seq, head_seq: the samples that the frame shows, taken at capture_ns. "
        "stages: the nodes that it passed. page_*, shown_ns: by the browser's clock, mapped onto "
        "the host's with an error of at most clock_error_ns; null where the frame was never "
        "shown, or the browser's clock is not known. clock: which of the browser's clocks told "
        "shown_ns."
    },
)
