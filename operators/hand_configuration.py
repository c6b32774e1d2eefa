"""What a hand's YAML file under configs/hands/ may say."""

from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from operators.joint_layout import JOINT_LAYOUTS, JointLayoutName
from operators.transforms import is_rigid

MissingMeshes = Literal["refuse", "skeleton"]

Row4 = tuple[float, float, float, float]
Matrix4 = tuple[Row4, Row4, Row4, Row4]


class RetargetingConfiguration(BaseModel):
    """How a robot hand imitates a human one, in the words of dex-retargeting's YAML.

    Two objectives: `vector` makes vectors between the robot's links equal scaled vectors between
    human joints; `dexpilot` also closes pinches that the human nearly closes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    type: Literal["vector", "dexpilot"]
    target_joint_names: tuple[str, ...] | None = Field(
        default=None, description="the joints to find; none is all that follow no other"
    )
    wrist_link_name: str | None = None
    target_origin_link_names: tuple[str, ...] | None = Field(
        default=None, description="vector: where each robot vector starts"
    )
    target_task_link_names: tuple[str, ...] | None = Field(
        default=None, description="vector: where each robot vector ends"
    )
    finger_tip_link_names: tuple[str, ...] | None = Field(
        default=None, description="dexpilot: the fingertips, thumb first"
    )
    target_link_human_indices: tuple[tuple[int, ...], tuple[int, ...]] | None = Field(
        default=None,
        description="the human joints where each vector starts, and where it ends; dexpilot knows "
        "its own",
    )
    scaling_factor: float = Field(default=1.0, gt=0, description="robot's size over human's")
    low_pass_alpha: float = Field(
        default=1.0, gt=0, le=1, description="weight of the newest positions; 1 does not smooth"
    )
    huber_delta: float = Field(default=0.02, gt=0, description="m: linear beyond this distance")
    normal_delta: float = Field(default=4e-3, ge=0, description="weight on staying where it was")
    project_dist: float = Field(default=0.03, gt=0, description="dexpilot: pinches closer snap, m")
    escape_dist: float = Field(default=0.05, gt=0, description="dexpilot: and let go beyond, m")

    @field_validator("type", mode="before")
    @classmethod
    def _any_case(cls, given: object) -> object:
        """dex-retargeting's own files say DexPilot."""
        return given.lower() if isinstance(given, str) else given

    @model_validator(mode="after")
    def _has_its_links(self) -> Self:
        needed: dict[str, object] = {
            "target_origin_link_names": self.target_origin_link_names,
            "target_task_link_names": self.target_task_link_names,
            "target_link_human_indices": self.target_link_human_indices,
        }
        if self.type == "dexpilot":
            needed = {
                "wrist_link_name": self.wrist_link_name,
                "finger_tip_link_names": self.finger_tip_link_names,
            }
        missing = [key for key, value in needed.items() if not value]
        if missing:
            raise ValueError(f"type {self.type} needs {', '.join(missing)}")
        if self.type == "vector":
            lists = (
                self.target_origin_link_names,
                self.target_task_link_names,
                *(self.target_link_human_indices or ()),
            )
            lengths = [len(names or ()) for names in lists]
            if len(set(lengths)) > 1:
                raise ValueError(
                    "target_origin_link_names, target_task_link_names and both rows of "
                    f"target_link_human_indices must be equally long, got {lengths}"
                )
        return self

    @property
    def link_names(self) -> dict[str, tuple[str, ...]]:
        """The robot's links that the objective speaks of, by key."""
        return {
            "wrist_link_name": (self.wrist_link_name,) if self.wrist_link_name else (),
            "target_origin_link_names": self.target_origin_link_names or (),
            "target_task_link_names": self.target_task_link_names or (),
            "finger_tip_link_names": self.finger_tip_link_names or (),
        }


class HandConfiguration(BaseModel):
    """A hand's YAML file under configs/hands/.

    `wrist` is the operator's wrist with WebXR's axes: -z towards the fingers, +y out of the back
    of the hand; `base` is the URDF's base link; `retarget` is the frame in which the retargeting's
    origin and task links lie.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    urdf: str = Field(
        description="a path relative to the configuration's own folder, or dexi: and the name of "
        "one that the package dexi-rs ships"
    )
    missing_meshes: MissingMeshes = Field(
        default="refuse",
        description="what to do where a mesh of the URDF does not exist: refuse the hand, or put "
        "simple shapes in its place",
    )
    base_link: str
    joint_layout: JointLayoutName = Field(
        description="which joints the retargeting's human indices count"
    )
    wrist_from_base: Matrix4
    retarget_from_wrist: Matrix4
    retargeting: RetargetingConfiguration

    @field_validator("wrist_from_base", "retarget_from_wrist")
    @classmethod
    def _is_rigid(cls, matrix: Matrix4) -> Matrix4:
        if not is_rigid(np.array(matrix)):
            raise ValueError(
                "must be a rigid transform: orthonormal, right-handed, last row 0 0 0 1"
            )
        return matrix

    @model_validator(mode="after")
    def _human_indices_are_joints(self) -> Self:
        last = len(JOINT_LAYOUTS[self.joint_layout].joint_names) - 1
        rows = self.retargeting.target_link_human_indices or ()
        wrong = sorted({index for row in rows for index in row if not 0 <= index <= last})
        if wrong:
            raise ValueError(
                f"retargeting.target_link_human_indices: {wrong} are no joints of "
                f"{self.joint_layout}, which counts 0 to {last}"
            )
        return self
