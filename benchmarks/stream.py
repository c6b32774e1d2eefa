"""The panorama on its way to clients: bytes and time of what changed, beside whole JPEG frames."""

import multiprocessing
import sys
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from multiprocessing.synchronize import Event
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from benchmarks.panorama import START_S
from benchmarks.recorded_poses import recorded_poses
from operators.acknowledging_client import AcknowledgingClient
from operators.header import Header
from operators.messages import Panorama
from operators.page_server import PageServer
from operators.panorama import PanoramaCapture
from operators.picture_stream import Frame, TileVersions
from operators.scene import build_scene
from operators.settings import HeadsetSettings, load_settings

NAMES = ("stream.bytes_per_frame", "stream.cpu_per_frame", "stream.clients")

AGAINST: Final = "a JPEG of the whole panorama for every frame"

FRAMES: Final = 1200
"""Twenty seconds of the recording."""

LATE: Final = 3
"""Frames for which the acknowledgement of a client by radio is under way, about 50 ms."""

CLIENTS: Final = (1, 2, 4, 8)
SERVED_FRAMES: Final = 300
RATE_HZ: Final = 60.0
CONNECT_S: Final = 20.0


def figures(names: Collection[str] = NAMES) -> Iterator[Figure]:
    """Measure the figures that are asked for."""
    if {"stream.bytes_per_frame", "stream.cpu_per_frame"} & set(names):
        by_name = {figure.name: figure for figure in measure_encoding()}
        yield from (by_name[name] for name in names if name in by_name)
    if "stream.clients" in names:
        yield from measure_clients()


def recorded_panoramas(count: int) -> Iterator[Panorama]:
    """What the robot's head sees of the recording, at 60 Hz; pixels are there until the next."""
    settings = load_settings("configs/teleop_replay.yml")
    scene = build_scene(settings)
    with PanoramaCapture(scene.model, settings) as capture:
        for poses in recorded_poses(scene, settings, START_S, count):
            yield capture.capture(poses)


def measure_encoding() -> Iterator[Figure]:
    """Every frame of the recording for a client that has the one before, and as a whole.

    Time is what the thread used of a processor, in turns first and last.
    """
    quality = load_settings("configs/teleop_replay.yml").headset.jpeg_quality
    held: list[TileVersions] = []
    sizes: list[tuple[int, int, int]] = []
    times_ms: list[tuple[float, float]] = []
    for seq, panorama in enumerate(recorded_panoramas(FRAMES)):
        frames = [Frame(panorama, Header(seq, 0), 1, quality) for _ in range(3)]
        if len(held) >= LATE:
            changed, changed_ms = b"", 0.0
            whole, whole_ms = b"", 0.0
            for which in (0, 1) if seq % 2 else (1, 0):
                start = time.thread_time_ns()
                encoded = frames[which].encoded(None if which else held[-1])
                took_ms = (time.thread_time_ns() - start) / 1e6
                if which:
                    whole, whole_ms = encoded, took_ms
                else:
                    changed, changed_ms = encoded, took_ms
            late = frames[2].encoded(held[-LATE])
            sizes.append((len(changed), len(whole), len(late)))
            times_ms.append((changed_ms, whole_ms))
        held.append(frames[0].versions)
    ours, theirs, late_bytes = np.array(sizes).T
    yield Figure(
        "stream.bytes_per_frame",
        float(np.median(ours)),
        "bytes",
        float(np.percentile(ours, 95)),
        AGAINST,
        float(np.median(theirs)),
        float(np.median(theirs) / np.median(ours)),
        f"acknowledged before the next frame; {LATE} frames late {np.median(late_bytes):.0f} bytes",
    )
    our_ms, their_ms = np.array(times_ms).T
    yield Figure(
        "stream.cpu_per_frame",
        float(np.median(our_ms)),
        "ms",
        float(np.percentile(our_ms, 95)),
        AGAINST,
        float(np.median(their_ms)),
        float(np.median(their_ms) / np.median(our_ms)),
        "of a processor, for finding, packing and encoding what one client lacks",
    )


def measure_clients() -> Iterator[Figure]:
    """What the server takes of a processor for one frame, and how many clients share it."""
    panoramas = [
        Panorama(pixels=p.pixels.copy(), tile_size=p.tile_size, tile_version=p.tile_version)
        for p in recorded_panoramas(SERVED_FRAMES)
    ]
    lines = ["| clients | ms of a processor a frame |", "|---|---|"]
    for clients in CLIENTS:
        costs_ms, share = serve(panoramas, clients)
        median, p95 = (float(each) for each in np.percentile(costs_ms, (50, 95)))
        lines.append(f"| {clients} | {median:.2f} |")
        note = f"clients: {clients}; {100 * share:.0f}% of the pictures left at {RATE_HZ:.0f} Hz"
        yield Figure("stream.clients", median, "ms", p95, note=note)
    print("\n".join(lines), file=sys.stderr, flush=True)


def serve(panoramas: Sequence[Panorama], clients: int) -> tuple[NDArray[np.float64], float]:
    """Offer panoramas at 60 Hz; ms of this process a frame, and the share that clients got.

    Raises RuntimeError where the clients do not connect.
    """
    sizes: list[int] = []
    everyone = threading.Event()
    server = PageServer(
        HeadsetSettings(port=0, max_clients=clients),
        None,
        lambda sent, *_: sizes.append(sent.size),
        lambda shown: None,
        lambda exchange: None,
        lambda names, watching: everyone.set() if watching == clients else None,
    )
    server.start()
    spawning = multiprocessing.get_context("spawn")
    stop = spawning.Event()
    port = int(server.address.rpartition(":")[2])
    process = spawning.Process(target=acknowledge, args=(port, clients, stop))
    process.start()
    costs_ms = np.zeros(len(panoramas))
    try:
        if not everyone.wait(CONNECT_S):
            raise RuntimeError(f"{clients} clients did not connect within {CONNECT_S:.0f} s")
        due = time.monotonic()
        for seq, panorama in enumerate(panoramas):
            before = time.process_time_ns()
            server.offer(panorama, Header(seq, 0), time.monotonic_ns())
            due += 1 / RATE_HZ
            time.sleep(max(0.0, due - time.monotonic()))
            costs_ms[seq] = (time.process_time_ns() - before) / 1e6
    finally:
        stop.set()
        process.join()
        server.stop()
    return costs_ms, len(sizes) / (clients * len(panoramas))


def acknowledge(port: int, count: int, stop: Event) -> None:
    """Take every picture in a process of its own, until told to stop."""
    clients = [AcknowledgingClient(port) for _ in range(count)]
    for client in clients:
        client.start()
    stop.wait()
    for client in clients:
        client.stop()


if __name__ == "__main__":
    for figure in figures():
        print(figure.json_line())
