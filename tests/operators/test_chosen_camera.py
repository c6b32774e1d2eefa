"""Which camera a node is about, and what is refused of it."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from operators.chosen_camera import (
    ChosenCamera,
    check_tolerance,
    is_footage,
    moments_of_footage,
)
from operators.settings import ROOT, Settings, SettingsError, load_settings
from operators.usage_error import UsageError

VIEWS = ROOT / "assets/videos/two_view"


def settings(**cameras: dict[str, Any]) -> Settings:
    capture = {"calibration": str(VIEWS / "calibration.yml"), "cameras": cameras}
    return Settings.model_validate({"camera": {"source": 7}, "capture": capture})


def view(number: int, **more: Any) -> dict[str, Any]:
    return {"source": str(VIEWS / f"cam{number}.mp4"), "pace": "footage", **more}


def test_without_a_name_it_is_the_only_camera() -> None:
    chosen = ChosenCamera.of(settings(cam0=view(0)), "")
    assert (chosen.section, chosen.settings.source) == ("camera", 7)
    assert chosen.node_name("keypoints") == "keypoints"


def test_one_of_several_has_the_lens_that_the_calibration_gives_its_name() -> None:
    chosen = ChosenCamera.of(settings(cam0=view(0), cam1=view(1, offset_s=0.2)), "cam1")
    assert chosen.section == "capture.cameras.cam1"
    assert chosen.settings.serial == "cam1"
    assert chosen.settings.source == VIEWS / "cam1.mp4"
    assert chosen.node_name("keypoints") == "keypoints_cam1"
    chosen.check_footage()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cam7", ["no camera 'cam7'", "PANODORA_CAMERA", "cam0, other"]),
        ("cam0", ["capture.cameras.other", "has no calibration", "cam0, cam1"]),
    ],
)
def test_a_camera_that_nobody_knows_is_named(name: str, words: list[str]) -> None:
    with pytest.raises(SettingsError) as raised:
        ChosenCamera.of(settings(cam0=view(0), other=view(1)), name)
    assert all(word in str(raised.value) for word in words)


def test_footage_of_another_size_than_its_calibration_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((48, 64, 3), np.uint8))
    chosen = ChosenCamera.of(settings(cam0=view(0, source=str(tmp_path))), "cam0")
    with pytest.raises(UsageError, match=r"cameras\.cam0\.source.*360x360 px.*got 64x48"):
        chosen.check_footage()


@pytest.mark.parametrize(("paces", "footage"), [("footage footage", True), ("live paced", False)])
def test_footage_is_footage_of_all(paces: str, footage: bool) -> None:
    cameras = {f"cam{k}": view(k, pace=pace) for k, pace in enumerate(paces.split())}
    assert is_footage(settings(**cameras)) is footage


def test_footage_beside_live_cameras_is_refused() -> None:
    with pytest.raises(SettingsError, match="cam0: footage, cam1: live"):
        is_footage(settings(cam0=view(0), cam1=view(1, pace="live")))


@pytest.mark.parametrize(
    ("camera", "tolerance_s", "most"),
    [
        (view(0), 0.016, None),
        (view(0), 0.2, "0.016667 or less"),
        ({"source": 0}, 0.2, None),  # nobody knows at what rate
        ({"source": 0, "rate_hz": 100.0}, 0.016, "0.005000 or less"),
    ],
)
def test_two_pictures_of_a_camera_are_of_two_moments(
    camera: dict[str, Any], tolerance_s: float, most: str | None
) -> None:
    given = Settings.model_validate(
        {"capture": {"cameras": {"cam0": camera}, "sync_tolerance_s": tolerance_s}}
    )
    if most is None:
        check_tolerance(given)
    else:
        with pytest.raises(SettingsError, match=rf"'cam0', .* a second: set {most}"):
            check_tolerance(given)


def test_the_longest_footage_counts(tmp_path: Path) -> None:
    for number in range(70):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((4, 4, 3), np.uint8))
    folder = {"source": str(tmp_path)}
    assert moments_of_footage(settings(cam0=view(0))) == 60
    assert moments_of_footage(settings(cam0=view(0), cam1=view(1, **folder))) == 70
    assert moments_of_footage(settings(cam0=view(0), cam1=view(1, loop=True))) is None


def test_a_key_of_one_camera_can_be_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANODORA__CAPTURE__CAMERAS__CAM1__SOURCE", "other.mp4")
    cameras = load_settings(ROOT / "configs/capture_angles.yml").capture.cameras
    assert cameras["cam1"].source == Path("other.mp4")
    assert cameras["cam1"].pace == "footage"
    assert cameras["cam0"].source == Path("assets/videos/two_view/cam0.mp4")
