"""Vuer's client in a headset: an emulated Quest 3 in a real Chromium that draws without a GPU.

Its servers run in this process, and no robot: what is measured is the client, and them.
"""

import contextlib
import dataclasses
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.figure import Figure
from benchmarks.stock_vuer import picture, scene_pixels
from benchmarks.xr import measure_memory_growth
from operators.acknowledging_client import AcknowledgingClient
from operators.header import Header
from operators.messages import Panorama
from operators.settings import ROOT, HeadsetSettings
from tests.free_ports import free_ports

if TYPE_CHECKING:
    from tests.e2e.browser import Browser
    from tests.e2e.emulated_headset import EmulatedHeadset
    from tests.e2e.station import Station

NAMES = ("vuer.client_memory_growth", "vuer.frames_shown", "vuer.server_cpu")

SHOWN_S: Final = 20.0
SETTLE_S: Final = 5.0
CPU_S: Final = 20.0
PICTURES: Final = 60
"""Made before: to make them takes of the processors that the client needs."""

START_S: Final = 60.0
RATE_HZ: Final = 60.0

SAMPLES: Final = ("head", "hands", "controllers", "keys_controllers")
"""What a client sends 60 times a second, as it was once heard of a real one."""

MESSAGES: Final = ROOT / "tests/operators/vuer_messages"

COUNT_UPLOADS: Final = """
window.uploads = 0;
for (const name of ["texImage2D", "texSubImage2D"]) {
  const upload = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...values) {
    const source = values.at(-1);
    if (source?.width === 1440 || source?.videoWidth === 1440) window.uploads++;
    return upload.apply(this, values);
  };
}
"""


def figures(names: Collection[str] = NAMES) -> Iterator[Figure]:
    """Measure the figures that are asked for."""
    # They come with the tests' npm packages, which only these figures need.
    from tests.e2e.browser import missing

    measures: dict[str, Callable[[], Figure]] = {
        "vuer.client_memory_growth": measure_client,
        "vuer.frames_shown": measure_frames,
        "vuer.server_cpu": measure_server,
    }
    lacking = missing()
    if lacking and set(names) != {"vuer.server_cpu"}:
        raise RuntimeError(f"{' '.join(names)}: {lacking}")
    for name in names:
        yield measures[name]()


def measure_client() -> Figure:
    """Growth of the browser's GPU process and page over five minutes, each picture another."""
    with in_vuer() as (headset, station):
        figure = measure_memory_growth(headset, station)
    return dataclasses.replace(figure, name="vuer.client_memory_growth")


def measure_frames() -> Figure:
    """Pictures a second that are new on the screen, each a whole panorama."""
    with in_vuer() as (headset, station):
        ours = shown_per_s(headset.browser, station)
    theirs = stock_uploads_per_s("data")
    with in_page() as (headset, station):
        page = shown_per_s(headset.browser, station)
    return Figure(
        name="vuer.frames_shown",
        value=ours,
        unit="Hz",
        against="the seed's base64 sphere on Vuer's own server",
        against_value=theirs,
        ratio=ours / theirs if theirs else None,
        note=f"our own page {page:.1f} Hz; 1440x720 offered at 60 Hz, all of it another each "
        f"time; load {os.getloadavg()[0]:.1f}",
    )


def measure_server() -> Figure:
    """What both servers take of a core, with 60 pictures and 60 samples a second."""
    ours, taken, heard = serve_scripted()
    theirs = stock_idle_cpu()
    return Figure(
        name="vuer.server_cpu",
        value=ours,
        unit="% of a core",
        against="Vuer's own server with one client and no pictures",
        against_value=theirs,
        ratio=theirs / ours,
        note=f"the recording's hands; {taken:.0f} pictures left and {heard:.0f} samples came a "
        f"second; load {os.getloadavg()[0]:.1f}",
    )


# A client in VR


@contextlib.contextmanager
def in_vuer() -> Iterator[tuple["EmulatedHeadset", "Station"]]:
    """Vuer's client, in VR, with our servers."""
    from tests.e2e.browser import Browser
    from tests.e2e.emulated_headset import HEIGHT, WIDTH
    from tests.e2e.vuer_station import VuerHeadset, VuerStation

    with Browser(WIDTH, HEIGHT) as browser, VuerHeadset(browser) as headset:
        station = VuerStation()
        station.open(browser)
        headset.enter()
        yield headset, station
        station.close(browser)


@contextlib.contextmanager
def in_page() -> Iterator[tuple["EmulatedHeadset", "Station"]]:
    """Our own page, in VR."""
    from tests.e2e.browser import Browser
    from tests.e2e.emulated_headset import HEIGHT, WIDTH, EmulatedHeadset
    from tests.e2e.station import Station

    with Browser(WIDTH, HEIGHT) as browser, EmulatedHeadset(browser) as headset:
        station = Station()
        station.open(browser)
        headset.enter()
        yield headset, station
        station.close(browser)


def shown_per_s(browser: "Browser", station: "Station") -> float:
    """Pictures that the client says that it has drawn, while others are offered at 60 Hz."""
    stopping = threading.Event()
    offering = threading.Thread(target=offer, args=(station, stopping))
    offering.start()
    try:
        time.sleep(SETTLE_S)
        return per_s(browser, "panodora.picturesShown")
    finally:
        stopping.set()
        offering.join()


