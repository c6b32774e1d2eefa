import numpy as np
import pytest

from operators.robust_equations import Equations, grouped_covariance, weighed
from operators.transforms import Array

NONE = np.zeros((1, 1))


def location(values: Array, groups: Array | None = None) -> Equations:
    """The equations of one number that all values measure, about 0."""
    return Equations(
        values,
        -np.ones((len(values), 1)),
        np.arange(len(values)) if groups is None else groups.astype(np.intp),
        np.ones(len(values), bool),
        1.0,
        1e-6,
    )


def estimate(values: Array, groups: Array | None = None) -> tuple[float, float, float]:
    """The number, its standard deviation, and the values' own."""
    at = float(np.median(values))
    for _ in range(20):
        normal = weighed(location(values - at, groups), 1e9, 0.0)
        at -= float(normal.gradient[0] / normal.information[0, 0])
    covariance, _ = grouped_covariance([normal], NONE)
    return at, float(np.sqrt(covariance[0, 0])), normal.deviation


def test_mistakes_do_not_count() -> None:
    random = np.random.default_rng(0)
    values = np.concatenate([random.normal(3.0, 0.1, 400), random.uniform(5, 50, 100)])
    at, sd, deviation = estimate(values)
    assert at == pytest.approx(3.0, abs=0.03)
    assert deviation == pytest.approx(0.1, rel=0.25)
    assert sd == pytest.approx(0.1 / np.sqrt(400), rel=0.25)


def test_the_covariance_is_that_of_many_trials() -> None:
    """Values err together in groups of eight: the mean is as sure as of an eighth of them."""
    random = np.random.default_rng(1)
    groups = np.repeat(np.arange(40), 8)
    found = np.array(
        [
            estimate(np.repeat(random.normal(0.0, 1.0, 40), 8) + random.normal(0, 0.2, 320), groups)
            for _ in range(150)
        ]
    )
    assert np.mean(found[:, 1]) == pytest.approx(np.std(found[:, 0]), rel=0.2)
    alone = [estimate(random.normal(0.0, 1.0, 320))[1] for _ in range(20)]
    assert np.mean(found[:, 1]) > 2.0 * np.mean(alone)


def test_a_prior_counts_as_much_as_it_knows() -> None:
    normal = weighed(location(np.random.default_rng(2).normal(size=100)), 1e9, 0.0)
    without, groups = grouped_covariance([normal], NONE)
    with_prior, _ = grouped_covariance([normal], np.full((1, 1), 1.0 / without[0, 0]))
    assert groups == 100
    assert with_prior[0, 0] == pytest.approx(without[0, 0] / 2.0, rel=0.1)


def test_what_does_not_match_has_no_weight() -> None:
    equations = location(np.array([1.0, 1.1, 0.9, 1.0, 1.05, 100.0]))
    equations.matching[:2] = False
    assert (weighed(equations, 1e9, 0.0).weights > 0).tolist() == [0, 0, 1, 1, 1, 0]


def test_a_wide_cut_keeps_what_is_far_off_at_first() -> None:
    values = np.array([0.0, 0.1, -0.1, 0.05, 4.0])
    assert weighed(location(values), 5.0, 0.0).weights[4] == 0.0
    assert weighed(location(values), 5.0, 8.0).weights[4] > 0.5
