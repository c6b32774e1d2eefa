"""`panodora replay`: run the replay dataflow until the recording has ended."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from operators.acknowledging_client import AcknowledgingClient
from operators.headset_settings import AUTO, HeadsetSettings
from operators.network_addresses import hosts_to_open
from operators.recording import RecordingReader
from operators.replay import FINISHED
from operators.session_token import new_token
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
    parser.add_argument(
        "--no-viewer",
        action="store_true",
        help="do not take the pictures; without a browser then none is sent, or measured",
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Start dora, pass on what it says, and stop it when the recording has ended."""
    config = os.environ.get("PANODORA_CONFIG", f"configs/{chosen.dataflow.name}")
    environment = {**os.environ, "PANODORA_CONFIG": config}
    if chosen.recording is not None:
        environment["PANODORA__REPLAY__RECORDING"] = str(chosen.recording.resolve())
    settings = load_settings(config)
    token = "" if settings.headset.token is None else settings.headset.token.get_secret_value()
    if token == AUTO:  # who takes the pictures here must know it too
        token = environment["PANODORA__HEADSET__TOKEN"] = new_token()
    folder = chosen.recording or resolve(settings.replay.recording)
    recording = RecordingReader(folder)
    first_ns, last_ns = recording.span_ns(recording.names)
    print(
        f"{folder}: {(last_ns - first_ns) / 1e9:.0f} s, "
        + ", ".join(f"{recording.count(name)} {name}" for name in recording.names),
        flush=True,
    )
    viewer = None if chosen.no_viewer else _viewer(settings.headset, token)
    return _run_until_finished(chosen.dataflow, environment, viewer)


def _viewer(headset: HeadsetSettings, token: str) -> AcknowledgingClient:
    return AcknowledgingClient(
        headset.port,
        host=hosts_to_open(headset)[0],
        token=token,
        certificate=None if headset.certificate is None else resolve(headset.certificate),
    )


def _run_until_finished(
    dataflow: Path, environment: dict[str, str], viewer: AcknowledgingClient | None
) -> int:
    """Run dora, pass on what it says, and stop it at the recording's end or by a signal."""
    dora = subprocess.Popen(
        ["dora", "run", str(dataflow)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # signals of a terminal come here, and are passed on once
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: dora.send_signal(signal.SIGINT))
    if viewer is not None:
        viewer.start()
    assert dora.stdout is not None
    for line in dora.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        if FINISHED in line:
            dora.send_signal(signal.SIGINT)
    if viewer is not None:
        viewer.stop()
    return dora.wait()
