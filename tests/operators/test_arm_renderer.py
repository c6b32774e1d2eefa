from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from benchmarks.surface_error import surface_errors
from operators.arm_renderer import ArmRenderer
from operators.pinhole import ImageSizeError, Pinhole
from operators.transforms import rigid
from operators.urdf_visuals import Visual, shaded

pytestmark = pytest.mark.gl

PINHOLE = Pinhole(160, 120, 140.0, 150.0, 71.3, 63.9)
SAMPLES = 16
RANDOM = np.random.default_rng(8)


def visual(mesh: trimesh.Trimesh, colour: tuple[float, float, float] = (0.8, 0.4, 0.2)) -> Visual:
    vertices, normals, triangles = shaded(
        np.array(mesh.vertices), np.array(mesh.faces, dtype=np.int32)
    )
    return Visual("link", np.eye(4), vertices, normals, triangles, colour)


MESHES = [
    visual(trimesh.creation.box((0.3, 0.2, 0.4))),
    visual(trimesh.creation.cylinder(radius=0.1, height=0.5)),
    visual(trimesh.creation.icosphere(radius=0.15)),
]


@pytest.fixture(scope="module")
def renderer() -> Iterator[ArmRenderer]:
    made = ArmRenderer(PINHOLE, MESHES)
    yield made
    made.close()


def poses(seed: int) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    centres = random.uniform([-0.3, -0.25, 1.0], [0.3, 0.25, 1.6], (3, 3))
    return rigid(Rotation.random(3, rng=random).as_matrix(), centres)


