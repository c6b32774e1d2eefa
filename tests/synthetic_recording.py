"""A short RGB-D recording of the simulated robot, small enough for tests."""

from pathlib import Path

import pytest

from operators.overlay_settings import OverlaySettings
from operators.synthetic_robot import write_synthetic

WIDTH, HEIGHT = 320, 180
FRAMES = 6


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder; nobody may change it."""
    folder = tmp_path_factory.mktemp("rgbd") / "recording"
    assert write_synthetic(folder, seconds=0.6, rate_hz=10, width=WIDTH, height=HEIGHT) == FRAMES
    return folder


def settings_of(recording: Path, **changes: object) -> OverlaySettings:
    """The usual settings for this recording."""
    return OverlaySettings.model_validate({"recording": recording, "cloud_step": 1, **changes})
