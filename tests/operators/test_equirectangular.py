"""The panorama's grid against closed forms, its conversion against py360convert."""

import sys

import cv2
import numpy as np
import py360convert
import pytest
from numpy.typing import NDArray

from operators.cube_map import FACE_ORDER, direction_of_face_pixel
from operators.equirectangular import (
    CONVERTERS,
    CubeToEquirect,
    Interpolation,
    Py360Convert,
    Rectangle,
    direction_of_pixel,
    pixel_of_direction,
    source_pixels,
)
from operators.settings import SettingsError

SIZE, HEIGHT, WIDTH = 88, 88, 176
Pixels = NDArray[np.uint8]


def colours(direction: NDArray[np.float64], waves: float) -> NDArray[np.float64]:
    """A smooth scene, a colour (..., 3) for every direction (..., 3)."""
    return 127.5 + 100.0 * np.sin(waves * direction + [0.3, 1.0, 2.0])


def smooth_faces(size: int, waves: float) -> Pixels:
    face, row, column = np.indices((6, size, size))
    direction = direction_of_face_pixel(face, column, row, size)
    return np.rint(colours(direction, waves)).astype(np.uint8)


def noise_faces(channels: int = 3) -> Pixels:
    random = np.random.default_rng(5)
    return random.integers(0, 256, (6, SIZE, SIZE, channels), dtype=np.uint8)


def converted(converter: CubeToEquirect | Py360Convert, faces: Pixels) -> Pixels:
    out = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    converter.convert(faces, out)
    return out


def py360convert_directions(height: int, width: int) -> NDArray[np.float64]:
    """The directions that py360convert means: its rows and columns include both ends."""
    longitude = np.linspace(-np.pi, np.pi, width)
    latitude = np.linspace(np.pi / 2, -np.pi / 2, height)[:, None]
    return np.stack(
        np.broadcast_arrays(
            np.cos(latitude) * np.cos(longitude),
            -np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ),
        axis=-1,
    )


@pytest.mark.parametrize(
    ("direction", "column", "row"),
    [
        ((1, 0, 0), WIDTH / 2, HEIGHT / 2),
        ((0, -2, 0), WIDTH * 3 / 4, HEIGHT / 2),
        ((0, 3, 0), WIDTH / 4, HEIGHT / 2),
        ((1, 0, 1), WIDTH / 2, HEIGHT / 4),
        ((1, 0, -1), WIDTH / 2, HEIGHT * 3 / 4),
        ((-1, -1e-12, 0), WIDTH, HEIGHT / 2),
        ((-1, 1e-12, 0), 0, HEIGHT / 2),
        ((1e-12, 0, 1), WIDTH / 2, 0),
        ((1e-12, 0, -1), WIDTH / 2, HEIGHT),
    ],
)
def test_directions_lie_where_the_picture_says(
    direction: tuple[float, float, float], column: float, row: float
) -> None:
    found = pixel_of_direction(direction, HEIGHT, WIDTH)
    np.testing.assert_allclose(found, (column - 0.5, row - 0.5), atol=1e-9)


def test_pixels_and_directions_are_each_others_inverse() -> None:
    row, column = np.indices((HEIGHT, WIDTH))
    direction = direction_of_pixel(column, row, HEIGHT, WIDTH)
    np.testing.assert_allclose(np.linalg.norm(direction, axis=-1), 1.0)
    found_column, found_row = pixel_of_direction(direction, HEIGHT, WIDTH)
    np.testing.assert_allclose(found_column, column, atol=1e-9)
    np.testing.assert_allclose(found_row, row, atol=1e-9)


