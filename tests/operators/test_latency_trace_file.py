import io
import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest

from operators.latency_stamps import frame_columns, stamp_columns
from operators.latency_trace_file import write_chrome_trace
from tests.operators.frame_records import BASE_NS, hand_made, recorded, row, table

SCHEMA = json.loads(Path(__file__).with_name("trace_event_schema.json").read_text())

Event = dict[str, Any]


def displayed() -> pa.Table:
    """The recorded frames as if each was decoded in 2 ms and displayed 30 ms after it was sent."""
    rows = recorded().to_pylist()
    for record in rows:
        sent_ns = record["stages"][-1]["sent_ns"]
        for name, ms in (("page_received_ns", 1), ("page_decoded_ns", 3), ("shown_ns", 30)):
            record[name] = sent_ns + ms * 1_000_000
        record |= {"clock": "performance.now", "clock_error_ns": 0}
    return table(*rows)


@pytest.fixture(params=[hand_made, recorded, displayed])
def records(request: pytest.FixtureRequest) -> pa.Table:
    made: pa.Table = request.param()
    return made


def chrome_trace(records: pa.Table) -> dict[str, Any]:
    """What is read of the written file."""
    file = io.StringIO()
    write_chrome_trace(records, file)
    trace: dict[str, Any] = json.loads(file.getvalue())
    return trace


def events(records: pa.Table, phases: str) -> list[Event]:
    return [event for event in chrome_trace(records)["traceEvents"] if event["ph"] in phases]


def flows(records: pa.Table) -> dict[int, list[Event]]:
    found = defaultdict(list)
    for event in events(records, "stf"):
        found[event["id"]].append(event)
    return found


def test_the_file_is_of_the_format(records: pa.Table) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert not list(validator.iter_errors(chrome_trace(records)))


@pytest.mark.parametrize(
    "event",
    [
        {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 0},
        {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 0, "dur": -1},
        {"ph": "s", "name": "a", "pid": 1, "tid": 1, "ts": 0, "cat": "a"},
        {"ph": "M", "name": "process", "pid": 1, "tid": 1, "args": {"name": "a"}},
        {"ph": "i", "name": "a", "pid": 1, "tid": 1, "ts": 0, "s": "thread"},
    ],
)
def test_the_schema_refuses_what_is_not(event: Event) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"traceEvents": [event]}, SCHEMA)


