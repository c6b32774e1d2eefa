import math
import os
import stat
from pathlib import Path

import pytest

from operators import session_token
from operators.headset_settings import TOKEN, HeadsetSettings
from operators.runtime_folder import runtime_folder
from operators.session_token import (
    Announcement,
    AnnouncementFile,
    announcements,
    new_token,
    this_run,
    with_token,
)
from operators.settings import Settings, load_settings
from operators.terminal import write_to_terminal
from operators.usage_error import UsageError

GIVEN = "a-token-of-30-characters-and-x"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def test_a_token_has_128_bits_and_none_is_like_another() -> None:
    letters = len(set(session_token.LETTERS))
    assert letters**session_token.TOKEN_LENGTH >= 2**128
    made = {new_token() for _ in range(1000)}
    assert len(made) == 1000
    assert all(TOKEN.fullmatch(token) for token in made)
    # Every letter comes up: 26 000 draws leave one of 32 out once in e^812 times.
    assert {letter for token in made for letter in token} == set(session_token.LETTERS)
    assert math.log2(letters) == 5


@pytest.mark.parametrize(("given", "token"), [(None, ""), (GIVEN, GIVEN)])
def test_the_token_that_the_settings_give(given: str | None, token: str) -> None:
    assert AnnouncementFile("run").token(HeadsetSettings(token=given)) == token


def test_a_node_that_starts_anew_finds_its_token() -> None:
    settings = HeadsetSettings(token="auto")
    token = AnnouncementFile("run-1").token(settings)
    AnnouncementFile("run-1").write(Announcement(["http://localhost:8012"], token))
    assert AnnouncementFile("run-1").token(settings) == token
    assert AnnouncementFile("run-2").token(settings) != token
    AnnouncementFile("run-1").remove()
    assert AnnouncementFile("run-1").token(settings) != token
    AnnouncementFile("run-1").remove()  # once more does nothing


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        AnnouncementFile("run").write(Announcement(["http://localhost:8012"], GIVEN))
    finally:
        os.umask(umask)
    (path,) = (tmp_path / "panodora").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", ["", "{", "[]", '{"addresses": []}', "\0"])
def test_half_a_file_says_nothing(tmp_path: Path, content: str) -> None:
    said = Announcement(["http://localhost:8012"], GIVEN)
    AnnouncementFile("run-1").write(said)
    (runtime_folder() / "page-run-2.json").write_text(content)
    assert announcements() == [said]


def test_a_folder_that_somebody_else_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "panodora").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="somebody else"):
        AnnouncementFile("run")


@pytest.mark.parametrize(
    ("configuration", "run"),
    [
        ("dataflow_id: 01a1-b2\nnode_id: a\ndaemon_communication: !Tcp\n", "01a1-b2"),
        (None, str(os.getpid())),
    ],
    ids=["in a dataflow", "alone"],
)
def test_the_run_is_the_dataflows(
    monkeypatch: pytest.MonkeyPatch, configuration: str | None, run: str
) -> None:
    monkeypatch.delenv("DORA_NODE_CONFIG", raising=False)
    if configuration is not None:
        monkeypatch.setenv("DORA_NODE_CONFIG", configuration)
    assert this_run() == run


def test_an_address_with_its_token() -> None:
    assert with_token("https://192.168.1.5:8012", "abc") == "https://192.168.1.5:8012/?token=abc"
    assert with_token("http://localhost:8012", "") == "http://localhost:8012"


@pytest.mark.parametrize("text", [repr, str, lambda s: str(s.model_dump(mode="json"))])
def test_settings_do_not_show_their_token(monkeypatch: pytest.MonkeyPatch, text: object) -> None:
    monkeypatch.setenv("PANODORA__HEADSET__TOKEN", GIVEN)
    settings: Settings = load_settings("configs/teleop.yml")
    assert callable(text)
    assert GIVEN not in text(settings)
    assert "*****" in text(settings)


def test_what_is_written_to_a_terminal_arrives_there() -> None:
    controller, terminal = os.openpty()
    try:
        assert write_to_terminal("Open it\n", Path(os.ttyname(terminal)))
        assert os.read(controller, 100) == b"Open it\r\n"
    finally:
        os.close(controller)
        os.close(terminal)


def test_without_a_terminal_nothing_is_written(tmp_path: Path) -> None:
    assert not write_to_terminal("Open it\n", tmp_path / "absent")
