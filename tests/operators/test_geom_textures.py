"""Textures on geoms, against MuJoCo's own picture of them."""

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from operators.geom_textures import picture, texture_of
from operators.gl_renderer import GlRenderer
from operators.mujoco_renderer import MujocoRenderer
from tests.operators.marked_scene import CAMERA, elbow, poses_at

SIZE, TEXELS = 128, 64
GEOM, TEXTURE = mujoco.mjtGeom, mujoco.mjtTexture
SHAPES = {
    "box": (GEOM.mjGEOM_BOX, (0.5, 0.3, 0.4)),
    "sphere": (GEOM.mjGEOM_SPHERE, (0.5, 0, 0)),
    "ellipsoid": (GEOM.mjGEOM_ELLIPSOID, (0.5, 0.3, 0.4)),
    "capsule": (GEOM.mjGEOM_CAPSULE, (0.3, 0.3, 0)),
    "cylinder": (GEOM.mjGEOM_CYLINDER, (0.4, 0.4, 0)),
    "plane": (GEOM.mjGEOM_PLANE, (0.6, 0.4, 0.1)),
}


def ramps() -> NDArray[np.uint8]:
    """Red grows to the right, green downwards, and the upper left corner is blue."""
    row, column = np.indices((TEXELS, TEXELS))
    corner = np.where((row < 16) & (column < 16), 255, 0)
    return np.stack([4 * column, 4 * row, corner], axis=-1).astype(np.uint8)


