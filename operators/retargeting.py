"""Retargeting: an operator's hands become a robot's hand poses and joint positions."""

from collections.abc import Sequence
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from operators.hand_configuration import HandConfiguration
from operators.hands import SIDES, Hand
from operators.joint_layout import JOINT_LAYOUTS, WEBXR_JOINTS
from operators.messages import HandCommands, HandTargets
from operators.retargeting_backends import BACKENDS, BackendName
from operators.settings import Settings, SettingsError
from operators.transforms import Array, matrix_from_pose, pose_from_matrix, rigid


class HandRetargeter:
    """Bends a robot hand's fingers as a human hand's.

    hand: the robot hand. backend: the library that solves.
    Raises SettingsError if the hand's configuration does not fit its URDF or the backend.
    """

    def __init__(self, hand: Hand, backend: BackendName = "dexi") -> None:
        configuration = hand.configuration
        self._hand = hand
        self._starts, self._ends = _human_joints(configuration)
        retarget_from_wrist = np.array(configuration.retarget_from_wrist)[:3, :3]
        self._wrist_from_retarget = retarget_from_wrist.T
        self._alpha = configuration.retargeting.low_pass_alpha
        self._smoothed: Array | None = None
        self._backend = BACKENDS[backend](hand)

        leaders = hand.leader_names
        self._solved = [self._backend.joint_names.index(name) for name in leaders]
        self._lower_rad, self._upper_rad = _leader_limits(hand)
        self._leader_of = [leaders.index(joint.leader or joint.name) for joint in hand.joints]
        self._multipliers = np.array([joint.multiplier for joint in hand.joints])
        self._offsets_rad = np.array([joint.offset_rad for joint in hand.joints])

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The order of what `retarget` returns: every movable joint of the URDF."""
        return self._hand.joint_names

    def retarget(self, finger_joints: ArrayLike) -> Array:
        """Find the robot's joint positions.

        finger_joints: (25, 3), WebXR's joints in the wrist's frame, m.
        Returns (joints,), rad: within limits, followers exactly where their leaders put them.
        Raises ValueError if the joints are not 25 finite points.
        """
        joints = np.asarray(finger_joints, dtype=np.float64)
        if joints.shape != (len(WEBXR_JOINTS), 3):
            raise ValueError(f"finger_joints must be {(len(WEBXR_JOINTS), 3)}, got {joints.shape}")
        vectors = (joints[self._ends] - joints[self._starts]) @ self._wrist_from_retarget
        if not np.isfinite(vectors).all():
            raise ValueError("finger_joints must be finite numbers; a lost hand is not retargeted")
        leaders = self._backend.solve(vectors)[self._solved]
        leaders = np.clip(leaders, self._lower_rad, self._upper_rad)
        if self._smoothed is not None:
            leaders = self._smoothed + self._alpha * (leaders - self._smoothed)
        self._smoothed = leaders
        positions: Array = self._multipliers * leaders[self._leader_of] + self._offsets_rad
        return positions

    def reset(self) -> None:
        """Forget earlier positions, so that a hand that returns is not blended with old ones."""
        self._smoothed = None
        self._backend.reset()


class Retargeter:
    """Turns both hands' targets into commands for the robot's hands.

    hands: the robot's, left and right.
    anchor_position: (3,), where the anchor's origin, the operator's head, is in the world, m. The
    anchor's axes are the world's.
    """

    def __init__(
        self, hands: Sequence[Hand], anchor_position: ArrayLike, backend: BackendName = "dexi"
    ) -> None:
        if len(hands) != len(SIDES):
            raise ValueError(f"hands must be one each for {SIDES}, got {len(hands)}")
        self._retargeters = tuple(HandRetargeter(hand, backend) for hand in hands)
        self._wrist_from_base = np.array([hand.configuration.wrist_from_base for hand in hands])
        self._world_from_anchor = rigid(np.eye(3), anchor_position)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build for the hands, the anchor and the backend of a dataflow's settings."""
        hands = [Hand.load(settings.hands.left), Hand.load(settings.hands.right)]
        return cls(hands, settings.scene.anchor_position, settings.hands.retargeting)

    def retarget(self, targets: HandTargets) -> HandCommands:
        """Say where the robot's hands and joints shall be.

        A side that is not valid is all NaN, and starts afresh when it is valid again.
        """
        world_from_base = np.full((len(SIDES), 7), np.nan)
        valid = targets.valid
        if valid.any():
            world_from_base[valid] = pose_from_matrix(
                self._world_from_anchor
                @ matrix_from_pose(targets.anchor_from_wrist[valid])
                @ self._wrist_from_base[valid]
            )
        left, right = (self._positions(side, targets) for side in range(len(SIDES)))
        return HandCommands(
            faults=targets.faults,
            valid=valid,
            world_from_base=world_from_base,
            left_joint_names=self._retargeters[0].joint_names,
            left_joint_positions=left,
            right_joint_names=self._retargeters[1].joint_names,
            right_joint_positions=right,
        )

    def _positions(self, side: int, targets: HandTargets) -> Array:
        retargeter = self._retargeters[side]
        if targets.valid[side]:
            return retargeter.retarget(targets.finger_joints[side])
        retargeter.reset()
        return np.full(len(retargeter.joint_names), np.nan)


def _human_joints(configuration: HandConfiguration) -> tuple[list[int], list[int]]:
    """WebXR's joints where the human's vectors start, and where they end."""
    layout = JOINT_LAYOUTS[configuration.joint_layout]
    indices = configuration.retargeting.target_link_human_indices
    if indices is None:
        # DexPilot's own pairs, in the order that both libraries give the robot's: from each later
        # finger to each earlier one, thumb first, then from the wrist to every finger.
        tips = layout.tips[: len(configuration.retargeting.finger_tip_link_names or ())]
        pairs = [(late, early) for early, late in combinations(tips, 2)]
        pairs += [(0, tip) for tip in tips]
        indices = (tuple(start for start, _ in pairs), tuple(end for _, end in pairs))
    starts, ends = ([layout.webxr_indices[index] for index in row] for row in indices)
    return starts, ends


def _leader_limits(hand: Hand) -> tuple[Array, Array]:
    """Limits of the leaders (leaders,), rad, within which their followers keep theirs."""
    lower, upper = [], []
    for name in hand.leader_names:
        bounds = []
        for joint in hand.joints:
            if name in (joint.name, joint.leader) and joint.multiplier != 0.0:
                ends = np.array([joint.lower_rad, joint.upper_rad]) - joint.offset_rad
                bounds.append(np.sort(ends / joint.multiplier))
        low, high = max(b[0] for b in bounds), min(b[1] for b in bounds)
        if low > high:
            raise SettingsError(
                f"{hand.urdf_path}: joint {name}: its limits and those of the joints that mimic it "
                "have nothing in common"
            )
        lower.append(low)
        upper.append(high)
    return np.array(lower), np.array(upper)
