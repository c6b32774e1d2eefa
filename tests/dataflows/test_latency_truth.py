"""What the records say of delays that are known, in a real dataflow."""

import asyncio
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from operators.acknowledging_client import AcknowledgingClient
from operators.header import Header
from operators.latency_service import LatencyNews, fetch
from operators.recording import RecordingReader, RecordingWriter
from operators.settings import ROOT
from operators.stage_report import StageReport, stage_reports
from tests.dataflows.disturbed_node import FILE, LOSING, LOST, STAGES, Disturbance
from tests.dataflows.other_nodes import with_other_nodes
from tests.dataflows.running import BIN, assert_nothing_left, left_shared_memory, running
from tests.time_limits import program_s

pytestmark = [pytest.mark.dataflow, pytest.mark.gl]

PARTS: Final = ("transit_ms", "waiting_ms", "working_ms")
FRAMES: Final = 10
"""Of each case: few, as each waits for a delay; `typical` tells enough of them."""
UNDISTURBED_FRAMES: Final = 150
DRAWS: Final = 300

NOISES: Final = 20.0
"""A delay is so many times what the same number of undisturbed frames is off by at most."""
LEAST_DELAY_MS: Final = 75.0
"""After a pause cores and caches are cold: then the next stages take up to 3 ms longer."""
GAP: Final = 1.5
"""Samples are so many delays apart: each is through before the next."""
TOLERATED: Final = 0.1
"""By this share of the delay any part of any stage may be off: what only a fault could break, as
the noise is half of that."""
MOVED: Final = 0.2
"""The share of a delay whose telling of another stage must be seen."""


def disturbed_dataflow(folder: Path) -> Path:
    """The replay dataflow with disturbed nodes, and a simulator that steps with commands alone.

    The clock's ticks would let what is late for one step wait for another, and so move delays from
    stage to stage.
    """
    dataflow = with_other_nodes(folder, "teleop_replay.yml", "tests.dataflows.disturbed_node")
    robot = folder / "modules/robot.yml"
    robot.write_text(robot.read_text().replace("dora/timer/hz/60", "dora/timer/millis/60000"))
    return dataflow


@dataclass(frozen=True)
class Told:
    """What the latency node and `panodora latency` tell of nodes that were disturbed."""

    records: pa.Table
    news: LatencyNews
    table: str
    report: Path
    disturbance: Disturbance

    def case_of(self, hands_seq: int) -> str | None:
        """The case of a frame; None where nothing was disturbed yet, or no sample is shown."""
        has_begun = self.disturbance.has_begun(hands_seq)
        return self.disturbance.case_of(hands_seq) if has_begun else None

    def stages_of(self, case: str) -> dict[str, StageReport]:
        """The stages of the frames of a case."""
        cases = [self.case_of(seq) == case for seq in self.records["hands_seq"].to_pylist()]
        return {s.stage: s for s in stage_reports(self.records.filter(pa.array(cases)))}


