"""How several cameras stand to each other, from boards that they saw at the same time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import cv2
import numpy as np

from operators.board_bundle import Bundle, SeenBoard, adjust
from operators.board_footage import Sighting
from operators.calibration_board import CalibrationBoard
from operators.pinhole import Pinhole
from operators.transforms import Array, inverse, rigid
from operators.usage_error import UsageError

MOST_MOMENTS: Final = 120
"""More add seconds, and nothing that differs from them."""

FEWEST_TOGETHER: Final = 3
"""One wrong view of a board that looks flat cannot be told of fewer."""

MOVED_PX: Final = 3.0
"""A view that is this far from all others is left out: its board moved, or it was taken later."""


DISAGREEING: Final = 1.7
DISAGREEING_PX: Final = 0.3
"""Cameras whose corners are so many times farther off together than alone do not see the same
board; but below so many pixels that does not matter."""


@dataclass(frozen=True, eq=False)
class RigCalibration:
    """Where cameras are. rig: the board's frame, as it lay at `origin_s`.

    lenses, camera_from_rig: (4, 4) m, by camera. errors_px: root mean square of the distances
    between corners seen and projected, by camera; alone_px: the same where each picture may have
    its board where it likes. together: moments at which a camera and another one saw the board.
    left_out: views that do not fit, of `views`.
    """

    lenses: Mapping[str, Pinhole]
    camera_from_rig: Mapping[str, Array]
    errors_px: Mapping[str, float]
    alone_px: Mapping[str, float]
    together: Mapping[str, int]
    origin_s: float
    views: int
    left_out: int

    def disagreeing(self) -> list[str]:
        """The cameras whose boards are not where the others see them."""
        return [n for n, e in self.errors_px.items() if _disagrees(e, self.alone_px[n])]


def calibrate_rig(
    board: CalibrationBoard,
    lenses: Mapping[str, Pinhole],
    sightings: Mapping[str, Sequence[Sighting]],
    origin_s: float | None = None,
    known: Collection[str] = (),
) -> RigCalibration:
    """Find where cameras are, in the frame of the board as it lay at one time.

    lenses: by camera; those of several cameras are made better, but for the known ones and unless
    the cameras disagree: what one camera leaves open, the others that see the same board tell.
    origin_s: the time, s; without it
    the first moment at which most cameras saw the board. What is nearest to it is taken.
    Raises UsageError where some cameras never saw the board together with the others.
    """
    names = tuple(lenses)
    seen = _seen(board, lenses, sightings)
    fewest = min(2, len(names))
    shared = sorted(moment for moment, views in seen.items() if len(views) >= fewest)
    if not shared:
        raise UsageError("no two cameras saw the board at the same time: " + _advice(names))
    times = {m: next(iter(seen[m].values())).time_s for m in shared}
    if origin_s is None:
        origin = max(shared, key=lambda m: (len(seen[m]), -m))
    else:
        origin = min(shared, key=lambda m: abs(times[m] - origin_s))
    alone = sorted(seen.keys() - set(shared))
    moments = sorted({origin, *_thinned(shared), *_thinned(alone)})
    cameras = _first_places(names, {m: seen[m] for m in shared})
    views = [view.board for m in moments for view in seen[m].values()]
    boards = {m: _first_board(cameras, seen[m]) for m in moments}
    terms = [
        None if name in known or len(names) == 1 else len(lens.distortion)
        for name, lens in lenses.items()
    ]
    alone_px = [_rms([v[i].errors_px for v in seen.values() if i in v]) for i in range(len(names))]
    start = Bundle(tuple(lenses.values()), cameras, boards)
    bundle, kept = _fit(start, views, terms, alone_px)
    if origin not in bundle.boards:
        raise UsageError(
            f"at {times[origin]:.1f} s the board moved, or was not seen well: give another time at "
            "which it lay still (--origin SECONDS)"
        )
    rig_from_origin = bundle.boards[origin]
    return RigCalibration(
        dict(zip(names, bundle.lenses, strict=True)),
        {name: bundle.cameras[i] @ rig_from_origin for i, name in enumerate(names)},
        {name: _error_px(i, bundle, kept) for i, name in enumerate(names)},
        dict(zip(names, alone_px, strict=True)),
        {name: sum(i in seen[m] for m in shared) for i, name in enumerate(names)},
        times[origin],
        len(views),
        len(views) - len(kept),
    )


def _fit(
    start: Bundle,
    views: Sequence[SeenBoard],
    terms: Sequence[int | None],
    alone_px: Sequence[float],
) -> tuple[Bundle, list[SeenBoard]]:
    """Adjust with lenses held, leave out what does not fit, and adjust anew with them free."""
    first = adjust(start, views, [None] * len(terms))
    errors = [first.error_px(view) for view in views]
    limit_px = max(MOVED_PX, 3.0 * float(np.median(errors)))
    kept = [v for v, e in zip(views, errors, strict=True) if e <= limit_px]
    there = {view.board for view in kept}
    boards = {m: pose for m, pose in first.boards.items() if m in there}
    first = Bundle(first.lenses, first.cameras, boards)
    held = adjust(first, kept, [None] * len(terms))
    errors = [_error_px(i, held, kept) for i in range(len(terms))]
    if any(map(_disagrees, errors, alone_px)):
        return held, kept  # lenses would be bent so that boards fit that are not there
    return adjust(held, kept, terms), kept


def _disagrees(error_px: float, alone_px: float) -> bool:
    return error_px > max(DISAGREEING * alone_px, DISAGREEING_PX)


def _rms(errors_px: Sequence[Array]) -> float:
    return float(np.sqrt(np.mean(np.concatenate(errors_px) ** 2))) if errors_px else float("nan")


def _thinned(moments: Sequence[int]) -> Sequence[int]:
    return moments[:: max(1, -(-len(moments) // MOST_MOMENTS))]


@dataclass(frozen=True, eq=False)
class _View:
    """One camera's view, and where that alone puts the board."""

    board: SeenBoard
    camera_from_board: Array
    errors_px: Array
    time_s: float


