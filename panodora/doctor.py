"""`panodora doctor`: see whether a dataflow can run here, and say what to do if not."""

import argparse
import importlib.metadata
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operators.camera_rig import calibrated_cameras
from operators.camera_settings import PictureSettings
from operators.equirectangular import CONVERTERS
from operators.gl_context import create_context
from operators.headset_servers import page_site, tracking_server
from operators.isaac_gym_simulator import look_at_isaac_gym
from operators.jax_runtime import prepare_jax
from operators.keypoint_finder import KeypointFinder
from operators.panorama_budget import BUDGET_MS, measure_budget
from operators.picture_source import open_source
from operators.recording import RecordingReader
from operators.retargeting import Retargeter
from operators.scene import build_scene
from operators.settings import ROOT, Settings, SettingsError, load_settings, resolve
from operators.stitched_panorama import StitchedPanorama
from operators.usage_error import UsageError
from operators.vuer_site import CHANGES
from panodora import reachability

DATAFLOW = ROOT / "dataflows/teleop.yml"

SHARED_MEMORY = Path("/dev/shm")
SHARED_MEMORY_BYTES = 256 * 2**20
"""Twice the pool that panoramas travel in."""

RECORDING_BYTES_PER_S = 165e3
"""Measured: ten MB a minute, with both usual hands at 60 Hz."""

DISK_BYTES = 1e9

EXAMPLES = """\
examples:
  panodora doctor                                   can dataflows/teleop.yml run here?
  panodora doctor dataflows/teleop_replay.yml
  PANODORA_CONFIG=my.yml panodora doctor            with settings of your own
"""


@dataclass(frozen=True)
class Finding:
    """What one check found; `fault` is empty where all is well, else says what to do.

    advice: what is to be known, though nothing is wrong.
    """

    subject: str
    found: str = ""
    fault: str = ""
    advice: str = ""


