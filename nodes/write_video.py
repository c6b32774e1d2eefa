"""Writes the overlay into a video."""

from nodes.runtime import DataflowNode, run
from operators.overlay_messages import Overlay
from operators.settings import resolve
from operators.video_file import VideoFile


def main() -> None:
    """Write every picture that comes, until the dataflow stops."""
    node = DataflowNode("write_video", inputs={"overlay": Overlay}, newest_only=("overlay",))
    chosen = node.settings.overlay
    path = resolve(chosen.video)
    video = VideoFile(path, chosen.video_rate_hz)
    node.connect()
    try:
        for taken in node:
            if isinstance(taken.message, Overlay):
                video.write(taken.message.pixels, taken.header.capture_ns)
    finally:
        video.close()
        if video.written:
            print(f"{path}: {video.written} pictures", flush=True)


if __name__ == "__main__":
    run(main)
