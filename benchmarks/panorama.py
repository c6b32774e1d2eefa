"""The panorama: what it takes to see what two recorded hands change, and to draw everything.

Each figure stands beside the same done by MuJoCo's renderer and py360convert, in turns.
"""

from collections.abc import Callable, Collection, Iterator
from itertools import cycle
from typing import Final

import mujoco
import numpy as np
import py360convert
from numpy.typing import NDArray

from benchmarks.figure import Figure, interleaved_times
from benchmarks.recorded_poses import Poses, recorded_poses, to_and_fro
from operators.cube_map import FACE_ORDER, direction_of_face_pixel
from operators.equirectangular import CubeToEquirect, direction_of_pixel
from operators.gl_renderer import GlRenderer
from operators.mujoco_renderer import MujocoRenderer
from operators.panorama import PanoramaCapture
from operators.renderer import Quality
from operators.scene import SceneModel, build_scene
from operators.settings import Settings, load_settings

NAMES = (
    "panorama.changed_regions",
    "panorama.full_redraw",
    "panorama.changed_regions_good",
    "panorama.capture",
    "panorama.stitch",
)

FACE_SIZE, HEIGHT, WIDTH = 720, 720, 1440

START_S, FRAMES = 8.0, 1200
"""Twenty seconds of the recording, in which both hands move about and their fingers too."""

ROUNDS, OUR_CALLS, THEIR_CALLS = 20, 60, 3

GREY_LEVELS: Final = 255.0


def figures(names: Collection[str] = NAMES) -> Iterator[Figure]:
    """Measure the figures that are asked for."""
    settings = load_settings("configs/teleop_replay.yml")
    scene = build_scene(settings)
    poses = recorded_poses(scene, settings, START_S, FRAMES)
    measures: dict[str, Callable[[SceneModel, Settings, list[Poses]], Figure]] = {
        "panorama.changed_regions": measure_changed_regions,
        "panorama.full_redraw": measure_full_redraw,
        "panorama.changed_regions_good": measure_changed_regions_good,
        "panorama.capture": measure_capture,
        "panorama.stitch": measure_stitch,
    }
    for name in names:
        yield measures[name](scene, settings, poses)


def measure_changed_regions(scene: SceneModel, settings: Settings, poses: list[Poses]) -> Figure:
    """Render, read back and remap what changed."""
    return _measure("panorama.changed_regions", scene, settings, poses, "fast", full=False)


def measure_full_redraw(scene: SceneModel, settings: Settings, poses: list[Poses]) -> Figure:
    """The same with everything drawn, read back and remapped at every frame."""
    return _measure("panorama.full_redraw", scene, settings, poses, "fast", full=True)


def measure_changed_regions_good(
    scene: SceneModel, settings: Settings, poses: list[Poses]
) -> Figure:
    """What changed, with shadows and smooth edges on both sides."""
    return _measure("panorama.changed_regions_good", scene, settings, poses, "good", full=False)


def _measure(
    name: str,
    scene: SceneModel,
    settings: Settings,
    poses: list[Poses],
    quality: Quality,
    full: bool,
) -> Figure:
    chosen = settings.panorama.model_copy(
        update={"face_size": FACE_SIZE, "width": WIDTH, "quality": quality}
    )
    theirs = PlainPanorama(scene, settings, quality)
    our_poses, their_poses = to_and_fro(poses), to_and_fro(poses)
    with PanoramaCapture(scene.model, settings.model_copy(update={"panorama": chosen})) as ours:
        our_times, their_times = interleaved_times(
            lambda: ours.capture(next(our_poses), full=full),
            lambda: theirs.capture(next(their_poses)),
            rounds=ROUNDS,
            calls=THEIR_CALLS if full else OUR_CALLS,
            their_calls=THEIR_CALLS,
        )
    theirs.close()
    drawn = "everything" if full else "what changed"
    plain = "shadows and 4x MSAA" if quality == "good" else "no shadows, MSAA and sky"
    return Figure(
        name,
        our_times.median,
        "ms",
        our_times.p95,
        f"MuJoCo's renderer ({plain}) and py360convert.c2e",
        their_times.median,
        their_times.median / our_times.median,
        f"{drawn}, {quality}: render, read back, remap; two hands of the recording, "
        f"{FACE_SIZE}-pixel faces to {HEIGHT}x{WIDTH}",
    )


