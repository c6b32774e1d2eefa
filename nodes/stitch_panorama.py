"""Joins the faces of a simulator that draws by itself."""

import time

from nodes.runtime import DataflowNode, run
from operators.stitched_panorama import StitchedPanorama
from operators.view_messages import Faces


def main() -> None:
    """Join the newest faces."""
    node = DataflowNode("stitch_panorama", inputs={"faces": Faces}, newest_only=("faces",))
    # Clients have seen versions of tiles from before a restart: none of them may come again.
    stitched = StitchedPanorama(node.settings.panorama, first_frame=time.monotonic_ns())
    node.connect()
    for taken in node:
        if isinstance(taken.message, Faces):
            node.send("panorama", stitched.panorama(taken.message), taken)


if __name__ == "__main__":
    run(main)
