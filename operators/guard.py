"""The guard: the only way to a robot. Nothing passes until someone engages."""

from collections.abc import Mapping, Sequence
from typing import Final, Self

import numpy as np

from operators.guard_states import GuardEvent, GuardState, overall
from operators.hand_guard import HandGuard, Posture
from operators.hands import SIDES, Hand
from operators.messages import HandCommands, OperatorInput, OperatorState, SceneState
from operators.settings import GuardSettings, Settings
from operators.transforms import Array

TO_START: Final = "press Enter or the Engage button, or pinch with both hands, to start"

JointRanges = Mapping[str, tuple[float, float]]

NO_HANDS: Final = "no hands are coming in"


class Guard:
    """Passes commands while the operator is in command, within limits, and holds the robot if not.

    Starts stopped. What is given back is to be sent to the robot at once. Times are seconds of one
    clock that never goes back: the monotonic one, or in lockstep the samples' own.

    ranges: of each side's joints by name, lowest and highest, rad.
    """

    def __init__(self, settings: GuardSettings, ranges: Sequence[JointRanges]) -> None:
        self._settings = settings
        self._ranges = ranges
        self._hands = tuple(HandGuard(settings) for _ in SIDES)
        self._reason = TO_START
        self._client = ""
        self._engage_was_held = True  # whoever holds the key at the start must let go first
        self._heard_at_s: float | None = None
        self._commanded_at_s: float | None = None
        self._wanted: HandCommands | None = None
        self._scene: SceneState | None = None
        self._scene_at_s: float | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """A guard of the hands in the settings. Raises SettingsError where one cannot be read."""
        hands = [Hand.load(path) for path in (settings.hands.left, settings.hands.right)]
        return cls(
            settings.guard,
            [{j.name: (j.lower_rad, j.upper_rad) for j in hand.joints} for hand in hands],
        )

    def operator_input(self, operator: OperatorInput, now_s: float) -> HandCommands | None:
        """Stop while the stop key is down; engage when the engage key goes down.

        After every stop the engage key must first have been let go. Who engaged is obeyed, and
        nobody after: another client must engage for itself. To engage while a hand has stopped by
        itself starts that hand.
        """
        self._heard_at_s = now_s
        if operator.stop:
            self._client = operator.client
            return self.stop("stopped by the operator; engage to go on", now_s)
        if operator.client != self._client:
            self._client = operator.client
            halt = self.stop("another operator is here; engage to go on", now_s)
            self._engage_was_held = operator.engage
            return halt
        pressed = operator.engage and not self._engage_was_held
        self._engage_was_held = operator.engage
        if pressed:
            self._engage(now_s)
        return None

    def scene_state(self, scene: SceneState, now_s: float) -> HandCommands | None:
        """Learn where the robot is. A simulation that began anew stops it."""
        began_anew = self._scene is not None and scene.step < self._scene.step
        self._scene, self._scene_at_s = scene, now_s
        return self.stop("the robot began anew; engage to go on", now_s) if began_anew else None

    def restarted(self, node: str, now_s: float) -> HandCommands | None:
        """A node on the way from the operator has restarted."""
        return self.stop(f"{node} has restarted; engage to go on", now_s)

    def stop(self, reason: str, now_s: float) -> HandCommands | None:
        """Stop both hands, whatever they do."""
        self._engage_was_held = True
        moved = any(hand.moves for hand in self._hands)
        changed = [hand.happen(GuardEvent.STOP, reason, now_s) for hand in self._hands]
        if any(changed):
            self._reason = reason
        return hold_both() if moved else None

    def command(self, wanted: HandCommands, now_s: float) -> HandCommands:
        """The safe command for a wanted one."""
        self._commanded_at_s = now_s
        self._wanted = wanted
        postures = []
        for side in range(len(SIDES)):
            postures.append(self._follow(side, wanted, now_s))
        return _commands(wanted, postures)

    def tick(self, now_s: float) -> HandCommands | None:
        """Look at the time; returns what holds the robot if something did not come in time."""
        moved = [hand.moves for hand in self._hands]
        for hand in self._hands:
            hand.expire(now_s)
        if self._is_late(self._commanded_at_s, self._settings.input_timeout_s, now_s):
            self._lose(NO_HANDS, now_s)
        if self._is_late(self._scene_at_s, self._settings.state_timeout_s, now_s):
            self._lose("nothing is heard of the robot", now_s)
        if self._is_late(self._heard_at_s, self._settings.control_timeout_s, now_s):
            self.stop("nothing is heard of the operator; engage to go on", now_s)
        stands = [was and not hand.moves for was, hand in zip(moved, self._hands, strict=True)]
        return hold_both() if any(stands) else None

    @property
    def state(self) -> OperatorState:
        """What each hand does and why."""
        states = tuple(hand.state for hand in self._hands)
        whole = overall(states)
        reasons = [self._side_reason(side) for side in range(len(SIDES))]
        troubles = {
            hand.reason: None
            for hand in self._hands
            if hand.state in (GuardState.HOLDING, GuardState.STOPPED) and hand.reason
        }
        return OperatorState(
            state=whole,
            reason=self._reason if whole is GuardState.STOPPED else " and ".join(troubles),
            left_state=states[0],
            left_reason=reasons[0],
            right_state=states[1],
            right_reason=reasons[1],
        )

    def _engage(self, now_s: float) -> None:
        if self._scene is None:
            self._reason = "nothing is heard of the robot yet; engage again when it is there"
            return
        for hand in self._hands:
            if hand.happen(GuardEvent.ENGAGE, "", now_s) and self._wanted is None:
                hand.happen(GuardEvent.LOST, NO_HANDS, now_s)

    def _follow(self, side: int, wanted: HandCommands, now_s: float) -> Posture | None:
        """The next setpoint of a side; None where it shall stay where it is."""
        hand = self._hands[side]
        fault = _fault(wanted, side)
        if fault:
            hand.happen(GuardEvent.LOST, f"{SIDES[side]} hand: {fault}", now_s)
            hand.hold(now_s)
            hand.expire(now_s)
            return None
        names, joints = _joints(wanted, side)
        aim = Posture(wanted.world_from_base[side], joints)
        if self._is_late(self._scene_at_s, self._settings.state_timeout_s, now_s):
            return None
        hand.happen(GuardEvent.FOUND, "", now_s)
        if not hand.moves:
            return None
        if not hand.has_started:
            present = self._present(side, names)
            if present is None:
                whose = f"the {SIDES[side]} hand's commands"
                self.stop(f"the robot has not the joints of {whose}", now_s)
                return None
            ranges = [self._ranges[side][name] for name in names]
            lowest, highest = np.array(ranges).reshape(-1, 2).T
            hand.start(present, (lowest, highest), now_s)
        return hand.follow(aim, now_s)

    def _lose(self, reason: str, now_s: float) -> None:
        for hand in self._hands:
            hand.happen(GuardEvent.LOST, reason, now_s)
            hand.hold(now_s)

    def _present(self, side: int, names: tuple[str, ...]) -> Posture | None:
        """Where the robot's hand is, its joints in the order of the names, if they are its."""
        assert self._scene is not None
        full_names = [f"{SIDES[side]}/{name}" for name in names]
        if not (
            set(full_names) <= set(self._scene.joint_names)
            and set(names) <= set(self._ranges[side])
        ):
            return None
        places = [self._scene.joint_names.index(name) for name in full_names]
        prefix = f"{SIDES[side]}/"
        base = next(i for i, n in enumerate(self._scene.body_names) if n.startswith(prefix))
        return Posture(self._scene.body_poses[base], self._scene.joint_positions[places])

    def _side_reason(self, side: int) -> str:
        hand = self._hands[side]
        words = {
            GuardState.TRACKING: f"{SIDES[side]} hand follows",
            GuardState.ENGAGING: f"{SIDES[side]} hand is on its way to yours",
        }
        return words.get(hand.state, hand.reason or self._reason)

    @staticmethod
    def _is_late(at_s: float | None, timeout_s: float, now_s: float) -> bool:
        return at_s is None or now_s - at_s > timeout_s


