"""What clients see equals a full render, whatever moves, is dropped, pauses, joins or restarts."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import mujoco
import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from operators.header import Header
from operators.messages import Panorama
from operators.page_layout import decode_bytes
from operators.page_messages import Picture
from operators.panorama import PanoramaCapture
from operators.patched_panorama import PatchedPanorama
from operators.picture_stream import Frame, PictureCredit
from operators.settings import PanoramaSettings, SceneSettings, Settings
from tests.operators.marked_scene import model_of, poses_at

pytestmark = pytest.mark.gl

Array = NDArray[np.float64]
Pixels = NDArray[np.uint8]

BODIES, FRAMES, CREDITS = 6, 300, (1, 2, 4)

FRAMES_TO_SETTLE = 4
"""After the worst: one that cannot be drawn, one without credit, one whole, and one more."""


@pytest.fixture
def lossless(monkeypatch: pytest.MonkeyPatch) -> None:
    """PNG in the place of JPEG, so that every bit counts."""

    def encode(pixels: Pixels, **options: object) -> bytes:
        return bytes(cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]))[1])

    def decode(content: bytes, **options: object) -> Pixels:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        return np.ascontiguousarray(picture[..., ::-1], np.uint8)

    monkeypatch.setattr(simplejpeg, "encode_jpeg", encode)
    monkeypatch.setattr(simplejpeg, "decode_jpeg", decode)


class Robot:
    """Bodies that wander about a camera, which may be started again elsewhere."""

    def __init__(self, random: np.random.Generator) -> None:
        shapes = ("sphere", "box", "capsule") * (BODIES // 3)
        bodies = "".join(
            f'<body><freejoint/><geom type="{shape}" size=".15 .1 .1" '
            f'rgba="{colour[0]:.2f} {colour[1]:.2f} {colour[2]:.2f} 1"/></body>'
            for shape, colour in zip(shapes, random.random((BODIES, 3)), strict=True)
        )
        self._model: mujoco.MjModel = model_of(
            '<geom type="plane" size="5 5 .1" rgba=".6 .5 .4 1"/>' + bodies
        )
        self._random = random
        self._poses = poses_at(*random.normal((0.0, 0.0, 1.0), 1.5, (BODIES, 3)))
        self._first_frame = 1
        self._settings = self._other_settings()
        self._start()

    def restart(self) -> None:
        """Start the camera anew: in half of the cases elsewhere, and with another panorama."""
        if self._random.random() < 0.5:
            self._settings = self._other_settings()
        self.close()
        self._start()

    def _start(self) -> None:
        self._capture = PanoramaCapture(self._model, self._settings, self._first_frame)
        self._redrawn = PanoramaCapture(self._model, self._settings)
        self._seq = 0

    def _other_settings(self) -> Settings:
        width, tile = [(192, 16), (192, 32), (256, 32), (200, 48)][self._random.integers(4)]
        x, y, z = self._random.normal((0.0, 0.0, 1.5), 0.3)
        return Settings(
            panorama=PanoramaSettings(width=width, tile_size=tile, face_size=64),
            scene=SceneSettings(anchor_position=(x, y, z)),
        )

    def frame(self, quality: int = 85) -> tuple[Frame, Pixels]:
        """The next frame, and what a full render has."""
        random = self._random
        moving = random.random(BODIES) < random.choice([0.0, 0.2, 1.0])
        self._poses[1:, :3] += moving[:, None] * random.normal(0.0, 0.1, (BODIES, 3))
        shown = self._capture.capture(self._poses)
        kept = Panorama(
            pixels=shown.pixels.copy(), tile_size=shown.tile_size, tile_version=shown.tile_version
        )
        self._first_frame += 1
        self._seq += 1
        full = self._redrawn.capture(self._poses, full=True).pixels.copy()
        return Frame(kept, Header(self._seq - 1, 0), 1, quality), full

    def close(self) -> None:
        self._capture.close()
        self._redrawn.close()


@dataclass
class Page:
    """What the page and its connection do, with everything that may come late."""

    in_flight: int
    credit: PictureCredit = field(init=False)
    panorama: PatchedPanorama = field(default_factory=PatchedPanorama)
    coming: deque[tuple[Picture, Pixels]] = field(default_factory=deque)
    going: deque[int | bool] = field(default_factory=deque)
    ready: tuple[Picture, Pixels] | None = None
    watching: bool = True

    def __post_init__(self) -> None:
        self.credit = PictureCredit(self.in_flight)

    def offer(self, frame: Frame, full: Pixels) -> None:
        """The server's part."""
        if self.credit.may_take(frame):
            message, _ = decode_bytes(frame.encoded(self.credit.held))
            assert isinstance(message, Picture)
            self.credit.take(frame)
            self.coming.append((message, full))

    def decode(self) -> None:
        """What comes takes the place of what was not drawn."""
        if self.coming:
            picture = self.coming.popleft()
            if self.watching:
                self.ready = picture

    def draw(self) -> tuple[Picture, Pixels] | None:
        """Draw and acknowledge; what adds to a panorama that is lost makes it start over."""
        drawn, self.ready = self.ready, None
        if drawn is None:
            return None
        try:
            self.panorama.draw(drawn[0])
        except ValueError:
            self.watch(self.watching)
            return None
        self.going.append(drawn[0].frame_seq)
        return drawn

    def watch(self, watching: bool) -> None:
        self.watching = watching
        self.ready = None
        self.going.append(watching)

    def say(self) -> None:
        """The server hears the page."""
        if self.going:
            said = self.going.popleft()
            if isinstance(said, bool):
                self.credit.watch(said)
            else:
                self.credit.shown(said)

    def see_at_once(self, frame: Frame, full: Pixels) -> int | None:
        """Nothing is late any more: the number of the picture that is drawn in the end."""
        seen = None
        self.offer(frame, full)
        while self.coming or self.ready or self.going:
            self.decode()
            if (drawn := self.draw()) is not None:
                seen = drawn[0].frame_seq
            self.say()
        return seen

    def lose(self) -> None:
        """A browser takes the texture away."""
        self.panorama = PatchedPanorama()

    def reconnect(self) -> None:
        """To the same server or to another; the texture stays."""
        self.credit = PictureCredit(self.in_flight)
        self.coming.clear()
        self.going.clear()
        self.ready = None
        if not self.watching:
            self.going.append(False)