def test_slices_of_a_thread_do_not_overlap(records: pa.Table) -> None:
    threads = defaultdict(list)
    for event in events(records, "X"):
        threads[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for slices in threads.values():
        for (_, end), (start, _) in pairwise(sorted(slices)):
            assert end <= start


def test_threads_belong_to_one_process(records: pa.Table) -> None:
    pairs = {(event["tid"], event["pid"]) for event in events(records, "XistfM")}
    assert len(pairs) == len({tid for tid, _ in pairs})


def test_each_stamp_is_one_slice_of_work(records: pa.Table) -> None:
    stamps = stamp_columns(records)
    expected = Counter({node: len(stamps.of(i)) for i, node in enumerate(stamps.nodes)})
    worked = Counter(
        event["name"].split(":")[0] for event in events(records, "X") if event["cat"] == "working"
    )
    del worked["page"]
    assert worked == expected


def test_each_frame_has_one_flow_from_slice_to_slice(records: pa.Table) -> None:
    slices = defaultdict(list)
    for event in events(records, "X"):
        slices[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    found = flows(records)
    assert sorted(found) == list(range(records.num_rows))
    for flow in found.values():
        assert "".join(event["ph"] for event in flow) == "s" + "t" * (len(flow) - 2) + "f"
        assert [event["ts"] for event in flow] == sorted(event["ts"] for event in flow)
        for event in flow:
            inside = [s for s in slices[event["tid"]] if s[0] <= event["ts"] <= s[1]]
            assert inside, "a flow passes through no slice"


def test_what_a_frame_took_adds_up_to_its_total() -> None:
    records = displayed()
    took_us: dict[tuple[int, str], int] = defaultdict(int)
    for event in events(records, "X"):
        took_us[event["args"]["frame_seq"], event["args"].get("client", "")] += event["dur"]
    seen = set()
    totals_ms = frame_columns(records).to_shown_ms
    for record, total_ms in zip(records.to_pylist(), totals_ms, strict=True):
        frame = record["frame_seq"]
        if frame in seen:  # what both clients' frames share was counted for the first
            continue
        seen.add(frame)
        sum_us = took_us[frame, ""] + took_us[frame, record["client"]]
        assert sum_us == pytest.approx(total_ms * 1e3, abs=1)
    assert len(seen) > 90


def test_a_frame_is_drawn_as_worked_out_by_hand() -> None:
    trace = chrome_trace(hand_made())
    assert trace["otherData"] == {"clock": "CLOCK_MONOTONIC", "base_ns": BASE_NS}
    drawn = [
        (event["name"], event["ts"], event["dur"])
        for event in trace["traceEvents"]
        if event["ph"] == "X"
        and event["args"]["frame_seq"] == 100
        and event["args"]["hands_seq"] == 0
        and event["args"].get("client", "a") == "a"
    ]
    assert drawn == [
        ("track: transit", 0, 2_000),
        ("track: working", 2_000, 1_000),
        ("draw: transit", 3_000, 2_000),
        ("draw: waiting", 5_000, 1_000),
        ("draw: working", 6_000, 4_000),
        ("show: transit", 10_000, 1_000),
        ("show: waiting", 11_000, 500),
        ("show: working", 11_500, 500),
        ("page: transit", 12_000, 1_000),
        ("page: working", 13_000, 2_000),
        ("page: waiting", 15_000, 5_000),
    ]


def test_flows_begin_where_ways_part_and_end_at_the_display() -> None:
    names = {e["tid"]: e["name"] for e in events(hand_made(), "X")}
    ways = {number: [names[e["tid"]] for e in flow] for number, flow in flows(hand_made()).items()}
    work = ["track: working", "draw: working", "show: working"]
    assert ways[0] == [*work, "page: working", "page: waiting"]
    assert ways[1][0] == "draw: working"
    assert len(ways[1]) == 2
    assert ways[4] == [*work[1:], "page: working", "page: waiting"]
    mid_us = [event["ts"] for event in flows(hand_made())[0]]
    assert mid_us == [2_500, 8_000, 11_750, 14_000, 17_500]


def test_overlapping_work_lies_on_two_threads() -> None:
    both = [
        event
        for event in events(hand_made(), "X")
        if event["name"] == "show: working" and event["ts"] < 12_000
    ]
    assert len({event["tid"] for event in both}) == 2
    names = {
        e["tid"]: e["args"]["name"] for e in events(hand_made(), "M") if e["name"] == "thread_name"
    }
    assert {names[event["tid"]] for event in both} == {"working", "working 2"}


def test_missed_messages_are_marked_where_the_counts_grew() -> None:
    marks = [(e["name"], e["ts"], e["args"]) for e in events(hand_made(), "i")]
    assert marks == [("lost", 86_000, {"inputs": 2}), ("skipped", 86_000, {"inputs": 1})]


def test_processes_are_in_the_order_of_the_flow() -> None:
    metadata = events(recorded(), "M")
    names = {e["pid"]: e["args"]["name"] for e in metadata if e["name"] == "process_name"}
    places = {
        e["pid"]: e["args"]["sort_index"] for e in metadata if e["name"] == "process_sort_index"
    }
    assert [names[pid] for pid in sorted(names, key=lambda pid: places[pid])][:7] == [
        "replay",
        "preprocess",
        "retarget",
        "guard",
        "simulate",
        "capture_panorama",
        "headset_output",
    ]


def test_a_clocks_error_makes_no_negative_times() -> None:
    node = ("show", 1.0, 1.0, 5.0)
    records = table(row("a", 0, 1.5, node, page_ms=(4.9, 4.95, 8.0)))
    trace = chrome_trace(records)
    jsonschema.validate(trace, SCHEMA)
    slices = {e["name"]: (e["ts"], e["dur"]) for e in events(records, "X")}
    assert slices == {
        "show: working": (0, 4_000),
        "page: working": (4_000, 0),
        "page: waiting": (4_000, 3_000),
    }
    (waiting,) = (e for e in events(records, "X") if e["name"] == "page: waiting")
    assert waiting["args"]["clock_error_us"] == 250
