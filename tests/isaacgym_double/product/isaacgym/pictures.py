"""What the double's cameras see: a colour for each direction, around them for ever."""

import os

import numpy as np

COLOURS = {
    (1, 0, 0): (220, 50, 40),
    (0, -1, 0): (50, 170, 60),
    (-1, 0, 0): (40, 80, 200),
    (0, 1, 0): (235, 200, 50),
    (0, 0, 1): (120, 210, 240),
    (0, 0, -1): (110, 80, 60),
}
"""Ahead, right, behind, left, up and down, in the world."""


def picture(world_from_camera, properties):
    """RGBA (rows, 4 columns) as the product gives it. The camera looks along x, its z is up.

    With ISAACGYM_DOUBLE_PICTURES=directions a pixel's colour is its direction: 127.5 (1 + x, y, z).
    """
    columns, rows = properties.width, properties.height
    half = np.tan(np.radians(properties.horizontal_fov) / 2)
    left = -((np.arange(columns) + 0.5) * (2 / columns) - 1) * half
    up = -((np.arange(rows) + 0.5) * (2 / rows) - 1) * half * rows / columns
    rays = np.ones((rows, columns, 3), np.float32)
    rays[..., 1], rays[..., 2] = left, up[:, None]
    rays = rays @ world_from_camera.T.astype(np.float32)
    image = np.full((rows, columns, 4), 255, np.uint8)
    if os.environ.get("ISAACGYM_DOUBLE_PICTURES") == "directions":
        rays /= np.linalg.norm(rays, axis=2, keepdims=True)
        image[..., :3] = np.round(127.5 * (1 + rays))
    else:
        nearest = (rays @ np.array(list(COLOURS), np.float32).T).argmax(axis=2)
        image[..., :3] = np.array(list(COLOURS.values()), np.uint8)[nearest]
    return image.reshape(rows, 4 * columns)
