from pathlib import Path

import pytest

from operators.camera_messages import CameraImage, Keypoints
from operators.camera_settings import RerunSettings
from operators.messages import Hands
from operators.rerun_view import RerunView
from operators.settings import SettingsError
from tests.operators.samples import sample


def test_a_recording_holds_pictures_keypoints_and_hands(tmp_path: Path) -> None:
    pytest.importorskip("rerun", reason="needs the extra `rerun` (790 MB)")
    path = tmp_path / "new" / "video.rrd"
    view = RerunView(RerunSettings(to=str(path)))
    assert view.name == str(path)
    for number in range(3):
        view.show_image(sample(CameraImage, number), number * 10**8)
        view.show_keypoints(sample(Keypoints, number), number * 10**8)
        view.show_hands(sample(Hands, number), number * 10**8)
    view.close()
    content = path.read_bytes()
    for entity in (b"camera", b"camera/left", b"camera/right", b"camera/body", b"stage/right"):
        assert entity in content


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rerun", None)
    with pytest.raises(SettingsError, match=r"pip install 'panodora\[rerun\]'"):
        RerunView(RerunSettings())
