"""Named transforms: `a_from_b` composes with `b_from_c` and with nothing else.

Written as bare matrices, a chain of eight transforms is right or wrong by the order of its factors
alone, and no test of one factor can tell. Here every factor carries the two frames that it joins.
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from operators.transforms import Array, inverse, is_rigid, transform_points
from operators.usage_error import UsageError

RIGID_TOLERANCE = 1e-5
"""Published matrices are rounded to six digits or are float32; what is off by more is another
thing, such as a scale or a transposed translation."""

_FRAME = re.compile(r"[a-z][a-z0-9_]*")


class FrameError(UsageError):
    """Transforms that do not fit together: says which frames, and what would fit."""


@dataclass(frozen=True, eq=False)
class Transform:
    """Takes coordinates in the frame `source` to coordinates in the frame `target`.

    matrix: (4, 4) float64, rigid; the translation in m.
    Raises FrameError for a name that is none, or a matrix that is not rigid.
    """

    target: str
    source: str
    matrix: Array

    def __post_init__(self) -> None:
        for frame in (self.target, self.source):
            check_frame_name(frame)
        matrix = np.array(self.matrix, dtype=np.float64)
        if matrix.shape != (4, 4):
            raise FrameError(f"{self.name}: expected a 4x4 matrix, got shape {matrix.shape}")
        if not is_rigid(matrix, RIGID_TOLERANCE):
            raise FrameError(
                f"{self.name}: expected a rigid transform (orthonormal, right-handed, last row "
                f"0 0 0 1), got {np.array2string(matrix, precision=6).replace(chr(10), '')}"
            )
        matrix.flags.writeable = False
        object.__setattr__(self, "matrix", matrix)

    @classmethod
    def named(cls, name: str, matrix: ArrayLike) -> Self:
        """Make a transform from a name such as `camera_from_base`."""
        return cls(*split_name(name), np.asarray(matrix, dtype=np.float64))

    @property
    def name(self) -> str:
        """`target_from_source`."""
        return f"{self.target}_from_{self.source}"

    @property
    def inverse(self) -> "Transform":
        """`source_from_target`."""
        return Transform(self.source, self.target, inverse(self.matrix))

    def __matmul__(self, other: "Transform") -> "Transform":
        """Compose: the inner frames must be the same, and cancel."""
        if self.source != other.target:
            raise FrameError(
                f"{self.name} @ {other.name} does not cancel: {self.source} is not {other.target}; "
                f"what fits is {self.source}_from_..."
            )
        return Transform(self.target, other.source, self.matrix @ other.matrix)

    def points(self, points: ArrayLike) -> Array:
        """Take points (..., n, 3), m, from the source to the target."""
        return transform_points(self.matrix, points)


def check_frame_name(frame: str) -> None:
    """Raise FrameError unless a frame's name can stand in `a_from_b`."""
    if not _FRAME.fullmatch(frame) or "_from_" in f"_{frame}_":
        raise FrameError(
            f"frame '{frame}': expected small letters, digits and underscores, without 'from'"
        )


def split_name(name: str) -> tuple[str, str]:
    """Target and source of `target_from_source`. Raises FrameError."""
    parts = name.split("_from_")
    if len(parts) != 2:
        raise FrameError(f"transform '{name}': expected a name such as camera_from_base")
    for frame in parts:
        check_frame_name(frame)
    return parts[0], parts[1]


class FrameTree:
    """Frames joined by transforms, each pair of frames in one way only.

    transforms: what is known.
    awaited: names of what is measured or computed later, each with who gives it.
    Raises FrameError where two ways lead from one frame to another: they would disagree.
    """

    def __init__(
        self, transforms: Iterable[Transform], awaited: Mapping[str, str] | None = None
    ) -> None:
        self._known: dict[tuple[str, str], Transform] = {}
        self.awaited = dict(awaited or {})
        """Names of transforms that are still to come, each with who gives it."""
        edges = []
        for transform in transforms:
            self._known[transform.target, transform.source] = transform
            edges.append((transform.target, transform.source))
        edges += [split_name(name) for name in self.awaited]
        self._neighbours: dict[str, list[str]] = {}
        for target, source in edges:
            self._join(target, source)

    @property
    def frames(self) -> tuple[str, ...]:
        """All frames, in the order in which they were named."""
        return tuple(self._neighbours)

    @property
    def known(self) -> tuple[Transform, ...]:
        """The transforms that are given."""
        return tuple(self._known.values())

    def with_transforms(self, *transforms: Transform) -> "FrameTree":
        """The same tree with more transforms, in the place of awaited or earlier ones."""
        known = {**self._known, **{(t.target, t.source): t for t in transforms}}
        given = {name for t in transforms for name in (t.name, t.inverse.name)}
        for transform in transforms:
            turned = known.get((transform.source, transform.target))
            if turned is not None:
                del known[transform.source, transform.target]
        awaited = {name: by for name, by in self.awaited.items() if name not in given}
        return FrameTree(known.values(), awaited)

    def __getitem__(self, name: str) -> Transform:
        """Compose the transform of this name, such as `render_from_link`.

        Raises FrameError for a frame that is not there, two frames that nothing joins, or a
        transform on the way that is still awaited.
        """
        target, source = split_name(name)
        way = self.way(target, source)
        composed = Transform(target, target, np.eye(4))
        for here, there in pairwise(way):
            composed = composed @ self._step(here, there, name)
        return composed

    def way(self, target: str, source: str) -> tuple[str, ...]:
        """The frames from target to source, both among them. Raises FrameError."""
        for frame in (target, source):
            if frame not in self._neighbours:
                raise FrameError(f"no frame '{frame}'; there are {', '.join(self.frames)}")
        before: dict[str, str] = {target: target}
        waiting = deque([target])
        while waiting and source not in before:
            here = waiting.popleft()
            for there in self._neighbours[here]:
                if there not in before:
                    before[there] = here
                    waiting.append(there)
        if source not in before:
            raise FrameError(f"nothing joins {target} and {source}")
        way = [source]
        while way[-1] != target:
            way.append(before[way[-1]])
        return tuple(way[::-1])

    def neighbours(self, frame: str) -> tuple[str, ...]:
        """The frames that a transform joins to this one."""
        return tuple(self._neighbours[frame])

    def giver(self, first: str, second: str) -> str | None:
        """Who gives the awaited transform between two neighbours; None where it is known."""
        return self.awaited.get(
            f"{first}_from_{second}", self.awaited.get(f"{second}_from_{first}")
        )

    def _join(self, target: str, source: str) -> None:
        if target in self._neighbours and source in self._neighbours:
            try:
                way = self.way(target, source)
            except FrameError:
                way = ()
            if way:
                raise FrameError(
                    f"{target}_from_{source}: {' - '.join(way)} joins the two already; leave one "
                    "of both ways out"
                )
        self._neighbours.setdefault(target, []).append(source)
        self._neighbours.setdefault(source, []).append(target)

    def _step(self, target: str, source: str, name: str) -> Transform:
        known = self._known.get((target, source))
        if known is not None:
            return known
        turned = self._known.get((source, target))
        if turned is not None:
            return turned.inverse
        raise FrameError(
            f"{name} needs {target}_from_{source}, which {self.giver(target, source)} gives, and "
            "which was not given"
        )
