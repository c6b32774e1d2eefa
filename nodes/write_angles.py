"""Writes the hands' angles of every moment into a Parquet file."""

import numpy as np

from nodes.runtime import DataflowNode, run
from operators.angles_file import AnglesWriter
from operators.camera_rig import calibrated_cameras
from operators.capture_messages import HandAngles, MomentTaken
from operators.capture_progress import CaptureProgress
from operators.chosen_camera import is_footage, moments_of_footage
from operators.settings import resolve


def main() -> None:
    """Write until the footage or the dataflow ends, and say how far it is."""
    node = DataflowNode("write_angles", inputs={"hand_angles": HandAngles})
    settings = node.settings
    footage = is_footage(settings)
    if footage:
        node.run_only_once()
    progress = CaptureProgress(moments_of_footage(settings) if footage else None)
    writer = AnglesWriter(
        resolve(settings.capture.angles),
        calibrated_cameras(settings.capture),
        fit=settings.hand_fit.model_dump(mode="json"),
        clock="footage" if footage else "monotonic",
    )
    try:
        node.connect()
        for taken in node:
            if isinstance(taken.message, HandAngles):
                if footage and not writer.written and (taken.message.image_seqs > 0).all():
                    first = int(np.min(taken.message.image_seqs))
                    node.report("angles", f"the first {first} moments are missing")
                writer.write(taken.message, taken.header.capture_ns)
                node.send("moment_written", moment_of(taken.message), taken)
                if line := progress.add(taken.message):
                    print(f"angles: {line}", flush=True)
    finally:
        writer.close()
        if writer.written:
            print(f"{writer.path}: {writer.written} moments; {progress.found}", flush=True)


def moment_of(angles: HandAngles) -> MomentTaken:
    """Which pictures the angles were made of."""
    return MomentTaken(cameras=angles.cameras, image_seqs=angles.image_seqs)


if __name__ == "__main__":
    run(main)
