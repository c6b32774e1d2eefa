"""What happens to the robot when something fails, each fault through a real dataflow."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks import loop
from benchmarks.fault_kinds import Fault, faults, processes
from benchmarks.figure import Figure
from benchmarks.process_memory import rss_pages
from benchmarks.scripted_headset import ScriptedHeadset
from operators.motion_limits import LONGEST_STEP_S
from operators.settings import ROOT, GuardSettings, load_settings

NAMES = (
    "faults.worst_time_to_hold",
    "faults.worst_recovery",
    "faults.largest_step_over_limit",
    "guard.added_latency",
)

TOKEN = "the-token-of-this-one-run"
SETTLE_S = 2.0
LOOP_S = 30.0
ROUNDING = 1e-6
AT_REST_M = 0.005
"""So near its last state is a hand that was stopped: gravity and contacts move it a little."""
STANDS_M_S = 0.02
STOOD_NS = 200_000_000
AFTER_S = 0.5
AFTER_KILLED_S = 2.4
LIMIT_S = 30.0
"""For so long what must happen is waited for."""
LOOK_S = 0.05
GAP_NS = 100_000_000
GOES_ON_S = 15.0
"""For so long a robot that holds, or is on its way to the hand, is waited for: on a busy machine it
holds now and then, and stops where it cannot go on."""

PROBE = """
  - id: probe
    path: probe/probe.py
    inputs:
      hand_commands: {source: robot/hand_commands, queue_size: 600}
      scene_state: {source: robot/scene_state, queue_size: 600}
      operator_state: {source: robot/operator_state, queue_size: 600}
"""


@dataclass(frozen=True)
class Outcome:
    """What one fault did.

    Times in ms: NaN where there is none to tell, infinite where the robot should have held.
    """

    fault: str
    hold_ms: float
    recovery_ms: float
    over_limit: float
    memory_percent: float
    ended: str


def figures(names: Collection[str]) -> Iterator[Figure]:
    """Run the table once, and say what is asked for of it."""
    if NAMES[3] in names:
        yield measure_added_latency()
    if any(name in names for name in NAMES[:3]):
        yield from _table_figures(names)


def measure_added_latency() -> Figure:
    """What the guard adds to a command's way, while a recording drives the usual loop."""
    guard = loop.run_loop(LOOP_S).report["stages"]["guard"]
    hop, waits, works = (guard[part] for part in ("transit_ms", "waiting_ms", "working_ms"))
    return Figure(
        name=NAMES[3],
        value=hop["p50"] + works["p50"],
        unit="ms",
        p95=hop["p95"] + works["p95"],
        note=f"medians: hop {hop['p50']:.2f}, work {works['p50']:.2f}; decoding, and what came "
        f"before it, {waits['p50']:.2f} more",
    )


def _table_figures(names: Collection[str]) -> Iterator[Figure]:
    outcomes = run_table()
    for line in as_table(outcomes):
        print(f"# {line}", file=sys.stderr)
    worst = max(outcomes, key=lambda o: np.nan_to_num(o.hold_ms, nan=-1.0))
    slowest = max(outcomes, key=lambda o: np.nan_to_num(o.recovery_ms, nan=-1.0))
    farthest = max(outcomes, key=lambda o: o.over_limit)
    lost = next(o for o in outcomes if o.fault == "left hand lost")
    made = {
        NAMES[0]: Figure(
            name=NAMES[0],
            value=worst.hold_ms,
            unit="ms",
            note=f"{worst.fault}; a lost hand {lost.hold_ms:.0f} ms",
        ),
        NAMES[1]: Figure(name=NAMES[1], value=slowest.recovery_ms, unit="ms", note=slowest.fault),
        NAMES[2]: Figure(
            name=NAMES[2],
            value=farthest.over_limit,
            unit="rad or m",
            note=f"{farthest.fault}; 0 or less is within the limit",
        ),
    }
    for name in names:
        if name in made:
            yield made[name]


def as_table(outcomes: list[Outcome]) -> list[str]:
    """A line a fault."""
    head = f"{'fault':<28}{'hold ms':>9}{'recovery ms':>13}{'over limit':>12}{'memory %':>10}  then"
    return [head] + [
        f"{o.fault:<28}{o.hold_ms:>9.0f}{o.recovery_ms:>13.0f}{o.over_limit:>12.4f}"
        f"{o.memory_percent:>10.2f}  {o.ended}"
        for o in outcomes
    ]


def run_table(limit_s: float = LIMIT_S, tries: int = 1, **variables: str) -> list[Outcome]:
    """Let each fault happen to a robot that follows.

    limit_s: how long to wait for what must happen. tries: how often a fault that is not to be
    noticed may happen until the robot follows on: a busy machine's stops now and then, by itself.
    variables: of the dataflow's environment.
    """
    with (
        tempfile.TemporaryDirectory() as name,
        probed_loop(Path(name), **variables) as (headset, probe, run),
    ):
        outcomes = []
        for fault_name, fault in faults(headset, run.ports, TOKEN).items():
            start, is_stopped = probe.stat().st_size, headset.state == "stopped"
            for _ in range(1 if fault.holds else tries):
                follow_for_a_while(headset, limit_s)
                outcome = _measure(fault_name, fault, headset, probe, run.ports, limit_s)
                if outcome.ended == "tracking":
                    break
            over_limit = _over_limit(read_probe(probe, start), is_stopped)
            outcomes.append(replace(outcome, over_limit=over_limit))
            print(f"# {as_table(outcomes)[-1]}", file=sys.stderr)
    return outcomes


