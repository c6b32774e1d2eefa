"""The whole of an alignment without page and dataflow: commands in, pictures and files out."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from operators.align_messages import AlignCommand, AlignState
from operators.alignment_file import read_alignment
from operators.alignment_session import AlignmentSession, Drawn
from operators.calibration_file import find_calibration, read_calibration, write_calibration
from operators.camera_messages import CameraImage
from operators.green_screen import GREEN
from operators.look_at_camera import LookAtCamera, fov_y_rad
from operators.overlay import OverlayDrawer, robot_at_its_base
from operators.overlay_messages import CameraFrame
from operators.overlay_settings import OverlaySettings
from operators.picked_points import read_points
from operators.pinhole import ImageSizeError
from operators.rgbd_recording import RgbdRecording
from operators.settings import Settings, SettingsError
from operators.simulated_camera import SimulatedCamera
from operators.synthetic_robot import EYE_M, LOOKED_AT_M, SERIAL, SyntheticRobot
from tests.synthetic_recording import HEIGHT, WIDTH

pytestmark = pytest.mark.gl

# Vertical angle of view of the synthetic robot's camera: its focal length is 0.72 of the width.
TRUE_FOV = 2.0 * np.arctan(HEIGHT / 2.0 / (0.72 * WIDTH))
TRUTH = LookAtCamera(tuple(EYE_M), tuple(LOOKED_AT_M), TRUE_FOV)  # type: ignore[arg-type]
ROUGH: dict[str, Any] = {
    "base_camera_settings": {"pos": [2.0, 0.7, 0.9], "fov": 0.8, "target": [0.43, 0.04, 0.13]},
    "spawn_box_pos": [0.8, 0.0],
    "spawn_box_half_size": 0.15,
    "domain_randomization_config": {"robot_color": "random", "max_camera_offset": [0.1, 0.1, 0.1]},
}

Make = Callable[..., AlignmentSession]


class Clock:
    """Goes on by a second whenever it is asked."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 1.0
        return self.now_s


@pytest.fixture
def make(recording: Path, tmp_path: Path) -> Iterator[Make]:
    made: list[AlignmentSession] = []

    def session(content: dict[str, Any] = ROUGH, **align: Any) -> AlignmentSession:
        start = tmp_path / "start.json"
        start.write_text(json.dumps(content))
        align = {
            "start": start,
            "file": tmp_path / "out/camera.json",
            "calibrations": tmp_path / "out/calib",
            "table_z_m": -0.25,
            **align,
        }
        settings = Settings(align=align, overlay={"recording": recording})  # type: ignore[arg-type]
        made.append(AlignmentSession(settings, Clock()))
        return made[-1]

    yield session
    for each in made:
        each.close()


@pytest.fixture
def session(make: Make, recording: Path) -> AlignmentSession:
    made = make()
    take(made, recording)
    return made


def take(session: AlignmentSession, recording: Path, index: int = 0) -> None:
    opened = RgbdRecording(recording, SERIAL)
    timestamp_ms = opened.timestamps_ms[index]
    frame = opened.frame(timestamp_ms)
    picture = CameraFrame.of(SERIAL, frame.colour, frame.depth, 1000)
    session.take(picture, opened.readings(timestamp_ms))


def tell(
    session: AlignmentSession, command: str, *values: float, word: str = "", gesture: int = 0
) -> AlignState:
    session.act(
        AlignCommand(
            command=command, gesture=gesture, values=np.array(values, np.float64), word=word
        )
    )
    return drawn(session).state


def drawn(session: AlignmentSession) -> Drawn:
    result = session.draw()
    assert result is not None
    result.state.check()
    return result


def put_camera(session: AlignmentSession, camera: LookAtCamera) -> AlignState:
    """By commands alone: the position takes the target along."""
    for axis in range(3):
        tell(session, "position", axis, camera.position[axis], gesture=100 + axis)
    for axis in range(3):
        tell(session, "target", axis, camera.target[axis], gesture=200 + axis)
    return tell(session, "fov", camera.fov_y_rad, gesture=300)


