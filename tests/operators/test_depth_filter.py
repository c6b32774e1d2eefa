import numpy as np
import pytest

from operators.depth_filter import GONE_S, DepthFilter

STEP_S = 1 / 30


def filtered(depths_m: list[float], cutoff_hz: float = 1.0) -> list[float]:
    depth = DepthFilter(cutoff_hz)
    return [depth.filter(d, i * STEP_S) for i, d in enumerate(depths_m)]


def test_a_hand_at_rest_is_steadier_by_as_much_as_a_low_pass_makes_it() -> None:
    noise_m = np.random.default_rng(0).normal(0.0, 1e-5, 4000)
    found = np.array(filtered(list(0.6 + noise_m)))[300:]
    # First order, weight w of the newest: the variance falls to w / (2 - w).
    turn = 2 * np.pi * 1.0 * STEP_S
    weight = turn / (1 + turn)
    assert found.std() == pytest.approx(1e-5 * np.sqrt(weight / (2 - weight)), rel=0.08)


def test_noise_of_a_detector_is_halved() -> None:
    # 20 mm from one picture to the next, as in a video of a hand at rest.
    noise_m = np.random.default_rng(1).normal(0.0, 0.014, 2000)
    found = np.array(filtered(list(0.6 + noise_m)))
    assert np.diff(found).std() < 0.5 * np.diff(noise_m).std()


def test_a_hand_that_comes_is_followed_within_a_few_pictures() -> None:
    coming = [0.8] * 30 + [0.8 - 0.02 * k for k in range(15)] + [0.5] * 15
    found = filtered(coming)
    assert found[29] == pytest.approx(0.8)
    late_m = np.array(found[36:45]) - np.array(coming[36:45])
    assert late_m.max() < 4 * 0.02  # at 0.6 m/s less than four pictures behind
    assert found[-1] == pytest.approx(0.5, abs=0.01)


def test_after_a_gap_the_depth_is_taken_as_it_is() -> None:
    depth = DepthFilter(1.0)
    depth.filter(0.5, 0.0)
    assert depth.filter(1.0, GONE_S) < 1.0
    assert depth.filter(0.3, 2 * GONE_S + 0.01) == 0.3


def test_a_time_that_does_not_go_on_changes_nothing() -> None:
    depth = DepthFilter(1.0)
    depth.filter(0.5, 1.0)
    assert depth.filter(0.9, 1.0) == 0.5
