"""How much the hands are smoothed before they are retargeted. docs/filtering.md shows why so."""

from typing import Annotated

from pydantic import Field

from operators.section import Section

MinCutoff = Annotated[
    float, Field(gt=0, description="cutoff at rest, Hz: lower it if a still hand trembles")
]
Beta = Annotated[float, Field(ge=0)]
DCutoff = Annotated[
    float,
    Field(
        gt=0,
        description="cutoff for the speed itself, Hz: raise it if movements start late, lower it "
        "if tremble passes for movement",
    ),
]
MORE_BETA = "of speed: raise it if the hand lags in motion"


class OneEuroSettings(Section):
    """A low-pass whose cutoff grows with the speed."""

    enabled: bool = Field(default=True, description="false passes everything on as it comes")
    min_cutoff_hz: MinCutoff
    beta: Beta
    d_cutoff_hz: DCutoff


class PositionFilterSettings(OneEuroSettings):
    """The wrists' positions."""

    min_cutoff_hz: MinCutoff = 1.5
    beta: Beta = Field(default=30.0, description=f"Hz more for every m/s {MORE_BETA}")
    d_cutoff_hz: DCutoff = 3.0


class RotationFilterSettings(OneEuroSettings):
    """The wrists' rotations."""

    min_cutoff_hz: MinCutoff = 1.5
    beta: Beta = Field(default=10.0, description=f"Hz more for every rad/s {MORE_BETA}")
    d_cutoff_hz: DCutoff = 3.0


class FingersFilterSettings(OneEuroSettings):
    """Each finger joint's position, as seen from the wrist."""

    min_cutoff_hz: MinCutoff = 1.5
    beta: Beta = Field(default=30.0, description=f"Hz more for every m/s {MORE_BETA}")
    d_cutoff_hz: DCutoff = 3.0


class FiltersSettings(Section):
    """How the hands are smoothed before they are retargeted: [filtering.md](filtering.md)."""

    position: PositionFilterSettings = PositionFilterSettings()
    rotation: RotationFilterSettings = RotationFilterSettings()
    fingers: FingersFilterSettings = FingersFilterSettings()