def follow_for_a_while(headset: ScriptedHeadset, limit_s: float = LIMIT_S) -> None:
    """Engage, and see that the robot follows: a busy machine may have made it hold."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        headset.engage(limit_s)
        time.sleep(SETTLE_S)
        if headset.state == "tracking":
            return
    raise RuntimeError("the machine is too busy for the robot to follow")


@contextmanager
def probed_loop(
    folder: Path, name: str = "teleop", **variables: str
) -> Iterator[tuple[ScriptedHeadset, Path, Any]]:
    """A teleoperation dataflow with a probe, and a headset that follows a script."""
    from tests.dataflows.running import running

    for part in ("modules", "types"):
        shutil.copytree(ROOT / "dataflows" / part, folder / part)
    (folder / "nodes").symlink_to(ROOT / "nodes")
    (folder / "probe").symlink_to(ROOT / "benchmarks/fault_probe")
    dataflow = folder / f"{name}.yml"
    text = (ROOT / f"dataflows/{name}.yml").read_text().replace("strict_types: true\n", "")
    dataflow.write_text(text + PROBE)
    probe = folder / "probe.jsonl"
    probe.touch()
    with running(
        ["dora", "run", str(dataflow)],
        PANODORA_CONFIG=str(ROOT / f"configs/{name}.yml"),
        FAULT_PROBE=str(probe),
        PANODORA__HEADSET__TOKEN=TOKEN,
        **variables,
    ) as run:
        run.wait_for("`panodora address` prints the rest")
        headset = ScriptedHeadset(*run.ports, token=TOKEN)
        headset.start()
        yield headset, probe, run
        headset.stop()


def _measure(
    name: str,
    fault: Fault,
    headset: ScriptedHeadset,
    probe: Path,
    ports: tuple[int, int],
    limit_s: float,
) -> Outcome:
    memory = _memory(ports)
    start = probe.stat().st_size
    pictures = len(headset.pictures)
    before_ns = time.monotonic_ns()
    fault.fail()
    time.sleep(fault.lasts_s)
    hold_ms = float("nan")  # where nothing has to hold, `ended` says whether it went on
    if fault.holds:
        hold_ms = _hold_ms(probe, start, before_ns, limit_s)
    fault.mend()
    time.sleep(AFTER_KILLED_S if fault.kills else AFTER_S)
    recovery_ms = float("nan")
    if fault.kills:
        recovery_ms = _recovery_ms(
            lambda: _streams(headset, probe, start, pictures), before_ns, limit_s
        )
    told = read_probe(probe, start)
    states = [line["state"] for line in told if line["input"] == "operator_state"]
    if name == "guard killed":  # nobody says it to the robot, which must see it by itself
        hold_ms = _stands_ms([t for t in told if t["input"] == "scene_state"], before_ns)
    return Outcome(
        name,
        hold_ms,
        recovery_ms,
        float("nan"),
        100.0 * (_memory(ports) - memory) / memory,
        _state_then(states[-1] if states else headset.state, headset),
    )


def _state_then(state: str, headset: ScriptedHeadset) -> str:
    """The state after a fault, or that which a hold ends in by itself."""
    deadline = time.monotonic() + GOES_ON_S
    while state in ("holding", "engaging") and time.monotonic() < deadline:
        time.sleep(0.02)
        state = headset.state
    return state


def _hold_ms(probe: Path, start: int, before_ns: int, limit_s: float) -> float:
    """When the left hand was first told to hold, in ms; infinite if it was not in time."""
    deadline = time.monotonic() + limit_s
    while True:
        held_ns = _held_ns(read_probe(probe, start), before_ns)
        if held_ns is not None:
            return (held_ns - before_ns) / 1e6
        if time.monotonic() > deadline:
            return float("inf")
        time.sleep(LOOK_S)


def _held_ns(told: list[dict[str, Any]], before_ns: int) -> int | None:
    """When the left hand was first told to hold after a moment, or said to be held.

    It is told once. On a busy machine that may have been before the moment, or be lost on its way
    to the probe; the guard's state is told again and again.
    """
    for line in told:
        if line["sent_ns"] > before_ns:
            match line["input"]:
                case "hand_commands" if not line["valid"][0]:
                    return int(line["sent_ns"])
                case "operator_state" if line["left_state"] in ("holding", "stopped"):
                    return int(line["sent_ns"])
    return None


def _streams(
    headset: ScriptedHeadset, probe: Path, start: int, pictures: int
) -> tuple[list[int], ...]:
    """When commands, states and pictures were sent since a place of the probe's file, ns."""
    told = read_probe(probe, start)
    sent = {
        name: [line["sent_ns"] for line in told if line["input"] == name]
        for name in ("hand_commands", "scene_state")
    }
    return *sent.values(), headset.pictures[pictures:]


