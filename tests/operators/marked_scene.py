"""Models with markers at known directions, and where a panorama shows them."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.equirectangular import direction_of_pixel
from operators.settings import PanoramaSettings, SceneSettings, Settings

CAMERA = (-0.6, 0.2, 1.6)
MARKER_DISTANCE_M = 4.0
FAR_AWAY_M = 1e5
"""Where a marker is smaller than any pixel."""

ELBOW_CORNERS = ((0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2))
ELBOW_VOLUME = 3.0

Array = NDArray[np.float64]


def elbow(scale: str, name: str = "elbow") -> str:
    """A mesh that differs from its hull and from its mirror image: an L, one thick, from 0 to 2."""
    vertices = [(*corner, z) for z in (0, 1) for corner in ELBOW_CORNERS]
    faces = [(6, 6 + k, 7 + k) for k in range(1, 5)] + [(0, k + 1, k) for k in range(1, 5)]
    for here, there in zip(range(6), (1, 2, 3, 4, 5, 0), strict=True):
        faces += [(here, there, there + 6), (here, there + 6, here + 6)]
    numbers = (" ".join(f"{x}" for row in rows for x in row) for rows in (vertices, faces))
    return '<mesh name="{}" scale="{}" vertex="{}" face="{}"/>'.format(name, scale, *numbers)


def marker_directions() -> dict[str, Array]:
    """Unit directions: 6 centres of faces, 12 of edges, 8 corners, and 16 at random."""
    random = np.random.default_rng(11)
    directions = {
        f"{x}{y}{z}": np.array([x, y, z], float)
        for x in (-1, 0, 1)
        for y in (-1, 0, 1)
        for z in (-1, 0, 1)
        if (x, y, z) != (0, 0, 0)
    }
    directions |= {f"random{i}": random.normal(size=3) for i in range(16)}
    return {name: d / np.linalg.norm(d) for name, d in directions.items()}


def marker_model(shape: str = "sphere", size: str = "0.12") -> mujoco.MjModel:
    """One dark body that can be anywhere, in front of the sky alone."""
    return model_of(
        f'<body><freejoint/><geom type="{shape}" size="{size}" rgba=".1 .02 .02 1"/></body>'
    )


def model_of(bodies: str, assets: str = "") -> mujoco.MjModel:
    """A model of these XML elements, lit from above."""
    return mujoco.MjModel.from_xml_string(
        f"<mujoco><asset>"
        '<texture name="sky" type="skybox" builtin="flat" rgb1=".8 .9 1" width="8" height="8"/>'
        f"{assets}</asset><worldbody>"
        '<light type="directional" pos="0 0 5" dir="0.25 -0.25 -1" diffuse=".6 .6 .6"/>'
        f"{bodies}</worldbody></mujoco>"
    )


def poses_at(*positions: Array | tuple[float, float, float]) -> Array:
    """Poses of the world and of bodies at these positions, not turned: (1 + bodies, 7)."""
    poses = np.zeros((1 + len(positions), 7))
    poses[:, 6] = 1.0
    if positions:
        poses[1:, :3] = positions
    return poses


def marker_poses(direction: Array, distance_m: float = MARKER_DISTANCE_M) -> Array:
    """Poses (2, 7) that put the marker into this direction from the camera."""
    return poses_at(CAMERA + distance_m * direction)


def settings_of(
    renderer: str = "gl",
    converter: str = "table",
    face_size: int = 256,
    width: int = 512,
    tile_size: int = 32,
) -> Settings:
    """Settings with the camera at CAMERA, read from nothing but these arguments."""
    return Settings(
        scene=SceneSettings(anchor_position=CAMERA),
        panorama=PanoramaSettings.model_validate(
            {
                "renderer": renderer,
                "converter": converter,
                "face_size": face_size,
                "width": width,
                "tile_size": tile_size,
            }
        ),
    )


def seen_direction(picture: NDArray[np.uint8], background: NDArray[np.uint8]) -> Array:
    """The unit direction of what a panorama shows in front of the background.

    The mean over the pixels, weighted by their difference and by their solid angle: it means the
    same at a pole as at the horizon.
    """
    height, width, _ = picture.shape
    row, column = np.indices((height, width))
    direction = direction_of_pixel(column, row, height, width)
    difference = np.abs(picture.astype(float) - background).sum(axis=-1)
    difference[difference < 60] = 0.0
    assert difference.any(), "nothing is to be seen"
    solid_angle = np.hypot(direction[..., 0], direction[..., 1])
    mean: Array = np.einsum("rc,rci->i", difference * solid_angle, direction)
    mean /= np.linalg.norm(mean)
    return mean


def pixels_apart(a: Array, b: Array, width: int) -> float:
    """The angle between unit directions, in pixels of a panorama's equator."""
    chord = float(np.linalg.norm(a - b))
    return float(2.0 * np.arcsin(chord / 2.0) * width / (2.0 * np.pi))
