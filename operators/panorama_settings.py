"""How the surroundings are drawn: a section of the settings."""

import math
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from operators.section import Section

FINER: Final = 1.5
"""Pixels of a face for one of the panorama at good quality, where they are averaged."""


class PanoramaSettings(Section):
    """How the surroundings are drawn."""

    renderer: Literal["gl", "mujoco"] = "gl"
    device: int | None = Field(
        default=None, ge=0, description="graphics card, as EGL counts them; by default the first"
    )
    converter: Literal["table", "shader", "py360convert"] = Field(
        default="table", description="shader: on the graphics card, with renderer gl alone"
    )
    quality: Literal["fast", "good"] = Field(
        default="fast",
        description="good: soft shadows and smooth edges, for three times the work of a frame",
    )
    width: int = Field(
        default=1440,
        ge=64,
        le=8192,
        description="panorama columns; rows are half; `panodora doctor` says what fits",
    )
    face_size: int | None = Field(
        default=None,
        ge=16,
        le=4096,
        description="pixels along a cube face; by default as many as the panorama shows, half as "
        "many again at good",
    )
    interpolation: Literal["nearest", "linear", "cubic"] = Field(
        default="linear", description="between the pixels of a face"
    )
    depth: bool = Field(
        default=False, description="also say how far everything is, with renderer gl alone"
    )
    tile_size: int = Field(
        default=80, ge=16, le=1024, multiple_of=16, description="pixels along a tile"
    )

    @model_validator(mode="after")
    def _width_is_even(self) -> Self:
        if self.width % 2:
            raise ValueError(f"width must be even (rows are half of it), got {self.width}")
        return self

    @model_validator(mode="after")
    def _shader_has_its_faces(self) -> Self:
        if self.converter == "shader" and self.renderer != "gl":
            raise ValueError(
                f"converter shader needs renderer gl, got {self.renderer}; or choose table"
            )
        return self

    @model_validator(mode="after")
    def _depth_is_known(self) -> Self:
        if self.depth and self.renderer != "gl":
            raise ValueError(f"depth needs renderer gl, got {self.renderer}")
        return self

    @property
    def height(self) -> int:
        """Panorama rows."""
        return self.width // 2

    @property
    def drawn_face_size(self) -> int:
        """Pixels along a cube face.

        In the middle of a face, where its pixels take up the largest angles, they are as dense as
        the panorama's: 2 / N radians are 2 pi / width.
        """
        if self.face_size is not None:
            return self.face_size
        dense = self.width / math.pi * (FINER if self.quality == "good" else 1.0)
        return 16 * math.ceil(dense / 16)
