"""Shows the panorama and the state to everyone who has the page open."""

import logging
import time

from nodes.runtime import DataflowNode, Taken, run
from operators.camera_messages import CameraView
from operators.header import Header
from operators.headset_servers import page_site
from operators.messages import (
    ClockExchange,
    FrameSent,
    FrameShown,
    LatencySummary,
    OperatorFrame,
    OperatorState,
    Panorama,
    Session,
    Viewers,
)
from operators.page_announcement import announce
from operators.page_server import PageServer
from operators.session_token import Announcement, AnnouncementFile, this_run

log = logging.getLogger(__name__)

ANNOUNCED_AT = 10
"""The picture with which the address is printed: then the loop runs, and dora's own lines about its
start are over."""


def main() -> None:
    """Serve the page, and give each client the newest panorama that it can take."""
    node = DataflowNode(
        "headset_output",
        inputs={
            "panorama": Panorama,
            "operator_state": OperatorState,
            "operator_frame": OperatorFrame,
            "latency_summary": LatencySummary,
            "camera_view": CameraView,
        },
        newest_only=("panorama", "camera_view"),
        hears_of_restarts=True,
    )

    def sent(
        frame: FrameSent, header: Header, received_ns: int, started_ns: int, sent_ns: int
    ) -> None:
        node.send("frame_sent", frame, Taken("panorama", None, header, received_ns, started_ns))

    def told(message: FrameShown | ClockExchange) -> None:
        node.originate(message.NAME, message, time.monotonic_ns())

    present: tuple[tuple[str, ...], int] = ((), 0)

    def clients_changed(clients: tuple[str, ...], watching: int) -> None:
        nonlocal present
        present = clients, watching
        viewers = Viewers(count=watching, fault="")
        node.originate("viewers", viewers, time.monotonic_ns())
        say_session()

    def say_session() -> None:
        node.originate("session", Session(token=token, clients=present[0]), time.monotonic_ns())

    headset = node.settings.headset
    file = AnnouncementFile(this_run())
    token = file.token(headset)
    server = PageServer(
        headset,
        headset.tracking_port,
        sent,
        told,
        told,
        clients_changed,
        token=token,
        site=page_site(headset),
    )
    server.start()
    file.write(Announcement(server.addresses, token))
    node.connect()
    clients_changed(*present)  # a client may have been quicker than the dataflow
    pictures = 0
    for taken in node:
        if taken.restarted in ("capture_panorama", "stitch_panorama"):
            unseen = Viewers(count=present[1], fault="the robot's camera has restarted")
            node.originate("viewers", unseen, time.monotonic_ns())
        match taken.message:
            case Panorama() as panorama:
                server.offer(panorama, taken.header, taken.received_ns)
                pictures += 1
                if pictures == ANNOUNCED_AT:
                    announce(server.addresses, token)
            case OperatorState() | OperatorFrame() | LatencySummary() | CameraView() as message:
                server.show(message)
                if isinstance(message, OperatorState):
                    say_session()  # again and again, for a headset_input that starts anew
    server.stop()
    file.remove()


if __name__ == "__main__":
    run(main)