def test_edges_are_nearer_and_the_difference_darker_in_the_true_camera(
    session: AlignmentSession,
) -> None:
    rough = tell(session, "mode", word="difference")
    dark_rough = drawn_after(session, "cube").overlay.pixels.mean()
    true = put_camera(session, TRUTH)
    assert true.edge_gap_px < 0.7 * rough.edge_gap_px
    assert drawn_after(session, "cube").overlay.pixels.mean() < 0.95 * dark_rough


def drawn_after(session: AlignmentSession, command: str) -> Drawn:
    """Another drawing of the same: commands that are not known change nothing."""
    session.act(AlignCommand(command=command, gesture=0, values=np.empty(0), word=""))
    return drawn(session)


def test_the_simulated_robot_covers_the_real_one_in_the_true_camera(
    session: AlignmentSession, recording: Path
) -> None:
    put_camera(session, TRUTH)
    drawing = drawn(session_redrawn(session))
    shown = (drawing.simulated.pixels != GREEN).any(axis=-1)
    opened = RgbdRecording(recording, SERIAL)
    calibration = read_calibration(next((recording / "calib").glob("*.yml")))
    settings = Settings(overlay={"recording": recording}).overlay  # type: ignore[arg-type]
    drawer = OverlayDrawer(settings, calibration)
    frame = opened.frame(opened.timestamps_ms[0])
    picture = CameraFrame.of(SERIAL, frame.colour, frame.depth, 1000)
    silhouette = drawer.draw(picture, opened.readings(opened.timestamps_ms[0])).silhouette.pixels
    both = shown & (silhouette > 0)
    drawer.close()
    # What is simulated beside the robot is the cube.
    assert both.sum() > 0.998 * (silhouette > 0).sum()
    assert (shown & ~both).sum() < 400
    np.testing.assert_allclose(
        drawing.simulated.lens, [0.72 * WIDTH, 0.72 * WIDTH, (WIDTH - 1) / 2, (HEIGHT - 1) / 2]
    )


def session_redrawn(session: AlignmentSession) -> AlignmentSession:
    session.act(AlignCommand(command="mode", gesture=0, values=np.empty(0), word="blend"))
    return session


def test_gestures_are_undone_as_one_and_reset_is_undone_too(session: AlignmentSession) -> None:
    first = tell(session, "mode", word="blend").position
    for right in (5.0, 11.0, 20.0):
        moved = tell(session, "drag", 10.0, 10.0, right, 0.0, gesture=3)
    assert moved.undoable == 1
    assert not moved.saved
    # Beside the robot, what is as far as the target follows the mouse.
    camera = LookAtCamera((2.0, 0.7, 0.9), (0.43, 0.04, 0.13), 0.8)
    far = 20.0 * camera.distance_m / camera.pinhole(WIDTH, HEIGHT).fy
    np.testing.assert_allclose(np.linalg.norm(moved.position - first), far)
    tell(session, "reset")
    np.testing.assert_allclose(tell(session, "undo").position, moved.position)
    undone = tell(session, "undo")
    np.testing.assert_allclose(undone.position, first)
    assert (undone.undoable, undone.redoable) == (0, 2)
    assert "nothing to undo" in tell(session, "undo").sentence
    np.testing.assert_allclose(tell(session, "redo").position, moved.position)


def test_what_a_drag_began_on_sticks_to_the_mouse(session: AlignmentSession) -> None:
    # A point of the robot, picked there, is seen to follow.
    at = robot_pixel(session)
    picked = tell(session, "pick", *at)
    before = picked.drawn_points[0]
    after = tell(session, "drag", *before, 14.0, -9.0, gesture=5).drawn_points[0]
    np.testing.assert_allclose(after - before, (14.0, -9.0), atol=0.7)


