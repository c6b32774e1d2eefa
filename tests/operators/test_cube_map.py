"""The cube map's geometry, against directions written out by hand."""

import numpy as np
import pytest

from operators.cube_map import (
    FACE_ORDER,
    WORLD_FROM_FACE,
    direction_of_face_pixel,
    face_pixel_of_direction,
    whole_faces,
)

SIZE = 90

# World axes: x forward, y left, z up. For each face: where its centre looks, what is at the
# middle of its right edge, and what is at the middle of its upper edge, as its camera sees it.
LOOKS = {
    "F": ((1, 0, 0), (1, -1, 0), (1, 0, 1)),
    "R": ((0, -1, 0), (-1, -1, 0), (0, -1, 1)),
    "B": ((-1, 0, 0), (-1, 1, 0), (-1, 0, 1)),
    "L": ((0, 1, 0), (1, 1, 0), (0, 1, 1)),
    "U": ((0, 0, 1), (0, -1, 1), (-1, 0, 1)),
    "D": ((0, 0, -1), (0, -1, -1), (1, 0, -1)),
}


@pytest.mark.parametrize(("name", "looks"), LOOKS.items())
def test_a_face_sees_what_its_camera_sees(
    name: str, looks: tuple[tuple[int, int, int], ...]
) -> None:
    face = FACE_ORDER.index(name)
    middle = (SIZE - 1) / 2
    pixels = [(middle, middle), (SIZE - 0.5, middle), (middle, -0.5)]
    for (column, row), looked_at in zip(pixels, looks, strict=True):
        direction = direction_of_face_pixel(face, column, row, SIZE)
        np.testing.assert_allclose(
            direction, np.divide(looked_at, np.linalg.norm(looked_at)), atol=1e-12
        )


def test_cameras_are_right_handed() -> None:
    np.testing.assert_allclose(np.linalg.det(WORLD_FROM_FACE), 1.0)
    np.testing.assert_allclose(
        WORLD_FROM_FACE @ np.swapaxes(WORLD_FROM_FACE, 1, 2), np.broadcast_to(np.eye(3), (6, 3, 3))
    )


@pytest.mark.parametrize(("above", "below"), [("U", "F"), ("F", "D")])
def test_the_lower_edge_of_one_face_is_the_upper_edge_of_the_next(above: str, below: str) -> None:
    columns = np.arange(SIZE)
    lower = direction_of_face_pixel(FACE_ORDER.index(above), columns, SIZE - 0.5, SIZE)
    upper = direction_of_face_pixel(FACE_ORDER.index(below), columns, -0.5, SIZE)
    np.testing.assert_allclose(lower, upper, atol=1e-12)


@pytest.mark.parametrize(("left", "right"), [("F", "R"), ("R", "B"), ("B", "L"), ("L", "F")])
def test_the_right_edge_of_one_face_is_the_left_edge_of_the_next(left: str, right: str) -> None:
    rows = np.arange(SIZE)
    last = direction_of_face_pixel(FACE_ORDER.index(left), SIZE - 0.5, rows, SIZE)
    first = direction_of_face_pixel(FACE_ORDER.index(right), -0.5, rows, SIZE)
    np.testing.assert_allclose(last, first, atol=1e-12)


def test_pixels_and_directions_are_each_others_inverse() -> None:
    face, row, column = np.indices((6, SIZE, SIZE))
    direction = 3.0 * direction_of_face_pixel(face, column, row, SIZE)
    found_face, found_column, found_row = face_pixel_of_direction(direction, SIZE)
    np.testing.assert_array_equal(found_face, face)
    np.testing.assert_allclose(found_column, column, atol=1e-9)
    np.testing.assert_allclose(found_row, row, atol=1e-9)


def test_whole_faces_hold_every_pixel_once() -> None:
    covered = np.zeros((6, SIZE, SIZE), int)
    for face, left, top, right, bottom in whole_faces(SIZE):
        covered[face, top:bottom, left:right] += 1
    assert (covered == 1).all()
