"""Writes the hands' angles of every moment into a Parquet file."""

import numpy as np

from nodes.runtime import DataflowNode, run
from operators.angles_file import AnglesWriter
from operators.bone_lengths import ORIGINS
from operators.camera_rig import calibrated_cameras
from operators.capture_messages import HandAngles, MomentTaken
from operators.capture_progress import CaptureProgress
from operators.chosen_camera import is_footage, moments_of_footage
from operators.hands import SIDES
from operators.settings import resolve


def main() -> None:
    """Write until the footage or the dataflow ends, and say how far it is."""
    node = DataflowNode("write_angles", inputs={"hand_angles": HandAngles}, hears_of_ends=True)
    settings = node.settings
    footage = is_footage(settings)
    if footage:
        node.end_with_failures()
    progress = CaptureProgress(moments_of_footage(settings) if footage else None)
    writer = AnglesWriter(
        resolve(settings.capture.angles),
        calibrated_cameras(settings.capture),
        fit=settings.hand_fit.model_dump(mode="json"),
        clock="footage" if footage else "monotonic",
    )
    bones = ""
    is_complete = not footage
    last = np.full(len(settings.capture.cameras), -1)
    try:
        node.connect()
        for taken in node:
            if isinstance(taken.message, HandAngles):
                seqs = taken.message.image_seqs
                missing = int((seqs - last)[seqs >= 0].min()) - 1
                if footage and missing > 0:
                    node.report("angles", f"{missing} moments are missing before pictures {seqs}")
                last = np.maximum(last, seqs)
                bones = bones_in_words(taken.message)
                writer.write(taken.message, taken.header.capture_ns)
                node.send("moment_written", moment_of(taken.message), taken)
                if line := progress.add(taken.message):
                    print(f"angles: {line}", flush=True)
            is_complete |= taken.has_ended
    except BaseException:
        writer.leave()
        raise
    if not is_complete:
        writer.leave()
        print(f"angles: stopped before the footage's end; {writer.path} is as it was", flush=True)
        return
    writer.close()
    if writer.written:
        print(f"{writer.path}: {writer.written} moments; {progress.found}; {bones}", flush=True)


def bones_in_words(angles: HandAngles) -> str:
    """Where the bones of both hands come from."""
    words = (
        f"{side} {ORIGINS[number]}" for side, number in zip(SIDES, angles.bones_from, strict=True)
    )
    return f"bones: {', '.join(words)}"


def moment_of(angles: HandAngles) -> MomentTaken:
    """Which pictures the angles were made of."""
    return MomentTaken(cameras=angles.cameras, image_seqs=angles.image_seqs)


if __name__ == "__main__":
    run(main)