def story(seed: int) -> Iterator[tuple[Picture, Pixels, Pixels]]:
    """Pictures that pages have drawn: the message, what then is seen, and the full render."""
    random = np.random.default_rng(seed)
    robot = Robot(random)
    pages = [Page(credit) for credit in CREDITS]
    for _ in range(FRAMES):
        if random.random() < 0.02:
            robot.restart()
        frame, full = robot.frame()
        if random.random() < 0.02:
            pages.append(Page(int(random.choice(CREDITS))))
        for page in pages:
            page.offer(frame, full)
            for event in random.permutation(["decode", "draw", "say", "offer"] * 2):
                if random.random() < 0.3:
                    continue  # later
                if event == "offer":
                    page.offer(frame, full)
                elif event == "draw":
                    if (drawn := page.draw()) is not None:
                        yield drawn[0], page.panorama.pixels, drawn[1]
                else:
                    {"decode": page.decode, "say": page.say}[event]()
            match random.choice(["", "watch", "lose", "reconnect"], p=[0.91, 0.05, 0.02, 0.02]):
                case "watch":
                    page.watch(not page.watching)
                case "lose":
                    page.lose()
                case "reconnect":
                    page.reconnect()
    for page in pages:
        if not page.watching:
            page.watch(True)
    for _ in range(FRAMES_TO_SETTLE):
        frame, full = robot.frame()
        seen = [page.see_at_once(frame, full) for page in pages]
    assert seen == [frame.seq] * len(pages)
    robot.close()


@pytest.mark.usefixtures("lossless")
@pytest.mark.parametrize("seed", range(8))
def test_every_client_sees_a_full_render_bit_for_bit(seed: int) -> None:
    kinds = {"whole": 0, "patch": 0, "nothing": 0}
    for picture, seen, full in story(seed):
        np.testing.assert_array_equal(seen, full)
        patched = "patch" if picture.tiles.size else "nothing"
        kinds["whole" if picture.whole else patched] += 1
    assert min(kinds.values()) > 10, kinds


def test_after_jpeg_a_patch_is_as_near_as_the_whole() -> None:
    """Tiles drawn one after the other, beside the JPEG of the whole panorama."""
    robot = Robot(np.random.default_rng(3))
    page = Page(1)
    patches = 0
    for _ in range(60):
        frame, full = robot.frame()
        page.offer(frame, full)
        page.decode()
        drawn = page.draw()
        assert drawn is not None
        page.say()
        patches += not drawn[0].whole
        whole = PatchedPanorama()
        message, _ = decode_bytes(frame.encoded(None))
        assert isinstance(message, Picture)
        whole.draw(message)
        ours = np.abs(page.panorama.pixels.astype(int) - full)
        theirs = np.abs(whole.pixels.astype(int) - full)
        assert ours.mean() <= 1.1 * theirs.mean()
        assert np.percentile(ours, 99.9) <= 1.1 * np.percentile(theirs, 99.9)
    assert patches > 40
    robot.close()


def test_tiles_of_another_panorama_are_refused() -> None:
    tiles = Picture(
        frame_seq=0,
        capture_ns=0,
        columns=64,
        rows=32,
        tile_size=32,
        whole=False,
        tiles=np.array([1], np.int32),
        jpeg=np.zeros(0, np.uint8),
    )
    with pytest.raises(ValueError, match=r"of \(0, 0\) rows and columns, got some of \(32, 64\)"):
        PatchedPanorama().draw(tiles)
