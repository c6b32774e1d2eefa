"""The sequential loop shows what ours shows: the same posts and hands, where they belong."""

import base64
import io
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.sequential_process import (
    CONFIGURATION,
    WARM_UP,
    Quality,
    SequentialRun,
    endless_samples,
    run_sequential,
)
from operators.header import Header
from operators.messages import Hands, Head
from operators.mujoco_simulator import MujocoSimulator
from operators.panorama import PanoramaCapture
from operators.preprocessing import Preprocessor
from operators.recording import RecordingReader, RecordingWriter
from operators.retargeting import Retargeter
from operators.scene import build_scene
from operators.settings import load_settings, resolve
from operators.transforms import rigid

HEIGHT, WIDTH = 720, 1440
POSTS = {
    # The middle of a post, in columns from the left edge, and its colour.
    "front": (720, (0.95, 0.80, 0.20)),
    "left": (360, (0.80, 0.20, 0.55)),
    "right": (1080, (0.15, 0.65, 0.35)),
    "back": (1440, (0.15, 0.40, 0.85)),
}
POST_COLUMNS = 2 * np.arcsin(0.15 / 4.0) / (2 * np.pi) * WIDTH
"""Of a post 0.3 m wide, seen from 4 m."""

BELOW_THE_HORIZON = slice(366, 396)
"""Rows in which nothing has a colour but the posts."""

AROUND_THE_HANDS = np.s_[396:520, 560:880]
SKY = np.s_[60:200, 100:1300]

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module", params=["default", "plain"])
def quality(request: pytest.FixtureRequest) -> Quality:
    chosen: Quality = request.param
    return chosen


@pytest.fixture(scope="module")
def run(quality: Quality) -> SequentialRun:
    return run_sequential(quality, seconds=0.0, drawing_threads=1)


@pytest.fixture(scope="module")
def panorama(run: SequentialRun) -> Pixels:
    return np.asarray(decoded(run.picture))


def decoded(picture: str) -> Image.Image:
    kind, content = picture.split(",", maxsplit=1)
    assert kind == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(content, validate=True)))


@cache
def our_panorama(frames: int, backend: str) -> Pixels:
    """What our own operators show after so many samples."""
    settings = load_settings(CONFIGURATION)
    hands = settings.hands.model_copy(update={"retargeting": backend})
    settings = settings.model_copy(update={"hands": hands})
    scene = build_scene(settings)
    preprocessor, retargeter = Preprocessor(), Retargeter.from_settings(settings)
    simulator = MujocoSimulator(scene, settings)
    messages = RecordingReader(resolve(settings.replay.recording)).messages(["head", "hands"])
    for frame, recorded in enumerate(islice(messages, 2 * frames)):
        match recorded.message:
            case Head() as head:
                preprocessor.update_head(head)
            case Hands() as sample:
                simulator.command(retargeter.retarget(preprocessor.targets(sample)), frame)
                simulator.step(4)
    with PanoramaCapture(scene.model, settings) as capture:
        return capture.capture(simulator.state().body_poses).pixels.copy()


def post_columns(panorama: Pixels, colour: tuple[float, float, float]) -> tuple[float, float]:
    """The middle of a post, in columns from the left edge, and how many it covers."""
    pixels = panorama[BELOW_THE_HORIZON].astype(float)
    tint = pixels - pixels.mean(axis=-1, keepdims=True)
    wanted = np.array(colour) - np.mean(colour)
    strength = np.linalg.norm(tint, axis=-1)
    likeness = tint @ wanted / (strength * np.linalg.norm(wanted) + 1e-9)
    seen = (likeness > 0.97) & (strength > 30.0)
    assert seen.any(), "nothing of this colour is to be seen"
    # A mean of angles, because a post may stand across both ends of a row.
    angles = (np.nonzero(seen)[1] + 0.5) * (2 * np.pi / WIDTH)
    middle = np.angle(np.exp(1j * angles).mean()) % (2 * np.pi)
    return float(middle * WIDTH / (2 * np.pi)), float(seen.sum(axis=1).mean())


@pytest.mark.gl
def test_the_picture_is_a_jpeg_of_the_panoramas_size(run: SequentialRun) -> None:
    picture = decoded(run.picture)
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (WIDTH, HEIGHT))


@pytest.mark.gl
@pytest.mark.parametrize("post", POSTS)
def test_posts_stand_where_ours_stand(run: SequentialRun, panorama: Pixels, post: str) -> None:
    expected, colour = POSTS[post]
    for shown in (panorama, our_panorama(run.frames, run.retargeting)):
        middle, columns = post_columns(shown, colour)
        away = (middle - expected + WIDTH / 2) % WIDTH - WIDTH / 2
        assert away == pytest.approx(0.0, abs=1.5)
        # JPEG smears colours by a pixel or two.
        assert columns == pytest.approx(POST_COLUMNS, abs=3.0)


@pytest.mark.gl
def test_the_hands_have_followed_as_ours_have(run: SequentialRun, panorama: Pixels) -> None:
    start, now = (
        our_panorama(frames, run.retargeting)[AROUND_THE_HANDS].astype(float)
        for frames in (0, run.frames)
    )
    theirs = panorama[AROUND_THE_HANDS].astype(float)
    assert np.abs(theirs - now).mean() < 0.6 * np.abs(theirs - start).mean()


@pytest.mark.gl
def test_only_the_default_quality_has_a_sky_and_shadows(quality: Quality, panorama: Pixels) -> None:
    sky = panorama[SKY].mean(axis=(0, 1))
    brown_table = panorama[455:520, 620:840].astype(int)
    shadow = (brown_table.max(axis=-1) < 70).mean()
    if quality == "default":
        assert sky[2] > sky[0] + 30
        assert shadow > 0.05
    else:
        assert sky.max() < 3
        assert shadow < 0.03


@pytest.mark.gl
def test_every_stage_is_timed(run: SequentialRun) -> None:
    assert run.frames == WARM_UP + 1
    assert [len(times) for times in run.stages_ms.values()] == [1] * 10
    assert all(times[0] > 0 for times in run.stages_ms.values())
    faces_and_jpeg = run.stages_ms["six faces"][0] + run.stages_ms["JPEG"][0]
    assert run.frame_ms(["six faces", "JPEG"]).tolist() == pytest.approx([faces_and_jpeg])


def test_samples_begin_again_with_their_own_heads(tmp_path: Path) -> None:
    def head(x: float) -> Head:
        return Head(
            source="test", client="", valid=True, stage_from_head=rigid(np.eye(3), (x, 0, 0))
        )

    example = next(RecordingReader(resolve("assets/recordings/two_hands")).messages(["hands"]))
    writer = RecordingWriter(tmp_path / "recording", settings={})
    for k in range(3):
        writer.write(head(k), Header(k, 10 * k))
        writer.write(example.message, Header(k, 10 * k + 5))
    writer.close()
    samples = islice(endless_samples(RecordingReader(tmp_path / "recording")), 7)
    assert [newest.stage_from_head[0, 3] for newest, _ in samples] == [0, 1, 2, 0, 1, 2, 0]
