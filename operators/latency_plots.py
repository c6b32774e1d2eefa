"""The plots of a latency report, as SVG for a page that gives the colours.

A colour here stands for the page's variable of its name (`--transit`), so that one drawing serves
light and dark.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from operators.latency_stamps import Numbers
from operators.stage_report import StageReport

_NAMES: Final = (
    *("ink", "quiet", "grid"),
    *("transit", "waiting", "working"),
    *("sent", "shown", "lost", "skipped"),
)
COLOURS: Final = {name: f"#0101{i:02x}" for i, name in enumerate(_NAMES, 1)}
PARTS: Final = ("transit", "waiting", "working")

_WIDTH_IN: Final = 11.0
_BINS: Final = 300
_PANELS_A_ROW: Final = 4
_FRAMES_A_BIN: Final = 4
_LEVELS: Final = np.concatenate([np.arange(0, 99), np.arange(99, 100.01, 0.1)])
_LEAST_MS: Final = 1e-3
_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "latency",
    "text.parse_math": False,  # a name with dollar signs is no formula
    "font.size": 8.5,
    "text.color": COLOURS["ink"],
    "axes.labelcolor": COLOURS["quiet"],
    "axes.edgecolor": COLOURS["grid"],
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.6,
    "xtick.color": COLOURS["grid"],
    "ytick.color": COLOURS["grid"],
    "xtick.labelcolor": COLOURS["quiet"],
    "ytick.labelcolor": COLOURS["quiet"],
    "ytick.major.size": 0,
    "lines.linewidth": 1.4,
}


@dataclass(frozen=True)
class Series:
    """Numbers at times, in any order. colour: one of COLOURS."""

    colour: str
    times_s: Numbers
    values: Numbers


def way_plot(stages: Sequence[str], parts: Sequence[Sequence[tuple[str, float]]]) -> str:
    """Where time goes on the way: a row a stage, each bar beginning where the one above ended.

    parts: of each stage (name in PARTS, ms) in the order of time.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        end_ms = 0.0
        for row, stage_parts in enumerate(parts):
            for part, ms in stage_parts:
                axes.barh(row, ms, left=end_ms, height=0.62, color=COLOURS[part])
                end_ms += ms
            axes.annotate(
                f"{sum(ms for _, ms in stage_parts):.2f} ms",
                (end_ms, row),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
            )
        axes.set_yticks(range(len(stages)), map(_plain, stages), color=COLOURS["ink"])
        axes.set_ylim(len(stages) - 0.4, -0.6)
        axes.set_xlim(0, 1.08 * max(end_ms, _LEAST_MS))
        axes.set_xlabel("ms since the capture of the hands' sample")
        axes.grid(visible=False, axis="y")

    return _svg(0.3 * len(stages) + 0.6, draw)


def time_plot(totals: Sequence[Series], losses: Sequence[Series], duration_s: float) -> str:
    """Totals over time: the median of each moment, and a band from the least to the most.

    totals: ms of frames; losses: how many messages were missed at which times.
    """
    frames = max(len(s.times_s) for s in totals)
    edges = np.linspace(0, max(duration_s, 1e-3), min(_BINS, 1 + frames // _FRAMES_A_BIN) + 1)

    def draw(figure: Figure) -> None:
        above, below = figure.subplots(2, sharex=True, height_ratios=(4, 1))
        for s in totals:
            colour = COLOURS[s.colour]
            least, median, most = binned(s, edges)
            above.stairs(most, edges, baseline=least, fill=True, color=colour, alpha=0.3)
            above.plot((edges[:-1] + edges[1:]) / 2, median, color=colour)
        above.set_ylim(bottom=0)
        above.set_ylabel("ms")
        height = np.zeros(len(edges) - 1)
        for s in losses:
            counts, _ = np.histogram(s.times_s, edges, weights=s.values)
            colour = COLOURS[s.colour]
            below.stairs(height + counts, edges, baseline=height, fill=True, color=colour)
            height = height + counts
        below.set_ylim(0, max(1.0, float(height.max())))
        below.set_xlim(0, edges[-1])
        below.set_ylabel("messages")
        below.set_xlabel("s since the first frame")

    return _svg(3.4, draw)


def share_plot(reports: Sequence[StageReport]) -> str:
    """A panel a stage: which share of frames took at most so long, for each of the three parts."""
    parts_ms = [(r.transit_ms, r.waiting_ms, r.working_ms) for r in reports]
    every = np.concatenate([values for parts in parts_ms for values in parts])
    seen = every[every >= _LEAST_MS]
    least, most = (seen.min(), seen.max()) if seen.size else (_LEAST_MS, 1.0)
    rows = -(-len(reports) // _PANELS_A_ROW)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(rows, _PANELS_A_ROW, sharex=True, sharey=True, squeeze=False)
        for axes, report, parts in zip(grid.flat, reports, parts_ms, strict=False):
            for part, values in zip(PARTS, parts, strict=True):
                if values.max(initial=0) >= _LEAST_MS:
                    ms = np.maximum(np.percentile(values, _LEVELS), _LEAST_MS)
                    axes.plot(ms, _LEVELS, color=COLOURS[part])
            axes.set_title(_plain(report.stage))
        for i, axes in enumerate(grid.flat):
            axes.set_visible(i < len(reports))
            axes.tick_params(labelbottom=i + _PANELS_A_ROW >= len(reports))
        first = grid[0, 0]
        first.set_xscale("log")
        first.set_xlim(least * 0.8, most * 1.2)
        first.xaxis.set_major_formatter(lambda ms, _: f"{ms:g}")
        first.set_yticks([0, 50, 95], ["0 %", "50 %", "95 %"])
        first.set_ylim(0, 101)
        for axes in grid.flat:
            axes.xaxis.minorticks_off()
        figure.supxlabel("ms", color=COLOURS["quiet"], fontsize=8.5)

    return _svg(1.55 * rows + 0.3, draw)


def _svg(height_in: float, draw: Callable[[Figure], None]) -> str:
    """What is drawn, as a part of a page. Nothing of it stays in matplotlib's state."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        figure = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained", facecolor="none")
        draw(figure)
        file = io.StringIO()
        nothing: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", metadata=nothing)
    return _inline(file.getvalue())


def _inline(document: str) -> str:
    """Take from an SVG document what is true of a whole file alone, and name its colours."""
    svg = document[document.index("<svg") :]
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r' id="[a-z][a-z0-9.]*_\d+"', "", svg)  # the same in each plot
    for name, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg


def binned(series: Series, edges: Numbers) -> Numbers:
    """Least, median and greatest value between edges, NaN where there is none; shape (3, bins)."""
    order = np.argsort(series.times_s, kind="stable")
    values = series.values[order]
    bounds = np.searchsorted(series.times_s[order], edges)
    bounds[-1] = len(values)
    found = np.full((3, len(edges) - 1), np.nan)
    for i in range(len(edges) - 1):
        if len(some := values[bounds[i] : bounds[i + 1]]):
            found[:, i] = some.min(), np.median(some), some.max()
    return found


def _plain(name: str) -> str:
    """A name in letters that every font has."""
    return name.encode("ascii", "replace").decode()
