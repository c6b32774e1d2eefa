from pathlib import Path

import numpy as np
import pytest
import trimesh
import yourdfpy

from operators.settings import ROOT, SettingsError
from operators.urdf_visuals import GREY, load_visuals, shaded

ROBOT = ROOT / "assets/robots/two_arms/robot.urdf"


def urdf(folder: Path, visual: str) -> Path:
    path = folder / "one.urdf"
    path.write_text(f'<robot name="one"><link name="body"><visual>{visual}</visual></link></robot>')
    return path


def test_visuals_are_where_yourdfpy_has_them() -> None:
    ours = load_visuals(ROBOT)
    theirs = yourdfpy.URDF.load(str(ROBOT), load_meshes=False)
    expected = [
        (link.name, np.eye(4) if v.origin is None else v.origin)
        for link in theirs.robot.links
        for v in link.visuals
    ]
    assert [visual.link for visual in ours] == [link for link, _ in expected]
    for visual, (_, origin) in zip(ours, expected, strict=True):
        np.testing.assert_allclose(visual.link_from_mesh, origin, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "volume"),
    [
        ('<box size="0.1 0.2 0.3"/>', 0.006),
        ('<sphere radius="0.1"/>', 4 / 3 * np.pi * 1e-3),
        ('<cylinder radius="0.1" length="0.5"/>', np.pi * 5e-3),
    ],
)
def test_primitives_have_their_volume_and_normals_outwards(
    tmp_path: Path, shape: str, volume: float
) -> None:
    (visual,) = load_visuals(urdf(tmp_path, f"<geometry>{shape}</geometry>"))
    mesh = trimesh.Trimesh(visual.vertices, visual.triangles)
    assert mesh.volume == pytest.approx(volume, rel=0.01)
    assert (np.einsum("vi,vi->v", visual.vertices, visual.normals) > 0).all()
    np.testing.assert_allclose(np.linalg.norm(visual.normals, axis=-1), 1.0, atol=1e-9)


def test_an_edge_is_sharp_and_a_round_is_smooth() -> None:
    box = trimesh.creation.box()
    _, normals, _ = shaded(box.vertices, box.faces.astype(np.int32))
    assert 24 <= len(normals) <= 36
    np.testing.assert_allclose(np.abs(normals).max(axis=-1), 1.0)
    ball = trimesh.creation.icosphere(subdivisions=3)
    vertices, normals, triangles = shaded(ball.vertices, ball.faces.astype(np.int32))
    assert len(vertices) == len(ball.vertices)
    np.testing.assert_allclose(normals, vertices, atol=0.02)
    np.testing.assert_array_equal(vertices[triangles], ball.vertices[ball.faces])


@pytest.mark.parametrize("suffix", ["stl", "obj", "ply", "dae"])
@pytest.mark.parametrize("place", ["meshes/part.{}", "package://any_robot/meshes/part.{}"])
def test_meshes_of_many_formats_are_found_and_scaled(
    tmp_path: Path, suffix: str, place: str
) -> None:
    (tmp_path / "meshes").mkdir()
    wedge = trimesh.creation.box((0.2, 0.4, 0.6))
    wedge.export(tmp_path / f"meshes/part.{suffix}")
    geometry = f'<geometry><mesh filename="{place.format(suffix)}" scale="1 2 0.5"/></geometry>'
    (visual,) = load_visuals(urdf(tmp_path, geometry))
    np.testing.assert_allclose(visual.vertices.max(axis=0), [0.1, 0.4, 0.15], atol=1e-6)
    assert len(visual.triangles) == 12


def test_colours_come_from_the_robots_materials(tmp_path: Path) -> None:
    path = tmp_path / "colours.urdf"
    path.write_text(
        '<robot name="c"><material name="red"><color rgba="1 0 0 1"/></material><link name="a">'
        '<visual><geometry><sphere radius="1"/></geometry><material name="red"/></visual>'
        '<visual><geometry><sphere radius="1"/></geometry><material name="own">'
        '<color rgba="0 0.5 0 1"/></material></visual>'
        '<visual><geometry><sphere radius="1"/></geometry></visual></link></robot>'
    )
    assert [v.colour for v in load_visuals(path)] == [(1, 0, 0), (0, 0.5, 0), GREY]


@pytest.mark.parametrize(
    ("visual", "words"),
    [
        ('<geometry><mesh filename="gone.stl"/></geometry>', "mesh gone.stl does not exist"),
        ('<geometry><mesh filename="bad.stl"/></geometry>', "bad.stl"),
        ('<geometry><capsule radius="1"/></geometry>', "a capsule is not drawn"),
        ('<geometry><sphere radius="big"/></geometry>', "sphere: could not convert"),
        ('<geometry><box size="1 2"/></geometry>', "box: size: expected three numbers"),
        ("", "has no geometry"),
    ],
)
def test_what_cannot_be_drawn_is_an_error_with_its_link(
    tmp_path: Path, visual: str, words: str
) -> None:
    (tmp_path / "bad.stl").write_bytes(b"solid nothing\nendsolid\n")
    path = urdf(tmp_path, visual)
    with pytest.raises(SettingsError, match="visual of link body") as refused:
        load_visuals(path)
    assert words in str(refused.value)
