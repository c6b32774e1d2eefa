"""Faults through a real dataflow: the robot holds or stops, and the loop runs again."""

import pytest

from benchmarks.fault_kinds import NODES
from benchmarks.fault_table import Outcome, run_table
from tests.dataflows.running import PATIENCE
from tests.time_limits import program_s, scale

pytestmark = [pytest.mark.dataflow, pytest.mark.gl]

HOLD_MS, RECOVERY_MS = 2_000, 60_000
"""Of a usual machine. Twenty times what they take; `make bench` measures them."""

TRIES = 5
"""What is harmless may happen so often until the robot follows on; what harms it stops each try."""

ONLY_HOLDS = {
    name: PATIENCE[name]
    for name in ("PANODORA__GUARD__CONTROL_TIMEOUT_S", "PANODORA__HEADSET__SILENCE_S")
}
"""A busy machine on which nothing is heard of the operator for half a second has no fault."""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    return {outcome.fault: outcome for outcome in run_table(program_s(), TRIES, **ONLY_HOLDS)}


KILLED = [f"{name} killed" for name in NODES if name != "latency"]
FAILED = ["left hand lost", "both hands lost", "tracking frozen", "identity pose", "NaN"]
GONE = ["300 ms of silence", "client gone", "second client takes over"]
STRANGERS = ["second client", "wrong token", "foreign Origin"]
HARMLESS = [*STRANGERS, "hostile messages", "latency killed"]


def test_all_faults_are_looked_at(outcomes: dict[str, Outcome]) -> None:
    assert set(outcomes) == {*FAILED, *GONE, *HARMLESS, *KILLED}


@pytest.mark.parametrize("fault", [*FAILED, *GONE, *HARMLESS, *KILLED])
def test_the_robot_never_jumps(outcomes: dict[str, Outcome], fault: str) -> None:
    assert outcomes[fault].over_limit <= 0.0


@pytest.mark.parametrize("fault", [*FAILED, *GONE, *KILLED])
def test_the_robot_holds(outcomes: dict[str, Outcome], fault: str) -> None:
    assert outcomes[fault].hold_ms < HOLD_MS * scale()


@pytest.mark.parametrize("fault", [*STRANGERS, "latency killed"])
def test_the_robot_follows_on(outcomes: dict[str, Outcome], fault: str) -> None:
    assert outcomes[fault].ended == "tracking"


@pytest.mark.parametrize("fault", [*KILLED, "latency killed"])
def test_a_node_that_was_killed_comes_back(outcomes: dict[str, Outcome], fault: str) -> None:
    assert outcomes[fault].recovery_ms < RECOVERY_MS * scale()


@pytest.mark.parametrize("fault", [*KILLED, "client gone", "second client takes over"])
def test_the_robot_then_waits_to_be_engaged(outcomes: dict[str, Outcome], fault: str) -> None:
    assert outcomes[fault].ended in ("stopped", "holding")
