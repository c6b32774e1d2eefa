"""Bundle adjustment: where cameras and boards are, of all corners at once.

Lenses are held fast. Levenberg-Marquardt with OpenCV's derivatives, and Huber's weights, as in
Triggs et al., Bundle Adjustment - A Modern Synthesis, 2000.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from operators.pinhole import Pinhole
from operators.transforms import Array, rigid

HUBER_PX: Final = 1.0
"""Corners farther off count less: a board that moved between two cameras' pictures."""

STEPS: Final = 50
SMALLEST_GAIN: Final = 1e-9
"""Of the cost, as a share: less is no gain."""

HIGHEST_DAMPING: Final = 1e9

Pose = Array
"""(6,): a rotation vector and a translation, m, as OpenCV has them."""


@dataclass(frozen=True, eq=False)
class SeenBoard:
    """One camera's view of one board: points (n, 3) m of the board, and pixels (n, 2) px."""

    camera: int
    board: int
    points: Array
    pixels: Array


def adjust(
    lenses: Sequence[Pinhole],
    cameras: Mapping[int, Array],
    boards: Mapping[int, Array],
    views: Sequence[SeenBoard],
) -> tuple[dict[int, Array], dict[int, Array]]:
    """Move cameras and boards until the corners are seen where they are, best together.

    lenses: by the camera's index. cameras: camera_from_rig (4, 4) m, to begin with; the first one
    stays. boards: rig_from_board (4, 4). views: of these cameras and boards alone.
    """
    bundle = _Bundle(lenses, views, tuple(cameras), tuple(boards))
    poses = np.array([*map(pose_from, cameras.values()), *map(pose_from, boards.values())])
    damping, (cost, hessian, gradient) = 1e-3, bundle.normal_equations(poses)
    for _ in range(STEPS):
        damped = hessian + damping * np.diag(np.diag(hessian) + 1e-12)
        step = np.zeros_like(poses)
        step[1:] = -np.linalg.solve(damped, gradient).reshape(-1, 6)
        moved = poses + step
        new_cost, new_hessian, new_gradient = bundle.normal_equations(moved)
        if new_cost >= cost:
            damping *= 10.0
            if damping > HIGHEST_DAMPING:
                break
            continue
        gain = (cost - new_cost) / max(cost, 1e-12)
        poses, cost, hessian, gradient = moved, new_cost, new_hessian, new_gradient
        damping = max(damping / 10.0, 1e-9)
        if gain < SMALLEST_GAIN:
            break
    matrices = [matrix_from(pose) for pose in poses]
    return (
        dict(zip(cameras, matrices[: len(cameras)], strict=True)),
        dict(zip(boards, matrices[len(cameras) :], strict=True)),
    )


def distances(lens: Pinhole, camera_from_board: Array, view: SeenBoard) -> Array:
    """How far corners are seen from where they should be, (n,) px."""
    at = view.points @ camera_from_board[:3, :3].T + camera_from_board[:3, 3]
    found: Array = np.linalg.norm(lens.project(at) - view.pixels, axis=-1)
    return found


def pose_from(matrix: Array) -> Pose:
    """A rigid transform (4, 4) as a rotation vector and a translation."""
    rotation, _ = cv2.Rodrigues(matrix[:3, :3])
    return np.concatenate([np.ravel(rotation), matrix[:3, 3]])


def matrix_from(pose: Pose) -> Array:
    """A rotation vector and a translation as a rigid transform (4, 4)."""
    rotation, _ = cv2.Rodrigues(pose[:3])
    return rigid(np.asarray(rotation, np.float64), pose[3:])


class _Bundle:
    """The cost of all views and its derivatives, by poses: of the cameras, then of the boards."""

    def __init__(
        self,
        lenses: Sequence[Pinhole],
        views: Sequence[SeenBoard],
        cameras: tuple[int, ...],
        boards: tuple[int, ...],
    ) -> None:
        self._lenses = lenses
        rows = {number: row for row, number in enumerate(boards, start=len(cameras))}
        self._views = [(v, cameras.index(v.camera), rows[v.board]) for v in views]

    def normal_equations(self, poses: Array) -> tuple[float, Array, Array]:
        """The cost, px^2, and J^T J and J^T r of all poses but the first."""
        count = poses.size
        cost, hessian, gradient = 0.0, np.zeros((count, count)), np.zeros(count)
        for view, camera, board in self._views:
            residual, jacobian = self._linearised(view, poses[camera], poses[board])
            distance = np.maximum(np.linalg.norm(residual.reshape(-1, 2), axis=1), 1e-12)
            inside = distance <= HUBER_PX
            cost += float(np.sum(distance[inside] ** 2))
            cost += float(np.sum(HUBER_PX * (2.0 * distance[~inside] - HUBER_PX)))
            weights = np.repeat(np.where(inside, 1.0, HUBER_PX / distance), 2)
            where = np.r_[6 * camera : 6 * camera + 6, 6 * board : 6 * board + 6]
            weighted = jacobian.T * weights
            hessian[np.ix_(where, where)] += weighted @ jacobian
            gradient[where] += weighted @ residual
        return cost, hessian[6:, 6:], gradient[6:]

    def _linearised(self, view: SeenBoard, camera: Pose, board: Pose) -> tuple[Array, Array]:
        """Residuals (2n,) px, and their derivatives (2n, 12) by camera and board."""
        composed = cv2.composeRT(board[:3], board[3:], camera[:3], camera[3:])
        rotation, translation = composed[:2]
        # By the board's rotation and translation, then by the camera's.
        turned = np.hstack(composed[2:6])
        shifted = np.hstack(composed[6:10])
        lens = self._lenses[view.camera]
        projected, derivatives = cv2.projectPoints(
            view.points, rotation, translation, lens.matrix, lens.distortion_terms
        )
        by_pose = derivatives[:, :6] @ np.vstack([turned, shifted])
        residual = np.asarray(projected, np.float64).reshape(-1) - view.pixels.reshape(-1)
        return residual, np.hstack([by_pose[:, 6:], by_pose[:, :6]])
