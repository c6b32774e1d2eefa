"""What a node says of where the page is, on which way."""

import pytest

from operators import page_announcement

ADDRESSES = ["https://robot.example", "https://localhost:8012"]


@pytest.mark.parametrize("has_terminal", [False, True])
def test_a_token_goes_to_the_terminal_alone(
    has_terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(
        page_announcement, "write_to_terminal", lambda text: shown.append(text) or has_terminal
    )
    page_announcement.announce(ADDRESSES, "secret")
    assert shown == [
        "Open https://robot.example/?token=secret\nOpen https://localhost:8012/?token=secret\n"
    ]
    said = capsys.readouterr().out
    assert "secret" not in said
    assert ("panodora address" in said) == (not has_terminal)


def test_without_a_token_all_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    page_announcement.announce(["http://localhost:8012"], "")
    assert capsys.readouterr().out == "Open http://localhost:8012 in a browser.\n"
