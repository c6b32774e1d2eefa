import socket

import pytest

from panodora.__main__ import main


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["skeleton", "--port", str(taken.getsockname()[1])]) == 2
    assert "choose another, or 0" in capsys.readouterr().err


def test_a_hand_must_have_a_length(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["skeleton", "--hand-length-mm", "3"]) == 2
    assert "expected 50 to 400, got 3" in capsys.readouterr().err


def test_rerun_is_said_to_be_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rerun", None)
    assert main(["skeleton", "--rerun", "skeleton.rrd"]) == 2
    assert "pip install 'panodora[rerun]'" in capsys.readouterr().err
