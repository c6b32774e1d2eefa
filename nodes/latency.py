"""Follows every frame from the hand's sample to the picture shown, and tells it to who asks."""

import os

from rich.console import Console

from nodes.runtime import DataflowNode, run
from operators.latency import LatencyTrace
from operators.latency_report import figures, latency_table, remarks, write_figures
from operators.latency_service import LatencyNews, LatencyService
from operators.messages import ClockExchange, FrameSent, FrameShown, SceneState
from operators.network_addresses import page_addresses
from operators.real_time_factor import RealTimeFactor
from operators.runtime_folder import runtime_folder
from operators.settings import resolve

TABLE_WIDTH = 140

LESS_URGENT = 5
"""Added to the process's niceness: who watches must not hold up what is watched."""


def main() -> None:
    """Publish a summary every second; print the whole run's table when the dataflow stops."""
    node = DataflowNode(
        "latency",
        inputs={
            "frame_sent": FrameSent,
            "frame_shown": FrameShown,
            "clock_exchange": ClockExchange,
            "scene_state": SceneState,
            "tick": None,
        },
    )
    settings = node.settings.latency
    trace = LatencyTrace(settings.kept_frames)
    real_time = RealTimeFactor()

    def news() -> LatencyNews:
        return LatencyNews(
            clients=trace.clocks(),
            lost=dict(trace.lost),
            skipped=dict(trace.skipped),
            unread=sum(node.lost.values()),
            page=page_addresses(node.settings.headset, node.settings.headset.port)[-1],
        )

    path = settings.socket or runtime_folder() / f"latency-{os.getpid()}.sock"
    service = LatencyService(resolve(path), lambda last: (trace.records(last), news()))
    service.start()
    os.nice(LESS_URGENT)
    node.connect()
    for taken in node:
        match taken.message:
            case FrameSent() as frame:
                trace.add_sent(frame, taken.header)
            case FrameShown() as frame:
                trace.add_shown(frame, taken.header.capture_ns)
            case ClockExchange() as exchange:
                trace.add_exchange(exchange)
            case SceneState() as state:
                real_time.add(state.simulation_time_s, taken.header.stamps[-1].sent_ns)
            case None:
                node.send("latency_summary", trace.summary(settings.window_frames), taken)
    service.stop()
    records = trace.records()
    console = Console(width=TABLE_WIDTH, highlight=False)
    console.print(latency_table(records, news(), TABLE_WIDTH))
    for remark in remarks(records, news()):
        console.print(remark, soft_wrap=True)
    console.print(f"Simulated time over real time: {real_time.value:.3f}")
    if settings.report is not None:
        write_figures(resolve(settings.report), figures(records, news(), real_time.value))


if __name__ == "__main__":
    run(main)