class PlainPanorama:
    """MuJoCo's renderer and py360convert, one after the other."""

    def __init__(self, scene: SceneModel, settings: Settings, quality: Quality) -> None:
        self._renderer = MujocoRenderer(
            scene.model, settings.scene.anchor_position, FACE_SIZE, quality
        )
        if quality == "fast":
            self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = False

    def capture(self, body_poses: Poses) -> NDArray[np.uint8]:
        """Draw and join everything."""
        self._renderer.render(body_poses, full=True)
        faces = dict(zip(FACE_ORDER, self._renderer.faces, strict=True))
        return np.asarray(
            py360convert.c2e(faces, HEIGHT, WIDTH, mode="bilinear", cube_format="dict")
        )

    def close(self) -> None:
        """Give back what the graphics driver holds."""
        self._renderer.close()


def measure_capture(scene: SceneModel, settings: Settings, poses: list[Poses]) -> Figure:
    """All six faces drawn anew and read back, against MuJoCo's renderer at its plainest."""
    arguments = scene.model, settings.scene.anchor_position, FACE_SIZE
    ours, theirs = GlRenderer(*arguments), MujocoRenderer(*arguments)
    theirs.scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = False
    moving = cycle(poses)
    our_times, their_times = interleaved_times(
        lambda: ours.render(next(moving), full=True),
        lambda: theirs.render(next(moving), full=True),
    )
    ours.close()
    theirs.close()
    return Figure(
        "panorama.capture",
        our_times.median,
        "ms",
        our_times.p95,
        "MuJoCo's renderer without shadows, MSAA and sky",
        their_times.median,
        their_times.median / our_times.median,
        f"six {FACE_SIZE}-pixel faces, full redraw, the faces in main memory",
    )


def measure_stitch(scene: SceneModel, settings: Settings, poses: list[Poses]) -> Figure:
    """Faces in main memory to a whole panorama, against py360convert."""
    renderer = GlRenderer(scene.model, settings.scene.anchor_position, FACE_SIZE)
    renderer.render(poses[0])
    faces = renderer.faces
    renderer.close()
    named = dict(zip(FACE_ORDER, np.ascontiguousarray(faces[..., :3]), strict=True))
    table = CubeToEquirect(FACE_SIZE, HEIGHT, WIDTH)
    out = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    our_times, their_times = interleaved_times(
        lambda: table.convert(faces, out),
        lambda: py360convert.c2e(named, HEIGHT, WIDTH, mode="bilinear", cube_format="dict"),
        rounds=ROUNDS,
    )
    our_error, their_error = stitch_errors()
    return Figure(
        "panorama.stitch",
        our_times.median,
        "ms",
        our_times.p95,
        "py360convert.c2e",
        their_times.median,
        their_times.median / our_times.median,
        f"{FACE_SIZE}-pixel faces to {HEIGHT}x{WIDTH}, both bilinear; each gets the faces as it "
        "likes them best: four channels as our renderer gives them, a dictionary of RGB; error "
        f"against an analytic scene {our_error:.2f} grey levels, theirs {their_error:.2f}",
    )


def stitch_errors() -> tuple[float, float]:
    """Root mean square errors in grey levels, ours and py360convert's, of an analytic scene."""
    face, row, column = np.indices((len(FACE_ORDER), FACE_SIZE, FACE_SIZE))
    faces = analytic_scene(direction_of_face_pixel(face, column, row, FACE_SIZE))
    row, column = np.indices((HEIGHT, WIDTH))
    expected = analytic_scene(direction_of_pixel(column, row, HEIGHT, WIDTH)).astype(np.float64)
    ours = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    CubeToEquirect(FACE_SIZE, HEIGHT, WIDTH).convert(faces, ours)
    named = dict(zip(FACE_ORDER, faces, strict=True))
    theirs = py360convert.c2e(named, HEIGHT, WIDTH, mode="bilinear", cube_format="dict")
    our_error, their_error = (float(np.sqrt(((p - expected) ** 2).mean())) for p in (ours, theirs))
    return our_error, their_error


def analytic_scene(directions: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Colours (..., 3) of directions (..., 3): waves along three axes, 2 degrees at the finest."""
    waves = np.sin(directions * (40.0, 90.0, 180.0)) * np.cos(directions[..., ::-1] * 25.0)
    return np.asarray(np.round((0.5 + 0.45 * waves) * GREY_LEVELS), np.uint8)


if __name__ == "__main__":
    for figure in figures():
        print(figure.json_line())
