"""Bundle adjustment: where cameras and boards are, of all corners at once.

Levenberg-Marquardt with OpenCV's derivatives and Cauchy's weights, as in Triggs et al., Bundle
Adjustment - A Modern Synthesis, 2000.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.pinhole import Pinhole
from operators.transforms import Array, rigid

CAUCHY_PX: Final = 1.0
"""Corners that are much farther off hardly count: a board that moved, or was taken for another."""

STEPS: Final = 50
SMALLEST_GAIN: Final = 1e-9
"""Of the cost, as a share: less is no gain."""

HIGHEST_DAMPING: Final = 1e9

LENS: Final = 4
"""fx fy cx cy."""

Pose = Array
"""(6,): a rotation vector and a translation, m, as OpenCV has them."""


@dataclass(frozen=True, eq=False)
class SeenBoard:
    """One camera's view of one board: points (n, 3) m of the board, and pixels (n, 2) px."""

    camera: int
    board: int
    points: Array
    pixels: Array


@dataclass(frozen=True, eq=False)
class Bundle:
    """Where everything is.

    lenses: by the camera's index. cameras: camera_from_rig (4, 4) m, by index. boards:
    rig_from_board (4, 4) m.
    """

    lenses: Sequence[Pinhole]
    cameras: Mapping[int, Array]
    boards: Mapping[int, Array]

    def error_px(self, view: SeenBoard) -> float:
        """Root mean square of how far a view's corners are from where they should be."""
        return float(np.sqrt(np.mean(self.distances(view) ** 2)))

    def distances(self, view: SeenBoard) -> Array:
        """How far corners are seen from where they should be, (n,) px."""
        camera_from_board = self.cameras[view.camera] @ self.boards[view.board]
        at = view.points @ camera_from_board[:3, :3].T + camera_from_board[:3, 3]
        found: Array = np.linalg.norm(self.lenses[view.camera].project(at) - view.pixels, axis=-1)
        return found


def adjust(start: Bundle, views: Sequence[SeenBoard], terms: Sequence[int | None]) -> Bundle:
    """Move cameras and boards, and change lenses, until corners are seen where they are.

    start: to begin with; its first camera stays. views: of its cameras and boards alone. terms: by
    camera, how many terms of its distortion may change; None where the lens is known.
    """
    problem = _Problem(start, views, terms)
    values = problem.values()
    damping, (cost, hessian, gradient) = 1e-3, problem.normal_equations(values)
    for _ in range(STEPS):
        damped = hessian + damping * np.diag(np.diag(hessian) + 1e-12)
        step = np.zeros_like(values)
        step[6:] = -np.linalg.solve(damped, gradient)
        new_cost, new_hessian, new_gradient = problem.normal_equations(values + step)
        if new_cost >= cost:
            damping *= 10.0
            if damping > HIGHEST_DAMPING:
                break
            continue
        gain = (cost - new_cost) / max(cost, 1e-12)
        values, cost, hessian, gradient = values + step, new_cost, new_hessian, new_gradient
        damping = max(damping / 10.0, 1e-9)
        if gain < SMALLEST_GAIN:
            break
    return problem.bundle(values)


def pose_from(matrix: Array) -> Pose:
    """A rigid transform (4, 4) as a rotation vector and a translation."""
    rotation, _ = cv2.Rodrigues(matrix[:3, :3])
    return np.concatenate([np.ravel(rotation), matrix[:3, 3]])


def matrix_from(pose: Pose) -> Array:
    """A rotation vector and a translation as a rigid transform (4, 4)."""
    rotation, _ = cv2.Rodrigues(pose[:3])
    return rigid(np.asarray(rotation, np.float64), pose[3:])


