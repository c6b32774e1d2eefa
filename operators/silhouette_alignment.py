"""Aligns a camera by the robot's silhouettes, and where there is depth by that too."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.aligned_camera import AlignedCamera, AlignmentError, inverse_information
from operators.posed_camera import STEP, ZOOM, PosedCamera
from operators.robot_view import RobotModel, RobotView
from operators.robust_equations import Equations, NormalEquations, grouped_covariance, weighed
from operators.silhouette_search import searched
from operators.transforms import Array
from operators.view_equations import DEPTH_SCALE, JOINTS, ViewLevel, joined

SEARCH_WIDTH_PX: Final = 160
"""Of the pictures in which the first guess is made."""

LEVELS: Final = ((4, 10, 15.0), (2, 8, 8.0), (1, 10, 8.0))
"""Coarse to fine: the factor, how many iterations, and how far off an edge may be at first, px."""

JOINTS_FROM: Final = 2
"""The factor from which on the joints are sought too: before, the camera alone is far off."""

NARROWER: Final = 0.6
"""So much less from one iteration to the next."""

DEPTH_AT_FIRST: Final = 0.05
"""How far off a surface may be at first, m at a distance of 1 m; the finer the level the less."""

DEPTH_SCALE_SD: Final = 0.02
"""What depth cameras promise of their scale."""

SETTLED: Final = 2e-6
"""A step whose parts are all below this, rad, m and 1, is none at the finest level."""

DAMPING: Final = 1e-6
FEW_VIEWS: Final = 3
BLURRED_PX: Final = 1.0
"""An outline that fits worse than this is not of this robot's links, or not where they are."""

LEAST_ON_EDGE: Final = 0.4
"""Of the outline, at the end; a table and a post before the robot leave 0.85."""

HOPELESS: Final = 0.05
FEW_ON_EDGE: Final = 0.65

AT_BOUND: Final = 1.0 - 1e-6
"""What has gone this share of the way that it may is held back."""

Parts = NDArray[np.signedinteger]
"""Places in a step of the camera and, behind it, the joints."""

HINT: Final = "give views with the arms in other poses, or hold the field of view fixed"


@dataclass(frozen=True)
class Bounds:
    """How far alignment may go.

    position_m, rotation_rad: the camera, from `about`, or without that from where it is started.
    joint_rad: what may be added to each joint's readings; 0 trusts them.
    """

    position_m: float = np.inf
    rotation_rad: float = np.inf
    joint_rad: float = 0.0
    about: PosedCamera | None = None

    def nearest(self, camera: PosedCamera) -> PosedCamera:
        """The camera nearest to this one, in place and in rotation, that is within the bounds."""
        if self.about is None:
            return camera
        step = self.about.step_to(camera)
        for part, most in ((slice(0, 3), self.rotation_rad), (slice(3, 6), self.position_m)):
            step[part] *= min(1.0, most / max(float(np.linalg.norm(step[part])), 1e-12))
        return replace(self.about.stepped(step), pinhole=camera.pinhole)

    def reached_by(self, camera: PosedCamera) -> list[str]:
        """What of a camera is as far as it may go, in words."""
        if self.about is None:
            return []
        pairs = (
            (self.about.position_error_m(camera), self.position_m, 1e3, "place", "mm"),
            (self.about.rotation_error_rad(camera), self.rotation_rad, 180 / np.pi, "turn", "deg"),
        )
        return [
            f"{part} ({most * units:.3g} {unit})"
            for off, most, units, part, unit in pairs
            if off >= most * AT_BOUND
        ]


EXOSKELETON_BOUNDS: Final = Bounds(0.03, float(np.radians(3.0)), float(np.radians(2.0)))
"""Those of AirExo-2's solver, which starts from a calibration by markers."""


@dataclass(frozen=True, eq=False)
class _State:
    camera: PosedCamera
    offsets: Array
    log_scale: float


