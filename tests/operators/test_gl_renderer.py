"""The OpenGL renderer: what each face shows, what it refuses, and what it draws anew."""

from typing import Any

import moderngl
import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, gaussian_gradient_magnitude

from operators.cube_map import FACE_ORDER, WORLD_FROM_FACE, direction_of_face_pixel, whole_faces
from operators.gl_context import NoOpenGLError
from operators.gl_renderer import GlRenderer
from operators.renderer import Quality
from tests.operators.marked_scene import CAMERA, elbow, marker_model, model_of, poses_at

SIZE = 96
BALL = '<mesh name="ball" builtin="sphere" params="4" scale=".4 .4 .4"/>'
COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "yellow": (1, 1, 0)}


def rendered(model: mujoco.MjModel, poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """The faces (6, SIZE, SIZE, 3) of one frame, 0 to 255."""
    renderer = GlRenderer(model, CAMERA, SIZE)
    renderer.render(poses)
    faces = renderer.faces[..., :3].astype(float)
    renderer.close()
    return faces


def where(face: NDArray[np.float64], colour: tuple[int, int, int]) -> tuple[float, float]:
    """The mean column and row of the pixels of this hue."""
    bright = face > 40
    rows, columns = np.nonzero((bright == np.array(colour, bool)).all(axis=-1))
    assert len(rows), f"no pixel of colour {colour}"
    return float(columns.mean()), float(rows.mean())


@pytest.mark.gl
@pytest.mark.parametrize("face", range(6), ids=FACE_ORDER)
def test_no_face_is_mirrored_or_turned(face: int) -> None:
    right, down, forward = WORLD_FROM_FACE[face].T
    offsets = {"red": right, "green": -right, "blue": down, "yellow": -down}
    bodies = "".join(
        f'<body><freejoint/><geom type="sphere" size=".2" rgba="{r} {g} {b} 1"/></body>'
        for r, g, b in COLOURS.values()
    )
    positions = [CAMERA + 2.0 * forward + offsets[name] for name in COLOURS]
    picture = rendered(model_of(bodies), poses_at(*positions))[face]
    middle, quarter = (SIZE - 1) / 2, SIZE / 4
    expected = {
        "red": (middle + quarter, middle),
        "green": (middle - quarter, middle),
        "blue": (middle, middle + quarter),
        "yellow": (middle, middle - quarter),
    }
    for name, colour in COLOURS.items():
        assert where(picture, colour) == pytest.approx(expected[name], abs=1.0), name


@pytest.mark.gl
@pytest.mark.parametrize(
    ("shape", "size", "half_width", "half_height"),
    [
        ("box", ".1 .2 .3", 0.2, 0.3),
        ("sphere", ".2", 0.2, 0.2),
        ("ellipsoid", ".1 .2 .3", 0.2, 0.3),
        ("capsule", ".1 .2", 0.1, 0.3),
        ("cylinder", ".1 .2", 0.1, 0.2),
    ],
)
def test_shapes_have_their_size(
    shape: str, size: str, half_width: float, half_height: float
) -> None:
    model = marker_model(shape, size)
    # Wide of the camera's nearness, so that perspective alone does not widen the outline.
    distance = 8.0
    renderer = GlRenderer(model, (0.0, 0.0, 0.0), 1024)
    renderer.render(poses_at((distance, 0.0, 0.0)))
    dark = renderer.faces[0, ..., 2] < 100
    renderer.close()
    rows, columns = np.nonzero(dark)
    pixels_per_metre = 512 / distance
    assert np.ptp(columns) / 2 / pixels_per_metre == pytest.approx(half_width, abs=0.02)
    assert np.ptp(rows) / 2 / pixels_per_metre == pytest.approx(half_height, abs=0.02)


@pytest.mark.gl
def test_a_geom_is_placed_by_its_body_and_its_own_offset() -> None:
    # A quarter turn about z takes the geom's offset along x to y.
    model = model_of(
        '<body><freejoint/><geom type="sphere" pos="1 0 0" size=".2" rgba="1 0 0 1"/></body>'
    )
    poses = poses_at((CAMERA[0] + 3.0, CAMERA[1], CAMERA[2]))
    poses[1, 3:] = (0, 0, np.sqrt(0.5), np.sqrt(0.5))
    column, row = where(rendered(model, poses)[0], COLOURS["red"])
    middle = (SIZE - 1) / 2
    assert (column, row) == pytest.approx((middle - SIZE / 6, middle), abs=1.0)


@pytest.mark.gl
def test_light_comes_from_above() -> None:
    model = model_of(
        '<body><freejoint/><geom type="box" size=".3 .3 .3" rgba=".8 .8 .8 1"/></body>'
    )
    above, below = (
        rendered(model, poses_at((CAMERA[0], CAMERA[1], CAMERA[2] + height)))[face]
        for height, face in ((-2.0, 5), (2.0, 4))
    )
    middle = np.s_[SIZE // 2, SIZE // 2]
    assert above[middle].mean() > 1.5 * below[middle].mean() > 30.0


@pytest.mark.gl
def test_a_plane_is_seen_from_both_sides_and_lit_on_the_side_seen() -> None:
    model = model_of('<body><geom type="plane" size="2 2 .1" rgba=".8 .8 .8 1"/></body>')
    below, above = (
        rendered(model, poses_at((CAMERA[0], CAMERA[1], CAMERA[2] + height)))[face]
        for height, face in ((1.0, 4), (-1.0, 5))
    )
    middle = np.s_[SIZE // 2, SIZE // 2]
    assert above[middle].mean() > 1.5 * below[middle].mean() > 30.0


@pytest.mark.gl
def test_the_nearer_body_hides_the_other() -> None:
    model = model_of(
        '<body><freejoint/><geom type="sphere" size=".2" rgba="1 0 0 1"/></body>'
        '<body><freejoint/><geom type="box" size=".4 .4 .4" rgba="0 1 0 1"/></body>'
    )
    x, y, z = CAMERA
    middle = SIZE // 2
    for nearer, farther, colour in ((1.0, 3.0, "red"), (3.0, 1.0, "green")):
        faces = rendered(model, poses_at((x + nearer, y, z), (x + farther, y, z)))
        assert ((faces[0, middle, middle] > 40) == np.array(COLOURS[colour], bool)).all()


@pytest.mark.gl
def test_the_sky_depends_on_height_alone_and_joins_at_the_edges() -> None:
    faces = rendered(model_of(""), poses_at())
    face, row, column = np.indices((6, SIZE, SIZE))
    height = direction_of_face_pixel(face, column, row, SIZE)[..., 2]
    horizon, zenith = np.array([0.80, 0.87, 0.93]), np.array([0.42, 0.58, 0.80])
    expected = horizon + (zenith - horizon) * np.maximum(height, 0.0)[..., None]
    np.testing.assert_allclose(faces, 255 * expected, atol=1.0)


@pytest.mark.gl
def test_hidden_groups_and_transparent_geoms_are_not_drawn() -> None:
    hidden = "".join(
        f'<geom type="box" size="9 9 .1" pos="0 0 {z}" {what}/>'
        for z, what in ((0, 'group="3"'), (0.5, 'rgba="1 0 0 0"'))
    )
    np.testing.assert_array_equal(
        rendered(model_of(hidden), poses_at()), rendered(model_of(""), poses_at())
    )


@pytest.mark.gl
def test_a_material_colours_its_geoms() -> None:
    model = model_of(
        '<geom type="box" size="9 9 .1" material="m"/>', '<material name="m" rgba="0 1 0 1"/>'
    )
    middle = rendered(model, poses_at())[5, SIZE // 2, SIZE // 2]
    assert ((middle > 40) == np.array(COLOURS["green"], bool)).all()


@pytest.mark.gl
def test_only_what_moved_is_drawn() -> None:
    renderer = GlRenderer(marker_model(), (0.0, 0.0, 0.0), SIZE)
    assert renderer.render(poses_at((2.0, 0.0, 0.0))) == whole_faces(SIZE)
    assert renderer.render(poses_at((2.0, 0.0, 0.0))) == []
    (region,) = renderer.render(poses_at((2.0, 0.1, 0.0)))
    assert region.face == 0
    assert (region.right - region.left) * (region.bottom - region.top) < SIZE**2 / 16
    assert renderer.render(poses_at((2.0, 0.1, 0.0)), full=True) == whole_faces(SIZE)
    renderer.close()


@pytest.mark.gl
def test_a_plane_that_moves_is_drawn_everywhere() -> None:
    renderer = GlRenderer(
        model_of('<body mocap="true"><geom type="plane" size="2 2 .1"/></body>'), CAMERA, SIZE
    )
    renderer.render(poses_at((0.0, 0.0, 0.0)))
    assert renderer.render(poses_at((0.0, 0.0, 0.1))) == whole_faces(SIZE)
    renderer.close()


@pytest.mark.gl
def test_bodies_that_carry_nothing_may_be_left_out() -> None:
    model = model_of(
        '<body><freejoint/><geom type="sphere" size=".2"/></body><body mocap="true" name="unseen"/>'
    )
    rendered(model, poses_at((1.0, 0.0, 1.6)))


@pytest.mark.gl
def test_faces_that_exceed_one_column_of_the_framebuffer_are_the_same() -> None:
    model, poses = marker_model(), poses_at((CAMERA[0] + 2.0, CAMERA[1] - 2.0, CAMERA[2]))
    # OpenGL's limit is 16384 rows here: six faces of 2800 do not fit below each other.
    large = GlRenderer(model, CAMERA, 2800)
    large.render(poses)
    shrunk = large.faces[:, 14::28, 14::28, :3].astype(float)
    large.close()
    small = GlRenderer(model, CAMERA, 100)
    small.render(poses)
    difference = np.abs(shrunk - small.faces[..., :3]).max(axis=-1)
    small.close()
    assert (difference > 3).mean() < 0.002


@pytest.mark.gl
def test_two_renderers_live_side_by_side() -> None:
    poses = [poses_at((CAMERA[0] + 2.0, y, CAMERA[2])) for y in (0.0, 0.5)]
    renderers = [GlRenderer(marker_model(), CAMERA, SIZE) for _ in poses]
    for renderer, own in zip(renderers, poses, strict=True):
        renderer.render(own)
    alone = [rendered(marker_model(), own) for own in poses]
    renderers[0].close()
    renderers[1].render(poses[0])
    renderers[1].render(poses[1])
    for renderer, expected in zip(renderers, alone, strict=True):
        np.testing.assert_array_equal(renderer.faces[..., :3], expected)
    renderers[1].close()


@pytest.mark.gl
def test_a_mesh_has_its_scale_its_place_and_its_materials_colour() -> None:
    # Two meshes and a box: each must be drawn by its own triangles.
    model = model_of(
        '<body><freejoint/><geom type="mesh" mesh="flat" material="m"/>'
        '<geom type="mesh" mesh="high" pos="0 -.8 0" rgba="1 0 0 1"/>'
        '<geom type="box" pos="0 .8 0" size=".1 .1 .1" rgba="0 0 1 1"/></body>',
        elbow(".1 .2 .05", "flat")
        + elbow(".1 .1 .4", "high")
        + '<material name="m" rgba="0 1 0 1"/>',
    )
    distance = 8.0
    renderer = GlRenderer(model, (0.0, 0.0, 0.0), 1024)
    renderer.render(poses_at((distance, 0.0, 0.0)))
    face = renderer.faces[0, ..., :3].astype(float)
    renderer.close()
    # Seen from behind along x: y from 0 to 2 and z from 0 to 1 times the scale.
    for colour, left_m, width_m, height_m in (
        ("green", -0.4, 0.4, 0.05),
        ("red", 0.6, 0.2, 0.4),
        ("blue", -0.9, 0.2, 0.2),
    ):
        bright = face > 40
        rows, columns = np.nonzero((bright == np.array(COLOURS[colour], bool)).all(axis=-1))
        pixels_per_metre = 512 / distance
        assert columns.min() / pixels_per_metre - distance == pytest.approx(left_m, abs=0.03)
        assert (np.ptp(columns) + 1) / pixels_per_metre == pytest.approx(width_m, abs=0.03)
        assert (np.ptp(rows) + 1) / pixels_per_metre == pytest.approx(height_m, abs=0.03)


@pytest.mark.gl
def test_a_mesh_is_shaded_by_its_normals() -> None:
    # A finely cut sphere looks like the sphere itself, not like the facets that it is made of.
    pictures = [
        rendered(
            model_of(f'<body><freejoint/><geom {shape} rgba=".8 .8 .8 1"/></body>', BALL),
            poses_at((CAMERA[0] + 1.0, CAMERA[1], CAMERA[2])),
        )[0]
        for shape in ('type="mesh" mesh="ball"', 'type="ellipsoid" size=".4 .4 .4"')
    ]
    middle = np.s_[SIZE * 3 // 8 : SIZE * 5 // 8, SIZE * 3 // 8 : SIZE * 5 // 8]
    assert np.abs(pictures[0][middle] - pictures[1][middle]).max() < 6.0


SHADED = '<light type="directional" dir="1 0 -1"/>'
"""At 45 degrees: a point at height z casts its shadow z farther along x."""


def ground_below(quality: Quality, bodies: str, poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """The face D (SIZE, SIZE, 3) from 2 m above a bright ground, 0 to 255."""
    model = mujoco.MjModel.from_xml_string(
        f'<mujoco><worldbody>{SHADED}<geom type="plane" size="0 0 1" rgba=".9 .9 .9 1"/>{bodies}'
        "</worldbody></mujoco>"
    )
    renderer = GlRenderer(model, (0.0, 0.0, 2.0), SIZE, quality)
    renderer.render(poses)
    face = renderer.faces[5, ..., :3].astype(float)
    renderer.close()
    return face


BALL_BODY = '<body><freejoint/><geom type="sphere" size=".2" rgba="1 0 0 1"/></body>'


@pytest.mark.gl
def test_a_shadow_falls_where_geometry_puts_it() -> None:
    lit = ground_below("good", BALL_BODY, poses_at((0.0, 0.0, -5.0)))
    shaded = ground_below("good", BALL_BODY, poses_at((-0.6, 0.3, 1.0)))
    # The ball itself is in the lower half.
    rows, columns = np.nonzero((lit - shaded)[: SIZE // 2, :, 1] > 10.0)
    # The ball's centre falls 1 m farther along x; the face shows 4 m, forward up, left left.
    metres_per_pixel = 4.0 / SIZE
    assert -(rows.mean() - (SIZE - 1) / 2) * metres_per_pixel == pytest.approx(0.4, abs=0.03)
    assert -(columns.mean() - (SIZE - 1) / 2) * metres_per_pixel == pytest.approx(0.3, abs=0.03)
    # An ellipse as wide as the ball and longer by the square root of 2.
    assert np.ptp(columns) * metres_per_pixel == pytest.approx(0.4, abs=0.09)
    assert np.ptp(rows) * metres_per_pixel == pytest.approx(0.4 * np.sqrt(2), abs=0.09)


@pytest.mark.gl
def test_a_shadow_takes_the_suns_part_of_the_light_and_has_a_soft_edge() -> None:
    lit = ground_below("good", BALL_BODY, poses_at((0.0, 0.0, -5.0)))
    shaded = ground_below("good", BALL_BODY, poses_at((-1.0, 0.0, 1.0)))
    middle = np.s_[SIZE // 2, SIZE // 2]
    # 0.35 and 0.25 from the sky, 0.45 from the sun at 45 degrees.
    assert shaded[middle] / lit[middle] == pytest.approx(
        0.6 / (0.6 + 0.45 * np.sqrt(0.5)), abs=0.02
    )
    between = (shaded > shaded[middle] + 3) & (shaded < lit[middle] - 3)
    assert between.any()


@pytest.mark.gl
def test_at_fast_there_are_no_shadows() -> None:
    lit = ground_below("fast", BALL_BODY, poses_at((0.0, 0.0, -5.0)))
    without = ground_below("fast", BALL_BODY, poses_at((-1.0, 0.0, 1.0)))
    is_ball = without[..., 0] > 2.0 * without[..., 1]
    np.testing.assert_array_equal(without[~is_ball], lit[~is_ball])


@pytest.mark.gl
def test_a_lit_shape_does_not_shade_itself() -> None:
    # The bright half of a ball, and the top of a turned box, in light from behind the camera.
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><worldbody><light type="directional" dir="1 .2 -.3"/>'
        '<geom type="sphere" size=".3" pos="1 .4 0" rgba=".8 .8 .8 1"/>'
        '<geom type="box" size=".2 .3 .2" pos="1 -.5 0" euler="20 40 10" rgba=".8 .8 .8 1"/>'
        "</worldbody></mujoco>"
    )
    pictures = []
    for quality in ("fast", "good"):
        renderer = GlRenderer(model, (0.0, 0.0, 0.0), SIZE, quality)
        renderer.render(poses_at())
        pictures.append(renderer.faces[0, ..., :3].astype(float))
        renderer.close()
    fast, good = pictures
    is_shape = np.ptp(fast, axis=-1) < 2
    is_edge = gaussian_gradient_magnitude(fast[..., 0], sigma=1) > 12
    inside = binary_erosion(is_shape & ~is_edge, iterations=2)
    assert inside.sum() > 500
    assert (fast - good)[inside].max() < 3.0


@pytest.mark.gl
def test_outlines_are_smooth_at_good() -> None:
    model = marker_model("box", ".3 .3 .3")
    poses = poses_at((CAMERA[0] + 2.0, CAMERA[1], CAMERA[2]))
    poses[1, 3:] = (0.3, 0.2, 0.1, 1.0)
    shades = {}
    for quality in ("fast", "good"):
        renderer = GlRenderer(model, CAMERA, SIZE, quality)
        renderer.render(poses)
        blue = renderer.faces[0, ..., 2].astype(int)
        renderer.close()
        shades[quality] = ((blue > 60) & (blue < 170)).sum()
    assert shades["fast"] == 0
    assert shades["good"] > 50


@pytest.mark.gl
def test_a_moving_shadow_is_drawn_anew_where_it_was_and_is() -> None:
    model = mujoco.MjModel.from_xml_string(
        f'<mujoco><worldbody>{SHADED}<geom type="plane" size="0 0 1"/>{BALL_BODY}</worldbody>'
        "</mujoco>"
    )
    renderer = GlRenderer(model, (0.0, 0.0, 2.0), SIZE, "good")
    renderer.render(poses_at((-3.0, 0.0, 2.5)))
    regions = renderer.render(poses_at((-3.0, 0.1, 2.5)))
    renderer.close()
    # The ball is behind, on face B; its shadow falls 2.5 m farther along x, on face D.
    assert {region.face for region in regions} == {FACE_ORDER.index("B"), FACE_ORDER.index("D")}
    area = sum((r.right - r.left) * (r.bottom - r.top) for r in regions)
    assert area < 0.15 * SIZE**2


def test_what_cannot_be_drawn_is_refused_by_name() -> None:
    model = model_of(
        '<body name="hill"><geom name="slope" type="hfield" hfield="h"/></body>',
        '<hfield name="h" nrow="2" ncol="2" size="1 1 1 1"/>',
    )
    with pytest.raises(
        ValueError, match=r"geom 0 'slope' of body 'hill': hfield; it draws .*mesh.* to mujoco"
    ):
        GlRenderer(model, CAMERA, SIZE)


def test_without_egl_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise Exception("eglGetDisplay: no display")  # as moderngl does

    monkeypatch.setattr(moderngl, "create_context", fail)
    with pytest.raises(NoOpenGLError, match=r"no display.*apt install libegl1 .*renderer"):
        GlRenderer(model_of(""), CAMERA, SIZE)
