"""The real dataflow, and a person who brings its camera into line with the mouse alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from operators.alignment_file import read_alignment
from operators.calibration_file import find_calibration
from operators.look_at_camera import LookAtCamera
from operators.overlay import robot_at_its_base
from operators.overlay_settings import OverlaySettings
from operators.rgbd_recording import RgbdRecording
from operators.simulated_camera import SimulatedCamera
from operators.synthetic_robot import EYE_M, FOCAL_SHARE, LOOKED_AT_M, SERIAL, write_synthetic
from operators.transforms import transform_points
from tests.dataflows.running import Running, running
from tests.e2e.alignment_person import Floats, Person
from tests.e2e.browser import Browser

pytestmark = [pytest.mark.dataflow, pytest.mark.browser, pytest.mark.gl]

WIDTH, HEIGHT = 960, 540
TRUTH = LookAtCamera(
    tuple(EYE_M),  # type: ignore[arg-type]
    tuple(LOOKED_AT_M),  # type: ignore[arg-type]
    float(2.0 * np.arctan(HEIGHT / 2.0 / (FOCAL_SHARE * WIDTH))),
)

POINTS = 10

NEAR_M, NEAR_DEG, NEAR_FOV_DEG = 0.012, 0.4, 0.4
"""What a person reaches who sees the real robot to half a pixel."""


def rough_start() -> dict[str, object]:
    """Off by 5 cm, 5 degrees and 5 % of the angle of view."""
    position = np.array(EYE_M) + 0.05 * np.array([-0.6, 0.64, -0.48])
    aside = np.cross(TRUTH.forward, (0.3, -0.2, 1.0))
    aside /= np.linalg.norm(aside)
    angle = np.radians(5.0)
    forward = np.cos(angle) * TRUTH.forward + np.sin(angle) * aside
    target = position + TRUTH.distance_m * forward
    return {
        "base_camera_settings": {
            "pos": position.tolist(),
            "fov": 1.05 * TRUTH.fov_y_rad,
            "target": target.tolist(),
        },
        "spawn_box_pos": [0.8, 0.0],
        "spawn_box_half_size": 0.15,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("align")
    # One picture: the robot stands still.
    write_synthetic(made / "recording", seconds=0.1, rate_hz=10, width=WIDTH, height=HEIGHT)
    (made / "start.json").write_text(json.dumps(rough_start()))
    return made


@pytest.fixture(scope="module")
def dataflow(folder: Path) -> Iterator[Running]:
    with running(
        ["dora", "run", "dataflows/align_camera.yml"],
        PANODORA__OVERLAY__RECORDING=str(folder / "recording"),
        PANODORA__OVERLAY__RATE_HZ="10",
        PANODORA__ALIGN__START=str(folder / "start.json"),
        PANODORA__ALIGN__FILE=str(folder / "out/camera.json"),
        PANODORA__ALIGN__CALIBRATIONS=str(folder / "out/calib"),
    ) as run:
        run.wait_for("Open http://localhost:")
        yield run
        assert run.interrupt() == 0
    assert "Traceback" not in run.said


@pytest.fixture
def person(browser: Browser, dataflow: Running, folder: Path) -> Iterator[Person]:
    browser.goto(dataflow.page)
    browser.errors()
    browser.wait_for("align.state !== null && align.stream.shown > 0")
    points = robot_points(folder)
    at = TRUTH.camera_from_kinematic_base().points(points)
    # To half a pixel, as an eye can tell that two edges part.
    seen = (2.0 * TRUTH.pinhole(WIDTH, HEIGHT).project(at)).round() / 2.0
    yield Person(browser, points, seen)
    assert browser.errors() == []
    browser.goto("about:blank")


def robot_points(folder: Path) -> Floats:
    """Where the links of both arms are: places that a person would look at."""
    recording = RgbdRecording(folder / "recording", SERIAL)
    readings = recording.readings(recording.timestamps_ms[0])
    (links,) = robot_at_its_base(OverlaySettings()).camera_from_links(readings)
    return np.array([pose[:3, 3] for name, pose in links.items() if "link" in name])


def errors(camera: LookAtCamera) -> tuple[float, float, float]:
    """Of the position, m, the direction and the angle of view, degrees."""
    cosine = float(np.clip(camera.forward @ TRUTH.forward, -1, 1))
    return (
        float(np.linalg.norm(np.subtract(camera.position, TRUTH.position))),
        float(np.degrees(np.arccos(cosine))),
        float(np.degrees(abs(camera.fov_y_rad - TRUTH.fov_y_rad))),
    )


def brightness_of_difference(person: Person) -> float:
    """How much of both robots does not agree, as the screen shows it."""
    person.browser.click("[data-mode=difference]")
    person.browser.wait_for("align.state.mode === 'difference'")
    person.settle()
    seen = person.browser.screenshot()[:, :1000].astype(float)
    person.browser.click("[data-mode=blend]")
    person.browser.wait_for("align.state.mode === 'blend'")
    return float(seen.mean())


def test_a_misaligned_camera_is_brought_into_line_with_the_mouse_alone(
    person: Person, folder: Path, tmp_path: Path
) -> None:
    at_first = errors(person.camera())
    assert at_first == pytest.approx((0.05, 5.0, 0.05 * np.degrees(TRUTH.fov_y_rad)), rel=1e-6)
    person.browser.screenshot(tmp_path / "before.png")
    bright, gap_px = brightness_of_difference(person), person.state()["edge_gap_px"]
    person.align()
    metres, degrees, fov_degrees = errors(person.camera())
    assert metres < NEAR_M
    assert degrees < NEAR_DEG
    assert fov_degrees < NEAR_FOV_DEG
    person.browser.wait_for(f"align.state.edge_gap_px < {0.35 * gap_px}")
    assert brightness_of_difference(person) < bright
    person.browser.screenshot(tmp_path / "after.png")
    # Undone and done again, and saved, by buttons.
    aligned = person.camera()
    person.browser.click("[data-command=undo]")
    person.browser.wait_for("align.state.redoable === 1")
    person.browser.click("[data-command=redo]")
    person.browser.wait_for("align.state.redoable === 0")
    assert person.camera() == aligned
    person.browser.click("#save")
    person.browser.wait_for("align.state.saved")
    saved = read_alignment(folder / "out/camera.json").camera
    assert saved == aligned
    assert find_calibration(folder / "out/calib").camera(SERIAL).pinhole.height == HEIGHT


def test_points_that_are_clicked_bring_it_into_line(person: Person, folder: Path) -> None:
    person.browser.click("[data-command=reset]")
    person.settle()
    assert errors(person.camera())[0] == pytest.approx(0.05)
    corners = corners_seen_by(folder, person.camera(), TRUTH)
    assert len(corners) >= POINTS
    person.browser.click("#picking")
    person.browser.wait_for("align.state.mode === 'simulated' && align.state.frozen")
    for count, corner in enumerate(corners[:POINTS], start=1):
        person.click(pixel_of(person.camera(), corner))
        person.browser.wait_for(f"align.state.drawn_points.length === {2 * count}")
        person.browser.wait_for("align.state.mode === 'real'")
        # The glass shows a pixel five times as large.
        person.click((4.0 * pixel_of(TRUTH, corner)).round() / 4.0)
        person.browser.wait_for("align.state.mode === 'simulated'")
    person.browser.click("#picking")
    person.browser.click("#refine")
    person.browser.wait_for("align.state.sentence.includes(' points fit to ')")
    metres, degrees, fov_degrees = errors(person.camera())
    assert metres < 2 * NEAR_M
    assert degrees < 2 * NEAR_DEG
    assert fov_degrees < 2 * NEAR_FOV_DEG
    # Before and after, while the key is held.
    with person.browser.holding("KeyB"):
        person.browser.wait_for("align.state.as_before")
        assert errors(person.camera())[0] == pytest.approx(0.05)
    person.browser.wait_for("!align.state.as_before")


def pixel_of(camera: LookAtCamera, point: Floats) -> Floats:
    """Where a camera sees a point."""
    at = camera.camera_from_kinematic_base().points(point[None])
    pixel: Floats = camera.pinhole(WIDTH, HEIGHT).project(at)[0]
    return pixel


def corners_seen_by(folder: Path, *cameras: LookAtCamera) -> list[Floats]:
    """Corners of boxes that all cameras see, far from each other: what a person would click."""
    recording = RgbdRecording(folder / "recording", SERIAL)
    readings = recording.readings(recording.timestamps_ms[0])
    robot = robot_at_its_base(OverlaySettings())
    meshes = robot.camera_from_meshes(robot.camera_from_links(readings))
    boxes = [
        transform_points(pose, np.unique(visual.vertices, axis=0))
        for visual, pose in zip(robot.visuals, meshes, strict=True)
        if len(np.unique(visual.vertices, axis=0)) == 8
    ]
    corners = np.concatenate(boxes)
    visible = np.ones(len(corners), bool)
    simulated = SimulatedCamera(robot.visuals, WIDTH, HEIGHT)
    for camera in cameras:
        pose, pinhole = camera.camera_from_kinematic_base().matrix, camera.pinhole(WIDTH, HEIGHT)
        picture = simulated.look(meshes, pose, pinhole)
        at = transform_points(pose, corners)
        columns, rows = pinhole.project(at).round().astype(int).clip(0, (WIDTH - 1, HEIGHT - 1)).T
        visible &= np.abs(picture.depth_m[rows, columns] - at[:, 2]) < 3e-3
    simulated.close()
    chosen: list[Floats] = []
    for corner in corners[visible]:
        if all(np.linalg.norm(pixel_of(cameras[0], corner) - pixel_of(cameras[0], other)) > 10
               for other in chosen):  # fmt: skip
            chosen.append(corner)
    middle = np.mean(chosen, axis=0)
    return sorted(chosen, key=lambda corner: -float(np.linalg.norm(corner - middle)))


def test_keys_and_sliders_keep_the_two_motions_apart(person: Person) -> None:
    browser = person.browser
    browser.click("[data-command=reset]")
    person.settle()
    start = person.camera()
    browser.press("ArrowRight")
    person.settle()
    moved = person.camera()
    np.testing.assert_allclose(moved.forward, start.forward)
    step = start.base_from_camera[:3, :3].T @ np.subtract(moved.position, start.position)
    np.testing.assert_allclose(step, (0.005, 0.0, 0.0), atol=1e-9)
    browser.press("Control+KeyZ")
    person.settle()
    assert person.camera() == start
    browser.press("Shift+ArrowRight")
    person.settle()
    turned = person.camera()
    assert turned.position == start.position
    # As one turns the head: what was in the middle goes to the left.
    seen = turned.camera_from_kinematic_base().points([start.target])[0]
    assert turned.pinhole(WIDTH, HEIGHT).project(seen)[0] < (WIDTH - 1) / 2 - 3
    browser.press("Control+KeyZ")
    browser.press("=")
    person.settle()
    zoom = np.tan(start.fov_y_rad / 2) / np.tan(person.camera().fov_y_rad / 2)
    assert zoom == pytest.approx(1.01)
    browser.press("Control+KeyZ")
    person.settle()
    # A slider's thumb is amid it, whatever its value, and its two ends are 15 cm away.
    x, y, across = browser.evaluate(
        "(({x, y, width, height}) => [x + width / 2, y + height / 2, width])"
        "(document.getElementById('position_y').getBoundingClientRect())"
    )
    browser.drag((x, y), (x + across / 4, y))
    person.settle()
    slid = person.camera()
    np.testing.assert_allclose(np.subtract(slid.position, start.position)[[0, 2]], 0.0, atol=1e-12)
    assert 0.05 < slid.position[1] - start.position[1] < 0.11
    np.testing.assert_allclose(slid.forward, start.forward)
    browser.press("Control+KeyZ")
    person.settle()
    assert person.camera() == start
    value = browser.evaluate("document.getElementById('position_y').valueAsNumber")
    assert value == pytest.approx(start.position[1])
