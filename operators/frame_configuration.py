"""A tree of frames in YAML, under configs/frames/, and its drawing in the terminal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from operators.frames import FrameError, FrameTree, Transform
from operators.section import Section
from operators.settings import SettingsError
from operators.transforms import Array, rigid, rotation_about, rotation_from_quaternion
from operators.yaml_section import load_section

Row = tuple[float, float, float, float]
Matrix4 = tuple[Row, Row, Row, Row]
Vector3 = tuple[float, float, float]
Giver = Literal["calibration", "kinematics", "urdf", "robot"]

QUATERNION_TOLERANCE = 1e-3


class Turn(Section):
    """A turn about one axis of the frame that is being described."""

    axis: Literal["x", "y", "z"]
    degrees: float


class GivenTransform(Section):
    """One transform: a matrix, or a rotation and a translation, each of which may be left out."""

    matrix: Matrix4 | None = None
    turn: Turn | None = None
    quaternion: Row | None = Field(default=None, description="x y z w")
    translation: Vector3 = Field(default=(0.0, 0.0, 0.0), description="m")

    @model_validator(mode="after")
    def _says_it_once(self) -> Self:
        given = [self.matrix is not None, self.turn is not None, self.quaternion is not None]
        if sum(given) > 1 or (self.matrix is not None and any(self.translation)):
            raise ValueError("give a matrix, or one of turn and quaternion with a translation")
        if self.quaternion is not None:
            length = float(np.linalg.norm(self.quaternion))
            if abs(length - 1.0) > QUATERNION_TOLERANCE:
                raise ValueError(f"the quaternion's length must be 1, it is {length:.4g}")
        return self

    def as_matrix(self) -> Array:
        """The transform (4, 4)."""
        if self.matrix is not None:
            return np.array(self.matrix, dtype=np.float64)
        rotation = np.eye(3)
        if self.turn is not None:
            rotation = rotation_about("xyz".index(self.turn.axis), np.radians(self.turn.degrees))
        elif self.quaternion is not None:
            rotation = rotation_from_quaternion(self.quaternion)
        return rigid(rotation, self.translation)


class FrameConfiguration(Section):
    """A file under configs/frames/: names `a_from_b` with a transform, or with who gives it."""

    transforms: dict[str, Annotated[GivenTransform | Giver, Field(union_mode="left_to_right")]]


def load_frames(path: Path) -> FrameTree:
    """Read a tree of frames.

    Raises SettingsError naming the file, and the transform that is not one or does not fit.
    """
    configuration = load_section(path, FrameConfiguration)
    known, awaited = [], {}
    try:
        for name, given in configuration.transforms.items():
            if isinstance(given, GivenTransform):
                known.append(Transform.named(name, given.as_matrix()))
            else:
                awaited[name] = given
        return FrameTree(known, awaited)
    except FrameError as error:
        raise SettingsError(f"{path}: {error}") from None


def drawn(tree: FrameTree, *, numbers: bool = False) -> str:
    """The tree in text: each frame below the one that it is joined to, and by what.

    numbers: also where the frame's origin lies in the frame above it, m.
    """
    lines: list[str] = []
    seen: set[str] = set()
    for frame in tree.frames:
        if frame not in seen:
            lines += _drawn_below(tree, frame, seen, "", numbers)
    return "\n".join(lines)


def _drawn_below(
    tree: FrameTree, frame: str, seen: set[str], indent: str, numbers: bool
) -> Iterator[str]:
    seen.add(frame)
    if not indent:
        yield frame
    below = [other for other in tree.neighbours(frame) if other not in seen]
    for i, other in enumerate(below):
        last = i == len(below) - 1
        giver = tree.giver(frame, other)
        how = f"{frame}_from_{other}"
        if giver is not None:
            how += f", from {giver}"
        elif numbers:
            x, y, z = tree[f"{frame}_from_{other}"].matrix[:3, 3]
            how += f", at {x:.4g} {y:.4g} {z:.4g} m"
        yield f"{indent}{'└─' if last else '├─'} {other}   ({how})"
        deeper = indent + ("   " if last else "│  ")
        yield from _drawn_below(tree, other, seen, deeper, numbers)