def align_silhouettes(
    start: PosedCamera,
    model: RobotModel,
    views: Sequence[RobotView],
    fov_free: bool = True,
    bounds: Bounds | None = None,
    depth_scale_sd: float = DEPTH_SCALE_SD,
) -> AlignedCamera:
    """Find the camera in which the robot's outline lies on the edge of every view's silhouette.

    start: from where, of an ideal lens; 5 cm, 5 degrees and 5% of the field of view off are no
    matter. views: one picture for each pose of the arms; their depth counts where they have it.
    fov_free: whether the focal length is sought too. bounds: how far it may go; with one for
    the joints their offsets are sought too. None: the camera anywhere, the readings as they are.
    depth_scale_sd: how exact the scale of the depths is, as a share; it is sought too. 0 trusts it.
    Raises AlignmentError for silhouettes that are too small or do not fit the robot at all, and
    whatever leaves the camera open; ImageSizeError for pictures of another size, JointError for
    readings that do not fit, and NoOpenGLError without EGL.
    """
    _check(start, views)
    limits = bounds or Bounds()
    limits = replace(limits, about=limits.about or start)
    free: Parts = np.arange(len(STEP)) if fov_free else np.delete(np.arange(len(STEP)), ZOOM)
    if depth_scale_sd > 0 and any(view.depth_m is not None for view in views):
        free = np.append(free, DEPTH_SCALE)
    none = np.zeros(len(model.joint_names))
    state = _State(_searched(start, model, views, fov_free), none, 0.0)
    for factor, iterations, widest in LEVELS:
        if start.pinhole.width // factor < SEARCH_WIDTH_PX and factor > 1:
            continue
        if factor <= JOINTS_FROM and limits.joint_rad > 0 and free.max() < JOINTS:
            free = np.append(free, JOINTS + np.arange(len(model.joint_names)))
        prior = _prior(free, limits, depth_scale_sd)
        with closing(ViewLevel(start.pinhole, tuple(model.visuals), factor)) as level:
            refinement = _Refinement(level, model, views, widest)
            state, kinds = refinement.run(state, free, iterations, limits, prior)
    return _outcome(state, kinds, free, model, views, limits, prior)


class _Refinement:
    """Gauss and Newton's steps at one resolution."""

    def __init__(
        self, level: ViewLevel, model: RobotModel, views: Sequence[RobotView], widest: float
    ) -> None:
        self._level, self._model, self._views = level, model, views
        self._edges = [level.edges(view.silhouette) for view in views]
        self._widest = widest

    def run(
        self,
        state: _State,
        free: Parts,
        iterations: int,
        limits: Bounds,
        prior: Array,
    ) -> tuple[_State, list[NormalEquations]]:
        """Refine what is free; returns the equations at the end too."""
        slopes = self._joint_slopes(state, free)
        kinds: list[NormalEquations] = []
        for i in range(iterations):
            kinds = self._weighed(state, free, slopes, NARROWER**i)
            information = sum((kind.information for kind in kinds), prior)
            gradient = sum((kind.gradient for kind in kinds), np.zeros(len(free)))
            apart = np.concatenate([np.zeros(len(STEP)), [state.log_scale], state.offsets])
            gradient = gradient + prior @ apart[free]
            damped = information + DAMPING * np.diag(np.diag(information) + 1e-12)
            step = np.zeros(JOINTS + len(state.offsets))
            step[free] = -np.linalg.solve(damped, gradient)
            offsets = np.clip(state.offsets + step[JOINTS:], -limits.joint_rad, limits.joint_rad)
            moved = state.camera.stepped(step[: len(STEP)])
            scale = state.log_scale + float(step[DEPTH_SCALE])
            state = _State(limits.nearest(moved), offsets, scale)
            if np.abs(step).max() < SETTLED:
                break
        return state, kinds

    def _weighed(
        self, state: _State, free: Parts, slopes: Sequence[Array], narrower: float
    ) -> list[NormalEquations]:
        edges, depths = [], []
        for i, view in enumerate(self._views):
            poses = self._model.base_from_meshes(view.readings, state.offsets)
            drawn = self._level.surface(state.camera, poses, slopes[i])
            edges.append(self._level.outline_equations(drawn, self._edges[i], i))
            if view.depth_m is not None:
                depths.append(
                    self._level.depth_equations(
                        drawn, view.silhouette, view.depth_m, state.log_scale, i
                    )
                )
        whole = _of(joined(edges), free)
        _check_fit(whole.matching)
        kinds = [weighed(whole, self._widest, self._widest * narrower)]
        if depths:
            first = DEPTH_AT_FIRST
            kinds.append(weighed(_of(joined(depths), free), first, first * narrower))
        return kinds

    def _joint_slopes(self, state: _State, free: Parts) -> list[Array]:
        """Of every view's meshes; the few degrees that a joint may go change them by little."""
        if free.max() < JOINTS:
            return [np.zeros((0, len(self._model.visuals), 4, 4)) for _ in self._views]
        return [self._model.joint_slopes(view.readings, state.offsets) for view in self._views]


def _prior(free: Parts, limits: Bounds, depth_scale_sd: float) -> Array:
    """What is known of the free parts beforehand: half of a joint's bound is likely."""
    known = np.zeros(len(free))
    known[free >= JOINTS] = (max(limits.joint_rad, 1e-9) / 2.0) ** -2
    known[free == DEPTH_SCALE] = max(depth_scale_sd, 1e-9) ** -2
    return np.diag(known)


def _of(equations: Equations, free: Parts) -> Equations:
    return Equations(
        equations.residuals,
        equations.jacobian[:, free],
        equations.groups,
        equations.matching,
        equations.together,
        equations.floor,
    )