def hold_both() -> HandCommands:
    """The command that keeps both hands where they are."""
    return HandCommands(
        valid=np.zeros(2, bool),
        faults=("", ""),
        world_from_base=np.full((2, 7), np.nan),
        left_joint_names=(),
        left_joint_positions=np.zeros(0),
        right_joint_names=(),
        right_joint_positions=np.zeros(0),
    )


def _fault(wanted: HandCommands, side: int) -> str:
    """Why a side cannot follow, empty where it can."""
    if not wanted.valid[side]:
        return wanted.faults[side] or "not tracked"
    numbers = (wanted.world_from_base[side], _joints(wanted, side)[1])
    return "" if all(np.isfinite(each).all() for each in numbers) else "its command is no number"


def _joints(commands: HandCommands, side: int) -> tuple[tuple[str, ...], Array]:
    left = (commands.left_joint_names, commands.left_joint_positions)
    right = (commands.right_joint_names, commands.right_joint_positions)
    return (left, right)[side]


def _commands(wanted: HandCommands, postures: list[Posture | None]) -> HandCommands:
    """A command of these setpoints; a side without one holds."""
    left, right = postures
    names = (wanted.left_joint_names, wanted.right_joint_names)
    nothing = np.zeros(0)
    return HandCommands(
        valid=np.array([posture is not None for posture in postures]),
        faults=wanted.faults,
        world_from_base=np.array(
            [np.full(7, np.nan) if posture is None else posture.pose for posture in postures]
        ),
        left_joint_names=names[0] if left else (),
        left_joint_positions=left.joints if left else nothing,
        right_joint_names=names[1] if right else (),
        right_joint_positions=right.joints if right else nothing,
    )
