"""The tables of a latency report, as HTML."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from operators.latency_stamps import FrameColumns, Numbers, client_codes, frame_columns, rate_hz
from operators.latency_terms import NOT_KNOWN, SENT, SHOWN
from operators.stage_report import PERCENTS, StageReport, never_shown, percentile

_UNKNOWN: Final = "–"


def headline(records: pa.Table) -> str:
    """Both totals; where no display time is known, why."""
    frames = frame_columns(records)
    sent = frames.is_first
    return (
        '<div class="totals">'
        + _total("sent", SENT, frames.to_sent_ms[sent], _span(frames.sent_ns[sent], "sent"))
        + _shown_total(records, frames)
        + "</div>"
    )


def stage_table(records: pa.Table, reports: Sequence[StageReport]) -> str:
    """A row a node in the order of the flow, the page, and the totals."""
    frames = frame_columns(records)
    groups = ("transit ms", "waiting ms", "working ms", "all ms")
    rows = []
    for report in reports:
        parts = (report.transit_ms, report.waiting_ms, report.working_ms, report.delay_ms)
        rows.append(
            [
                _name(report.stage),
                _cell(report.rate_hz, 1),
                _losses(report.lost),
                f"<td>{report.skipped}</td>",
                *map(_percentiles, parts),
            ]
        )
    empty = "<td></td>" * 3 + ('<td class="group"></td>' + "<td></td>" * 2) * 3
    feet = [
        [_name(name), empty, _percentiles(delays_ms)]
        for name, delays_ms in (
            (SENT, frames.to_sent_ms[frames.is_first]),
            (SHOWN, _known(frames.to_shown_ms[frames.is_clients_first])),
        )
    ]
    return _table(["node"], ["rate Hz", "lost", "skipped"], groups, rows, feet)


def client_table(records: pa.Table) -> str:
    """A row a client."""
    frames = frame_columns(records)
    names, client = client_codes(records)
    missed = never_shown(records)
    rows = []
    for i, name in enumerate(names):
        own = client == i
        first = own & frames.is_clients_first
        rows.append(
            [
                _name(name),
                _cell(rate_hz(frames.sent_ns[own], int(own.sum()) - 1), 1),
                f"<td>{int(own.sum())}</td>",
                f"<td>{int((client[missed] == i).sum())}</td>",
                _percentiles(frames.to_sent_ms[first]),
                _percentiles(_known(frames.to_shown_ms[first])),
            ]
        )
    groups = (f"{SENT} ms", f"{SHOWN} ms")
    return _table(["client"], ["rate Hz", "sent", "not shown"], groups, rows, [])


def _shown_total(records: pa.Table, frames: FrameColumns) -> str:
    shown = frames.is_clients_first & np.isfinite(frames.shown_ns)
    if not shown.any():
        return _total("shown", SHOWN, np.empty(0), NOT_KNOWN)
    rows = records.filter(pa.array(shown))
    clocks = " and ".join(pc.unique(rows["clock"]).to_pylist())
    error_ms = pc.max(rows["clock_error_ns"]).as_py() / 1e6
    span = _span(frames.shown_ns[shown], "shown")
    text = f"{span} by {clocks}. Error of the mapped clock: at most ±{error_ms:.2f} ms."
    return _total("shown", SHOWN, frames.to_shown_ms[shown], text)


def _total(colour: str, name: str, delays_ms: Numbers, text: str) -> str:
    if delays_ms.size:
        p50, p95, p99 = (f"{percentile(delays_ms, p):.1f}" for p in PERCENTS)
        figures = (
            f'<b class="median">{p50} ms</b><div><span>p95</span> <b>{p95}</b></div>'
            f"<div><span>p99</span> <b>{p99}</b></div>"
        )
    else:
        figures = '<b class="unknown">not known</b>'
    return (
        f'<section class="total" style="--colour: var(--{colour})"><h2>{name}</h2>'
        f'<div class="figures">{figures}</div><p>{escape(text)}</p></section>'
    )


def _span(times_ns: NDArray[Any], done: str) -> str:
    """How many frames over what time."""
    seconds = float(times_ns.max() - times_ns.min()) / 1e9
    return f"median of {len(times_ns)} frames {done} in {seconds:.1f} s"


def _table(
    first: Sequence[str],
    columns: Sequence[str],
    groups: Sequence[str],
    rows: Sequence[Sequence[str]],
    feet: Sequence[Sequence[str]],
) -> str:
    """Columns, and then groups of a percentile each."""
    above = "".join(f'<th rowspan="2" scope="col">{name}</th>' for name in (*first, *columns))
    above += "".join(f'<th class="group" colspan="3" scope="colgroup">{g}</th>' for g in groups)
    one = '<th class="group" scope="col">p50</th>' + "".join(
        f'<th scope="col">p{p}</th>' for p in PERCENTS[1:]
    )
    below = one * len(groups)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    foot = "".join(f"<tr>{''.join(row)}</tr>" for row in feet)
    return (
        f'<div class="wide"><table><thead><tr>{above}</tr><tr>{below}</tr></thead>'
        f"<tbody>{body}</tbody><tfoot>{foot}</tfoot></table></div>"
    )


def _percentiles(delays_ms: Numbers) -> str:
    p50, *others = (percentile(delays_ms, p) for p in PERCENTS)
    return _cell(p50, 2, "group") + "".join(_cell(value, 2) for value in others)


def _cell(value: float, digits: int, css: str = "") -> str:
    text = f"{value:.{digits}f}" if np.isfinite(value) else _UNKNOWN
    return f'<td class="{css}">{text}</td>' if css else f"<td>{text}</td>"


def _losses(number: int) -> str:
    """They catch the eye; skipping is what a node shall do."""
    return f'<td class="some">{number}</td>' if number else "<td>0</td>"


def _name(name: str) -> str:
    return f'<th scope="row" title="{escape(name)}">{escape(name)}</th>'


def _known(delays_ms: Numbers) -> Numbers:
    return delays_ms[np.isfinite(delays_ms)]
