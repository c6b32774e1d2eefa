"""Sends a robot's state again and again, in turn with and without the stamps of a whole loop."""

import os
import time

import numpy as np
import pyarrow as pa
from dora import Node

from operators.header import Header, Metadata, Stamp, trail_of

LOOP = ("headset_input", "preprocess", "retarget", "guard", "simulate", "capture_panorama")
STATE = pa.array(np.zeros(200))


def main() -> None:
    """Send each message when the last has arrived."""
    node = Node()
    for k in range(int(os.environ["TRACE_COST_MESSAGES"])):
        before_ns = time.monotonic_ns()
        metadata = plain(k, before_ns) if k % 2 else traced(k, before_ns)
        node.send_output("message", STATE, metadata)
        while (event := node.next()) is not None and event["type"] != "INPUT":
            if event["type"] == "STOP":
                return


def traced(k: int, before_ns: int) -> Metadata:
    """What a node of the product sends with its message."""
    header = Header(k, before_ns, k, k, EARLIER)
    stamp = Stamp("sender", before_ns, before_ns, time.monotonic_ns(), k)
    return header.sent_by(stamp).to_metadata()


def plain(k: int, before_ns: int) -> Metadata:
    """The same without a trace of the nodes."""
    return {"seq": k, "capture_ns": before_ns, "hands_seq": k, "head_seq": k}


NOW = time.monotonic_ns()
EARLIER = trail_of(Stamp(name, NOW, NOW, NOW, 100_000) for name in LOOP)

if __name__ == "__main__":
    main()
