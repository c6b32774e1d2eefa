"""Plays an RGB-D recording: a camera's pictures, and what the arms read at the time."""

import time

from nodes.runtime import DataflowNode, run
from operators.overlay_messages import CameraFrame
from operators.reading_history import joint_readings
from operators.recording import RecordingError
from operators.recording_playback import Playback
from operators.replay import FINISHED
from operators.rgbd_recording import FrameStore, RgbdRecording
from operators.settings import resolve


def main() -> None:
    """Send each frame when it is due, its readings before it."""
    node = DataflowNode("read_rgbd", inputs={"tick": None}, newest_only=("tick",))
    chosen = node.settings.overlay
    recording = RgbdRecording(resolve(chosen.recording), chosen.serial, chosen.joint_gap_ms)
    frames = FrameStore(recording) if chosen.loop else recording
    playback = Playback(recording.timestamps_ms, chosen.rate_hz, chosen.loop)
    node.connect()
    for _ in node:
        if playback.finished():
            continue
        timestamp_ms = playback.due(time.monotonic_ns())
        if timestamp_ms is None:
            continue
        try:
            frame = frames.frame(timestamp_ms)
            readings = joint_readings("recording", recording.readings(timestamp_ms))
        except RecordingError as error:
            node.report("recording", str(error))
            continue
        picture = CameraFrame.of(chosen.serial, frame.colour, frame.depth, recording.depth_scale)
        now_ns = time.monotonic_ns()
        node.originate("joint_readings", readings, now_ns)
        node.originate("camera_frame", picture, now_ns)
        if playback.finished():
            print(FINISHED, flush=True)


if __name__ == "__main__":
    run(main)
