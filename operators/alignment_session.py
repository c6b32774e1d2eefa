"""A person aligns the simulated camera with the real one: every command, and what it changes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.align_messages import AlignCommand, AlignState
from operators.aligned_view import AlignedView
from operators.alignment_background import AlignmentBackground, read_or_say
from operators.alignment_choices import AlignmentChoices
from operators.alignment_commands import MOTIONS, CommandError, Seen, moved
from operators.alignment_drawing import AlignmentDrawing, Scene
from operators.alignment_output import begin_alignment, write_aligned, write_clicked
from operators.alignment_refinement import refined, said
from operators.camera_messages import CameraImage
from operators.change_history import ChangeHistory
from operators.domain_randomisation import DomainRandomisation, Sample
from operators.green_screen import composed
from operators.overlay_messages import CameraFrame, Overlay
from operators.picture_comparison import edge_gap_px
from operators.pictured_robot import Readings
from operators.pinhole import ImageSizeError
from operators.point_picking import ClickedPoints
from operators.posed_camera import PosedCamera
from operators.real_lens import RealLens
from operators.robot_view import RobotModel
from operators.settings import Settings, SettingsError, resolve
from operators.silhouette_refinement import SilhouetteRefinement
from operators.simulated_camera import Look
from operators.usage_error import UsageError

GAP_INTERVAL_S: Final = 0.4
"""Between measurements of how far edges are apart: they take as long as a drawing."""

TOLD_ROLL_DEG: Final = 0.005
"""Less moves no pixel."""

BACKGROUND: Final = "background.png"
"""Beside the camera's file, where that names no other."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Drawn:
    """What comes of a drawing: both pictures in one, and the simulated one with its background."""

    overlay: Overlay
    simulated: CameraImage
    state: AlignState


