"""Least squares with mistakes among the residuals: weights, normal equations and covariance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.transforms import Array

TUKEY: Final = 4.685
"""Deviations beyond which Tukey's biweight drops a residual: 95% efficient for normal noise."""

ROUNDS: Final = 5
"""In which the deviation and what belongs to it settle."""

MEDIAN_OF_NORMAL: Final = 0.6745
"""The median absolute value of a normal number, in its standard deviations."""


@dataclass(frozen=True, eq=False)
class Equations:
    """Residuals of one kind, and how a step of p parts changes them.

    residuals: (n,). jacobian: (n, p). groups: (n,) numbers of what errs together. matching: (n,)
    whether a residual may count at all. together: how many neighbours say the same once. floor:
    the least deviation that is believed, in the residuals' unit.
    """

    residuals: Array
    jacobian: Array
    groups: NDArray[np.intp]
    matching: NDArray[np.bool_]
    together: float
    floor: float


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Weighed equations of one kind.

    information: (p, p). gradient: (p,). weights: (n,), 0 to 1. deviation: of the residuals.
    steepness: the mean slope of the weighed residuals, as a share of their mean weight.
    """

    equations: Equations
    information: Array
    gradient: Array
    weights: Array
    deviation: float
    steepness: float


def weighed(equations: Equations, first: float, widest: float) -> NormalEquations:
    """Weigh by Tukey's biweight: nothing beyond 4.7 deviations or `widest`, whichever is more.

    first: what is farther off is no part of the deviation, to begin with; after that what is beyond
    4.7 of them is none.
    """
    far = np.abs(equations.residuals[equations.matching])
    cut = first
    for _ in range(ROUNDS):
        near = far[far <= cut]
        middle = float(np.median(near)) if near.size else 0.0
        deviation = max(middle / MEDIAN_OF_NORMAL, equations.floor)
        cut = min(cut, TUKEY * deviation)
    cut = max(TUKEY * deviation, widest)
    square = np.minimum((equations.residuals / cut) ** 2, 1.0)
    weights = np.where(equations.matching, (1.0 - square) ** 2, 0.0)
    slopes = np.where(equations.matching, (1.0 - square) * (1.0 - 5.0 * square), 0.0)
    scale = 1.0 / (deviation**2 * equations.together)
    heavy = weights[:, None] * equations.jacobian
    return NormalEquations(
        equations,
        scale * (heavy.T @ equations.jacobian),
        scale * (heavy.T @ equations.residuals),
        weights,
        deviation,
        float(slopes.sum() / max(weights.sum(), 1e-12)),
    )


def grouped_covariance(kinds: Sequence[NormalEquations], prior: Array) -> tuple[Array, int]:
    """The covariance of what was estimated (p, p), and of how many groups it comes.

    Neighbouring residuals err together, so that counting them as independent would promise too
    much. Here what counts is how much the groups' sums differ from what they should be, nothing:
    the sandwich estimator B^-1 M B^-1 for clustered data (Liang and Zeger, Biometrika 73, 1986),
    with Huber's correction of B for the weights.

    prior: (p, p) information that was there before.
    """
    bread, meat, count = prior.copy(), prior.copy(), 0
    for kind in kinds:
        given = kind.equations
        bread += kind.steepness * kind.information
        force = (kind.weights * given.residuals)[:, None] * given.jacobian
        names, groups = np.unique(given.groups[kind.weights > 0], return_inverse=True)
        sums = np.zeros((len(names), force.shape[1]))
        np.add.at(sums, groups, force[kind.weights > 0])
        sums /= kind.deviation**2 * given.together
        meat += sums.T @ sums * (len(names) / max(len(names) - 1, 1))
        count += len(names)
    inverse = np.linalg.inv(bread)
    covariance: Array = inverse @ meat @ inverse
    return covariance, count
