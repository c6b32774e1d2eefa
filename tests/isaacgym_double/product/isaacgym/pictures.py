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


COARSE = 8
"""Of flat colours one pixel in so many, along either axis, is looked at."""


def picture(world_from_camera, properties):
    """RGBA (rows, 4 columns) as the product gives it. The camera looks along x, its z is up.

    With ISAACGYM_DOUBLE_PICTURES=directions a pixel's colour is its direction: 127.5 (1 + x, y, z).
    """
    columns, rows = properties.width, properties.height
    image = np.full((rows, columns, 4), 255, np.uint8)
    if os.environ.get("ISAACGYM_DOUBLE_PICTURES") == "directions":
        seen = rays(world_from_camera, columns, rows, properties.horizontal_fov)
        seen /= np.linalg.norm(seen, axis=2, keepdims=True)
        image[..., :3] = np.round(127.5 * (1 + seen))
    else:
        coarse = (-(-columns // COARSE), -(-rows // COARSE))
        seen = rays(world_from_camera, coarse[0], coarse[1], properties.horizontal_fov)
        nearest = (seen @ np.array(list(COLOURS)).T).argmax(axis=2)
        colours = np.array(list(COLOURS.values()), np.uint8)[nearest]
        image[..., :3] = colours.repeat(COARSE, 0).repeat(COARSE, 1)[:rows, :columns]
    return image.reshape(rows, 4 * columns)


def rays(world_from_camera, columns, rows, horizontal_fov_deg):
    """Directions (rows, columns, 3) in the world."""
    half = np.tan(np.radians(horizontal_fov_deg) / 2)
    directions = np.ones((rows, columns, 3))
    directions[..., 1] = -((np.arange(columns) + 0.5) * (2 / columns) - 1) * half
    directions[..., 2] = (
        -((np.arange(rows) + 0.5) * (2 / rows) - 1)[:, None] * half * rows / columns
    )
    return directions @ world_from_camera.T
