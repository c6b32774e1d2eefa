"""A run's latency as one page: opens from disk, asks nothing of any network, light and dark."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import numpy as np
import pyarrow as pa

from operators.latency_stamps import client_codes, frame_columns
from operators.latency_tables import client_table, headline, stage_table
from operators.latency_terms import BESIDE, COUNTED, NOT_MEASURED, TERMS
from operators.median_way import MedianWay, median_way
from operators.settings import ROOT
from operators.stage_report import StageReport, missed_messages, stage_reports

_STYLE: Final = ROOT / "assets/latency_report/page.css"
_ALLOWED: Final = "default-src 'none'; style-src 'unsafe-inline'"


def latency_page(records: pa.Table, about: Mapping[str, str]) -> str:
    """The page as HTML.

    records: of `latency_records.SCHEMA`, with at least one frame that shows a hand.
    about: what to say of the run under the title, such as the dataflow and the machine.
    """
    reports = stage_reports(records)
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in about.items()
    )
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in TERMS)
    body = [
        f'<h1>From the hand to the picture</h1><dl class="about">{facts}</dl>',
        headline(records),
        _way(median_way(records)),
        "<h2>Every node</h2>",
        stage_table(records, reports),
        _over_time(records),
        _distributions(reports),
    ]
    if len(client_codes(records)[0]) > 1:
        body += ["<h2>Every client</h2>", client_table(records)]
    body += [
        f'<h2>What the words mean</h2><dl class="terms">{terms}</dl>',
        f"<p>{escape(COUNTED)}</p><p>{escape(NOT_MEASURED)}</p><p>{escape(BESIDE)}</p>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_ALLOWED}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Latency</title><style>{_STYLE.read_text(encoding='utf-8')}</style></head>\n<body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def _way(way: MedianWay) -> str:
    # matplotlib is slow to import, and who only measures has no use for it: here and below.
    from operators.latency_plots import PARTS, way_plot

    end = "to the display" if way.to_display else "until the picture is sent"
    parts = [list(zip(PARTS, ms, strict=True)) for ms in way.parts_ms.tolist()]
    if way.to_display:
        transit, waiting, working = parts[-1]
        parts[-1] = [transit, working, waiting]  # the page waits for the display after its work
    return (
        f'<h2>Where the time goes</h2><p class="quiet">The way of a usual frame {end}, '
        f"{way.total_ms:.1f} ms: the mean of the {way.frames} frames nearest to the median.</p>"
        + _legend({part: part for part in PARTS})
        + _figure(way_plot(way.stages, parts), "Time at each node, one after the other")
    )


def _over_time(records: pa.Table) -> str:
    from operators.latency_plots import Series, time_plot

    frames = frame_columns(records)
    began_ns = int(frames.capture_ns[frames.is_first].min())
    was_shown = frames.is_clients_first & np.isfinite(frames.shown_ns)
    totals = [
        Series(colour, (times_ns[rows] - began_ns) / 1e9, delays_ms[rows])
        for colour, times_ns, delays_ms, rows in (
            ("shown", frames.shown_ns, frames.to_shown_ms, was_shown),
            ("sent", frames.sent_ns, frames.to_sent_ms, frames.is_first),
        )
        if rows.any()
    ]
    missed = missed_messages(records)
    losses = [
        Series(name, (times_ns - began_ns) / 1e9, counts.astype(np.float64))
        for name, (times_ns, counts) in missed.items()
    ]
    duration_s = max(float(series.times_s.max()) for series in totals)
    names = {series.colour: f"hand to {series.colour}" for series in totals}
    return (
        '<h2>Over time</h2><p class="quiet">A line is the median of each moment, its band reaches '
        "from the least to the most. Below: messages that were lost or skipped.</p>"
        + _legend(names | {name: name for name in missed})
        + _figure(time_plot(totals, losses, duration_s), "Totals and losses over time")
    )


def _distributions(reports: Sequence[StageReport]) -> str:
    from operators.latency_plots import PARTS, share_plot

    return (
        '<h2>Distributions</h2><p class="quiet">Which share of frames took at most so long. Steep '
        "is steady, a long flat end is a tail. What takes less than a microsecond is not drawn.</p>"
        + _legend({part: part for part in PARTS})
        + _figure(share_plot(reports), "Distributions of transit, waiting and working")
    )


def _legend(names: Mapping[str, str]) -> str:
    """What the colours mean. names: by the name of the colour."""
    return (
        '<div class="legend">'
        + "".join(f'<span style="--colour: var(--{c})">{name}</span>' for c, name in names.items())
        + "</div>"
    )


def _figure(svg: str, about: str) -> str:
    return f'<div class="plot" role="img" aria-label="{about}">{svg}</div>'
