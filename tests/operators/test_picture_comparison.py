import numpy as np
import pytest

from operators.align_settings import COMPARISON_MODES
from operators.look_at_camera import LookAtCamera
from operators.picture_comparison import (
    REAL_EDGES,
    SIMULATED_EDGES,
    SPAWN_BOX,
    compared,
    draw_spawn_box,
    edge_gap_px,
)
from operators.simulated_camera import SimulatedPicture

ROWS, COLUMNS = 90, 160


def bar(left: int) -> SimulatedPicture:
    """A bright bar from a column on, 40 wide, a metre away."""
    shown = np.zeros((ROWS, COLUMNS), bool)
    shown[20:70, left : left + 40] = True
    colour = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    colour[shown] = (200, 180, 160)
    return SimulatedPicture(colour, np.where(shown, 1.0, 30.0).astype(np.float32), shown)


def real(left: int) -> np.ndarray:
    picture = np.full((ROWS, COLUMNS, 3), 40, np.uint8)
    picture[bar(left).shown] = (200, 180, 160)
    return picture


def test_a_blend_shows_both_where_something_is_simulated() -> None:
    blend = compared("blend", real(50), bar(60), opacity=0.25)
    assert blend[40, 95].tolist() == [80, 75, 70]  # 0.25 * (200, 180, 160) + 0.75 * 40
    assert blend[40, 55].tolist() == [200, 180, 160]
    np.testing.assert_array_equal(blend[~bar(60).shown], real(50)[~bar(60).shown])


def test_a_difference_is_black_where_both_agree() -> None:
    same = compared("difference", real(50), bar(50), opacity=0.5)
    assert same[bar(50).shown].max() == 0
    off = compared("difference", real(50), bar(60), opacity=0.5)
    assert off[40, 95].min() > 100
    assert off[40, 70].max() == 0
    background = np.full((ROWS, COLUMNS, 3), 40, np.uint8)
    whole = compared("difference", real(50), bar(60), opacity=0.5, background=background)
    assert whole[40, 55].min() > 100  # the real one, where nothing is simulated
    assert whole[5, 5].max() == 0


def test_edges_of_both_are_drawn_in_their_colours() -> None:
    edges = compared("edges", real(50), bar(60), opacity=0.5)
    assert (edges[40, 49:51] == REAL_EDGES).all(axis=-1).any()
    assert (edges[40, 60] == SIMULATED_EDGES).all()
    assert not (edges[40, 70] == SIMULATED_EDGES).all()


@pytest.mark.parametrize("mode", COMPARISON_MODES)
def test_every_mode_gives_a_new_picture(mode: str) -> None:
    given = real(50)
    before = given.copy()
    picture = compared(mode, given, bar(60), opacity=0.5)  # type: ignore[arg-type]
    assert picture.shape == given.shape
    picture[:] = 3
    np.testing.assert_array_equal(given, before)


def test_the_gap_between_edges_is_what_they_are_apart() -> None:
    near, far = edge_gap_px(real(50), bar(52)), edge_gap_px(real(50), bar(60))
    assert edge_gap_px(real(50), bar(50)) < 0.8
    # The two upright edges, 50 of 180 pixels each, are off; those lying are for their ends alone.
    assert 1.0 < near < 2.0
    assert 4.5 < far < 7.0
    nothing = bar(50)
    empty = SimulatedPicture(nothing.colour, nothing.depth_m, np.zeros_like(nothing.shown))
    assert np.isnan(edge_gap_px(real(50), empty))


def test_a_spawn_box_is_drawn_on_the_table() -> None:
    camera = LookAtCamera((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), 1.0)
    pinhole, camera_from_base = camera.pinhole(640, 480), camera.camera_from_kinematic_base()
    picture = np.zeros((480, 640, 3), np.uint8)
    draw_spawn_box(picture, pinhole, camera_from_base.matrix, (1.0, 0.1), 0.2, 0.0)
    rows, columns = np.nonzero((picture == SPAWN_BOX).all(axis=-1))
    corners = pinhole.project(
        camera_from_base.points([(x, y, 0.0) for x in (0.8, 1.2) for y in (-0.1, 0.3)])
    )
    bounds = [columns.min(), rows.min(), columns.max(), rows.max()]
    expected = [*corners.min(axis=0), *corners.max(axis=0)]
    np.testing.assert_allclose(bounds, expected, atol=2.5)


def test_a_spawn_box_around_the_camera_is_drawn_as_far_as_it_is_before_it() -> None:
    camera = LookAtCamera((0.0, 0.0, 0.3), (1.0, 0.0, 0.0), 1.0)
    pinhole, camera_from_base = camera.pinhole(640, 480), camera.camera_from_kinematic_base()
    picture = np.zeros((480, 640, 3), np.uint8)
    draw_spawn_box(picture, pinhole, camera_from_base.matrix, (0.0, 0.0), 2.0, 0.0)
    far = pinhole.project(camera_from_base.points([(2.0, 0.0, 0.0)]))[0].round().astype(int)
    assert picture[far[1] - 2 : far[1] + 3, far[0]].any()
    below = np.zeros((480, 640, 3), np.uint8)
    draw_spawn_box(below, pinhole, camera_from_base.matrix, (-5.0, 0.0), 1.0, 0.0)
    assert not below.any()
