"""Takes the operator's hands, head, controllers and keys from the page, or from Vuer's client."""

import logging

from nodes.runtime import DataflowNode, run
from operators.headset_servers import tracking_server
from operators.message import Message
from operators.messages import ClockExchange, Session
from operators.sample_times import SampleTimes

log = logging.getLogger(__name__)


def main() -> None:
    """Send on what the page says, as it comes."""
    node = DataflowNode(
        "headset_input", inputs={"session": Session, "clock_exchange": ClockExchange}
    )
    node.settings.check_live()
    times = SampleTimes()

    def send_on(message: Message, client: str, time_ms: float, received_ns: int) -> None:
        capture_ns = times.capture_ns(client, time_ms, received_ns)
        node.originate(message.NAME, message, capture_ns, received_ns)

    server = tracking_server(node.settings.headset, send_on, log.warning)
    server.start()
    node.connect()
    for taken in node:
        match taken.message:
            case Session() as session:
                server.set_session(session)
            case ClockExchange() as exchange:
                times.add(exchange)
    server.stop()


if __name__ == "__main__":
    run(main)
