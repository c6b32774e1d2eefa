"""What the records say of delays that are known, in a real dataflow."""

import asyncio
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray

from operators.acknowledging_client import AcknowledgingClient
from operators.header import Header
from operators.latency_service import LatencyNews, fetch
from operators.recording import RecordingReader, RecordingWriter
from operators.settings import ROOT
from operators.stage_report import StageReport, stage_reports
from tests.dataflows.disturbed_node import CASES, LOSING, OUTPUTS, PERIOD, case_of
from tests.dataflows.running import BIN, assert_nothing_left, left_shared_memory, running

pytestmark = [pytest.mark.dataflow, pytest.mark.gl, pytest.mark.timeout(200)]

PERIODS = 30
WITHIN_MS = 1.0
COOLING = 0.05
"""By this share of a delay may another stage take longer: one that has waited for 20 ms finds
caches and cores cold, and draws a picture 0.2 to 1.4 ms later, depending on the machine."""
COOLING = 0.05
"""By this share of a delay may another stage take longer: one that has waited for 20 ms finds
caches and cores cold, and draws a picture 0.2 to 1.4 ms later, depending on the machine."""
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


@dataclass(frozen=True)
class Told:
    """What the latency node and `panodora latency` tell."""

    records: pa.Table
    news: LatencyNews
    table: str
    report: Path


def panodora(*arguments: str) -> str:
    """Run the command line in another terminal."""
    return subprocess.run(
        [BIN / "panodora", *arguments], check=True, capture_output=True, text=True, timeout=60
    ).stdout


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
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
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
        # Steps of a moment that was waited for are work of the simulator's: let them be few.
        PANODORA__SIMULATION__SUBSTEPS="1",
        PANODORA__PANORAMA__FACE_SIZE="64",
        PANODORA__PANORAMA__WIDTH="128",
    ) as run:
        run.wait_for("Open http://localhost:")
        client = AcknowledgingClient(run.ports[0])
        client.start()
        assert client.wait_for_pictures(PERIODS * PERIOD, 150)
        records, news = asyncio.run(fetch(socket))
        said = panodora("latency", "--socket", str(socket), "--once")
        panodora("latency", "--socket", str(socket), "--report", str(folder / "report"))
        client.stop()
        assert run.interrupt() == 0
    assert "Traceback" not in run.said
    assert_nothing_left(run, before)
    return Told(records, news, said, folder / "report")


@pytest.fixture(scope="module")
def by_case(told: Told) -> dict[tuple[str, int] | None, list[StageReport]]:
    """The stages of the frames of each case."""
    records = told.records
    cases = [case_of(seq) for seq in records["hands_seq"].to_pylist()]
    return {
        case: stage_reports(records.filter(pa.array([each == case for each in cases])))
        for case in [None, *CASES]
    }


def usually(delays_ms: NDArray[np.float64]) -> float:
    """The lowest tenth: what a busy machine adds comes and goes, and is never less than 0."""
    return float(np.percentile(delays_ms, 10))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_delay_is_the_work_of_its_stage_and_of_no_other(
    by_case: dict[tuple[str, int] | None, list[StageReport]], case: tuple[str, int]
) -> None:
    usual = {stage.stage: stage for stage in by_case[None]}
    assert list(usual) == STAGES
    for stage in by_case[case]:
        delayed = stage.stage == case[0]
        within_ms = WITHIN_MS if delayed else WITHIN_MS + COOLING * case[1]
        for part in ("transit_ms", "waiting_ms", "working_ms"):
            extra_ms = case[1] if delayed and part == "working_ms" else 0
            found = usually(getattr(stage, part)) - usually(getattr(usual[stage.stage], part))
            assert found == pytest.approx(extra_ms, abs=within_ms), (stage.stage, part)


def test_stamps_never_go_backwards(told: Told) -> None:
    for row in told.records.to_pylist():
        times = [row["capture_ns"]]
        for stamp in row["stages"]:
            times += [stamp["received_ns"], stamp["started_ns"], stamp["sent_ns"]]
        assert times == sorted(times)
        assert times[-1] < time.monotonic_ns()


def test_what_got_lost_is_counted_and_not_averaged_away(
    told: Told,
) -> None:
    records, news = told.records, told.news
    shown = set(records["hands_seq"].to_pylist())
    first, last = min(shown - {-1}), pc.max(records["hands_seq"]).as_py()
    lost = {seq for seq in range(first, last) if case_of(seq) == (LOSING, -1)}
    assert len(lost) >= PERIODS - 1
    assert not shown & lost
    follower = STAGES[STAGES.index(LOSING) + 1]
    # A busy machine's dora loses some too; one at an end may not have been seen to be missing.
    assert news.lost[follower] >= len(lost) - 1


def test_the_table_and_the_report_can_be_had_while_it_runs(told: Told) -> None:
    assert all(stage in told.table for stage in (*STAGES, "hand to sent"))
    assert "its clock is not known: it never answered" in told.table
    assert {file.name for file in told.report.iterdir()} == {
        "records.parquet",
        "report.html",
        "trace.json",
    }
    page = (told.report / "report.html").read_text()
    assert all(stage in page for stage in STAGES)
