"""`panodora doctor`: see whether a dataflow can run here, and say what to do if not."""

import argparse
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operators.equirectangular import CONVERTERS
from operators.gl_context import create_context
from operators.panorama_budget import BUDGET_MS, measure_budget
from operators.recording import RecordingReader
from operators.retargeting import Retargeter
from operators.scene import build_scene
from operators.settings import ROOT, Settings, SettingsError, load_settings, resolve
from operators.usage_error import UsageError

DATAFLOW = ROOT / "dataflows/teleop.yml"

EXAMPLES = """\
examples:
  panodora doctor                                   can dataflows/teleop.yml run here?
  panodora doctor dataflows/teleop_replay.yml
  PANODORA_CONFIG=my.yml panodora doctor            with settings of your own
"""


@dataclass(frozen=True)
class Finding:
    """What one check found; `fault` is empty where all is well, else says what to do."""

    subject: str
    found: str = ""
    fault: str = ""


def add_parser(commands: Any) -> None:
    """Add `panodora doctor`."""
    parser = commands.add_parser(
        "doctor",
        help="check settings, hands, scene, OpenGL, ports and dora, and say what to do",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("dataflow", nargs="?", type=Path, default=DATAFLOW)
    parser.add_argument("--quiet", action="store_true", help="say only what is wrong")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print a line a check; 1 if something is wrong."""
    wrong = False
    for finding in findings(chosen.dataflow, measured=not chosen.quiet):
        wrong |= bool(finding.fault)
        if finding.fault:
            print(f"WRONG  {finding.subject}: {finding.fault}")
        elif not chosen.quiet:
            print(f"ok     {finding.subject}: {finding.found}")
    return int(wrong)


def findings(dataflow: Path, measured: bool) -> Iterator[Finding]:
    """Check one thing after the other, as far as the ones before allow.

    measured: also what takes seconds and changes nothing.
    """
    yield _check("dora", _dora)
    config = os.environ.get("PANODORA_CONFIG", f"configs/{dataflow.name}")
    try:
        settings = load_settings(config)
    except SettingsError as error:
        yield Finding("settings", fault=str(error))
        return
    yield Finding("settings", config)
    yield _check("hands and scene", lambda: _scene(settings))
    yield _check("retargeting", lambda: _retargeting(settings))
    yield _check("panorama.converter", lambda: _converter(settings))
    if "replay" in dataflow.name:
        yield _check("replay.recording", lambda: _recording(settings))
    if settings.panorama.renderer == "gl":
        yield _check("OpenGL", lambda: _opengl(settings))
    if measured:
        yield _check("panorama.width", lambda: _budget(settings))
    for key in ("port", "tracking_port"):
        port = getattr(settings.headset, key)
        if port:
            yield _check(f"headset.{key}", lambda: _port(settings.headset.host, port, key))  # noqa: B023


def _check(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, look())
    except UsageError as error:
        return Finding(subject, fault=str(error))


def _dora() -> str:
    path = shutil.which("dora")
    if path is None:
        raise UsageError("the command is not on the PATH: `source .venv/bin/activate` first")
    return path


def _scene(settings: Settings) -> str:
    scene = build_scene(settings)
    return f"{len(scene.body_names)} bodies, {len(scene.joint_names)} joints, model {scene.digest}"


def _retargeting(settings: Settings) -> str:
    Retargeter.from_settings(settings)
    return settings.hands.retargeting


def _converter(settings: Settings) -> str:
    panorama = settings.panorama
    if panorama.converter == "shader":
        return panorama.converter
    CONVERTERS[panorama.converter](panorama.drawn_face_size, panorama.height, panorama.width)
    return panorama.converter


def _recording(settings: Settings) -> str:
    folder = resolve(settings.replay.recording)
    return f"{folder}: {', '.join(RecordingReader(folder).names)}"


def _opengl(settings: Settings) -> str:
    context = create_context(settings.panorama.device)
    renderer: str = context.info["GL_RENDERER"]
    context.release()
    return renderer


def _budget(settings: Settings) -> str:
    budget = measure_budget(build_scene(settings).model, settings)
    times = ", ".join(f"{width}: {ms:.1f} ms" for width, ms in budget.milliseconds.items())
    fits = (
        f"{budget.width} fits" if budget.fits else "none fits, the loop will be slower than 60 Hz"
    )
    return (
        f"{settings.panorama.width}; of {BUDGET_MS:.0f} ms for a frame at "
        f"{settings.panorama.quality} quality, {times}: {fits}"
    )


def _port(host: str, port: int, key: str) -> str:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.create_server((host, port), family=family):
            return f"{host}:{port} is free"
    except OSError as error:
        raise UsageError(
            f"{host}:{port} cannot be had ({error.strerror}); is the loop running already? End it, "
            f"or choose another with PANODORA__HEADSET__{key.upper()}"
        ) from None
