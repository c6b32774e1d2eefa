"""Serves the page on which a person brings the simulated camera into line with the real one."""

from collections import deque

import numpy as np

from nodes.runtime import DataflowNode, Taken, run
from operators.align_messages import AlignCommand
from operators.alignment_session import AlignmentSession
from operators.message import Message, MessageError
from operators.messages import Panorama
from operators.overlay_messages import CameraFrame, JointReadings
from operators.page_announcement import announce
from operators.page_server import PageServer
from operators.page_site import OwnPage
from operators.reading_history import NoReadingsError, ReadingHistory
from operators.session_token import Announcement, AnnouncementFile, this_run
from operators.usage_error import UsageError

ANNOUNCED_AT = 3
"""The picture with which the address is printed: dora's own lines about its start are over then."""

COMMANDS = 1000
"""So many of the newest wait to be followed: what a hand does in a minute."""


def main() -> None:
    """Follow what the page says, and draw the simulated camera's picture over the newest real one.

    A tick draws what a person has changed while no new picture came.
    """
    node = DataflowNode(
        "align_camera",
        inputs={"joint_readings": JointReadings, "camera_frame": CameraFrame, "tick": None},
        newest_only=("camera_frame", "tick"),
    )
    session = AlignmentSession(node.settings)
    history = ReadingHistory(node.settings.overlay.joint_gap_ms)
    told: deque[Message] = deque(maxlen=COMMANDS)
    file = AnnouncementFile(this_run())
    token = file.token(node.settings.headset)
    server = PageServer(
        node.settings.headset,
        None,
        lambda *_: None,
        lambda _: None,
        lambda _: None,
        lambda *_: None,
        token=token,
        site=OwnPage("align.html"),
        on_message={AlignCommand: lambda message, _: told.append(message)},
    )
    server.start()
    file.write(Announcement(server.addresses, token))
    node.connect()
    pictures = 0
    for taken in node:
        try:
            match taken.message:
                case JointReadings() as readings:
                    history.add(readings, taken.header.capture_ns)
                    continue
                case CameraFrame() as frame:
                    session.take(frame, history.at(taken.header.capture_ns))
            while told:
                message = told.popleft()
                assert isinstance(message, AlignCommand)
                session.act(message)
            pictures += show(node, server, session, taken)
        except (UsageError, MessageError, NoReadingsError) as error:
            node.report("camera_frame", str(error))
        if pictures == ANNOUNCED_AT:
            announce(server.addresses, token)
            pictures += 1
    server.stop()
    file.remove()
    session.close()


def show(node: DataflowNode, server: PageServer, session: AlignmentSession, taken: Taken) -> int:
    """Send what has changed, to the page and on; returns how many pictures that were."""
    drawn = session.draw()
    if drawn is None:
        return 0
    header = node.send("overlay", drawn.overlay, taken)
    node.send("simulated_image", drawn.simulated, taken)
    shown = drawn.overlay.pixels
    rows, columns, _ = shown.shape
    version = np.full((1, 1), taken.started_ns, np.int64)
    whole = Panorama(pixels=shown, tile_size=max(rows, columns), tile_version=version)
    server.offer(whole, header, taken.received_ns)
    server.show(drawn.state)
    return 1


if __name__ == "__main__":
    run(main)
