"""`panodora skeleton`: turn the joints of a hand's skeleton by hand."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from operators.camera_settings import RerunSettings
from operators.hand_kinematics import HandSkeleton
from operators.rerun_recording import VIEWER_ADDRESS
from operators.skeleton_server import LOOPBACK, SkeletonServer
from operators.skeleton_view import SkeletonView
from operators.usage_error import UsageError

EXAMPLES = """\
examples:
  panodora skeleton                                    48 sliders in the browser, MANO's joints
  panodora skeleton --hand-length-mm 170               of a smaller hand
  panodora skeleton --rerun rerun+http://127.0.0.1:9876/proxy    also in rerun's viewer, `rerun`

What the sliders say is what angles of a file mean: docs/capture.md.
"""


def add_parser(commands: Any) -> None:
    """Add `panodora skeleton`."""
    parser = commands.add_parser(
        "skeleton",
        help="see what joint angles do to a hand: 48 sliders in the browser",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8014, help="default: 8014; 0 is any free one")
    parser.add_argument(
        "--hand-length-mm", type=float, default=190.0, help="wrist to middle fingertip; default 190"
    )
    parser.add_argument(
        "--rerun", metavar="TO", help="also log to a file.rrd, or a viewer that listens"
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C. Raises UsageError for a port that is taken, or no length."""
    if not 50.0 <= chosen.hand_length_mm <= 400.0:
        raise UsageError(f"--hand-length-mm: expected 50 to 400, got {chosen.hand_length_mm:g}")
    view = None if chosen.rerun is None else SkeletonView(RerunSettings(to=_here(chosen.rerun)))
    skeleton = HandSkeleton.average(chosen.hand_length_mm * 1e-3)
    server = SkeletonServer(skeleton, None if view is None else view.show)
    try:
        asyncio.run(serve(server, chosen.port))
    except KeyboardInterrupt:
        print()
    finally:
        if view is not None:
            view.close()
    return 0


def _here(to: str) -> str:
    """A viewer's address as it is, and a file as of where the command was given."""
    return to if to.startswith(VIEWER_ADDRESS) else str(Path(to).absolute())


async def serve(server: SkeletonServer, port: int) -> None:
    """Serve on the loopback address until cancelled. Raises UsageError for a port that is taken."""
    runner = web.AppRunner(server.application(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, port)
        try:
            await site.start()
        except OSError as error:
            raise UsageError(f"--port {port}: {error.strerror}; choose another, or 0") from None
        print(f"open http://{LOOPBACK}:{runner.addresses[0][1]}/ (Ctrl-C ends)", flush=True)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
