"""How the cost of a panorama grows: with its size, the faces', what moves, and its triangles.

python -m benchmarks panorama.cost prints a figure a row, and the whole table on the standard error.
"""

import sys
import time
from collections.abc import Collection, Iterator, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from benchmarks.panorama import START_S
from benchmarks.recorded_poses import Poses, recorded_poses, to_and_fro
from operators.panorama import PanoramaCapture
from operators.panorama_budget import swaying_poses
from operators.scene import build_scene
from operators.settings import Settings, load_settings

NAMES = ("panorama.cost",)

FACE_SIZES: Final = (256, 464, 720, 1024, 1440)
WIDTHS: Final = (1440, 2160, 2880, 4096)
BODIES: Final = (1, 4, 16, 64)
TRIANGLES: Final = (1_000, 10_000, 100_000)

FRAMES, FULL_FRAMES, WARM_UP = 120, 8, 3

COLUMNS: Final = (("fast", False), ("good", False), ("fast", True), ("good", True))


class Row(NamedTuple):
    """What is measured: a model, its poses one after the other, and keys of `panorama`."""

    label: str
    model: mujoco.MjModel
    poses: Sequence[Poses] | NDArray[np.float64]
    keys: dict[str, Any]


def figures(names: Collection[str] = NAMES) -> Iterator[Figure]:
    """Measure every row; the value is what a frame with changes takes at fast quality."""
    settings = load_settings("configs/teleop_replay.yml")
    lines = [
        "| ms, median | changes, fast | changes, good | everything, fast | everything, good |",
        "|---|---|---|---|---|",
    ]
    for row in rows(settings) if names else ():
        medians, p95s = zip(
            *(measure(row, settings, quality, full) for quality, full in COLUMNS), strict=True
        )
        lines.append(f"| {row.label} | {' | '.join(f'{ms:.1f}' for ms in medians)} |")
        changes, good, full, full_good = medians
        yield Figure(
            "panorama.cost",
            changes,
            "ms",
            p95s[0],
            "the same with a full redraw",
            full,
            full / changes,
            f"{row.label}; at good quality {good:.2f} ms, everything {full_good:.1f} ms",
        )
    print("\n".join(lines), file=sys.stderr, flush=True)


def rows(settings: Settings) -> Iterator[Row]:
    """Two hands of the recording at several sizes, then spheres and meshes in front of the head."""
    scene = build_scene(settings)
    poses = recorded_poses(scene, settings, START_S, FRAMES)
    for size in FACE_SIZES:
        yield Row(f"{size}-pixel faces, width 1440", scene.model, poses, {"face_size": size})
    for width in WIDTHS:
        yield Row(f"width {width}, faces as dense", scene.model, poses, {"width": width})
    for count in BODIES:
        model = spheres(count)
        yield Row(
            f"{count} moving {'sphere' if count == 1 else 'spheres'}",
            model,
            swaying_poses(model, FRAMES),
            {},
        )
    for count in TRIANGLES:
        model, triangles = mesh_of(count)
        label = f"a moving mesh of {triangles:,} triangles"
        yield Row(label, model, swaying_poses(model, FRAMES), {})


def measure(row: Row, settings: Settings, quality: str, full: bool) -> tuple[float, float]:
    """Median and p95 of a frame, ms."""
    chosen = settings.panorama.model_copy(update={"quality": quality, **row.keys})
    durations = []
    poses = to_and_fro(row.poses)
    with PanoramaCapture(row.model, settings.model_copy(update={"panorama": chosen})) as capture:
        for _ in range(WARM_UP + (FULL_FRAMES if full else FRAMES)):
            start = time.perf_counter()
            capture.capture(next(poses), full=full)
            durations.append((time.perf_counter() - start) * 1e3)
    median, p95 = np.percentile(durations[WARM_UP:], (50, 95))
    return float(median), float(p95)


def spheres(count: int) -> mujoco.MjModel:
    """Spheres of 6 cm side by side, 1 m in front of the robot's head, each a body of its own."""
    spec = _ground()
    columns = int(np.ceil(np.sqrt(count)))
    for row, column in list(product(range(columns), repeat=2))[:count]:
        place = (0.4, 0.15 * (column - columns / 2), 1.6 + 0.15 * (row - columns / 2))
        body = spec.worldbody.add_body(pos=place)
        body.add_freejoint()
        body.add_geom(size=(0.03, 0, 0), rgba=(0.8, 0.4, 0.2, 1))
    return spec.compile()


def mesh_of(triangles: int) -> tuple[mujoco.MjModel, int]:
    """A wavy ball of about so many triangles, 30 cm wide, and how many they are."""
    rings = int(np.sqrt(triangles / 4))
    vertices, faces = _ball(rings, 2 * rings)
    spec = _ground()
    spec.add_mesh(name="ball", uservert=vertices.ravel(), userface=faces.ravel())
    body = spec.worldbody.add_body(pos=(0.4, 0, 1.6))
    body.add_freejoint()
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname="ball", rgba=(0.8, 0.4, 0.2, 1))
    return spec.compile(), len(faces)


def _ground() -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=(50, 50, 0.1))
    return spec


def _ball(rings: int, around: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Vertices (v, 3) and triangles (t, 3), counter-clockwise from outside."""
    latitude = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)[1:-1, None]
    longitude = np.arange(around) * (2 * np.pi / around)
    radius = 0.15 + 0.005 * np.sin(12 * longitude) * np.cos(latitude) ** 2
    ring = np.stack(
        np.broadcast_arrays(
            radius * np.cos(latitude) * np.cos(longitude),
            radius * np.cos(latitude) * np.sin(longitude),
            radius * np.sin(latitude),
        ),
        axis=-1,
    ).reshape(-1, 3)
    vertices = np.concatenate([ring, [[0, 0, -0.15], [0, 0, 0.15]]])
    row, column = np.indices((rings - 2, around)).reshape(2, -1)
    here, beside = row * around + column, row * around + (column + 1) % around
    sides = [(here, beside, beside + around), (here, beside + around, here + around)]
    first, last = np.arange(around), np.arange(around) + (rings - 2) * around
    sides.append((np.roll(first, -1), first, np.full(around, len(ring))))
    sides.append((last, np.roll(last, -1), np.full(around, len(ring) + 1)))
    return vertices, np.concatenate([np.stack(s, axis=-1) for s in sides]).astype(np.int32)


if __name__ == "__main__":
    for figure in figures():
        print(figure.json_line())
