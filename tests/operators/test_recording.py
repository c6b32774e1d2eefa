import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from operators.header import Header
from operators.messages import Hands, Head, OperatorInput, Panorama, SceneState
from operators.recording import ROWS_A_GROUP, RecordingError, RecordingReader, RecordingWriter
from operators.replay import schedule
from operators.settings import ROOT
from tests.operators.samples import sample
from tests.operators.test_arrow_encoding import assert_equal

SHIPPED = ROOT / "assets/recordings/two_hands"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    folder = tmp_path / "recording"
    writer = RecordingWriter(folder, settings={"a": 1})
    for k in range(ROWS_A_GROUP + 7):
        writer.write(sample(Hands, k), Header(k, 1000 + 10 * k, hands_seq=k))
        if k % 2:
            writer.write(sample(Head, k), Header(k, 995 + 10 * k, head_seq=k))
    writer.write(sample(SceneState, model_digest="abc"), Header(0, 1001))
    writer.close()
    return folder


def test_every_message_comes_back_in_the_order_of_capture(recording: Path) -> None:
    reader = RecordingReader(recording)
    messages = list(reader.messages())
    times = [m.header.capture_ns for m in messages]
    assert times == sorted(times)
    assert len(messages) == ROWS_A_GROUP + 7 + (ROWS_A_GROUP + 7) // 2 + 1
    for recorded in messages:
        if recorded.name == "hands":
            assert_equal(recorded.message, sample(Hands, recorded.header.seq))
            assert recorded.header.hands_seq == recorded.header.seq


def test_meta_says_version_digest_settings_and_clock(recording: Path) -> None:
    meta = json.loads((recording / "meta.json").read_text())
    assert meta["schema_version"] == 1
    assert meta["model_digest"] == "abc"
    assert meta["settings"] == {"a": 1}
    assert meta["clock"]["monotonic_ns"] > 0


def test_columns_say_their_unit_frame_and_shape(recording: Path) -> None:
    field = pq.read_schema(recording / "hands.parquet").field("joint_positions")
    facts = {k.decode(): v.decode() for k, v in field.metadata.items()}
    assert facts["unit"] == "m"
    assert facts["frame"] == "stage"
    assert facts["shape"] == "[2, 25, 3]"


def test_pictures_and_full_folders_are_refused(recording: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds a recording already"):
        RecordingWriter(recording, settings={})
    with pytest.raises(RecordingError, match="panorama"):
        RecordingWriter(tmp_path / "new", settings={}).write(sample(Panorama), Header(0, 0))


def test_a_folder_without_a_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"no recording here \(no meta.json\)"):
        RecordingReader(tmp_path)


def test_a_file_without_its_end_is_explained(recording: Path) -> None:
    path = recording / "hands.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RecordingError, match=r"hands.parquet: cannot be read; a recorder that was"):
        RecordingReader(recording)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("schema_version", 2, "schema version 1, got 2"), ("messages", {"handz": {}}, "handz")],
)
def test_another_version_or_message_is_refused(
    recording: Path, key: str, value: object, words: str
) -> None:
    path = recording / "meta.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(RecordingError, match=words):
        RecordingReader(recording)


@pytest.fixture(scope="module")
def shipped() -> list[Hands]:
    messages = [recorded.message for recorded in RecordingReader(SHIPPED).messages(["hands"])]
    return [message for message in messages if isinstance(message, Hands)]


def test_it_is_a_minute_at_60_hz(shipped: list[Hands]) -> None:
    first, last = RecordingReader(SHIPPED).span_ns(["hands"])
    assert len(shipped) == 3600
    assert (last - first) / 1e9 == pytest.approx(60 - 1 / 60, abs=1e-6)


def test_each_hand_is_lost_once_for_a_second(shipped: list[Hands]) -> None:
    valid = np.array([h.valid for h in shipped])
    assert (np.diff(valid.astype(int), axis=0) == -1).sum(axis=0).tolist() == [1, 1]
    assert (~valid).sum(axis=0).tolist() == [60, 60]


def test_its_end_meets_its_start(shipped: list[Hands]) -> None:
    joints = np.array([h.joint_positions for h in shipped])
    steps = np.abs(np.diff(joints, axis=0)).max(axis=(1, 2, 3))
    seam = np.abs(joints[0] - joints[-1]).max()
    assert seam <= np.nanmax(steps)


def test_the_wrists_reach_the_table(shipped: list[Hands]) -> None:
    # stage (x, y, z) is world (-z - 0.6, -x, y) for a head at its place; the table is at 1.25 m.
    wrists = np.array([h.stage_from_wrist[:, :3, 3] for h in shipped])
    world = np.stack([-wrists[..., 2] - 0.6, -wrists[..., 0], wrists[..., 1]], -1)
    over_table = (np.abs(world[..., :2]) < 0.4).all(-1)
    lowest = np.where(over_table, world[..., 2], np.inf).min(axis=0)
    assert (lowest < 1.36).all()
    assert (lowest > 1.25).all()


def test_the_operator_engages_and_lets_go() -> None:
    inputs = [m.message for m in RecordingReader(SHIPPED).messages(["operator_input"])]
    assert [m.engage for m in inputs if isinstance(m, OperatorInput)] == [False, True, False]


def test_a_loop_goes_on_without_a_gap() -> None:
    due = schedule(RecordingReader(SHIPPED), ("hands",), start_ns=0, loop=True)
    times = np.array([next(due).due_ns for _ in range(3605)])
    assert np.diff(times) == pytest.approx(1e9 / 60, rel=1e-3)


def test_speed_shortens_the_intervals() -> None:
    due = schedule(RecordingReader(SHIPPED), ("hands",), start_ns=500, speed=2.0)
    times = [next(due).due_ns for _ in range(3)]
    assert times == pytest.approx([500, 500 + 1e9 / 120, 500 + 1e9 / 60], abs=2)
