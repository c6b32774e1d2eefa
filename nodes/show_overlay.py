"""Shows the overlay to everyone who has its page open."""

import numpy as np

from nodes.runtime import DataflowNode, run
from operators.messages import Panorama
from operators.overlay_messages import Overlay
from operators.page_announcement import announce
from operators.page_server import PageServer
from operators.page_site import OwnPage
from operators.session_token import Announcement, AnnouncementFile, this_run

ANNOUNCED_AT = 3
"""The picture with which the address is printed: dora's own lines about its start are over then."""


def main() -> None:
    """Serve the page, and give each client the newest picture that it can take."""
    node = DataflowNode("show_overlay", inputs={"overlay": Overlay}, newest_only=("overlay",))
    headset = node.settings.headset
    file = AnnouncementFile(this_run())
    token = file.token(headset)
    server = PageServer(
        headset,
        None,
        lambda *_: None,
        lambda _: None,
        lambda _: None,
        lambda *_: None,
        token=token,
        site=OwnPage("camera.html"),
    )
    server.start()
    file.write(Announcement(server.addresses, token))
    node.connect()
    pictures = 0
    for taken in node:
        if not isinstance(taken.message, Overlay):
            continue
        server.offer(_whole(taken.message, taken.started_ns), taken.header, taken.received_ns)
        pictures += 1
        if pictures == ANNOUNCED_AT:
            announce(server.addresses, token)
    server.stop()
    file.remove()


def _whole(overlay: Overlay, version: int) -> Panorama:
    """The picture as the page's stream takes it: one tile, which is new in every picture."""
    rows, columns, _ = overlay.pixels.shape
    return Panorama(
        pixels=overlay.pixels,
        tile_size=max(rows, columns),
        tile_version=np.full((1, 1), version, np.int64),
    )


if __name__ == "__main__":
    run(main)
