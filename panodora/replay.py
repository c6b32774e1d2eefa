"""`panodora replay`: run the replay dataflow until the recording has ended."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from operators.recording import RecordingReader
from operators.replay import FINISHED
from operators.settings import ROOT, load_settings, resolve

DATAFLOW = ROOT / "dataflows/teleop_replay.yml"

EXAMPLES = """\
examples:
  panodora replay                                   the shipped recording
  panodora replay recordings/2026-03-01_10-00-00    one of your own
  panodora replay --dataflow dataflows/teleop_replay_record.yml
                                                    and record what comes of it, in lockstep
"""


def add_parser(commands: Any) -> None:
    """Add `panodora replay`."""
    parser = commands.add_parser(
        "replay",
        help="let a recording drive the robot, and say rates, losses and delays at its end",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "recording", nargs="?", type=Path, help="its folder (default: replay.recording)"
    )
    parser.add_argument(
        "--dataflow", type=Path, default=DATAFLOW, help="another dataflow with a replay node"
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Start dora, pass on what it says, and stop it when the recording has ended."""
    config = os.environ.get("PANODORA_CONFIG", f"configs/{chosen.dataflow.name}")
    environment = {**os.environ, "PANODORA_CONFIG": config}
    if chosen.recording is not None:
        environment["PANODORA__REPLAY__RECORDING"] = str(chosen.recording.resolve())
        folder = chosen.recording
    else:
        folder = resolve(load_settings(config).replay.recording)
    recording = RecordingReader(folder)
    first_ns, last_ns = recording.span_ns
    print(
        f"{folder}: {(last_ns - first_ns) / 1e9:.0f} s, "
        + ", ".join(f"{recording.count(name)} {name}" for name in recording.names),
        flush=True,
    )
    dora = subprocess.Popen(
        ["dora", "run", str(chosen.dataflow)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert dora.stdout is not None
    # Ctrl-C reaches dora too, which then stops its nodes; wait for what they say at the end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in dora.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        if FINISHED in line:
            dora.send_signal(signal.SIGINT)
    return dora.wait()