def cube_faces() -> NDArray[np.uint8]:
    tints = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0), (0, 250, 250), (250, 0, 250)]
    return np.concatenate([ramps() // 2 + np.array(tint, np.uint8) // 2 for tint in tints])


def textured(
    shape: str, flat: bool, repeat: tuple[float, float] = (1.0, 1.0), uniform: bool = False
) -> mujoco.MjModel:
    """One geom with a texture, in even light."""
    spec = mujoco.MjSpec()
    pixels = ramps() if flat else cube_faces()
    texture = spec.add_texture(
        name="t",
        type=TEXTURE.mjTEXTURE_2D if flat else TEXTURE.mjTEXTURE_CUBE,
        width=TEXELS,
        height=len(pixels),
        nchannel=3,
    )
    texture.data = pixels.tobytes()
    material = spec.add_material(name="m", texrepeat=repeat, texuniform=uniform)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "t"
    kind, size = SHAPES[shape]
    body = spec.worldbody.add_body()
    body.add_freejoint()
    if shape == "plane":
        body.add_geom(type=GEOM.mjGEOM_SPHERE, size=(0.01, 0, 0), rgba=(0, 0, 0, 1))
        body = spec.worldbody.add_body(mocap=True)
    body.add_geom(type=kind, size=size, material="m")
    spec.visual.headlight.ambient, spec.visual.headlight.diffuse = (1, 1, 1), (0, 0, 0)
    return spec.compile()


def hues(face: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Colours without their brightness, which is the light's."""
    colours = face[..., :3].astype(float) + 1.0
    return colours / np.linalg.norm(colours, axis=-1, keepdims=True)


def both(
    model: mujoco.MjModel,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Hues of the front face by ours and MuJoCo's renderer, and where the geom is."""
    x, y, z = CAMERA
    positions = [(x - 9.0, y, z)] * (model.nbody - 2) + [(x + 1.2, y, z)]
    poses = poses_at(*positions)
    poses[-1, 3:] = (0.35, -0.45, 0.2, 0.8)
    if model.geom_type[-1] == GEOM.mjGEOM_PLANE:
        poses[-1, 3:] = (0.1, -0.6, 0.1, 0.8)
    pictures = []
    for renderer_type in (GlRenderer, MujocoRenderer):
        renderer = renderer_type(model, CAMERA, SIZE)
        renderer.render(poses)
        pictures.append(renderer.faces[0, ..., :3].copy())
        renderer.close()
    ours, theirs = pictures
    return hues(ours), hues(theirs), theirs.max(axis=-1) > 20


@pytest.mark.gl
@pytest.mark.parametrize(
    ("repeat", "uniform"), [((1.0, 1.0), False), ((2.0, 3.0), False), ((2.0, 2.0), True)]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_flat_texture_lies_as_mujoco_lays_it(
    shape: str, repeat: tuple[float, float], uniform: bool
) -> None:
    ours, theirs, on_geom = both(textured(shape, True, repeat, uniform))
    assert on_geom.mean() > 0.05
    agree = np.abs(ours - theirs).max(axis=-1)[on_geom] < 0.15
    # Between the texture's ends, where neighbours differ most, the outlines do not coincide.
    assert agree.mean() > 0.9


@pytest.mark.gl
@pytest.mark.parametrize("shape", ["box", "sphere", "ellipsoid", "cylinder"])
def test_a_cube_texture_lies_as_mujoco_lays_it(shape: str) -> None:
    ours, theirs, on_geom = both(textured(shape, False))
    assert (np.abs(ours - theirs).max(axis=-1)[on_geom] < 0.15).mean() > 0.93


@pytest.mark.gl
def test_a_mesh_shows_its_own_places_of_the_texture() -> None:
    # A square whose corners show the upper left eighth of the texture, which is blue.
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><asset><texture name="t" type="2d" builtin="checker" rgb1="0 0 1" rgb2="1 0 0" '
        'width="64" height="64"/><material name="m" texture="t"/>'
        '<mesh name="s" vertex="0 -1 -1 0 1 -1 0 1 1 0 -1 1 -.1 0 0" '
        'texcoord="0 0 .3 0 .3 .3 0 .3 .1 .1" '
        'face="0 2 1 0 3 2 0 1 4 1 2 4 2 3 4 3 0 4"/></asset><worldbody>'
        '<geom type="mesh" mesh="s" material="m" pos="2 0 0"/></worldbody></mujoco>'
    )
    renderer = GlRenderer(model, (0.0, 0.0, 0.0), SIZE)
    renderer.render(poses_at())
    red, _, blue = renderer.faces[0, SIZE // 2, SIZE // 2, :3].astype(int)
    renderer.close()
    assert blue > 60
    assert red < 10


@pytest.mark.parametrize(
    ("geom", "expected"),
    [
        ("", None),
        ('rgba="1 0 0 1"', None),
        ('material="plain"', None),
        ('material="flat"', (0, False, (2.0, 3.0))),
        ('material="even"', (0, False, (0.4, 0.9))),
        ('material="cube"', (1, True, (1.0, 1.0, 1.0))),
        ('material="even_cube"', (1, True, (0.2, 0.3, 0.4))),
    ],
)
def test_the_texture_of_a_geom(
    geom: str, expected: tuple[int, bool, tuple[float, ...]] | None
) -> None:
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><asset><texture name="a" type="2d" builtin="flat" width="8" height="8"/>'
        '<texture name="b" type="cube" builtin="flat" width="8" height="48"/>'
        '<material name="plain" rgba="1 0 0 1"/>'
        '<material name="flat" texture="a" texrepeat="2 3"/>'
        '<material name="even" texture="a" texrepeat="2 3" texuniform="true"/>'
        '<material name="cube" texture="b"/>'
        '<material name="even_cube" texture="b" texuniform="true"/></asset><worldbody>'
        f'<geom type="box" size=".2 .3 .4" {geom}/></worldbody></mujoco>'
    )
    found = texture_of(model, 0)
    if expected is None:
        assert found is None
        return
    assert found is not None
    number, is_cube, scale = expected
    assert (found.number, found.is_cube) == (number, is_cube)
    assert found.scale[: 3 if is_cube else 2] == pytest.approx(scale)


def test_a_picture_comes_out_as_it_went_in() -> None:
    np.testing.assert_array_equal(picture(textured("box", True), 0), ramps())
    np.testing.assert_array_equal(picture(textured("box", False), 0), cube_faces())


@pytest.mark.gl
def test_a_textured_mesh_without_places_is_drawn() -> None:
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><asset><texture name="t" type="2d" builtin="flat" rgb1="0 1 0" width="8" '
        f'height="8"/><material name="m" texture="t"/>{elbow(".3 .3 .3")}</asset><worldbody>'
        '<geom type="mesh" mesh="elbow" material="m" pos="1 0 0"/></worldbody></mujoco>'
    )
    renderer = GlRenderer(model, (0.0, 0.0, 0.0), SIZE)
    renderer.render(poses_at())
    green = (renderer.faces[..., :3].argmax(axis=-1) == 1).any()
    renderer.close()
    assert green
