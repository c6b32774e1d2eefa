from pathlib import Path

import pytest

from operators.angles_file import AnglesWriter
from panodora.__main__ import main
from tests.operators.captured_hands import fitted
from tests.operators.rigs import two_cameras


@pytest.fixture
def path(tmp_path: Path) -> Path:
    writer = AnglesWriter(tmp_path / "angles.parquet", two_cameras())
    for number in range(31):
        writer.write(fitted(number / 30, number), round(number * 1e9 / 30))
    writer.close()
    return writer.path


def test_figures_columns_and_a_plot(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = path.with_name("plot.png")
    assert main(["angles", str(path), "--columns", "--plot", str(picture)]) == 0
    said = capsys.readouterr().out
    assert "31 moments, 1.0 s" in said
    assert "left 100.0%, right 100.0%; apart 0.5 ms" in said
    assert "1.5 (1.5) px" in said
    assert "191 mm" in said
    assert "[2, 16, 3]" in said
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["absent.parquet"], "no such file"), (["a", "--plot", "a.gif"], "expected a .png or .svg")],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["angles", *arguments]) == 2
    assert words in capsys.readouterr().err