class AlignmentSession:
    """Holds the simulated camera, and draws it over the newest real picture.

    clock: seconds of any clock that never goes back.
    Raises UsageError for settings, files or a robot that cannot be used.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._align, self._overlay = settings.align, settings.overlay
        self._clock = clock
        self._alignment, view = begin_alignment(self._align, self._overlay)
        self._lens = RealLens.of(settings)
        self._drawing = AlignmentDrawing(self._align, self._overlay, self._lens)
        self._history = ChangeHistory(view)
        self._before = view
        self._saved: AlignedView | None = None
        if self._align.calibration is None and resolve(self._align.file).exists():
            self._saved = view
        self._points = ClickedPoints()
        self._silhouettes = SilhouetteRefinement(RobotModel(self._drawing.robot))
        self._choices = AlignmentChoices(self._align.mode, self._align.opacity)
        self._real: Picture | None = None
        self._readings: Mapping[str, Readings] = {}
        self._scene: Scene | None = None
        self._background = AlignmentBackground(
            self._alignment.greenscreen_overlay_path,
            resolve(self._align.file.with_name(BACKGROUND)),
        )
        self._gap_px, self._gap_at_s = float("nan"), -GAP_INTERVAL_S
        self._fault, self._sentence = False, ""
        self._grabbed: tuple[int, float] | None = None
        self._stale = True
        unread = read_or_say(self._background)
        self._say(bool(unread), unread or "; ".join(self._alignment.doubts))

    # The real camera.

    def take(self, frame: CameraFrame, readings: Mapping[str, Readings]) -> None:
        """A real picture has come, and what the arms read with it.

        Raises ImageSizeError for one of another size than the first or the calibration, and
        MessageError for one whose bytes are not its size.
        """
        if self._choices.frozen and self._real is not None:
            return
        real = self._lens.straight(frame.colour)
        if self._real is not None and real.shape != self._real.shape:
            raise ImageSizeError(
                f"a picture of {frame.columns}x{frame.rows} px, where "
                f"{self._real.shape[1]}x{self._real.shape[0]} came before; start anew for this size"
            )
        # What comes from dora's memory is gone when the next message is taken.
        self._real, self._readings = real.copy(), readings
        self._stale = True
        if self._background.capturing:
            self._add_to_background(self._real)
        if self._silhouettes.collecting:
            self._add_to_silhouettes(self._real)

    # The page.

    def act(self, told: AlignCommand) -> None:
        """Follow a command. One that cannot be followed is told in the next state."""
        try:
            self._follow(told)
        except UsageError as error:
            self._say(True, str(error))
        self._stale = True

    def draw(self) -> Drawn | None:
        """What to show; None where nothing has changed, or no real picture has come.

        Raises JointError for readings that do not fit the arms.
        """
        self._take_outcome()
        if self._real is None or not self._stale:
            return None
        real = self._real
        scene = self._scene = self._look()
        background = self._fitting_background(real)
        shown = self._drawing.compare(
            self._choices.mode,
            real,
            scene,
            self._alignment,
            opacity=self._choices.opacity,
            background=background,
        )
        simulated = composed(scene.simulated.colour, scene.simulated.shown, background)
        measure = self._clock() - self._gap_at_s >= GAP_INTERVAL_S
        if measure:
            self._gap_px, self._gap_at_s = edge_gap_px(real, scene.simulated), self._clock()
        # Of a picture that stands still no other comes to be measured.
        self._stale = self._choices.frozen and not measure
        return Drawn(
            Overlay(serial=self._overlay.serial, pixels=shown),
            CameraImage(
                camera=self._overlay.serial,
                pixels=simulated,
                lens=scene.pinhole.lens,
                distortion=scene.pinhole.distortion_terms,
            ),
            self._state(real),
        )

    def _state(self, real: Picture) -> AlignState:
        view = self._shown_view
        rows, columns, _ = real.shape
        return AlignState(
            columns=columns,
            rows=rows,
            position=np.array(view.camera.position),
            target=np.array(view.camera.target),
            fov_y_rad=view.camera.fov_y_rad,
            roll_rad=view.roll_rad,
            mode=self._choices.mode,
            opacity=self._choices.opacity,
            edge_gap_px=self._gap_px,
            undoable=self._history.undoable,
            redoable=self._history.redoable,
            saved=self._saved == self._history.now,
            frozen=self._choices.frozen,
            as_before=self._choices.as_before,
            randomised=self._choices.randomised,
            sample=self._choices.sample,
            background=self._background.known,
            drawn_points=self._drawn_points(view, columns, rows),
            real_points=self._points.pixels,
            fault=self._fault,
            sentence=self._sentence,
        )

    def close(self) -> None:
        """Give back what the graphics driver holds."""
        self._silhouettes.close()
        self._drawing.close()

    # Commands.

    def _follow(self, told: AlignCommand) -> None:
        command, values = told.command, told.values.tolist()
        if command in MOTIONS:
            self._move(command, values, told.gesture)
            return
        commands: dict[str, tuple[int, Callable[..., None]]] = {
            "undo": (0, lambda: self._went(self._history.undo(), "nothing to undo")),
            "redo": (0, lambda: self._went(self._history.redo(), "nothing to do again")),
            "reset": (0, self._reset),
            "save": (0, self._save),
            "opacity": (1, self._choices.choose_opacity),
            "freeze": (1, self._choices.freeze),
            "as_before": (1, self._choices.show_before),
            "randomise": (1, self._choices.randomise),
            "sample": (1, self._choices.choose_sample),
            "capture": (1, self._begin_capture),
            "pick": (2, self._pick),
            "put": (2, lambda x, y: self._points.put((x, y))),
            "remove_point": (0, self._points.remove_last),
            "clear_points": (0, self._points.clear),
            "refine": (1, self._refine),
            "refine_silhouettes": (1, self._refine_silhouettes),
        }
        if command == "mode":
            # What was said stays to be read while a person looks from one picture to the other.
            self._say(False, "" if self._fault else self._sentence)
            self._choices.choose_mode(told.word)
            return
        if command not in commands:
            allowed = ", ".join([*MOTIONS, *commands, "mode"])
            raise CommandError(f"no command '{command:.40}'; there are {allowed}")
        count, follow = commands[command]
        if len(values) != count:
            raise CommandError(f"{command}: expected {count} numbers, got {len(values)}")
        self._say(False, "")
        follow(*values)

    def _move(self, command: str, values: list[float], gesture: int) -> None:
        if self._real is None:
            raise CommandError("no picture has come from the real camera")
        start = self._history.before(gesture)
        seen = Seen(self._real.shape[0], lambda x, y: self._depth_at(x, y, gesture))
        self._history.change(moved(start, command, values, seen), gesture)
        self._choices.as_before = False
        self._say(False, "")

    def _depth_at(self, x: float, y: float, gesture: int) -> float:
        """How far away what a drag began on is; beside the robot, as far as the target."""
        if self._grabbed is None or self._grabbed[0] != gesture:
            depth_m = self._history.before(gesture).camera.distance_m
            if self._scene is not None:
                simulated = self._scene.simulated
                rows, columns = simulated.shown.shape
                row, column = round(y), round(x)
                if 0 <= row < rows and 0 <= column < columns and simulated.shown[row, column]:
                    depth_m = float(simulated.depth_m[row, column])
            self._grabbed = gesture, depth_m
        return self._grabbed[1]

    def _went(self, done: bool, otherwise: str) -> None:
        self._choices.as_before = False
        if not done:
            self._say(False, otherwise)

    def _reset(self) -> None:
        self._history.change(self._before)
        self._choices.as_before = False

    def _save(self) -> None:
        if self._real is None:
            raise CommandError("no picture has come from the real camera")
        view = self._history.now
        rows, columns, _ = self._real.shape
        pinhole = self._lens.calibrated(view.camera, columns, rows)
        before = self._lens.calibration
        paths = [*write_aligned(self._alignment, view, pinhole, before, self._align, self._overlay)]
        if len(self._points.pairs()[0]):
            paths.append(write_clicked(self._points, self._lens, columns, rows, self._align))
        self._saved = view
        roll = np.degrees(view.roll_rad)
        lacks = ""
        if abs(roll) >= TOLD_ROLL_DEG:
            lacks = f"; the roll of {roll:.2f} degrees is in the calibration alone"
        self._say(False, f"written: {', '.join(map(str, paths))}{lacks}")

    def _pick(self, x: float, y: float) -> None:
        if self._scene is None:
            raise CommandError("nothing has been drawn yet")
        self._choices.frozen = True
        self._points.pick(self._drawing.point_at((x, y), self._scene))

    def _refine(self, fov_free: float) -> None:
        if self._real is None:
            raise CommandError("no picture has come from the real camera")
        view = self._history.now
        rows, columns, _ = self._real.shape
        pinhole = self._drawing.pinhole(view, columns, rows)
        found = refined(self._points, view, pinhole, fov_free=bool(fov_free))
        self._history.change(found.view)
        self._say(False, found.sentence)

    def _refine_silhouettes(self, fov_free: float) -> None:
        if self._choices.frozen:
            raise CommandError("the picture stands still: let it go on, and the arms move")
        if not self._background.known:
            raise CommandError("capture the background first: it tells the robot from the rest")
        if self._silhouettes.busy:
            raise CommandError("a fit is under way already")
        self._silhouettes.begin(bool(fov_free))

    def _add_to_silhouettes(self, real: Picture) -> None:
        background = self._fitting_background(real)
        if background is None:
            self._silhouettes.collecting = False
            return
        self._say(False, self._silhouettes.add(real, background, self._readings, self._clock()))
        if self._silhouettes.complete:
            view = self._history.now
            rows, columns, _ = real.shape
            pinhole = self._drawing.pinhole(view, columns, rows)
            self._silhouettes.start(PosedCamera(view.camera_from_kinematic_base, pinhole))
            self._say(False, "fitting the silhouettes")

    def _take_outcome(self) -> None:
        found = self._silhouettes.outcome()
        if found is None:
            return
        self._stale = True
        try:
            if isinstance(found, Exception):
                raise found
            fit = f"{self._silhouettes.fit} fit to {found.rms_px:.2f} px"
            refinement = said(found, self._history.now, fit)
            self._history.change(refinement.view)
            self._say(False, refinement.sentence)
        except UsageError as error:
            self._say(True, str(error))
        except Exception as error:  # noqa: BLE001  the page goes on without the fit
            self._say(True, f"the fit failed: {type(error).__name__}: {error}")

    # The background.

    def _begin_capture(self, robot_away: float) -> None:
        if self._choices.frozen:
            raise CommandError("the picture stands still: let it go on to capture it")
        self._background.begin(bool(robot_away))
        self._say(False, "capturing the background")

    def _add_to_background(self, real: Picture) -> None:
        robot = None if self._background.robot_away else self._robot_mask(real)
        try:
            self._say(False, self._background.add(real, robot))
        except SettingsError as error:
            self._say(True, str(error))
        path = self._background.path
        if path != self._alignment.greenscreen_overlay_path:
            self._alignment = self._alignment.model_copy(update={"greenscreen_overlay_path": path})
            self._saved = None

    def _robot_mask(self, real: Picture) -> NDArray[np.bool_]:
        """Where the aligned camera sees the robot, whatever the page shows."""
        rows, columns, _ = real.shape
        sample = Sample(self._history.now, Look(), None)
        return self._drawing.scene(sample, self._readings, columns, rows).simulated.shown

    def _fitting_background(self, real: Picture) -> Picture | None:
        try:
            return self._background.fitting(real)
        except ImageSizeError as error:
            self._say(True, str(error))
            return None

    # What is shown.

    @property
    def _shown_view(self) -> AlignedView:
        return self._before if self._choices.as_before else self._history.now

    def _look(self) -> Scene:
        assert self._real is not None
        rows, columns, _ = self._real.shape
        chance = DomainRandomisation(
            self._alignment,
            table_z_m=self._align.table_z_m,
            cube_size_m=self._align.cube_size_m,
            seed=self._align.seed,
        )
        view = self._shown_view
        if self._choices.randomised:
            sample = chance.sample(view, self._choices.sample)
        else:
            sample = Sample(view, chance.plain_look(), chance.cube(self._choices.sample))
        return self._drawing.scene(sample, self._readings, columns, rows)

    def _drawn_points(self, view: AlignedView, columns: int, rows: int) -> NDArray[np.float64]:
        places = view.camera_from_kinematic_base.points(self._points.places)
        pixels = np.full((len(places), 2), np.nan)
        before = places[:, 2] > 0.0
        pixels[before] = self._drawing.pinhole(view, columns, rows).project(places[before])
        return pixels

    def _say(self, fault: bool, sentence: str) -> None:
        self._fault, self._sentence = fault, sentence
