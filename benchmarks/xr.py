"""The page in a headset: an emulated Quest 3 in a real Chromium that draws without a GPU.

Its two servers run in this process, and no robot: what is measured is the page.
"""

import sys
import time
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from benchmarks.loop import MEMORY_FROM_S, MEMORY_SAMPLE_S, MEMORY_SAMPLES, MEMORY_TO_S
from benchmarks.process_memory import command_line, descendants, rss_pages
from operators.messages import Hands

if TYPE_CHECKING:
    from tests.e2e.browser import Browser
    from tests.e2e.emulated_headset import EmulatedHeadset
    from tests.e2e.station import Station

NAMES = ("xr.tracking_rate", "xr.head_turn_frames", "xr.client_memory_growth")

TRACKING_S = 20.0
TURNS = 24
PICTURE_S = 1 / 30
ROWS, COLUMNS = 720, 1440

COUNT_FRAMES_UNTIL_SEEN = """
let watch = null;
const request = XRSession.prototype.requestAnimationFrame;
XRSession.prototype.requestAnimationFrame = function (callback) {
  return request.call(this, (time, frame) => {
    callback(time, frame);
    // The page has drawn this frame, and it is on the screen next.
    watch?.();
  });
};
window.seenAfter = (yaw, colour) => new Promise((done) => {
  const gl = document.getElementById("panorama").getContext("webgl2");
  const pixel = new Uint8Array(4);
  let frames = 0;
  // A task of its own, so that the turn lies between two frames.
  setTimeout(() => {
    device.quaternion.set(0, Math.sin(yaw / 2), 0, Math.cos(yaw / 2));
    watch = () => {
      frames++;
      const [x, y] = [gl.canvas.width / 4, gl.canvas.height / 2];
      gl.readPixels(x, y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      if (colour.some((value, i) => Math.abs(value - pixel[i]) >= 40)) return;
      watch = null;
      done(frames);
    };
  }, 50);
}); 0
"""


def figures(names: Collection[str] = NAMES) -> Iterator[Figure]:
    """Measure the figures that are asked for."""
    # They come with the tests' npm packages, which only these figures need.
    from tests.e2e.browser import Browser, missing
    from tests.e2e.emulated_headset import HEIGHT, WIDTH, EmulatedHeadset
    from tests.e2e.station import Station

    if lacking := missing():
        raise RuntimeError(f"{' '.join(names)}: {lacking}")
    measures: dict[str, Callable[[EmulatedHeadset, Station], Figure]] = {
        "xr.tracking_rate": measure_tracking_rate,
        "xr.head_turn_frames": measure_head_turn,
        "xr.client_memory_growth": measure_memory_growth,
    }
    for name in names:
        with Browser(WIDTH, HEIGHT) as browser, EmulatedHeadset(browser) as headset:
            station = Station()
            station.open(browser)
            headset.enter()
            yield measures[name](headset, station)
            station.close(browser)


def measure_tracking_rate(headset: "EmulatedHeadset", station: "Station") -> Figure:
    """How many samples of tracked hands arrive a second, while no pictures come."""
    station.hear(_is_tracked)
    station.heard.all()
    time.sleep(TRACKING_S)
    arrivals = [
        received_ns / 1e6
        for message, _, _, received_ns in station.heard.all()
        if _is_tracked(message)
    ]
    intervals_ms = np.diff(arrivals)
    return Figure(
        name="xr.tracking_rate",
        value=1e3 / float(np.mean(intervals_ms)),
        unit="Hz",
        note=f"emulated Quest 3, 800x400 pixels without a GPU, both hands; p95 of the intervals "
        f"{np.percentile(intervals_ms, 95):.1f} ms; Chromium draws 60 frames a second at most",
    )


def measure_head_turn(headset: "EmulatedHeadset", station: "Station") -> Figure:
    """Frames from a head's step of 90 degrees until what is there is drawn; no picture comes."""
    from tests.e2e.station import COLOURS

    browser = headset.browser
    browser.evaluate(COUNT_FRAMES_UNTIL_SEEN)
    shown = browser.evaluate("panodora.picturesShown")
    around = ("left", "behind", "right", "ahead")
    counts = []
    for turn in range(TURNS):
        yaw = (turn + 1) * np.pi / 2
        counts.append(
            browser.evaluate(f"seenAfter({yaw}, {list(COLOURS[around[turn % len(around)]])})")
        )
    if browser.evaluate("panodora.picturesShown") != shown:
        raise RuntimeError("a picture came, though none was sent")
    return Figure(
        name="xr.head_turn_frames",
        value=float(np.median(counts)),
        unit="XR frames",
        p95=float(np.percentile(counts, 95)),
        note=f"{TURNS} steps of 90 degrees, at most {max(counts)}; 1 is the first that can show it",
    )


def measure_memory_growth(headset: "EmulatedHeadset", station: "Station") -> Figure:
    """Growth of the browser's GPU process and page over five minutes, each picture another."""
    browser = headset.browser
    random = np.random.default_rng(5)
    picture = random.integers(0, 256, (ROWS // 8, COLUMNS // 8, 3), np.uint8)
    picture = np.ascontiguousarray(picture.repeat(8, axis=0).repeat(8, axis=1))
    shown = browser.evaluate("panodora.picturesShown")
    _stream(station, picture, MEMORY_FROM_S)
    before = _median_rss(browser, station, picture)
    _stream(station, picture, MEMORY_TO_S - MEMORY_FROM_S - MEMORY_SAMPLES * MEMORY_SAMPLE_S)
    after = _median_rss(browser, station, picture)
    shown = browser.evaluate("panodora.picturesShown") - shown
    megabytes = 4096 / 1e6
    return Figure(
        name="xr.client_memory_growth",
        value=100.0 * (after - before) / before,
        unit="% of RSS, GPU process and page",
        note=f"{before * megabytes:.0f} MB after a minute, {after * megabytes:.0f} MB after six; "
        f"{shown} pictures of {COLUMNS}x{ROWS} were shown",
    )


def _is_tracked(message: object) -> bool:
    return (
        isinstance(message, Hands)
        and message.source == "webxr-emulator"
        and bool(message.valid.all())
    )


def _stream(station: "Station", picture: NDArray[np.uint8], seconds: float) -> None:
    """Offer pictures of which no two are the same."""
    start = time.monotonic()
    count = 0
    while (passed := time.monotonic() - start) < seconds:
        count += 1
        station.offer(np.roll(picture, 7 * count, axis=1))
        for heard in (station.heard, station.shown, station.clients):
            heard.all()
        if count % 150 == 0:
            print(f"# {passed:.0f} of {seconds:.0f} s", file=sys.stderr, end="\r")
        time.sleep(max(0.0, start + count * PICTURE_S - time.monotonic()))


def _median_rss(browser: "Browser", station: "Station", picture: NDArray[np.uint8]) -> float:
    """Of the memory that is in use: what waits to be collected comes and goes by 20 MB."""
    samples = []
    for _ in range(MEMORY_SAMPLES):
        _stream(station, picture, MEMORY_SAMPLE_S)
        browser.command("collectGarbage")
        samples.append(
            sum(
                rss_pages(pid)
                for pid in descendants(browser.process_id)
                if "--type=gpu-process" in (line := command_line(pid)) or "--type=renderer" in line
            )
        )
    return float(np.median(samples))