def _check_fit(fits: NDArray[np.bool_], least: float = HOPELESS) -> float:
    """The share of the outline that fits. Raises AlignmentError where that is too little."""
    share = float(fits.mean()) if len(fits) else 0.0
    if share < least:
        raise AlignmentError(
            f"{100 * share:.0f}% of the drawn robot's outline lies on the edge of its silhouettes, "
            f"at least {100 * LEAST_ON_EDGE:.0f}% must: is it this robot, are these its readings, "
            "and is the start within some 5 cm and 5 degrees?"
        )
    return share


def _check(start: PosedCamera, views: Sequence[RobotView]) -> None:
    if start.pinhole.is_distorted:
        raise AlignmentError(
            "silhouettes need pictures without distortion: straighten them first, and start from "
            "the ideal lens"
        )
    if not views:
        raise AlignmentError("no view of the robot was given: at least one, and better five")
    for i, view in enumerate(views):
        view.check(start.pinhole, f"view {i + 1}")


def _searched(
    start: PosedCamera, model: RobotModel, views: Sequence[RobotView], fov_free: bool
) -> PosedCamera:
    factor = max(1, round(start.pinhole.width / SEARCH_WIDTH_PX))
    none = np.zeros(len(model.joint_names))
    with closing(ViewLevel(start.pinhole, tuple(model.visuals), factor)) as level:
        drawn = [
            level.surface(
                start, model.base_from_meshes(view.readings, none), np.zeros((0, 1, 4, 4))
            )
            for view in views
        ]
        if not any(surface.silhouette.any() for surface in drawn):
            raise AlignmentError(
                "from where it is started, the camera does not see the robot at all: bring it "
                "nearer to the truth by hand"
            )
        seen = [level.edges(view.silhouette).distance < 0 for view in views]
        found = searched(drawn[0].camera, [s.silhouette for s in drawn], seen)
    step = drawn[0].camera.step_to(found)
    if not fov_free:
        step[ZOOM] = 0.0
    return start.stepped(step)


def _outcome(
    state: _State,
    kinds: list[NormalEquations],
    free: Parts,
    model: RobotModel,
    views: Sequence[RobotView],
    limits: Bounds,
    prior: Array,
) -> AlignedCamera:
    edge = kinds[0]
    on_edge = _check_fit(edge.weights > 0, LEAST_ON_EDGE)
    information = sum((kind.information for kind in kinds), prior)
    inverse_information(information * edge.deviation**2, 1.0, free, HINT)
    covariance, groups = grouped_covariance(kinds, prior)
    whole = np.zeros((JOINTS + len(state.offsets),) * 2)
    whole[np.ix_(free, free)] = covariance
    joints = limits.joint_rad > 0
    deviations = np.sqrt(np.diag(whole))
    scale = (float(np.exp(state.log_scale)), float(deviations[DEPTH_SCALE]))
    counted = edge.weights > 0
    return AlignedCamera(
        state.camera,
        whole[: len(STEP), : len(STEP)],
        float(max(groups - len(free), 1)),
        float(np.sqrt((edge.equations.residuals[counted] ** 2).mean())),
        (int(counted.sum()), len(counted)),
        dict(zip(model.joint_names, state.offsets.tolist(), strict=True)) if joints else {},
        dict(zip(model.joint_names, deviations[JOINTS:].tolist(), strict=True)) if joints else {},
        _doubts(on_edge, edge.deviation, len(views), state, model, limits),
        scale if DEPTH_SCALE in free else None,
    )


def _doubts(
    on_edge: float, deviation: float, views: int, state: _State, model: RobotModel, limits: Bounds
) -> tuple[str, ...]:
    said = []
    if on_edge < FEW_ON_EDGE:
        said.append(
            f"only {100 * on_edge:.0f}% of the robot's outline lies on the silhouettes' edge: look "
            "at the pictures before you rely on this"
        )
    if deviation > BLURRED_PX and limits.joint_rad == 0:
        said.append(
            f"the outline fits to {deviation:.1f} px only: the masks may be rough, or the joints' "
            "readings have offsets, which can be sought too"
        )
    if views < FEW_VIEWS:
        said.append(f"{views} view(s) of the robot: with five poses the camera is told far better")
    if held := limits.reached_by(state.camera):
        said.append(
            f"the camera is at the bound of its {' and '.join(held)}: what it is held back from "
            "may fit better; look at the pictures, or allow more"
        )
    if limits.joint_rad > 0:
        at_bound = np.abs(state.offsets) >= limits.joint_rad * AT_BOUND
        names = [name for name, at in zip(model.joint_names, at_bound, strict=True) if at]
        if names:
            said.append(f"at the bound of their offsets: {', '.join(names)}")
    return tuple(said)