def add_parser(commands: Any) -> None:
    """Add `panodora doctor`."""
    parser = commands.add_parser(
        "doctor",
        help="check what a dataflow and a headset need here, and say what to do",
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
            if finding.advice:
                print(f"note   {finding.subject}: {finding.advice}")
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
    if settings.headset.client == "vuer":
        yield _check("headset.client", lambda: _vuer(settings))
    if "replay" in dataflow.name:
        yield _check("replay.recording", lambda: _recording(settings))
    else:
        yield _check("simulation.clock", lambda: _clock(settings))
    if "video" in dataflow.name:
        yield _check("camera.source", lambda: _camera(settings))
        yield _check("keypoints.detector", lambda: _detector(settings))
    if settings.capture.cameras:
        yield _check("capture.calibration", lambda: _rig(settings))
        for name, camera in settings.capture.cameras.items():
            section = f"capture.cameras.{name}"
            yield _check(f"{section}.source", lambda: _picture(camera, section))  # noqa: B023
        yield _check("keypoints.detector", lambda: _detector(settings))
        yield _check("hand_fit", _jax)
    isaac_gym = settings.simulation.simulator == "isaacgym"
    if isaac_gym or "isaacgym" in dataflow.name:
        yield _check("simulation.simulator", lambda: _simulator(settings, dataflow))
    if isaac_gym:
        yield _check("Isaac Gym", lambda: look_at_isaac_gym(settings.isaacgym))
    if settings.panorama.renderer == "gl" and not isaac_gym:
        yield _check("OpenGL", lambda: _opengl(settings))
    if measured and not isaac_gym:
        yield _check("panorama.width", lambda: _budget(settings))
    yield _check("shared memory", _shared_memory)
    yield _check("disk", lambda: _disk(settings, must="record" in dataflow.name))
    headset = settings.headset
    for key in ("port", "tracking_port"):
        port = getattr(headset, key)
        if port:
            yield _check(f"headset.{key}", lambda: _port(headset.host, port, key))  # noqa: B023
    yield _check("certificate", lambda: reachability.certificate(headset))
    yield _check("addresses", lambda: reachability.addresses(headset))


def _check(subject: str, look: Callable[[], str | tuple[str, str]]) -> Finding:
    """look: returns what was found, and perhaps advice. Its UsageError is what is wrong."""
    try:
        seen = look()
    except UsageError as error:
        return Finding(subject, fault=str(error))
    found, advice = (seen, "") if isinstance(seen, str) else seen
    return Finding(subject, found, advice=advice)


def _dora() -> str:
    path = shutil.which("dora")
    if path is None:
        raise UsageError("the command is not on the PATH: `source .venv/bin/activate` first")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    package = importlib.metadata.version("dora-rs")
    if package not in said.split():
        raise UsageError(
            f"{path} is {said.strip() or 'none'}, and the nodes' package is dora-rs {package}: "
            f"they must agree; `pip install dora-rs=={package} dora-rs-cli=={package}`"
        )
    return f"{package} at {path}"


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


def _vuer(settings: Settings) -> str:
    """Whether the package is here, and its client one that enters VR without a network."""
    page_site(settings.headset)
    if settings.headset.tracking_port is not None:
        tracking_server(settings.headset, lambda *_: None, lambda _: None)
    return f"vuer {importlib.metadata.version('vuer')}, changed in {len(CHANGES)} places"


def _recording(settings: Settings) -> str:
    folder = resolve(settings.replay.recording)
    return f"{folder}: {', '.join(RecordingReader(folder).names)}"


def _rig(settings: Settings) -> str:
    cameras = calibrated_cameras(settings.capture)
    sizes = (f"{name} {c.pinhole.width}x{c.pinhole.height}" for name, c in cameras.items())
    return f"{settings.capture.calibration}: {', '.join(sizes)}"


def _jax() -> str:
    prepare_jax()
    return f"jax {importlib.metadata.version('jax')}"


def _camera(settings: Settings) -> str:
    return _picture(settings.camera, "camera")


def _picture(settings: PictureSettings, section: str) -> str:
    source = open_source(settings, section)
    pixels = source.read()
    source.close()
    shape = "no picture" if pixels is None else f"{pixels.shape[1]}x{pixels.shape[0]} px"
    return f"{source.name}: {shape}"


def _detector(settings: Settings) -> str:
    KeypointFinder(settings.keypoints).close()
    return settings.keypoints.detector


def _clock(settings: Settings) -> str:
    settings.check_live()
    return settings.simulation.clock


def _simulator(settings: Settings, dataflow: Path) -> str:
    simulator = settings.simulation.simulator
    if (simulator == "isaacgym") != ("isaacgym" in dataflow.name):
        raise SettingsError(
            f"simulation.simulator: {simulator} and {dataflow.name} do not go together: Isaac Gym "
            "draws by itself, for dataflows/teleop_isaacgym.yml, and MuJoCo does not"
        )
    StitchedPanorama(settings.panorama)
    return simulator


def _opengl(settings: Settings) -> str:
    context = create_context(settings.panorama.device)
    renderer: str = context.info["GL_RENDERER"]
    context.release()
    return renderer


def _shared_memory() -> str:
    free = shutil.disk_usage(SHARED_MEMORY).free
    if free < SHARED_MEMORY_BYTES:
        raise UsageError(
            f"{SHARED_MEMORY} has {free / 1e6:.0f} MB free, and pictures travel there: give it "
            f"{SHARED_MEMORY_BYTES / 1e6:.0f} MB (docker: --shm-size=1g)"
        )
    return f"{free / 1e9:.1f} GB free"


def _disk(settings: Settings, *, must: bool) -> str:
    """must: whether the dataflow records."""
    folder = resolve(settings.record.folder)
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    if must and free < DISK_BYTES:
        raise UsageError(
            f"{free / 1e6:.0f} MB are free for recordings in {folder}: make room, or set "
            "record.folder to another disk"
        )
    return f"{free / 1e9:.0f} GB free for {folder}, {free / RECORDING_BYTES_PER_S / 3600:.0f} hours"


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
