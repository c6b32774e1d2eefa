"""`panodora latency`: see where the time goes between a hand and its picture."""

import argparse
import asyncio
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from operators.latency_report import latency_table, remarks
from operators.latency_report_files import write_report
from operators.latency_service import LatencyNews, fetch, running_sockets
from operators.usage_error import UsageError

EXAMPLES = """\
examples:
  panodora latency                   a table of the last seconds, until Ctrl-C
  panodora latency --once            the same, once
  panodora latency --report out/     records, a page and a trace file of the last minutes
  panodora latency --socket PATH     where several dataflows run

transit: from the sender's send until the node has it. waiting: until it begins. working: until it
has sent what it made of it. For the page: the network, the wait for the display, decoding.
"""

REFRESH_S = 1.0


def add_parser(commands: Any) -> None:
    """Add `panodora latency`."""
    parser = commands.add_parser(
        "latency",
        help="where the time goes in a running dataflow, from the hand to the picture shown",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--once", action="store_true", help="print one table and end")
    parser.add_argument(
        "--frames", type=int, default=300, help="the table is of so many frames (default: 300)"
    )
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="write records.parquet, report.html, trace.json"
    )
    parser.add_argument("--socket", type=Path, help="of the dataflow to look at")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Show a table or write a report."""
    path = chosen.socket or the_only_socket()
    if chosen.report is not None:
        return report(path, chosen.report)
    if chosen.once:
        console = Console(highlight=False)
        console.print(view(*asyncio.run(fetch(path, chosen.frames)), console.width))
        return 0
    return watch(path, chosen.frames)


def the_only_socket() -> Path:
    """The socket of the dataflow that runs. Raises UsageError where there is none, or several."""
    found = running_sockets()
    if not found:
        raise UsageError("no dataflow runs here; start one with `dora run dataflows/teleop.yml`")
    if len(found) > 1:
        choices = "".join(
            f"\n  --socket {path}   {asyncio.run(fetch(path, 1))[1].page}" for path in found
        )
        raise UsageError(f"{len(found)} dataflows run here; choose one:{choices}")
    return found[0]


def watch(path: Path, frames: int) -> int:
    """Show the table anew each second until Ctrl-C, or until the dataflow ends.

    Raises UsageError where none runs.
    """
    told = asyncio.run(fetch(path, frames))
    with Live(auto_refresh=False) as live:
        try:
            while True:
                live.update(view(*told, live.console.width), refresh=True)
                time.sleep(REFRESH_S)
                told = asyncio.run(fetch(path, frames))
        except KeyboardInterrupt:
            return 0
        except UsageError:
            live.console.print("The dataflow has ended.")
            return 0


def view(records: pa.Table, news: LatencyNews, width: int) -> Group:
    """The table and what must be said beside it."""
    said = (Text(remark, style="dim") for remark in remarks(records, news))
    return Group(latency_table(records, news, width), *said)


def report(path: Path, folder: Path) -> int:
    """Write the last minutes' records, a page and a trace file."""
    records, news = asyncio.run(fetch(path))
    about = {"dataflow's page": news.page, **news.clients}
    for written in write_report(records, folder, about):
        print(written)
    return 0
