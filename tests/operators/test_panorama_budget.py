"""The choice of a width by measured times, which are given here."""

import mujoco
import numpy as np
import pytest

from operators import panorama_budget
from operators.panorama_budget import BUDGET_MS, WIDTHS, measure_budget, swaying_poses
from operators.settings import Settings
from tests.operators.marked_scene import marker_model, model_of, settings_of


@pytest.mark.parametrize(
    ("ms", "tried", "width", "fits"),
    [
        ((1.0, 2.0, 3.0, 4.0), 4, 4096, True),
        ((1.0, 2.0, BUDGET_MS, BUDGET_MS + 1), 4, 2880, True),
        ((1.0, BUDGET_MS + 1, 3.0, 4.0), 2, 1440, True),
        ((BUDGET_MS + 1, 2.0, 3.0, 4.0), 1, 1440, False),
    ],
)
def test_the_largest_width_in_time_is_chosen(
    monkeypatch: pytest.MonkeyPatch, ms: tuple[float, ...], tried: int, width: int, fits: bool
) -> None:
    def given(_: mujoco.MjModel, settings: Settings) -> float:
        assert settings.panorama.face_size is None
        return ms[WIDTHS.index(settings.panorama.width)]

    monkeypatch.setattr(panorama_budget, "_frame_ms", given)
    budget = measure_budget(marker_model(), settings_of(face_size=64))
    assert list(budget.milliseconds.items()) == list(zip(WIDTHS, ms, strict=True))[:tried]
    assert budget.width == width
    assert budget.fits == fits


def test_everything_that_can_move_does() -> None:
    model = model_of(
        '<body pos="1 0 0"><geom size=".1"/></body>'
        '<body pos="0 1 0"><freejoint/><geom size=".1"/><body pos="0 0 1"><geom size=".1"/></body>'
        "</body>"
    )
    poses = swaying_poses(model, 9)
    assert poses.shape == (9, 4, 7)
    np.testing.assert_allclose(poses[:, :2], poses[:1, :2].repeat(9, axis=0))
    assert (np.ptp(poses[:, 2:, :3], axis=0) > 0.05).all()
    assert poses[4, 1, :3] == pytest.approx((1, 0, 0))


@pytest.mark.gl
def test_it_measures_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panorama_budget, "WIDTHS", (128, 256))
    monkeypatch.setattr(panorama_budget, "BUDGET_MS", 1e6)
    budget = measure_budget(marker_model(), settings_of())
    assert budget.width == 256
    assert all(ms > 0 for ms in budget.milliseconds.values())