def _seen(
    board: CalibrationBoard,
    lenses: Mapping[str, Pinhole],
    sightings: Mapping[str, Sequence[Sighting]],
) -> dict[int, dict[int, _View]]:
    """Views by moment and camera."""
    seen: dict[int, dict[int, _View]] = {}
    for i, (name, lens) in enumerate(lenses.items()):
        for sighting in sightings[name]:
            if sighting.together is None:
                continue
            points = board.corners[sighting.together.ids]
            view = SeenBoard(i, sighting.moment, points, sighting.together.pixels)
            pose = board_pose(lens, view)
            at = points @ pose[:3, :3].T + pose[:3, 3]
            errors_px = np.linalg.norm(lens.project(at) - view.pixels, axis=-1)
            seen.setdefault(sighting.moment, {})[i] = _View(view, pose, errors_px, sighting.time_s)
    return seen


def board_pose(lens: Pinhole, view: SeenBoard) -> Array:
    """Where one view alone puts the board: camera_from_board (4, 4) m."""
    flat = lens.normalised(view.pixels)
    ideal = (np.eye(3), np.zeros(5))
    _, rotations, translations, _ = cv2.solvePnPGeneric(
        view.points, flat, *ideal, flags=cv2.SOLVEPNP_IPPE
    )
    rotation, translation = cv2.solvePnPRefineLM(
        view.points, flat, *ideal, rotations[0], translations[0]
    )
    return rigid(np.asarray(cv2.Rodrigues(rotation)[0], np.float64), np.ravel(translation))


def _first_places(
    names: Sequence[str], seen: Mapping[int, Mapping[int, _View]]
) -> dict[int, Array]:
    """camera_from_rig by camera, the rig being the first camera, from pairs that saw most together.

    Raises UsageError where there is no way from one camera to the others.
    """
    between: dict[tuple[int, int], list[Array]] = {}
    for views in seen.values():
        for a, b in combinations(sorted(views), 2):
            relative = views[b].camera_from_board @ inverse(views[a].camera_from_board)
            between.setdefault((a, b), []).append(relative)
    places = {0: np.eye(4)}
    while len(places) < len(names):
        ways = [
            (len(found), a, b)
            for (a, b), found in between.items()
            if (a in places) != (b in places) and len(found) >= FEWEST_TOGETHER
        ]
        if not ways:
            apart = [name for i, name in enumerate(names) if i not in places]
            there = [names[i] for i in places]
            raise UsageError(
                f"{', '.join(apart)} saw the board together with {', '.join(there)} at fewer than "
                f"{FEWEST_TOGETHER} moments: {_advice(names)}"
            )
        _, a, b = max(ways)
        b_from_a = _most_agreed(between[a, b])
        if a in places:
            places[b] = b_from_a @ places[a]
        else:
            places[a] = inverse(b_from_a) @ places[b]
    return dict(sorted(places.items()))


def _most_agreed(transforms: Sequence[Array]) -> Array:
    """The one to which the others are nearest: a board taken for flipped would bend a mean."""
    turns = np.array([t[:3, :3] for t in transforms])
    shifts = np.array([t[:3, 3] for t in transforms])
    turned = np.linalg.norm(turns[:, None] - turns[None], axis=(2, 3))
    shifted = np.linalg.norm(shifts[:, None] - shifts[None], axis=2)
    scale = max(float(np.median(np.linalg.norm(shifts, axis=1))), 1e-6)
    return transforms[int(np.argmin(np.median(turned + shifted / scale, axis=1)))]


def _first_board(cameras: Mapping[int, Array], views: Mapping[int, _View]) -> Array:
    """rig_from_board of a moment, by the camera that sees the most corners."""
    camera, view = max(views.items(), key=lambda item: len(item[1].board.points))
    return inverse(cameras[camera]) @ view.camera_from_board


def _error_px(camera: int, bundle: Bundle, views: Sequence[SeenBoard]) -> float:
    return _rms([bundle.distances(view) for view in views if view.camera == camera])


def _advice(names: Sequence[str]) -> str:
    return (
        "hold it so that two of them see it at once, and check that their footage begins at the "
        f"same time (--offset {names[-1]}=SECONDS)"
    )