def panodora(*arguments: str) -> str:
    """Run the command line in another terminal."""
    return subprocess.run(
        [BIN / "panodora", *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=program_s(),
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
    """What is told after so many frames of each case."""
    folder = tmp_path_factory.mktemp("truth")
    socket, file = folder / "latency.sock", folder / "disturbance.json"
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
        **{FILE: str(file)},
    ) as run:
        run.wait_for("Open http://localhost:")
        client = AcknowledgingClient(run.ports[0])
        client.start()

        def records_after(pictures: int) -> tuple[pa.Table, LatencyNews]:
            assert client.wait_for_pictures(len(client.arrivals) + pictures, program_s())
            return asyncio.run(fetch(socket))

        records, _ = records_after(UNDISTURBED_FRAMES)
        delay_ms = max(LEAST_DELAY_MS, NOISES * noise_ms(stage_reports(records)))
        print(f"delays of {delay_ms:.1f} ms")
        Disturbance(delay_ms, gap_ms=GAP * delay_ms).write(file)
        until_s = time.monotonic() + program_s()
        while True:
            records, news = records_after(FRAMES)
            disturbance = Disturbance.read(file)
            assert disturbance is not None
            counts = Counter(map(disturbance.case_of, set(records["hands_seq"].to_pylist())))
            if min(counts[stage] for stage in STAGES) >= FRAMES:
                break
            assert time.monotonic() < until_s, counts
        said = panodora("latency", "--socket", str(socket), "--once")
        panodora("latency", "--socket", str(socket), "--report", str(folder / "report"))
        client.stop()
        assert run.interrupt() == 0
    assert "Traceback" not in run.said
    assert_nothing_left(run, before)
    return Told(records, news, said, folder / "report", disturbance)


def typical(delays_ms: NDArray[np.float64]) -> float:
    """The lowest quarter: what a busy machine adds comes and goes, and is never less than 0."""
    return float(np.percentile(delays_ms, 25))


def noise_ms(stages: list[StageReport]) -> float:
    """By how much a few undisturbed frames differ from all of them at most, in any part."""
    random = np.random.default_rng(1)
    parts = [getattr(stage, part) for stage in stages for part in PARTS]
    return max(
        abs(typical(random.choice(delays_ms, FRAMES)) - typical(delays_ms))
        for delays_ms in parts
        for _ in range(DRAWS)
    )


def misattributed(
    usual: dict[str, StageReport], case: dict[str, StageReport], delayed: str, delay_ms: float
) -> dict[tuple[str, str], float]:
    """How much longer than known each part of each stage took, in shares of the delay."""
    found = {}
    for stage in STAGES:
        for part in PARTS:
            known_ms = delay_ms if (stage, part) == (delayed, "working_ms") else 0.0
            longer_ms = typical(getattr(case[stage], part)) - typical(getattr(usual[stage], part))
            found[stage, part] = (longer_ms - known_ms) / delay_ms
    return found


def far_off(shares: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """What only a fault explains."""
    return {place: share for place, share in shares.items() if abs(share) > TOLERATED}


@pytest.mark.parametrize("delayed", STAGES)
def test_a_delay_is_the_work_of_its_stage_and_of_no_other(told: Told, delayed: str) -> None:
    usual, case = told.stages_of(""), told.stages_of(delayed)
    assert list(usual) == list(STAGES)
    shares = misattributed(usual, case, delayed, told.disturbance.delay_ms)
    worst = max(shares, key=lambda place: abs(shares[place]))
    print(f"delay {told.disturbance.delay_ms:.1f} ms, worst: {worst}, {shares[worst]:+.3f} of it")
    assert not far_off(shares)


@pytest.mark.parametrize("delayed", STAGES)
@pytest.mark.parametrize("part", PARTS)
def test_a_share_of_it_told_of_the_next_stage_would_be_seen(
    told: Told, delayed: str, part: str
) -> None:
    usual, case = told.stages_of(""), told.stages_of(delayed)
    moved_ms = MOVED * told.disturbance.delay_ms
    case[delayed] = replace(case[delayed], working_ms=case[delayed].working_ms - moved_ms)
    places = {(delayed, "working_ms")}
    if delayed != STAGES[-1]:
        follower = STAGES[STAGES.index(delayed) + 1]
        told_ms = getattr(case[follower], part) + moved_ms
        case[follower] = replace(case[follower], **{part: told_ms})
        places.add((follower, part))
    shares = misattributed(usual, case, delayed, told.disturbance.delay_ms)
    assert set(far_off(shares)) == places


def test_stamps_never_go_backwards(told: Told) -> None:
    for row in told.records.to_pylist():
        times = [row["capture_ns"]]
        for stamp in row["stages"]:
            times += [stamp["received_ns"], stamp["started_ns"], stamp["sent_ns"]]
        assert times == sorted(times)
        assert times[-1] < time.monotonic_ns()


def test_what_got_lost_is_counted_and_not_averaged_away(told: Told) -> None:
    shown = {seq for seq in told.records["hands_seq"].to_pylist() if told.case_of(seq) is not None}
    lost = {seq for seq in range(min(shown), max(shown)) if told.case_of(seq) == LOST}
    assert len(lost) >= FRAMES - 1
    assert not shown & lost
    follower = STAGES[STAGES.index(LOSING) + 1]
    # A busy machine's dora loses some too; one at an end may not have been seen to be missing.
    assert told.news.lost[follower] >= len(lost) - 1


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