def robot_pixel(session: AlignmentSession) -> tuple[float, float]:
    shown = (drawn(session_redrawn(session)).simulated.pixels != GREEN).any(axis=-1)
    inner = cv2.erode(shown.astype(np.uint8), np.ones((7, 7)))
    rows, columns = np.nonzero(inner[: HEIGHT // 2])  # the cube lies below
    middle = len(rows) // 2
    return float(columns[middle]), float(rows[middle])


def test_picked_points_bring_it_into_line(session: AlignmentSession, tmp_path: Path) -> None:
    """The clicks are where the truth, and not the simulated camera, sees the points."""
    shown = (drawn(session_redrawn(session)).simulated.pixels != GREEN).any(axis=-1)
    rows, columns = np.nonzero(shown[: HEIGHT * 2 // 3])
    assert "too few" in tell(session, "refine", 1).sentence
    session._points.clear()
    chance = np.random.default_rng(2)
    true_pinhole, true_pose = TRUTH.pinhole(WIDTH, HEIGHT), TRUTH.camera_from_kinematic_base()
    for i in chance.choice(len(rows), 14, replace=False):
        state = tell(session, "pick", columns[i], rows[i])
        assert state.frozen
        assert np.isnan(state.real_points[-1]).all()
        real = true_pinhole.project(true_pose.points(session._points.places[-1:]))[0]
        tell(session, "put", *real)
    found = tell(session, "refine", 1)
    assert "14 of 14 points fit to 0.00 px" in found.sentence
    np.testing.assert_allclose(found.position, TRUTH.position, atol=1e-5)
    assert found.fov_y_rad == pytest.approx(TRUE_FOV, abs=1e-6)
    assert abs(found.roll_rad) < 1e-6
    np.testing.assert_allclose(found.drawn_points, found.real_points, atol=1e-3)
    # `panodora align` takes the same points.
    tell(session, "save")
    written = read_points(tmp_path / "out/points.json")
    assert written.size == (WIDTH, HEIGHT)
    places, pixels = session._points.pairs()
    np.testing.assert_array_equal([point.base for point in written.points], places)
    np.testing.assert_array_equal([point.pixel for point in written.points], pixels)
    # With a lens that stays, the view that was right stays right.
    kept = tell(session, "refine", 0)
    np.testing.assert_allclose(kept.position, TRUTH.position, atol=1e-4)
    assert kept.fov_y_rad == found.fov_y_rad
    assert "focal length" in found.sentence
    assert "focal length" not in kept.sentence
    tell(session, "undo")
    # Before and after, at the touch of a button; and undone.
    np.testing.assert_allclose(tell(session, "as_before", 1).position, (2.0, 0.7, 0.9))
    np.testing.assert_allclose(tell(session, "as_before", 0).position, TRUTH.position, atol=1e-5)
    np.testing.assert_allclose(tell(session, "undo").position, (2.0, 0.7, 0.9))


def test_points_of_a_bent_lens_are_written_as_the_picture_has_them(
    make: Make, recording: Path, tmp_path: Path
) -> None:
    """Clicked in the straightened picture; `panodora align` projects through the distortion."""
    known = find_calibration(recording / "calib")
    bent = replace(known.camera(SERIAL).pinhole, distortion=(-0.3, 0.1, 0.0, 0.0))
    cameras = {**known.cameras, SERIAL: replace(known.camera(SERIAL), pinhole=bent)}
    path = write_calibration(replace(known, cameras=cameras), tmp_path / "bent")
    made = make(calibration=path)
    take(made, recording)
    for pixel in (robot_pixel(made), (60.0, 30.0)):
        tell(made, "pick", *robot_pixel(made))
        tell(made, "put", *pixel)
    tell(made, "save")
    places, straight = made._points.pairs()
    written = read_points(tmp_path / "out/points.json")
    taken = [point.pixel for point in written.points]
    np.testing.assert_allclose(bent.undistorted(taken), straight, atol=0.01)
    assert np.abs(np.subtract(taken, straight)).max() > 2.0
    saved = find_calibration(tmp_path / "out/calib").camera(SERIAL).pinhole
    assert saved.distortion == bent.distortion
    np.testing.assert_array_equal([point.base for point in written.points], places)


def test_what_is_saved_is_read_by_all(
    session: AlignmentSession, make: Make, recording: Path, tmp_path: Path
) -> None:
    put_camera(session, TRUTH)
    said = tell(session, "save")
    assert said.saved
    assert str(tmp_path / "out/camera.json") in said.sentence
    saved = read_alignment(tmp_path / "out/camera.json")
    np.testing.assert_allclose(saved.camera.position, EYE_M, atol=1e-12)
    assert saved.spawn_box_half_size == 0.15
    # The overlay draws with the calibration as with the true one.
    calibration = find_calibration(tmp_path / "out/calib")
    assert calibration.kind == "optimised"
    assert fov_y_rad(calibration.camera(SERIAL).pinhole) == pytest.approx(TRUE_FOV)
    settings = Settings(overlay={"recording": recording}).overlay  # type: ignore[arg-type]
    drawer = OverlayDrawer(settings, calibration)
    truth = SyntheticRobot(WIDTH, HEIGHT)
    opened = RgbdRecording(recording, SERIAL)
    links = drawer.robot.camera_from_links(opened.readings(opened.timestamps_ms[0]))
    truth.frame(0.0)
    tcp = truth.camera_from_kinematic_base @ truth.link_pose("left_tcp")
    truth.close()
    drawer.close()
    np.testing.assert_allclose(links[0]["left_tcp"], tcp, atol=1e-9)
    # And the next alignment goes on from it.
    again = make()
    take(again, recording)
    np.testing.assert_allclose(drawn(again).state.position, EYE_M, atol=1e-12)


def test_a_roll_is_said_to_be_in_the_calibration_alone(
    session: AlignmentSession, tmp_path: Path
) -> None:
    tell(session, "set_roll", 0.1)
    said = tell(session, "save").sentence
    assert "the roll of 5.73 degrees is in the calibration alone" in said
    calibration = find_calibration(tmp_path / "out/calib")
    assert calibration.optimised is not None
    right = calibration.optimised.camera_from_base.matrix[0, :3]
    # AirExo-2's base has its y up.
    assert abs(right @ (0, 1, 0)) == pytest.approx(
        np.sin(0.1) * np.hypot(*session._history.now.camera.forward[:2])
    )


def test_it_begins_where_a_calibration_has_the_camera(
    session: AlignmentSession, make: Make, recording: Path, tmp_path: Path
) -> None:
    put_camera(session, TRUTH)
    rolled = tell(session, "set_roll", 0.1, gesture=400)
    tell(session, "save")
    (path,) = (tmp_path / "out/calib").glob("*.yml")
    # The cameras in the hands stay where they are to this one.
    assert len(read_calibration(path).cameras) == 3
    again = make(file=tmp_path / "none.json", calibration=path)
    take(again, recording)
    state = drawn(again).state
    np.testing.assert_allclose(state.position, rolled.position, atol=1e-9)
    np.testing.assert_allclose([state.roll_rad, state.fov_y_rad], [0.1, TRUE_FOV])
    assert not state.saved


def test_the_background_is_captured_written_and_put_behind(
    session: AlignmentSession, recording: Path, tmp_path: Path
) -> None:
    put_camera(session, TRUTH)
    tell(session, "capture", 0)
    for i in range(30):
        take(session, recording, i % 6)
    state = tell(session, "mode", word="composite")
    path = tmp_path / "out/background.png"
    assert state.background
    assert f"background written: {path}; " in state.sentence
    background = cv2.imread(str(path))[..., ::-1]
    real = RgbdRecording(recording, SERIAL)
    frame = real.frame(real.timestamps_ms[0]).colour.astype(int)
    # Where the robot never is: the table in the lower left corner.
    assert np.abs(background[-30:, :40] - frame[-30:, :40]).max() <= 2
    composite = drawn_after(session, "none").overlay.pixels
    np.testing.assert_array_equal(composite[-30:, :40], background[-30:, :40])
    tell(session, "save")
    assert json.loads((tmp_path / "out/camera.json").read_text())["greenscreen_overlay_path"] == (
        "background.png"
    )
    assert "let it go on" in tell_frozen(session)


@pytest.mark.parametrize("shown", ["randomise", "as_before"])
def test_a_capture_knows_the_robot_by_the_aligned_camera_alone(
    shown: str, session: AlignmentSession, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_camera(session, TRUTH)
    masks: list[np.ndarray] = []

    def add(_: np.ndarray, robot: np.ndarray) -> str:
        masks.append(robot)
        return "capturing"

    monkeypatch.setattr(session._background, "add", add)
    tell(session, "capture", 0)
    take(session, recording)
    tell(session, shown, 1)
    tell(session, "sample", 3)
    take(session, recording)
    np.testing.assert_array_equal(masks[0], masks[1])
    # Drawn by another renderer, and without a cube.
    opened = RgbdRecording(recording, SERIAL)
    settings = Settings(overlay={"recording": recording}).overlay  # type: ignore[arg-type]
    drawer = OverlayDrawer(settings, read_calibration(next((recording / "calib").glob("*.yml"))))
    frame = opened.frame(opened.timestamps_ms[0])
    picture = CameraFrame.of(SERIAL, frame.colour, frame.depth, 1000)
    drawn = drawer.draw(picture, opened.readings(opened.timestamps_ms[0])).silhouette.pixels > 0
    drawer.close()
    assert (masks[1] != drawn).sum() < 0.03 * drawn.sum()


def test_a_picture_in_another_folder_is_left_alone(
    make: Make, recording: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs.png"
    cv2.imwrite(str(theirs), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    made = make({**ROUGH, "greenscreen_overlay_path": str(theirs)})
    take(made, recording)
    assert not drawn(made).state.saved
    before = theirs.read_bytes()
    tell(made, "capture", 1)
    for _ in range(30):
        take(made, recording)
    state = drawn(made).state
    written = tmp_path / "out/background.png"
    assert f"background written: {written}, and {theirs} stays as it is" in state.sentence
    assert theirs.read_bytes() == before
    tell(made, "save")
    saved = read_alignment(tmp_path / "out/camera.json")
    assert saved.greenscreen_overlay_path == written
    # A second one takes the place of the first.
    tell(made, "capture", 1)
    for _ in range(30):
        take(made, recording)
    assert drawn(made).state.sentence == f"background written: {written}"


def test_silhouettes_before_the_background_bring_it_into_line(
    session: AlignmentSession, recording: Path
) -> None:
    assert "capture the background first" in tell(session, "refine_silhouettes", 1).sentence
    tell(session, "capture", 1)
    opened = RgbdRecording(recording, SERIAL)
    for _ in range(30):  # of a room without a robot
        empty = np.array(opened.frame(opened.timestamps_ms[0]).colour)
        empty[:] = 255
        session.take(CameraFrame.of(SERIAL, empty, None, 0), {})
    take(session, recording)
    assert drawn(session).state.background
    robot = robot_at_its_base(OverlaySettings())
    camera = SimulatedCamera(robot.visuals, WIDTH, HEIGHT)
    tell(session, "refine_silhouettes", 1)
    for timestamp_ms in opened.timestamps_ms[:5]:
        readings = opened.readings(timestamp_ms)
        meshes = robot.camera_from_meshes(robot.camera_from_links(readings))
        pose, pinhole = TRUTH.camera_from_kinematic_base().matrix, TRUTH.pinhole(WIDTH, HEIGHT)
        seen = camera.look(meshes, pose, pinhole)
        picture = np.where(seen.shown[..., None], 40, 255).astype(np.uint8).repeat(3, axis=-1)
        session.take(CameraFrame.of(SERIAL, picture, None, 0), readings)
    camera.close()
    assert "fitting the silhouettes" in drawn(session).state.sentence
    assert "under way" in tell(session, "refine_silhouettes", 1).sentence
    session._silhouettes.close()
    found = drawn(session).state
    assert "outlines in 5 poses fit to" in found.sentence
    assert np.linalg.norm(found.position - EYE_M) < 0.01
    assert found.undoable == 1
    tell(session, "freeze", 1)
    assert "stands still" in tell(session, "refine_silhouettes", 1).sentence


def test_a_fit_that_fails_is_said(
    session: AlignmentSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    singular = np.linalg.LinAlgError("Singular matrix")
    monkeypatch.setattr(session._silhouettes, "outcome", lambda: singular)
    state = tell(session, "mode", word="blend")
    assert state.fault
    assert state.sentence == "the fit failed: LinAlgError: Singular matrix"


def tell_frozen(session: AlignmentSession) -> str:
    tell(session, "freeze", 1)
    return tell(session, "capture", 0).sentence


def test_chance_is_told_by_the_samples_number(session: AlignmentSession) -> None:
    def simulated(*command: Any) -> np.ndarray:
        tell(session, *command)
        return drawn_after(session, "none").simulated.pixels.copy()

    plain = simulated("sample", 0)
    first = simulated("randomise", 1)
    second = simulated("sample", 1)
    assert (plain != first).any()
    assert (first != second).any()
    np.testing.assert_array_equal(simulated("sample", 0), first)
    np.testing.assert_array_equal(simulated("randomise", 0), plain)


def test_a_picture_that_stands_still_is_not_replaced(
    session: AlignmentSession, recording: Path
) -> None:
    def real() -> np.ndarray:
        return drawn_after(session, "none").overlay.pixels.copy()

    tell(session, "mode", word="real")
    first = real()
    tell(session, "freeze", 1)
    take(session, recording, 4)
    np.testing.assert_array_equal(real(), first)
    tell(session, "freeze", 0)
    take(session, recording, 4)
    assert (real() != first).any()


def test_nothing_is_drawn_twice(session: AlignmentSession) -> None:
    drawn(session)
    assert session.draw() is None


@pytest.mark.parametrize(
    ("command", "values", "word", "words"),
    [
        ("dance", (), "", "no command 'dance'; there are drag, turn"),
        ("mode", (), "sepia", "expected one of real, simulated"),
        ("opacity", (1.5,), "", "expected 0 to 1, got 1.5"),
        ("opacity", (), "", "expected 1 numbers, got 0"),
        ("sample", (-1,), "", "a number from 0 on"),
        ("fov", (45.0,), "", "radians"),
        ("pick", (1.0, 1.0), "", "nothing has been drawn yet"),
        ("put", (1.0, 1.0), "", "on the simulated robot first"),
        ("position", (0, np.inf), "", "finite"),
    ],
)
def test_what_cannot_be_followed_is_said_and_changes_nothing(
    session: AlignmentSession, command: str, values: tuple[float, ...], word: str, words: str
) -> None:
    state = tell(session, command, *values, word=word)
    assert state.fault
    assert words in state.sentence
    assert state.undoable == 0
    assert not tell(session, "mode", word="blend").fault


def test_pictures_of_another_size_are_refused(session: AlignmentSession) -> None:
    small = np.zeros((HEIGHT // 2, WIDTH, 3), np.uint8)
    with pytest.raises(ImageSizeError, match=f"expected {WIDTH}x{HEIGHT} px as the calibration"):
        session.take(CameraFrame.of(SERIAL, small, None, 0), {})


def test_a_background_of_another_size_is_said_and_not_used(
    make: Make, recording: Path, tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "bg.png"), np.zeros((48, 64, 3), np.uint8))
    made = make({**ROUGH, "greenscreen_overlay_path": "bg.png"})
    take(made, recording)
    first = drawn(made)
    assert "bg.png is 64x48 px, the camera's pictures are 320x180" in first.state.sentence
    assert (first.simulated.pixels[0, 0] == GREEN).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_camera_settings": {"pos": [2, 0, 1], "target": [0, 0, 0]}}, "fov: is missing"),
        (
            {"base_camera_settings": {"pos": [2, 0, 1], "target": [0, 0, 0], "fov": 43}},
            "as degrees it would be 0.7505",
        ),
        ({"spawn_box_pos": None}, "belong together"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(
    make: Make, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        make({**ROUGH, **changes})
    assert "start.json" in str(refused.value)


def test_a_background_that_is_missing_is_said(make: Make, recording: Path) -> None:
    made = make({**ROUGH, "greenscreen_overlay_path": "gone.png"})
    take(made, recording)
    state = drawn(made).state
    assert state.fault
    assert "gone.png is not there: capture it" in state.sentence
    assert isinstance(drawn_after(made, "none").simulated, CameraImage)