@pytest.mark.parametrize("waves", [1.0, 2.0, 3.0])
def test_the_table_agrees_with_py360convert_on_its_own_grid(waves: float) -> None:
    size, height, width = 360, 360, 720
    faces = smooth_faces(size, waves)
    ours = np.zeros((height, width, 3), np.uint8)
    CubeToEquirect(size, height, width).convert(faces, ours)
    theirs = py360convert.c2e(
        dict(zip(FACE_ORDER, faces, strict=True)), height, width, cube_format="dict"
    )
    column, row = pixel_of_direction(py360convert_directions(height, width), height, width)
    resampled = cv2.remap(
        ours.astype(np.float32),
        column.astype(np.float32),
        row.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    # py360convert takes a face's pixels half a pixel too far: at 360 pixels up to 0.3 degrees.
    difference = np.abs(resampled - theirs)
    assert difference.mean() < 0.2 + 0.1 * waves
    assert difference.max() < 1.0 + waves


@pytest.mark.parametrize("waves", [1.0, 5.0, 20.0, 60.0])
def test_the_table_is_nearer_to_the_scene_than_py360convert(waves: float) -> None:
    size, height, width = 256, 256, 512
    faces = smooth_faces(size, waves)
    row, column = np.indices((height, width))
    grids = [direction_of_pixel(column, row, height, width), py360convert_directions(height, width)]
    errors = []
    for name, grid in zip(("table", "py360convert"), grids, strict=True):
        out = np.zeros((height, width, 3), np.uint8)
        CONVERTERS[name](size, height, width).convert(faces, out)
        errors.append(np.abs(out - colours(grid, waves)))
    ours, theirs = errors
    assert ours.mean() <= theirs.mean()
    assert ours.max() <= theirs.max()


@pytest.mark.parametrize("face", range(6), ids=FACE_ORDER)
def test_no_colour_bleeds_in_from_another_face(face: int) -> None:
    faces = np.zeros((6, SIZE, SIZE, 3), np.uint8)
    faces[face] = 255
    panorama = converted(CubeToEquirect(SIZE, HEIGHT, WIDTH), faces)
    shown, _, _ = source_pixels(SIZE, HEIGHT, WIDTH)
    np.testing.assert_array_equal(panorama, np.where(shown == face, 255, 0)[..., None].repeat(3, 2))


def test_a_fourth_channel_changes_nothing() -> None:
    table = CubeToEquirect(SIZE, HEIGHT, WIDTH)
    faces = noise_faces(channels=4)
    np.testing.assert_array_equal(
        converted(table, faces), converted(table, np.ascontiguousarray(faces[..., :3]))
    )


def test_rectangles_are_converted_alone_and_the_same() -> None:
    table = CubeToEquirect(SIZE, HEIGHT, WIDTH)
    faces = noise_faces()
    whole = converted(table, faces)
    random = np.random.default_rng(2)
    for _ in range(50):
        left, right = np.sort(random.choice(WIDTH + 1, 2, replace=False))
        top, bottom = np.sort(random.choice(HEIGHT + 1, 2, replace=False))
        out = np.full_like(whole, 77)
        table.convert(faces, out, [Rectangle(left, top, right, bottom)])
        part = np.s_[top:bottom, left:right]
        np.testing.assert_array_equal(out[part], whole[part])
        out[part] = 77
        assert (out == 77).all()


def test_no_rectangles_convert_nothing() -> None:
    out = np.full((HEIGHT, WIDTH, 3), 77, np.uint8)
    CubeToEquirect(SIZE, HEIGHT, WIDTH).convert(noise_faces(), out, [])
    assert (out == 77).all()


@pytest.mark.parametrize("name", CONVERTERS)
def test_conversion_writes_into_foreign_memory(name: str) -> None:
    memory = bytearray(HEIGHT * WIDTH * 3)
    out = np.frombuffer(memory, np.uint8).reshape(HEIGHT, WIDTH, 3)
    converter = CONVERTERS[name](SIZE, HEIGHT, WIDTH)
    converter.convert(noise_faces(), out)
    assert memory == converted(converter, noise_faces()).tobytes()
    assert out.std() > 10.0


@pytest.mark.parametrize("channels", [3, 4])
def test_the_converter_py360convert_is_that_package(channels: int) -> None:
    faces = noise_faces(channels)
    expected = py360convert.c2e(
        dict(zip(FACE_ORDER, faces[..., :3], strict=True)), HEIGHT, WIDTH, cube_format="dict"
    )
    np.testing.assert_array_equal(converted(Py360Convert(SIZE, HEIGHT, WIDTH), faces), expected)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py360convert", None)
    with pytest.raises(SettingsError, match=r"pip install 'panodora\[py360convert\]'"):
        Py360Convert(SIZE, HEIGHT, WIDTH)


def test_a_width_that_py360convert_cannot_take_is_named() -> None:
    with pytest.raises(ValueError, match="multiple of 8, got 180"):
        Py360Convert(SIZE, 90, 180)


@pytest.mark.parametrize("name", CONVERTERS)
@pytest.mark.parametrize(
    "faces",
    [
        np.zeros((5, SIZE, SIZE, 3), np.uint8),
        np.zeros((6, SIZE, SIZE + 1, 3), np.uint8),
        np.zeros((6, SIZE, SIZE, 2), np.uint8),
        np.zeros((6, SIZE, SIZE, 3), np.float32),
        np.zeros((6, SIZE, SIZE, 6), np.uint8)[..., ::2],
    ],
    ids=["faces", "size", "channels", "dtype", "layout"],
)
def test_other_faces_are_refused(name: str, faces: Pixels) -> None:
    converter = CONVERTERS[name](SIZE, HEIGHT, WIDTH)
    with pytest.raises(ValueError, match=r"faces: expected .*\(6, 88, 88, 3 or 4\), got"):
        converted(converter, faces)


@pytest.mark.parametrize("name", CONVERTERS)
@pytest.mark.parametrize(
    "out",
    [
        np.zeros((HEIGHT, WIDTH, 4), np.uint8),
        np.zeros((WIDTH, HEIGHT, 3), np.uint8),
        np.zeros((HEIGHT, WIDTH, 3), np.int8),
        np.zeros((HEIGHT, 2 * WIDTH, 3), np.uint8)[:, ::2],
    ],
    ids=["channels", "shape", "dtype", "layout"],
)
def test_other_outputs_are_refused(name: str, out: Pixels) -> None:
    converter = CONVERTERS[name](SIZE, HEIGHT, WIDTH)
    with pytest.raises(ValueError, match=r"out: expected .*\(88, 176, 3\), got"):
        converter.convert(noise_faces(), out)


def analytic_error(converter: CubeToEquirect | Py360Convert) -> float:
    """Root mean square difference, in grey levels, from the colours of the pixels' directions."""
    row, column = np.indices((HEIGHT, WIDTH))
    expected = colours(direction_of_pixel(column, row, HEIGHT, WIDTH), waves=6.0)
    picture = converted(converter, smooth_faces(SIZE, waves=6.0))
    return float(np.sqrt(((picture - expected) ** 2).mean()))


@pytest.mark.parametrize(
    ("interpolation", "most"), [("nearest", 3.0), ("linear", 0.6), ("cubic", 0.6)]
)
def test_an_analytic_scene_comes_out_closer_than_with_py360convert(
    interpolation: Interpolation, most: float
) -> None:
    arguments = SIZE, HEIGHT, WIDTH, interpolation
    ours = analytic_error(CubeToEquirect(*arguments))
    assert ours < most
    assert ours < analytic_error(Py360Convert(*arguments))


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic"])
def test_no_colour_comes_from_a_face_that_is_not_seen_there(interpolation: Interpolation) -> None:
    # What is stored after a face is not what is beside it: only one face has a colour.
    face, _, _ = source_pixels(SIZE, HEIGHT, WIDTH)
    for coloured in range(6):
        faces = np.zeros((6, SIZE, SIZE, 4), np.uint8)
        faces[coloured] = 200
        out = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        CubeToEquirect(SIZE, HEIGHT, WIDTH, interpolation).convert(faces, out)
        np.testing.assert_array_equal(out[face == coloured], 200)
        np.testing.assert_array_equal(out[face != coloured], 0)