def coverage(camera_from_meshes: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of every pixel the meshes cover, by OpenCV's polygons on a grid 16 times as fine."""
    fine = np.zeros((PINHOLE.height * SAMPLES, PINHOLE.width * SAMPLES), np.uint8)
    for mesh, pose in zip(MESHES, camera_from_meshes, strict=True):
        rotation, _ = cv2.Rodrigues(pose[:3, :3])
        seen, _ = cv2.projectPoints(
            mesh.vertices, rotation, pose[:3, 3], PINHOLE.matrix, np.zeros(5)
        )
        # Pixel (0, 0) reaches from -0.5 to 0.5; a fine pixel is drawn where its centre is.
        corners = (seen[:, 0] + 0.5) * SAMPLES - 0.5
        for triangle in np.round(corners[mesh.triangles]).astype(np.int32):
            cv2.fillConvexPoly(fine, triangle, 1)
    shape = PINHOLE.height, SAMPLES, PINHOLE.width, SAMPLES
    return fine.reshape(shape).mean(axis=(1, 3))


def whole(renderer: ArmRenderer, camera_from_meshes: NDArray[np.float64]) -> NDArray[np.float32]:
    drawing = renderer.draw(camera_from_meshes)
    depth_m = np.zeros((PINHOLE.height, PINHOLE.width), np.float32)
    depth_m[drawing.where] = drawing.depth_m
    return depth_m


@pytest.mark.parametrize("seed", range(6))
def test_the_silhouette_covers_what_projects_there(renderer: ArmRenderer, seed: int) -> None:
    expected = coverage(poses(seed))
    silhouette = whole(renderer, poses(seed)) > 0
    assert silhouette.sum() > 500
    # A pixel is drawn where its centre is covered: none that is all but empty, none all but full.
    assert expected[silhouette].min() > 0.02
    assert expected[~silhouette].max() < 0.98
    rows, columns = np.indices(silhouette.shape)
    for axis in (rows, columns):
        drawn = (axis * silhouette).sum() / silhouette.sum()
        assert drawn == pytest.approx((axis * expected).sum() / expected.sum(), abs=0.08)


@pytest.mark.parametrize("seed", range(3))
def test_depths_are_those_of_rays_that_meet_the_meshes(renderer: ArmRenderer, seed: int) -> None:
    depth_m = whole(renderer, poses(seed))
    rays = PINHOLE.rays().astype(np.float64)
    rows, columns = np.nonzero(cv2.erode((depth_m > 0).astype(np.uint8), np.ones((5, 5))))
    chosen = RANDOM.permutation(len(rows))[:150]
    nearest = np.full(len(chosen), np.inf)
    for mesh, pose in zip(MESHES, poses(seed), strict=True):
        placed = trimesh.Trimesh(mesh.vertices, mesh.triangles).apply_transform(pose)
        corners = placed.triangles
        for i, (row, column) in enumerate(zip(rows[chosen], columns[chosen], strict=True)):
            nearest[i] = min(nearest[i], first_hit(rays[row, column], corners))
    drawn = depth_m[rows[chosen], columns[chosen]]
    # Where two meshes meet, single precision may show the other one.
    assert np.quantile(np.abs(drawn - nearest), 0.98) < 1e-5


def first_hit(ray: NDArray[np.float64], corners: NDArray[np.float64]) -> float:
    """Distance along z at which a ray from the origin first meets triangles (Moller, Trumbore)."""
    edge1, edge2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    h = np.cross(ray, edge2)
    a = np.einsum("ti,ti->t", edge1, h)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.einsum("ti,ti->t", -corners[:, 0], h) / a
        q = np.cross(-corners[:, 0], edge1)
        v = (q @ ray) / a
        t = np.einsum("ti,ti->t", edge2, q) / a
    hit = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (t > 0)
    return float(t[hit].min()) if hit.any() else np.inf


def test_every_pixel_of_the_robot_shows_the_point_that_projects_there() -> None:
    errors = surface_errors()
    assert len(errors) > 200_000
    assert errors.max() <= 0.5


def test_a_surface_has_the_pixels_of_the_silhouette(renderer: ArmRenderer) -> None:
    _, meshes = renderer.surface(poses(1))
    np.testing.assert_array_equal(meshes >= 0, whole(renderer, poses(1)) > 0)
    assert set(np.unique(meshes)) == {-1, 0, 1, 2}


def test_another_lens_draws_as_if_it_had_been_the_first(renderer: ArmRenderer) -> None:
    lens = replace(PINHOLE, fx=170.0, fy=165.0, cx=80.0)
    other = ArmRenderer(lens, MESHES)
    before = whole(renderer, poses(3))
    try:
        renderer.look_through(lens)
        np.testing.assert_array_equal(whole(renderer, poses(3)), whole(other, poses(3)))
        with pytest.raises(ImageSizeError, match="a lens of 80x60 px"):
            renderer.look_through(Pinhole.guess(80, 60, 60.0))
    finally:
        renderer.look_through(PINHOLE)
        other.close()
    np.testing.assert_array_equal(whole(renderer, poses(3)), before)


def test_only_what_the_meshes_can_reach_is_read(renderer: ArmRenderer) -> None:
    drawing = renderer.draw(poses(2))
    rows, columns = np.nonzero(whole(renderer, poses(2)))
    assert drawing.top <= rows.min()
    assert drawing.left <= columns.min()
    assert drawing.depth_m.size < 0.8 * PINHOLE.width * PINHOLE.height
    assert (drawing.colour[..., 3] > 0).sum() == len(rows)


@pytest.mark.parametrize("z", [-1.0, 0.0, 0.1])
def test_what_is_behind_or_around_the_camera_does_no_harm(renderer: ArmRenderer, z: float) -> None:
    near = np.repeat(rigid(np.eye(3), [0.0, 0.0, z])[None], 3, axis=0)
    drawing = renderer.draw(near)
    assert np.isfinite(drawing.depth_m).all()
    assert drawing.depth_m.size == (0 if z < -0.5 else PINHOLE.width * PINHOLE.height)


def test_nothing_stays_of_an_earlier_drawing(renderer: ArmRenderer) -> None:
    before = whole(renderer, poses(3)).copy()
    renderer.draw(poses(4))
    np.testing.assert_array_equal(whole(renderer, poses(3)), before)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(np.zeros((2, 4, 4)), r"expected \(3, 4, 4\)"), (np.full((3, 4, 4), np.nan), "not finite")],
)
def test_wrong_poses_are_refused(
    renderer: ArmRenderer, wrong: NDArray[np.float64], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        renderer.draw(wrong)