def offer(station: "Station", stopping: threading.Event) -> None:
    """Offer pictures of which each is another than those before, until told to stop."""
    scene = scene_pixels()
    pictures = [picture(number, scene) for number in range(PICTURES)]
    due, number = time.monotonic(), 0
    while not stopping.is_set():
        number += 1
        station.offer(pictures[number % PICTURES])
        for heard in (station.heard, station.sent, station.shown, station.clock):
            heard.all()
        due = max(due + 1 / RATE_HZ, time.monotonic() - 1)
        time.sleep(max(0.0, due - time.monotonic()))


def per_s(browser: "Browser", counter: str) -> float:
    """How much a number of the page's grows in a second."""
    start, before = time.monotonic(), browser.evaluate(counter)
    time.sleep(SHOWN_S)
    counted: float = browser.evaluate(counter) - before
    return counted / (time.monotonic() - start)


# Vuer's own server


@contextlib.contextmanager
def stock_server(way: str) -> Iterator[tuple[int, int]]:
    """The port of Vuer's own server, and its process; see benchmarks/stock_vuer.py."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.stock_vuer", str(port), folder, way]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            _wait_until_listening(port)
            yield port, process.pid
        finally:
            process.kill()
            process.wait()


def stock_uploads_per_s(way: str) -> float:
    """New pictures a second on the graphics side, in VR, of a way that Vuer itself has."""
    from tests.e2e.browser import Browser
    from tests.e2e.emulated_headset import HEIGHT, WIDTH
    from tests.e2e.vuer_station import VuerHeadset

    with (
        stock_server(way) as (port, _),
        Browser(WIDTH, HEIGHT) as browser,
        VuerHeadset(browser) as headset,
    ):
        browser.command("addScript", script=COUNT_UPLOADS)
        browser.goto(f"http://localhost:{port}")
        browser.wait_for("window.uploads > 0")
        headset.browser.click("text=Virtual Reality")
        browser.wait_for("device.activeSession !== undefined")
        time.sleep(SETTLE_S)
        return per_s(browser, "uploads")


def stock_idle_cpu() -> float:
    """% of a core of Vuer's own server while one client is connected and nothing is shown."""
    from websockets.sync.client import connect

    with stock_server("nothing") as (port, pid), connect(f"ws://127.0.0.1:{port}", proxy=None):
        time.sleep(1)
        start, before = time.monotonic(), _cpu_s(pid)
        time.sleep(SETTLE_S)
        return 100 * (_cpu_s(pid) - before) / (time.monotonic() - start)


# Both of our servers


def serve_scripted() -> tuple[float, float, float]:
    """% of a core of both servers and the encoding; pictures and samples a second."""
    from benchmarks.stream import recorded_panoramas
    from operators.page_server import PageServer
    from operators.vuer_server import VuerServer
    from operators.vuer_site import VuerSite

    panoramas = [
        Panorama(pixels=p.pixels.copy(), tile_size=p.tile_size, tile_version=p.tile_version)
        for p in recorded_panoramas(int(CPU_S * RATE_HZ))
    ]
    heard, sent = [0], [0]

    def count(counter: list[int]) -> Callable[..., None]:
        def add(*_: object) -> None:
            counter[0] += 1

        return add

    settings = HeadsetSettings(port=0, tracking_port=0)
    here = threading.Event()
    tracking = VuerServer(settings, count(heard), print)
    tracking.start()
    page = PageServer(
        settings,
        tracking.port,
        count(sent),
        lambda shown: None,
        lambda exchange: None,
        lambda names, watching: here.set() if names else None,
        site=VuerSite(),
    )
    page.start()
    spawning = multiprocessing.get_context("spawn")
    stop = spawning.Event()
    ports = (int(page.address.rpartition(":")[2]), tracking.port)
    client = spawning.Process(target=send_samples, args=(*ports, stop))
    client.start()
    try:
        if not here.wait(START_S):
            raise RuntimeError(f"no client connected within {START_S:.0f} s")
        time.sleep(1)
        heard[0] = sent[0] = 0
        cpu, start = time.process_time(), time.monotonic()
        for seq, panorama in enumerate(panoramas):
            page.offer(panorama, Header(seq, 0), time.monotonic_ns())
            time.sleep(max(0.0, start + (seq + 1) / RATE_HZ - time.monotonic()))
        seconds = time.monotonic() - start
        share = 100 * (time.process_time() - cpu) / seconds
        return share, sent[0] / seconds, heard[0] / seconds / len(SAMPLES)
    finally:
        stop.set()
        client.join()
        page.stop()
        tracking.stop()


def send_samples(page_port: int, tracking_port: int, stop: Event) -> None:
    """Take every picture, and send what a real client sent, 60 times a second."""
    from websockets.sync.client import connect

    samples = [(MESSAGES / f"{name}.msgpack").read_bytes() for name in SAMPLES]
    pictures = AcknowledgingClient(page_port)
    pictures.start()
    address = f"ws://127.0.0.1:{tracking_port}/tracking?client=scripted&source=vuer-emulator"
    with connect(address, proxy=None, compression=None) as tracking:
        due = time.monotonic()
        while not stop.is_set():
            for sample in samples:
                tracking.send(sample)
            due += 1 / RATE_HZ
            time.sleep(max(0.0, due - time.monotonic()))
    pictures.stop()


def _wait_until_listening(port: int) -> None:
    end = time.monotonic() + START_S
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if time.monotonic() > end:
            raise RuntimeError(f"nothing listens on port {port} after {START_S:.0f} s")
        time.sleep(0.1)


def _cpu_s(pid: int) -> float:
    """What a process has had of processors, s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return float(np.sum([int(ticks) for ticks in fields[11:13]])) / os.sysconf("SC_CLK_TCK")
