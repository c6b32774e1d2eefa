"""Where Isaac Gym is, and how it is used: a section of the settings."""

from pathlib import Path

from pydantic import Field

from operators.section import Section


class IsaacGymSettings(Section):
    """Isaac Gym, for `simulation.simulator: isaacgym`: [isaacgym.md](isaacgym.md)."""

    python: Path | None = Field(
        default=None,
        description="the Python 3.8 that has Isaac Gym, such as ~/miniconda3/envs/gym/bin/python",
    )
    device: int = Field(default=0, ge=0, description="graphics card, as CUDA counts them")
    image_tensors: bool = Field(
        default=True,
        description="copy pictures from the card straight into shared memory; false where the "
        "driver cannot share them with PyTorch",
    )
    start_timeout_s: float = Field(
        default=180.0,
        gt=0,
        description="so long it may take to start; at the very first time it compiles a part of "
        "itself",
    )
    answer_timeout_s: float = Field(
        default=2.0, gt=0, description="a step or a picture that takes longer: start it again"
    )