def _recovery_ms(
    streams: Callable[[], Iterable[list[int]]], before_ns: int, limit_s: float
) -> float:
    """When the last of the streams is back, in ms; infinite if one is not in time."""
    deadline = time.monotonic() + limit_s
    while True:
        recovery_ms = max(_gap_end_ms(stream, before_ns) for stream in streams())
        if np.isfinite(recovery_ms) or time.monotonic() > deadline:
            return recovery_ms
        time.sleep(0.2)


def _stands_ms(scenes: list[dict[str, Any]], before_ns: int) -> float:
    """When the robot's base last moved before it stood still for a while, in ms."""
    moved_ns = before_ns
    for before, after in pairwise(s for s in scenes if s["sent_ns"] > before_ns):
        step = np.linalg.norm(np.array(after["base"][:3]) - np.array(before["base"][:3]))
        seconds = (after["sent_ns"] - before["sent_ns"]) / 1e9
        if step > STANDS_M_S * seconds:
            moved_ns = after["sent_ns"]
        elif after["sent_ns"] - moved_ns > STOOD_NS:
            break
    return (moved_ns - before_ns) / 1e6


def _gap_end_ms(times_ns: list[int], before_ns: int) -> float:
    """When the longest gap after a moment ends, in ms since then; infinite if it has not ended."""
    now_ns = time.monotonic_ns()
    times = np.array([before_ns, *[t for t in times_ns if before_ns < t < now_ns], now_ns])
    gaps = np.diff(times)
    longest = int(np.argmax(gaps))
    if gaps[longest] < GAP_NS:
        return 0.0
    if longest == len(gaps) - 1:
        return float("inf")
    return float(times[longest + 1] - before_ns) / 1e6


def _over_limit(told: list[dict[str, Any]], is_stopped: bool) -> float:
    """By how much the largest step of a hand exceeds what the guard's limits allow it.

    A step leads from a side's last command to its next, whatever held it in between; after a stop
    from where the robot's hand is, by its last state. dora may lose commands on their way to the
    probe: where some are missing, a step may be as long as theirs together. is_stopped: whether it
    began with a stop.
    """
    limits = load_settings(ROOT / "configs/teleop.yml").guard
    worst = -float("inf")
    last: list[dict[str, Any] | None] = [None, None]
    at_rest: dict[str, Any] | None = None
    newest_seq, steps = -1, [1, 1]
    for line in told:
        match line["input"]:
            case "scene_state" if is_stopped:
                at_rest = line
            case "operator_state" if line["state"] == "stopped":
                last, at_rest, is_stopped = [None, None], None, True
            case "hand_commands":
                missing = max(line["seq"] - newest_seq - 1, 0) if newest_seq >= 0 else 0
                newest_seq = line["seq"]
                if missing and is_stopped:  # it may have gone on meanwhile
                    at_rest, is_stopped = None, False
                for side, joints in ((0, "left"), (1, "right")):
                    steps[side] += missing
                    if not line["valid"][side]:
                        continue
                    before, last[side] = last[side], line
                    if before is not None:
                        excess = _step_over(limits, before, line, side, joints, steps[side])
                        worst = max(worst, excess)
                    elif at_rest is not None and side == 0:
                        moved = np.array(line["pose"][0][:3]) - np.array(at_rest["base"][:3])
                        worst = max(worst, float(np.linalg.norm(moved)) - AT_REST_M)
                    steps[side] = 1
                is_stopped = is_stopped and not any(line["valid"])
    return worst


def _step_over(
    limits: GuardSettings,
    before: dict[str, Any],
    after: dict[str, Any],
    side: int,
    joints: str,
    steps: int,
) -> float:
    time_s = min((after["started_ns"] - before["started_ns"]) / 1e9, steps * LONGEST_STEP_S)
    a, b = np.array(before["pose"][side]), np.array(after["pose"][side])
    turn = Rotation.from_quat(b[3:]) * Rotation.from_quat(a[3:]).inv()
    bend = np.abs(np.array(after[joints]) - np.array(before[joints])).max()
    largest: float = max(
        float(np.linalg.norm(b[:3] - a[:3])) - limits.speed * time_s - ROUNDING,
        float(turn.magnitude()) - limits.turn_speed * time_s - ROUNDING,
        float(bend) - limits.joint_speed * time_s - ROUNDING,
    )
    return largest


def read_probe(probe: Path, start: int) -> list[dict[str, Any]]:
    """What the probe has noted from this place of its file on."""
    with probe.open() as lines:
        lines.seek(start)
        return [json.loads(line) for line in lines if line.endswith("\n")]


def _memory(ports: tuple[int, int]) -> float:
    return float(sum(rss_pages(pid) for pid in processes(ports)))
