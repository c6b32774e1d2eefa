"""Points of the robot that were picked in a picture: a JSON file.

```json
{
  "size": [1280, 720],
  "points": [{"name": "left_tcp", "base": [0.41, 0.2, 0.13], "pixel": [640.5, 360.0]}]
}
```
`base`: m, in `kinematic_base`, the frame of the URDF's own base. `pixel`: column and row of the
picture as it comes, the lens's distortion in it; (0, 0) is the centre of the upper left one.
"""

import json
from pathlib import Path

import numpy as np
from pydantic import Field, ValidationError

from operators.correspondence_alignment import Correspondences
from operators.frames import Transform
from operators.pinhole import ImageSizeError, Pinhole
from operators.section import Section, Vector3
from operators.settings import SettingsError


class PickedPoint(Section):
    """One point."""

    name: str | None = Field(default=None, description="for who reads it")
    base: Vector3 = Field(description="m")
    pixel: tuple[float, float] = Field(description="column and row")


class PickedPoints(Section):
    """A file of points, all picked in one picture."""

    size: tuple[int, int] = Field(description="the picture's width and height, px")
    points: tuple[PickedPoint, ...]

    def correspondences(self, base_from_kinematic_base: Transform) -> Correspondences:
        """As the solver takes them, in its base's frame. Raises AlignmentError."""
        points = np.array([point.base for point in self.points], np.float64).reshape(-1, 3)
        pixels = np.array([point.pixel for point in self.points], np.float64).reshape(-1, 2)
        return Correspondences(base_from_kinematic_base.points(points), pixels)

    def check_size(self, pinhole: Pinhole) -> None:
        """Raise ImageSizeError unless they were picked in a picture of this camera's size."""
        if self.size != (pinhole.width, pinhole.height):
            raise ImageSizeError(
                f"the points were picked in a picture of {self.size[0]}x{self.size[1]} px, and the "
                f"camera that is started from has {pinhole.width}x{pinhole.height}: pick them in "
                "one of its size"
            )


def read_points(path: Path) -> PickedPoints:
    """Read a file. Raises SettingsError naming the file, the key and what is wrong."""
    try:
        return PickedPoints.model_validate(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise SettingsError("\n".join(lines)) from None
    except ValueError as error:
        raise SettingsError(f"{path}: not JSON: {error}") from None


def write_points(points: PickedPoints, path: Path) -> None:
    """Write a file, in the place of one that is there. Raises SettingsError."""
    content = points.model_dump(mode="json", exclude_none=True)
    try:
        path.write_text(json.dumps(content, indent=2) + "\n")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror}") from None
