"""What the records say of delays that are known, in a real dataflow."""

import asyncio
import shutil
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from operators.acknowledging_client import AcknowledgingClient
from operators.header import Header
from operators.latency_service import LatencyNews, fetch
from operators.latency_stamps import stage_reports
from operators.recording import RecordingReader, RecordingWriter
from operators.settings import ROOT
from operators.stage_report import StageReport
from tests.dataflows.disturbed_node import CASES, LOSING, OUTPUTS, PERIOD, case_of
from tests.dataflows.running import assert_nothing_left, left_shared_memory, running

pytestmark = [pytest.mark.dataflow, pytest.mark.gl, pytest.mark.timeout(200)]

PERIODS = 30
WITHIN_MS = 1.0
STAGES = list(OUTPUTS)

NODE = """\
import sys

sys.path.insert(0, {root!r})
from tests.dataflows.disturbed_node import run

run({name!r})
"""


def disturbed_dataflow(folder: Path) -> Path:
    """The replay dataflow with disturbed nodes, and a simulator that steps with commands alone.

    The clock's ticks would let what is late for one step wait for another, and so move delays from
    stage to stage.
    """
    for name in ("modules", "types"):
        shutil.copytree(ROOT / "dataflows" / name, folder / name)
    dataflow = shutil.copy(ROOT / "dataflows/teleop_replay.yml", folder)
    robot = folder / "modules/robot.yml"
    robot.write_text(robot.read_text().replace("dora/timer/hz/60", "dora/timer/millis/60000"))
    (folder / "nodes").mkdir()
    for file in (ROOT / "nodes").glob("*.py"):
        text = NODE.format(root=str(ROOT), name=file.stem)
        (folder / "nodes" / file.name).write_text(text)
    return dataflow


def still_hands(folder: Path) -> Path:
    """A recording in which nothing moves: else a later picture is more work to draw."""
    shipped = RecordingReader(ROOT / "assets/recordings/two_hands")
    writer = RecordingWriter(folder, settings={})
    for name in ("head", "hands"):
        first = next(shipped.messages([name]))
        for k in range(600):
            writer.write(first.message, Header(k, k * 1_000_000_000 // 60, hands_seq=k))
    writer.close()
    return folder


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, LatencyNews]:
    """What the latency node tells after some periods."""
    folder = tmp_path_factory.mktemp("truth")
    socket = folder / "latency.sock"
    before = left_shared_memory()
    with running(
        ["dora", "run", str(disturbed_dataflow(folder))],
        PANODORA_CONFIG=str(ROOT / "configs/teleop_replay.yml"),
        PANODORA__LATENCY__SOCKET=str(socket),
        PANODORA__REPLAY__RECORDING=str(still_hands(folder / "recording")),
        PANODORA__REPLAY__SPEED="0.5",  # 30 samples a second: each is through before the next
        PANODORA__REPLAY__LOOP="true",
        PANODORA__PANORAMA__FACE_SIZE="64",
        PANODORA__PANORAMA__WIDTH="128",
    ) as run:
        run.wait_for("Open http://localhost:")
        client = AcknowledgingClient(run.ports[0])
        client.start()
        assert client.wait_for_pictures(PERIODS * PERIOD, 150)
        found = asyncio.run(fetch(socket))
        client.stop()
        assert run.interrupt() == 0
    assert "Traceback" not in run.said
    assert_nothing_left(run, before)
    return found


@pytest.fixture(scope="module")
def by_case(told: tuple[pa.Table, LatencyNews]) -> dict[tuple[str, int] | None, list[StageReport]]:
    """The stages of the frames of each case."""
    records, _ = told
    cases = [case_of(seq) for seq in records["hands_seq"].to_pylist()]
    return {
        case: stage_reports(records.filter(pa.array([each == case for each in cases])))
        for case in [None, *CASES]
    }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_delay_is_the_work_of_its_stage_and_of_no_other(
    by_case: dict[tuple[str, int] | None, list[StageReport]], case: tuple[str, int]
) -> None:
    usual = {stage.stage: stage for stage in by_case[None]}
    assert list(usual) == STAGES
    for stage in by_case[case]:
        expected = case[1] if stage.stage == case[0] else 0
        for part, extra_ms in (("transit_ms", 0), ("waiting_ms", 0), ("working_ms", expected)):
            found = np.median(getattr(stage, part)) - np.median(getattr(usual[stage.stage], part))
            assert found == pytest.approx(extra_ms, abs=WITHIN_MS), (stage.stage, part)


def test_stamps_never_go_backwards(told: tuple[pa.Table, LatencyNews]) -> None:
    for row in told[0].to_pylist():
        times = [row["capture_ns"]]
        for stamp in row["stages"]:
            times += [stamp["received_ns"], stamp["started_ns"], stamp["sent_ns"]]
        assert times == sorted(times)
        assert times[-1] < time.monotonic_ns()


def test_what_got_lost_is_counted_and_not_averaged_away(
    told: tuple[pa.Table, LatencyNews],
) -> None:
    records, news = told
    shown = set(records["hands_seq"].to_pylist())
    first, last = min(shown - {-1}), pc.max(records["hands_seq"]).as_py()
    lost = {seq for seq in range(first, last) if case_of(seq) == (LOSING, -1)}
    assert len(lost) >= PERIODS - 1
    assert not shown & lost
    follower = STAGES[STAGES.index(LOSING) + 1]
    assert news.lost[follower] >= len(lost)
    assert news.lost[LOSING] < len(lost) / 2
