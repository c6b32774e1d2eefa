"""Counts rates, losses and delays of all nodes, and says them at the end."""

import json

from nodes.runtime import DataflowNode, run
from operators.latency import LatencyTrace
from operators.latency_report import LatencyReport
from operators.messages import FrameSent, FrameShown, SceneState
from operators.settings import resolve


def main() -> None:
    """Publish a summary every second; print the whole run's table when the dataflow stops."""
    node = DataflowNode(
        "latency",
        inputs={
            "frame_sent": FrameSent,
            "frame_shown": FrameShown,
            "scene_state": SceneState,
            "tick": None,
        },
    )
    settings = node.settings.latency
    recent = LatencyTrace(settings.window_frames)
    report = LatencyReport()
    node.connect()
    for taken in node:
        match taken.message:
            case FrameSent():
                recent.add(taken.header)
                report.add_sent(taken.header)
            case FrameShown():
                report.add_shown()
            case SceneState() as state:
                report.add_state(state, taken.header)
            case None:
                node.send("latency_summary", recent.summary(), taken)
    print(report.table(), flush=True)
    if settings.report is not None:
        path = resolve(settings.report)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report.figures(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
