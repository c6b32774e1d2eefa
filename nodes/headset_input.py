"""Takes the operator's hands, head, controllers and keys from the page."""

import logging

from nodes.runtime import DataflowNode, run
from operators.message import Message
from operators.messages import Session
from operators.tracking_server import TrackingServer

log = logging.getLogger(__name__)


def main() -> None:
    """Send on what the page says, as it comes."""
    node = DataflowNode("headset_input", inputs={"session": Session})

    def send_on(message: Message, client: str, time_ms: float, received_ns: int) -> None:
        # A browser's clock is not this host's: until it is measured, arrival stands for capture.
        node.originate(message.NAME, message, received_ns)

    server = TrackingServer(node.settings.headset, send_on, log.warning)
    server.start()
    node.connect()
    for taken in node:
        if isinstance(taken.message, Session):
            server.set_session(taken.message)
    server.stop()


if __name__ == "__main__":
    run(main)
