"""The page's texture, patched tile by tile, beside the whole panorama, in a real browser."""

import base64
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from operators.header import Header
from operators.messages import Panorama
from operators.page_layout import decode_bytes
from operators.page_messages import Picture
from operators.patched_panorama import PatchedPanorama
from operators.picture_stream import Frame
from tests.e2e.browser import Browser
from tests.e2e.station import COLUMNS, MARKED, ROWS, TILE, Station

pytestmark = pytest.mark.browser

FRAMES, LATE, WAIT_FRAMES = 60, 20, 500
SHAPE = (ROWS // TILE, COLUMNS // TILE)

WATCH_GRAPHICS = """
window.glCalls = {};
window.openBitmaps = 0;
const decode = createImageBitmap;
window.createImageBitmap = async (...values) => {
  const bitmap = await decode(...values);
  openBitmaps++;
  return bitmap;
};
const close = ImageBitmap.prototype.close;
ImageBitmap.prototype.close = function () {
  openBitmaps--;
  close.call(this);
};
for (const name of ["createTexture", "texImage2D", "texSubImage2D"]) {
  const original = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...values) {
    glCalls[name] = (glCalls[name] ?? 0) + 1;
    window.glContext = this;
    const made = original.apply(this, values);
    if (name === "createTexture") window.glTexture = made;
    return made;
  };
}
"""

READ_TEXTURE = f"""
(() => {{
  const gl = glContext;
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const target = [gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, glTexture, 0];
  gl.framebufferTexture2D(...target);
  const pixels = new Uint8Array({ROWS * COLUMNS * 4});
  gl.readPixels(0, 0, {COLUMNS}, {ROWS}, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  let text = "";
  for (let at = 0; at < pixels.length; at += 32768) {{
    text += String.fromCharCode(...pixels.subarray(at, at + 32768));
  }}
  return btoa(text);
}})()
"""


class Scene:
    """A panorama of which some tiles change in every frame."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._random = np.random.default_rng(6)
        self.pixels = MARKED.copy()
        self.version = np.ones(SHAPE, np.int64)
        self._frame = 1

    def move(self) -> int:
        """Paint a disc of some colour somewhere, or nothing, and offer that."""
        self._frame += 1
        changed = self.pixels.copy()
        if self._random.random() < 0.9:
            y, x = self._random.integers((ROWS, COLUMNS))
            rows, columns = np.indices((ROWS, COLUMNS))
            disc = np.hypot(rows - y, columns - x) < self._random.integers(10, 60)
            changed[disc] = self._random.integers(0, 256, 3)
        tiles = (changed != self.pixels).any(-1).reshape(SHAPE[0], TILE, SHAPE[1], TILE)
        self.version[tiles.any((1, 3))] = self._frame
        self.pixels = changed
        return self._station.offer(changed, self.version.copy())

    def as_a_jpeg(self) -> NDArray[np.uint8]:
        """The whole panorama after JPEG."""
        version = np.zeros(SHAPE, np.int64)
        panorama = Panorama(pixels=self.pixels, tile_size=TILE, tile_version=version)
        message, _ = decode_bytes(Frame(panorama, Header(0, 0), 1, 85).encoded(None))
        assert isinstance(message, Picture)
        seen = PatchedPanorama()
        seen.draw(message)
        return seen.pixels


@pytest.fixture
def station(browser: Browser) -> Iterator[Station]:
    made = Station(frames_in_flight=4)
    yield made
    made.close(browser)


@pytest.fixture
def watched(browser: Browser) -> Iterator[Browser]:
    """A browser of whose graphics a test is told; the next tests' pages are without that."""
    new_page(browser)
    browser.command("addScript", script=WATCH_GRAPHICS)
    yield browser
    new_page(browser)


def new_page(browser: Browser) -> None:
    browser.command("newPage")
    browser.command("resize", width=browser.width, height=browser.height)


def texture(browser: Browser) -> NDArray[np.uint8]:
    """The panorama's texture, (rows, columns, 3)."""
    content = base64.b64decode(browser.evaluate(READ_TEXTURE))
    return np.frombuffer(content, np.uint8).reshape(ROWS, COLUMNS, 4)[..., :3].copy()


def assert_seen(browser: Browser, scene: Scene) -> None:
    """The texture is as near to the panorama as a whole JPEG, in the mean and nearly everywhere."""
    whole = scene.as_a_jpeg()
    ours = np.abs(texture(browser).astype(int) - scene.pixels)
    theirs = np.abs(whole.astype(int) - scene.pixels)
    assert ours.mean() <= 1.1 * theirs.mean()
    assert np.percentile(ours, 99.9) <= 1.1 * np.percentile(theirs, 99.9)
    for row, column in np.ndindex(SHAPE):
        tile = np.s_[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        assert ours[tile].mean() <= theirs[tile].mean() + 0.5, (row, column)


def test_a_late_page_that_drops_pictures_sees_the_panorama(
    watched: Browser, station: Station
) -> None:
    scene = Scene(station)
    for _ in range(LATE):
        scene.move()
    watched.goto(station.page.address)
    watched.wait_for("panodora.picturesShown > 0")
    station.sent.all()
    random = np.random.default_rng(2)
    for frame in range(1, FRAMES + 1):
        # Of several at once the page draws the last, and those without credit never leave.
        for _ in range(random.integers(1, 6)):
            seq = scene.move()
        watched.wait_for(f"panodora.lastFrameSeq === {seq}")
        if frame % 10 == 0:
            assert_seen(watched, scene)
    sent = [message[0].size for message in station.sent.all()]
    assert watched.evaluate("panodora.picturesShown") < len(sent)  # some were dropped
    calls = watched.evaluate("glCalls")
    assert (calls["createTexture"], calls["texImage2D"]) == (1, 1)
    assert watched.evaluate("openBitmaps") == 0
    assert watched.errors() == []


def test_a_page_that_lost_its_texture_asks_for_the_whole(
    watched: Browser, station: Station
) -> None:
    scene = Scene(station)
    scene.move()
    watched.goto(station.page.address)
    watched.wait_for("panodora.picturesShown > 0")
    watched.evaluate(
        "new Promise((done) => { const lose = glContext.getExtension('WEBGL_lose_context');"
        " glContext.canvas.addEventListener('webglcontextlost', () => setTimeout(() =>"
        " lose.restoreContext()));"
        " glContext.canvas.addEventListener('webglcontextrestored', () => done(null));"
        " lose.loseContext(); })"
    )
    before = watched.evaluate("panodora.picturesShown")
    station.sent.all()
    for _ in range(WAIT_FRAMES):
        seq = scene.move()
        if watched.evaluate("panodora.picturesShown") > before:
            break
    watched.wait_for(f"panodora.lastFrameSeq === {seq}")
    sizes = [message[0].size for message in station.sent.all()]
    assert max(sizes) > 2 * sizes[0]  # the first were tiles, which the page could not draw
    assert_seen(watched, scene)
