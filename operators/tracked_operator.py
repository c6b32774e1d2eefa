"""The operator as the robot needs them: from head, hands, controllers and keys to targets.

All of it comes before the guard, and nothing here decides whether the robot moves.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from operators.hand_mapping import HandMapping
from operators.hand_sources import HandSources
from operators.hands import SIDES
from operators.head_watch import HeadWatch
from operators.messages import (
    Controllers,
    Hands,
    HandTargets,
    Head,
    OperatorAdjustment,
    OperatorFrame,
    OperatorInput,
    OperatorState,
)
from operators.neck_measurement import NeckMeasurement
from operators.preprocessing import Preprocessor
from operators.settings import OperatorSettings

MOTION_SCALES: Final = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)
"""What the keys step through: half and double in two steps each."""

LET_GO_S: Final = 0.3
"""Adjustments are told of only while a key is held: after so long without, it is not."""


class TrackedOperator:
    """Makes targets of what is tracked, in the frame that the operator has chosen.

    While the robot follows, nothing that the operator does to the own frame moves it: a clutch and
    re-centring hold its hands while they last, and another scale, another neck or a change between
    hand and controller begin where its hand is. While it does not follow, its hands shall be where
    the operator's are.

    Times are the samples' own, s.
    """

    def __init__(self, settings: OperatorSettings) -> None:
        self._usual_scale = settings.motion_scale
        self._preprocessor = Preprocessor()
        self._head_watch = HeadWatch()
        self._neck = NeckMeasurement(settings.neck_offset)
        self._sources = HandSources()
        self._mappings = tuple(HandMapping(settings.motion_scale) for _ in SIDES)
        self._keys: OperatorInput | None = None
        self._engage_was_held = True
        self._follows = self._follows_surely = False
        self._adjusted: OperatorAdjustment | None = None
        self._adjusted_at_s = -np.inf

    def update_head(self, head: Head, time_s: float) -> None:
        """Measure from this head from now on, and its neck while that is asked for.

        One that is not believed leaves the last that was, and neither side valid.
        """
        head = self._head_watch.look(head, time_s)
        if head.client != self._preprocessor.client:
            self._neck.forget()
            self._clear()
        self._preprocessor.update_head(head)
        self._let_go_of_adjustments(time_s)
        if head.valid and self._preprocessor.is_worn:
            self._neck.add(head.stage_from_head)
        self._use_neck()

    def update_controllers(self, controllers: Controllers, time_s: float) -> None:
        """Keep the controllers, for sides whose hands are not tracked."""
        self._sources.update_controllers(controllers, time_s)

    def update_keys(self, keys: OperatorInput) -> None:
        """Clutch, re-centre and, as the guard does, begin and end to follow.

        Another client's keys count once they were let go, and it begins with the usual scale.
        """
        before, self._keys = self._keys, keys
        if before is None or keys.client != before.client:
            self._follows = self._follows_surely = False
            self._engage_was_held = True
            self._set_scale(self._usual_scale)
        elif keys.recentre and not before.recentre:
            self._preprocessor.recentre()
        pressed = keys.engage and not self._engage_was_held
        self._engage_was_held = keys.engage or keys.stop
        if keys.stop:
            self._follows = self._follows_surely = False
        elif pressed and not self._follows_surely:
            self._follows = True
            self._clear()

    def update_robot(self, state: OperatorState) -> None:
        """Learn what the guard has made of the keys: it stops for other reasons too.

        That it is stopped counts only if it has followed before: it may have said so before it
        heard of the key. So a replay in lockstep hangs on the keys alone, which are in order.
        """
        if state.state != "stopped":
            self._follows = self._follows_surely = True
        elif self._follows_surely:
            self._follows = self._follows_surely = False

    def adjust(self, adjustment: OperatorAdjustment, time_s: float) -> None:
        """Step the scale as a key goes down; measure the neck as long as one is held."""
        self._let_go_of_adjustments(time_s)
        before, self._adjusted = self._adjusted, adjustment
        self._adjusted_at_s = time_s
        scale = self._mappings[0].scale
        if adjustment.scale_up and not (before and before.scale_up):
            self._set_scale(min((s for s in MOTION_SCALES if s > scale), default=scale))
        if adjustment.scale_down and not (before and before.scale_down):
            self._set_scale(max((s for s in MOTION_SCALES if s < scale), default=scale))
        self._neck.hold(adjustment.measure_neck, self._preprocessor.is_worn, time_s)

    def targets(self, hands: Hands, faults: tuple[str, ...], time_s: float) -> HandTargets:
        """Where the robot's hands shall be, as `Preprocessor.targets` says it.

        faults: why a side's hand is not believed, empty where it is; the targets say what else is
        wrong with a side too.

        A side whose hand is not tracked follows its controller while that is squeezed. A change
        from one to the other is not valid for a sample at least.
        """
        self._let_go_of_adjustments(time_s)
        led = self._sources.choose(hands, faults, time_s)
        measured = self._preprocessor.targets(led.hands)
        head_fault = self._head_watch.fault(time_s)
        said = zip(led.faults, measured.faults, strict=True)
        faults = tuple(lead or no_head or head_fault for lead, no_head in said)
        valid, clutched = measured.valid & ~led.changes & (not head_fault), self._clutched
        wrists, fingers = measured.anchor_from_wrist.copy(), measured.finger_joints.copy()
        wrists[~valid], fingers[~valid] = np.nan, np.nan
        for side, mapping in enumerate(self._mappings):
            if not self._follows:
                mapping.clear()
            elif led.begins[side] or (clutched[side] and not valid[side]):
                mapping.pause()
            if self._follows and valid[side]:
                lead = mapping.hold if clutched[side] else mapping.follow
                wrists[side] = lead(wrists[side])
        return replace(
            measured, valid=valid, faults=faults, anchor_from_wrist=wrists, finger_joints=fingers
        )

    def frame(self, time_s: float) -> OperatorFrame:
        """How the operator's frame stands to the robot's."""
        worn, client = self._preprocessor.is_worn, self._preprocessor.client
        return OperatorFrame(
            client=client,
            anchor_yaw_rad=self._preprocessor.anchor_yaw_rad,
            clutched=np.array(self._clutched),
            motion_scale=self._mappings[0].scale,
            neck_offset=self._neck.offset if worn else np.zeros(3),
            neck_measured=worn and self._neck.is_measured,
            advice=self._neck.advice(time_s) or self._sources.advice(client, time_s),
        )

    @property
    def _clutched(self) -> list[bool]:
        if self._keys is None or not self._follows:
            return [False for _ in SIDES]
        return [bool(clutch) or self._keys.recentre for clutch in self._keys.clutch]

    def _let_go_of_adjustments(self, time_s: float) -> None:
        if self._adjusted is not None and time_s - self._adjusted_at_s > LET_GO_S:
            self._adjusted = None
            self._neck.hold(False, self._preprocessor.is_worn, time_s)
            self._use_neck()

    def _use_neck(self) -> None:
        """Measure from the neck as it is known; the robot's hands stay where they are."""
        if (self._preprocessor.neck_offset != self._neck.offset).any():
            self._preprocessor.neck_offset = self._neck.offset
            for mapping in self._mappings:
                mapping.pause()

    def _set_scale(self, scale: float) -> None:
        for mapping in self._mappings:
            mapping.scale = scale

    def _clear(self) -> None:
        for mapping in self._mappings:
            mapping.clear()
