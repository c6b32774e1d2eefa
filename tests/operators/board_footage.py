"""Footage of a printed board before cameras whose truth is known."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.board_footage import BoardFootage, Sighting
from operators.calibration import CalibratedCamera
from operators.calibration_board import CalibrationBoard, FoundCorners
from operators.pinhole import Pinhole
from operators.transforms import Array, rigid

TEXTURE_PX_MM = 8.0
SUPERSAMPLING = 2


def texture(board: CalibrationBoard, margin_mm: float = 12.0) -> NDArray[np.uint8]:
    """The board as OpenCV draws it, with white around it, TEXTURE_PX_MM."""
    size = [round(n * board.square_mm * TEXTURE_PX_MM) for n in (board.columns, board.rows)]
    if board.pattern == "charuco":
        drawn = board.charuco.generateImage(tuple(size), marginSize=0)
    else:
        side = round(board.square_mm * TEXTURE_PX_MM)
        squares = np.indices((board.rows, board.columns)).sum(axis=0) % 2 * 255
        drawn = np.kron(squares, np.ones((side, side))).astype(np.uint8)
    around = round(margin_mm * TEXTURE_PX_MM)
    return np.pad(drawn, around, constant_values=255)


class BoardRenderer:
    """Draws what a camera sees of a board, ray by ray, through its own distortion."""

    def __init__(self, board: CalibrationBoard, pinhole: Pinhole, margin_mm: float = 12.0) -> None:
        self._texture = cv2.GaussianBlur(texture(board, margin_mm), (0, 0), 1.2)
        self._margin_m = margin_mm / 1000.0
        self._size = (pinhole.width, pinhole.height)
        steps = (np.arange(SUPERSAMPLING) + 0.5) / SUPERSAMPLING - 0.5
        columns = (np.arange(pinhole.width)[:, None] + steps).ravel()
        rows = (np.arange(pinhole.height)[:, None] + steps).ravel()
        pixels = np.stack(np.meshgrid(columns, rows), axis=-1)
        rays = pinhole.normalised(pixels).astype(np.float32)
        self._rays = np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1)

    def picture(self, camera_from_board: Array, seed: int = 0) -> NDArray[np.uint8]:
        """A picture (rows, columns, 3) RGB, a little noisy."""
        # camera = H (x y 1) for points of the board's plane.
        to_plane = np.linalg.inv(camera_from_board[:3, [0, 1, 3]]).astype(np.float32)
        flat = cv2.transform(self._rays, to_plane)
        scale = TEXTURE_PX_MM * 1000.0
        depth = np.where(flat[..., 2] > 1e-6, flat[..., 2], np.float32(np.inf))
        at = (flat[..., :2] / depth[..., None] + self._margin_m) * scale - 0.5
        at[np.isinf(depth)] = -1e6
        seen = cv2.remap(self._texture, at, None, cv2.INTER_LINEAR, borderValue=90)
        small = cv2.resize(seen, self._size, interpolation=cv2.INTER_AREA).astype(np.float32)
        noise = np.random.default_rng(seed).standard_normal(small.shape, np.float32)
        noisy = 20.0 + 0.8 * small + 2.0 * noise
        grey = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=-1)


def poses(board: CalibrationBoard, count: int, seed: int = 0) -> list[Array]:
    """How a person holds a board before cameras, marker_from_board (4, 4): turned and moved.

    The first lies in the marker's frame itself.
    """
    random = np.random.default_rng(seed)
    middle = np.array([board.columns, board.rows, 0.0]) * board.square_mm / 2000.0
    held = [np.eye(4)]
    while len(held) < count:
        turn = Rotation.from_rotvec(random.uniform([-0.6, -0.6, -0.7], [0.6, 0.6, 0.7]))
        move = middle + random.uniform([-0.12, -0.09, -0.12], [0.12, 0.09, 0.1])
        held.append(rigid(turn.as_matrix(), move) @ rigid(np.eye(3), -middle))
    return held


def film(
    board: CalibrationBoard, camera: CalibratedCamera, held: Sequence[Array], seed: int = 0
) -> list[NDArray[np.uint8]]:
    """What a camera sees of the board as it is held."""
    renderer = BoardRenderer(board, camera.pinhole)
    return [
        renderer.picture(camera.camera_from_marker.matrix @ marker_from_board, seed + i)
        for i, marker_from_board in enumerate(held)
    ]


def sightings(
    board: CalibrationBoard,
    camera: CalibratedCamera,
    held: Sequence[Array],
    noise_px: float = 0.1,
    seed: int = 0,
) -> list[Sighting]:
    """Where a camera sees the board's corners, without a picture; those in its picture alone."""
    random = np.random.default_rng(seed)
    seen = []
    for moment, marker_from_board in enumerate(held):
        matrix = camera.camera_from_marker.matrix @ marker_from_board
        at = board.corners @ matrix[:3, :3].T + matrix[:3, 3]
        pixels = camera.pinhole.project(at) + random.normal(0.0, noise_px, (len(at), 2))
        size = np.array([camera.pinhole.width, camera.pinhole.height])
        ids = np.flatnonzero(((pixels > 0) & (pixels < size - 1)).all(axis=1))
        if len(ids) >= 20:
            corners = FoundCorners(ids, pixels[ids])
            seen.append(Sighting(moment, moment / 5.0, corners, corners))
    return seen


def footage(seen: Sequence[Sighting], camera: CalibratedCamera) -> BoardFootage:
    """Sightings as if pictures had been looked at."""
    size = (camera.pinhole.width, camera.pinhole.height)
    sample = np.zeros((size[1], size[0], 3), np.uint8)
    return BoardFootage(size, len(seen), tuple(seen), sample, seen[0] if seen else None)


def largest_pixel_error(found: Pinhole, truth: Pinhole, inset: float = 0.15) -> float:
    """How far apart two lenses see the same rays, px; but for a strip at the picture's edge.

    Compared up to a turn of the camera, which a shift of the principal point nearly is.
    """
    size = np.array([truth.width, truth.height])
    grid = np.stack(np.meshgrid(*[np.linspace(inset, 1 - inset, 9) * (n - 1) for n in size]), -1)
    rays = truth.normalised(grid.reshape(-1, 2))
    points = np.column_stack([rays, np.ones(len(rays))])
    flat = found.normalised(grid.reshape(-1, 2))
    turn, _ = Rotation.align_vectors(np.column_stack([flat, np.ones(len(flat))]), points)
    seen = found.project(turn.apply(points))
    return float(np.linalg.norm(seen - grid.reshape(-1, 2), axis=1).max())


def write_pictures(folder: Path, pictures: Sequence[NDArray[np.uint8]]) -> Path:
    """Write pictures as a folder of them."""
    folder.mkdir(parents=True)
    for i, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{i:04d}.png"), picture)
    return folder
