"""How a hand's skeleton is fitted to what several cameras see of it."""

from pydantic import Field

from operators.section import Section


class HandFitSettings(Section):
    """What the fit weighs, and how long it may take."""

    keypoint_2d: float = Field(
        default=0.1, gt=0, description="weight of a keypoint that is 1 px beside, if sure"
    )
    depth: float = Field(
        default=0.0,
        ge=0,
        description="weight of a joint that is 1 mm nearer or farther, along a camera's view, than "
        "that camera measured, or than the triangulated point",
    )
    temporal: float = Field(
        default=0.0,
        ge=0,
        description="weight of a joint that turned by 1 rad since the picture before; raise it for "
        "two cameras that often lose fingers, lower it where fast fingers lag",
    )
    limits: float = Field(
        default=3.0, ge=0, description="weight of a joint that is 1 rad beyond what fingers can"
    )
    huber_px: float = Field(
        default=3.0, gt=0, description="keypoints farther beside count in proportion, not squared"
    )
    scale: bool = Field(
        default=False,
        description="find the hands' size in each picture too; bones are the lengths times it",
    )
    iterations: int = Field(default=30, ge=1, le=200, description="at the most")
    lost_px: float = Field(
        default=25.0,
        gt=0,
        description="a hand whose joints are seen farther than this beside, in the median, is lost",
    )
    good_px: float = Field(
        default=5.0, gt=0, description="bones are measured between points that reproject so well"
    )
    good_frames: int = Field(
        default=30, ge=1, description="measurements of every bone, after which it keeps its length"
    )
