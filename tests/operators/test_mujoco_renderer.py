"""MuJoCo's renderer behind the same interface: the same picture as ours."""

import os

import mujoco
import numpy as np
import pytest

from operators import gl_context
from operators.cube_map import FACE_ORDER, whole_faces
from operators.gl_renderer import GlRenderer
from operators.mujoco_renderer import MujocoRenderer
from tests.operators.marked_scene import CAMERA, elbow, marker_directions, model_of, poses_at

SIZE = 96
pytestmark = pytest.mark.gl

TETRAHEDRON = '<mesh name="m" vertex="0 0 0 .5 0 0 0 .5 0 0 0 .5"/>'


def scattered() -> tuple[mujoco.MjModel, np.ndarray]:
    """Bodies of all shapes that both renderers know, in 26 directions."""
    shapes = (*("box", "sphere", "capsule", "cylinder", "ellipsoid"), 'mesh" mesh="elbow')
    directions = list(marker_directions().values())[:26]
    bodies = "".join(
        f'<body><freejoint/><geom type="{shapes[i % 6]}" size=".3 .4 .2" rgba=".1 .02 .02 1"/>'
        "</body>"
        for i in range(26)
    )
    poses = poses_at(*(CAMERA + 3.0 * direction for direction in directions))
    poses[1:, 3:] += np.random.default_rng(0).normal(size=(26, 4))
    return model_of(bodies, elbow(".3 .2 .4")), poses


@pytest.mark.parametrize("face", range(6), ids=FACE_ORDER)
def test_both_renderers_see_the_same_outlines(face: int) -> None:
    model, poses = scattered()
    outlines = []
    for renderer_type in (GlRenderer, MujocoRenderer):
        renderer = renderer_type(model, CAMERA, SIZE)
        renderer.render(poses)
        outlines.append(renderer.faces[face, ..., 2] < 100)
        renderer.close()
    ours, theirs = outlines
    assert ours.sum() > 300
    assert (ours & theirs).sum() / (ours | theirs).sum() > 0.97


def test_faces_join_in_brightness() -> None:
    # A ground lit evenly looks the same across the edges of the faces.
    model = model_of('<geom type="plane" size="20 20 .1" rgba=".6 .6 .6 1"/>')
    model.mat_specular[:] = 0.0
    renderer = MujocoRenderer(model, CAMERA, SIZE)
    renderer.render(poses_at())
    front, right, down = (renderer.faces[FACE_ORDER.index(name)].astype(int) for name in "FRD")
    renderer.close()
    lower = np.s_[SIZE // 2 + 8 :]
    assert np.abs(front[lower, -1] - right[lower, 0]).max() <= 6
    assert np.abs(front[-1] - down[0]).max() <= 6


def test_meshes_are_drawn() -> None:
    model = model_of(
        '<body><freejoint/><geom type="mesh" mesh="m" rgba="1 0 0 1"/></body>', TETRAHEDRON
    )
    renderer = MujocoRenderer(model, CAMERA, SIZE)
    renderer.render(poses_at((CAMERA[0] + 1.0, CAMERA[1], CAMERA[2])))
    red, green, _ = np.moveaxis(renderer.faces[0].astype(int), -1, 0)
    renderer.close()
    assert (red > green + 50).sum() > 100


def test_it_draws_only_when_something_moved() -> None:
    model, poses = scattered()
    renderer = MujocoRenderer(model, CAMERA, SIZE)
    assert renderer.render(poses) == whole_faces(SIZE)
    assert renderer.render(poses) == []
    assert renderer.render(poses, full=True) == whole_faces(SIZE)
    poses[3, 0] += 0.01
    assert renderer.render(poses) == whole_faces(SIZE)
    renderer.close()


def test_the_callers_model_is_not_changed() -> None:
    model, _ = scattered()
    before = model.vis.global_.offwidth, model.vis.quality.offsamples
    MujocoRenderer(model, CAMERA, 1024).close()
    assert (model.vis.global_.offwidth, model.vis.quality.offsamples) == before


def test_without_egl_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import mujoco.egl

    def fail(*_: int) -> None:
        raise ImportError("Cannot initialize a EGL device display")

    monkeypatch.setattr(mujoco.egl, "GLContext", fail)
    monkeypatch.setitem(os.environ, "MUJOCO_GL", "egl")
    with pytest.raises(gl_context.NoOpenGLError, match=r"EGL device display.*apt install libegl1"):
        MujocoRenderer(model_of(""), CAMERA, SIZE)
