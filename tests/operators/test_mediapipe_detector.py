"""MediaPipe on a real hand: the shipped excerpt, and the whole video where it is at hand."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from operators.camera import Camera
from operators.camera_settings import CameraSettings, KeypointsSettings
from operators.hand_placement import wrist_rotation
from operators.joint_layout import webxr_from_mediapipe
from operators.keypoint_detector import DetectedHand
from operators.keypoint_finder import KeypointFinder
from operators.lens import Lens
from operators.mano_frame import wrist_joints_from_mano
from operators.mediapipe_detector import MediapipeDetector
from operators.picture_source import VideoFile
from operators.settings import ROOT, SettingsError

mediapipe = pytest.importorskip("mediapipe", reason="needs the extra `video`")

EXCERPT = ROOT / "assets/videos/hand.mp4"
PERIOD_NS = 33_333_333


def pictures(path: Path, count: int) -> Iterator[NDArray[np.uint8]]:
    source = VideoFile(path)
    for _ in range(count):
        pixels = source.read()
        assert pixels is not None
        yield pixels


def detected(path: Path, count: int, mirrored: bool = False) -> list[DetectedHand]:
    with MediapipeDetector(KeypointsSettings()) as detector:
        found = []
        for number, pixels in enumerate(pictures(path, count)):
            if mirrored:
                pixels = pixels[:, ::-1]
            (hand,) = detector.detect(pixels, 33 * number).hands
            found.append(hand)
        return found


def test_joints_are_in_the_picture_where_its_hand_is() -> None:
    hands = detected(EXCERPT, 20)
    for hand in hands:
        wrist, middle_tip = hand.pixels[0], hand.pixels[12]
        assert 200 < wrist[0] < 320  # of 480x270 pixels, as one sees in the excerpt
        assert 130 < wrist[1] < 190
        assert middle_tip[1] < wrist[1] - 40  # fingers up
        length = np.linalg.norm(np.diff(hand.landmarks[[0, 9, 10, 11, 12]], axis=0), axis=1).sum()
        assert 0.14 < length < 0.22


@pytest.mark.parametrize("mirrored", [False, True])
def test_which_hand_it_is_depends_on_the_mirror(mirrored: bool) -> None:
    right = np.array([hand.right for hand in detected(EXCERPT, 20, mirrored)])
    assert ((right < 0.5) == mirrored).all()


@pytest.mark.parametrize(
    ("is_mirrored", "said_so", "side"), [(False, False, 1), (True, True, 1), (True, False, 0)]
)
def test_a_mirrored_source_gives_the_right_hand_if_it_is_said_to_be_one(
    tmp_path: Path, is_mirrored: bool, said_so: bool, side: int
) -> None:
    for number, pixels in enumerate(pictures(EXCERPT, 10)):
        shown = pixels[:, ::-1] if is_mirrored else pixels
        cv2.imwrite(str(tmp_path / f"{number}.png"), shown[..., ::-1])
    settings = CameraSettings(source=tmp_path, mirrored=said_so, pace="paced", rate_hz=1000)
    camera, lens = Camera(settings, "camera", print), Lens(settings, print)
    with KeypointFinder(KeypointsSettings()) as finder:
        for number in range(10):
            taken = camera.next()
            assert taken is not None
            found = finder.find(lens.image(taken.pixels), number, number * PERIOD_NS)
            assert found.valid.tolist() == [side == 0, side == 1]


def test_a_mirrored_hand_is_the_mirror_image() -> None:
    plain, mirrored = (detected(EXCERPT, 10, m)[-1] for m in (False, True))
    flipped = mirrored.pixels * [-1, 1] + [479, 0]
    assert np.abs(flipped - plain.pixels).mean() < 4.0


def test_a_picture_without_a_hand_has_none() -> None:
    with MediapipeDetector(KeypointsSettings()) as detector:
        assert detector.detect(np.full((120, 160, 3), 90, np.uint8), 0).hands == ()


def test_pictures_of_one_time_and_not_contiguous_ones_are_taken() -> None:
    (pixels,) = pictures(EXCERPT, 1)
    with MediapipeDetector(KeypointsSettings()) as detector:
        for _ in range(3):
            assert len(detector.detect(pixels[::-1][::-1], 7).hands) == 1


def test_versions_that_talk_to_the_network_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mediapipe, "__version__", "0.10.35")
    with pytest.raises(SettingsError, match=r"0\.10\.35 is not known to stay off the network"):
        MediapipeDetector(KeypointsSettings())


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.task"
    path.write_bytes(b"not a model")
    with pytest.raises(SettingsError, match=r"keypoints\.mediapipe_model: MediaPipe cannot use it"):
        MediapipeDetector(KeypointsSettings(mediapipe_model=path))


def test_hands_of_the_video_are_those_that_another_mediapipe_has_seen(
    shared_folder: Path, human_hand_mano: NDArray[np.float64]
) -> None:
    """dex-retargeting has had this video evaluated by MediaPipe's older interface."""
    expected = wrist_joints_from_mano(human_hand_mano)
    finder = KeypointFinder(KeypointsSettings())
    lens = Lens(CameraSettings(), lambda *_: None)
    off_mm = []
    for number, pixels in enumerate(pictures(shared_folder / "data/human_hand_video.mp4", 90)):
        found = finder.find(lens.image(pixels), number, number * PERIOD_NS)
        assert found.valid.tolist() == [False, True]
        joints = found.landmarks[1] - found.landmarks[1, 0]
        own = webxr_from_mediapipe(joints @ wrist_rotation(joints, 1))
        off_mm.append(np.linalg.norm(own - expected[number], axis=1).mean() * 1e3)
    finder.close()
    assert np.median(off_mm) < 1.0
    assert max(off_mm[1:]) < 5.0  # the first pictures depend on what came before them
