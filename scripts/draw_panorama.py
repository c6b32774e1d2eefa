"""Draws docs/panorama_fast.jpg and docs/panorama_good.jpg: what the recording's hands look like.

python scripts/draw_panorama.py
"""

from pathlib import Path

import simplejpeg

from benchmarks.recorded_poses import recorded_poses
from operators.panorama import PanoramaCapture
from operators.scene import build_scene
from operators.settings import ROOT, load_settings

MOMENT_S = 55.0
"""Of the recording: both hands are over the table, and cast shadows on it."""

FOLDER = ROOT / "docs"


def main() -> None:
    """Draw both."""
    settings = load_settings("configs/teleop_replay.yml")
    scene = build_scene(settings)
    (poses,) = recorded_poses(scene, settings, MOMENT_S, 1)
    for quality in ("fast", "good"):
        chosen = settings.panorama.model_copy(update={"quality": quality})
        with PanoramaCapture(
            scene.model, settings.model_copy(update={"panorama": chosen})
        ) as capture:
            picture = capture.capture(poses).pixels.copy()
        path: Path = FOLDER / f"panorama_{quality}.jpg"
        path.write_bytes(simplejpeg.encode_jpeg(picture, quality=85, colorspace="RGB"))
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
