"""What a run was like: a table to read, and figures to compare."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.table import Table

from operators.latency_service import LatencyNews
from operators.latency_stamps import Numbers, hand_to_sent_ms, hand_to_shown_ms, sent_rate_hz
from operators.latency_terms import SENT, SHOWN
from operators.settings import SettingsError
from operators.stage_report import PERCENTS, StageReport, percentile, stage_reports

PARTS = ("transit", "waiting", "working", "all")
WIDE = 126
"""Characters of a row with all its parts."""


def latency_table(records: pa.Table, news: LatencyNews, width: int) -> Table:
    """A row a stage in the order of the flow, then both totals.

    records: rows of `latency_records.SCHEMA`; delays are theirs, losses those of the whole run.
    width: characters that there is room for; where they are few a stage takes four rows.
    """
    is_wide = width >= WIDE
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("ms: p50 p95 p99", no_wrap=True)
    for word in ("rate", "lost", "skipped", *(PARTS if is_wide else ("", "delay"))):
        table.add_column(word, justify="right", no_wrap=True)
    for stage in stage_reports(records):
        counts = (news.lost.get(stage.stage, 0), news.skipped.get(stage.stage, 0))
        head = (stage.stage, _rate(stage.rate_hz), *map(str, counts))
        delays = [
            _delays(part)
            for part in (stage.transit_ms, stage.waiting_ms, stage.working_ms, stage.delay_ms)
        ]
        if is_wide:
            table.add_row(*head, *delays)
        else:
            for i, (part, delay) in enumerate(zip(PARTS, delays, strict=True)):
                table.add_row(*(head if i == 0 else ("",) * 4), part, delay)
    rate = _rate(sent_rate_hz(records))
    blank = ("",) * (5 if is_wide else 3)
    table.add_row(SENT, rate, *blank, _delays(hand_to_sent_ms(records)), style="bold")
    table.add_row(SHOWN, "", *blank, _delays(hand_to_shown_ms(records)), style="bold")
    return table


def remarks(records: pa.Table, news: LatencyNews) -> list[str]:
    """What a reader of the table must know, a sentence each."""
    if not hand_to_sent_ms(records).size:
        return ["No frame that shows a hand was sent: is a page open, and are hands tracked?"]
    shown = records.filter(records["shown_ns"].is_valid())
    said = [f"{len(records)} frames, of which {len(shown)} are known to have been shown, and when."]
    if len(shown):
        errors = shown["clock_error_ns"].to_numpy() / 1e6
        clocks = ", ".join(sorted(set(shown["clock"].to_pylist())))
        said.append(
            f"'{SHOWN}' is by {clocks}, to within {percentile(errors, 95):.2f} ms; it leaves out "
            "the tracker's delay, and the display's after that time."
        )
    said += [f"{client}: {words}." for client, words in news.clients.items()]
    if news.unread:
        said.append(f"{news.unread} messages about frames were lost on the way to this table.")
    return said


def figures(records: pa.Table, news: LatencyNews, real_time_factor: float) -> dict[str, Any]:
    """Everything as plain numbers, delays in ms."""
    sent, shown = hand_to_sent_ms(records), hand_to_shown_ms(records)
    return {
        "frames": int(sent.size),
        "frames_shown": int(shown.size),
        "rate_hz": sent_rate_hz(records),
        "hand_to_sent_ms": _percentiles(sent),
        "hand_to_shown_ms": _percentiles(shown),
        "real_time_factor": real_time_factor,
        "stages": {
            stage.stage: _stage_figures(stage, news.lost, news.skipped)
            for stage in stage_reports(records)
        },
        "clients": news.clients,
        "unread": news.unread,
    }


def write_figures(path: Path, values: Mapping[str, Any]) -> None:
    """Write figures as JSON. Raises SettingsError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"latency.report: {path} cannot be written: {error.strerror}; "
            "name a file that you may write to"
        ) from None


def _stage_figures(
    stage: StageReport, lost: Mapping[str, int], skipped: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "rate_hz": stage.rate_hz,
        "lost": lost.get(stage.stage, 0),
        "skipped": skipped.get(stage.stage, 0),
        "transit_ms": _percentiles(stage.transit_ms),
        "waiting_ms": _percentiles(stage.waiting_ms),
        "working_ms": _percentiles(stage.working_ms),
    }


def _percentiles(values: Numbers) -> dict[str, float]:
    return {f"p{p}": percentile(values, p) for p in PERCENTS}


def _delays(values: Numbers) -> str:
    if not values.size:
        return "not known"
    return " ".join(f"{percentile(values, p):6.2f}" for p in PERCENTS)


def _rate(rate_hz: float) -> str:
    return f"{rate_hz:.1f} Hz"