class _Problem:
    """The unknowns as one vector: cameras' poses, boards' poses, and lenses that may change."""

    def __init__(
        self, start: Bundle, views: Sequence[SeenBoard], terms: Sequence[int | None]
    ) -> None:
        self._start = start
        self._views = views
        self._terms = terms
        blocks = [("camera", i, 6) for i in start.cameras]
        blocks += [("board", i, 6) for i in start.boards]
        blocks += [("lens", i, LENS + n) for i, n in enumerate(terms) if n is not None]
        ends = np.cumsum([size for _, _, size in blocks])
        self._where = {
            (kind, i): slice(int(end) - size, int(end))
            for (kind, i, size), end in zip(blocks, ends, strict=True)
        }

    def values(self) -> Array:
        """The unknowns to begin with."""
        parts = [*map(pose_from, self._start.cameras.values())]
        parts += map(pose_from, self._start.boards.values())
        for lens, terms in zip(self._start.lenses, self._terms, strict=True):
            if terms is not None:
                parts.append(np.concatenate([lens.lens, lens.distortion_terms[:terms]]))
        return np.concatenate(parts)

    def bundle(self, values: Array) -> Bundle:
        """What the unknowns say."""
        lenses = [self._lens(i, values) for i in range(len(self._terms))]
        where = self._where
        return Bundle(
            lenses,
            {i: matrix_from(values[where["camera", i]]) for i in self._start.cameras},
            {i: matrix_from(values[where["board", i]]) for i in self._start.boards},
        )

    def normal_equations(self, values: Array) -> tuple[float, Array, Array]:
        """The cost, px^2, and J^T J and J^T r of all unknowns but the first camera's."""
        lenses = [self._lens(i, values) for i in range(len(self._terms))]
        cost, gradient = 0.0, np.zeros(len(values))
        hessian = np.zeros((len(values), len(values)))
        for view in self._views:
            residual, jacobian, where = self._linearised(view, values, lenses[view.camera])
            squares = np.sum(residual.reshape(-1, 2) ** 2, axis=1) / CAUCHY_PX**2
            cost += float(np.sum(np.log1p(squares))) * CAUCHY_PX**2
            weights = np.repeat(1.0 / (1.0 + squares), 2)
            weighted = jacobian.T * weights
            hessian[np.ix_(where, where)] += weighted @ jacobian
            gradient[where] += weighted @ residual
        return cost, hessian[6:, 6:], gradient[6:]

    def _lens(self, camera: int, values: Array) -> Pinhole:
        start, terms = self._start.lenses[camera], self._terms[camera]
        if terms is None:
            return start
        found = values[self._where["lens", camera]].tolist()
        fx, fy, cx, cy = found[:LENS]
        return replace(start, fx=fx, fy=fy, cx=cx, cy=cy, distortion=tuple(found[LENS:]))

    def _linearised(
        self, view: SeenBoard, values: Array, lens: Pinhole
    ) -> tuple[Array, Array, NDArray[np.int64]]:
        """Residuals (2n,) px, their derivatives (2n, k), and by which k unknowns these are."""
        slices = [self._where["camera", view.camera], self._where["board", view.board]]
        camera, board = values[slices[0]], values[slices[1]]
        composed = cv2.composeRT(board[:3], board[3:], camera[:3], camera[3:])
        # The composed rotation and translation by the board's, then by the camera's.
        by_both = np.vstack([np.hstack(composed[2:6]), np.hstack(composed[6:10])])
        projected, derivatives = cv2.projectPoints(
            view.points, *composed[:2], lens.matrix, lens.distortion_terms
        )
        by_pose = derivatives[:, :6] @ by_both
        columns = [by_pose[:, 6:], by_pose[:, :6]]
        terms = self._terms[view.camera]
        if terms is not None:
            slices.append(self._where["lens", view.camera])
            columns.append(derivatives[:, 6 : 6 + LENS + terms])
        residual = np.asarray(projected, np.float64).reshape(-1) - view.pixels.reshape(-1)
        where = np.concatenate([np.arange(s.start, s.stop) for s in slices])
        return residual, np.hstack(columns), where
