"""What every section of the settings is made of."""

from pydantic import BaseModel, ConfigDict

Vector3 = tuple[float, float, float]


class Section(BaseModel):
    """A part of the tree: refuses unknown keys, never changes after it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
