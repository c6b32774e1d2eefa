"""The camera's nodes run alone, as dora runs them."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from operators.camera_messages import CameraImage
from operators.header import Header
from operators.joint_layout import mediapipe_from_webxr
from operators.mano_frame import mirror_hand
from operators.picture_source import VideoFile
from operators.pinhole import Pinhole
from operators.settings import ROOT
from tests.nodes.alone import Alone
from tests.operators.camera_hands import CAMERA_FROM_WRIST, keypoints, seen
from tests.operators.conftest import RELAXED_LEFT_MM

pytestmark = pytest.mark.node

EXCERPT = ROOT / "assets/videos/hand.mp4"
CONFIG = {"PANODORA_CONFIG": str(ROOT / "configs/teleop_video.yml")}


@pytest.fixture
def alone(tmp_path: Path) -> Any:
    def make(name: str, **environment: str) -> Alone:
        return Alone(name, tmp_path, {**CONFIG, **environment})

    return make


def data(sent: list[dict[str, Any]], output: str) -> list[Any]:
    return [message["data"] for message in sent if message["id"] == output]


def image(pixels: NDArray[np.uint8]) -> CameraImage:
    lens = Pinhole.guess(pixels.shape[1], pixels.shape[0], 60.0).lens
    return CameraImage(camera="", pixels=pixels, lens=lens, distortion=np.zeros(14))


def write_pictures(folder: Path, count: int, shape: tuple[int, int, int]) -> Path:
    folder.mkdir()
    for number in range(count):
        cv2.imwrite(str(folder / f"{number}.png"), np.full(shape, 10 * number, np.uint8))
    return folder


def test_camera_sends_pictures_and_says_that_it_has_finished(alone: Any, tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "pictures", 5, (6, 8, 3))
    node = alone("camera", PANODORA__CAMERA__SOURCE=str(pictures))
    for k in range(40):  # fed by files, dora takes an output only when the next input is due
        node.tick(0.05 * k)
    sent, said = node.run(["camera_image"], 2.1)
    images = data(sent, "camera_image")
    assert all(len(pixels) == 6 * 8 * 3 for pixels in images)
    shown = [int(np.unique(pixels).item()) for pixels in images]
    # A busy machine may leave some out: the newest wins.
    assert shown[0] == 0
    assert shown == sorted(set(shown))
    assert set(shown) <= {0, 10, 20, 30, 40}
    assert "camera: finished" in said
    assert "guessed to see 60 degrees across" in said
    assert "no picture from" not in said  # none is missed after the end


def test_paced_waits_for_who_looks(alone: Any, tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "pictures", 5, (6, 8, 3))
    node = alone("camera", PANODORA__CAMERA__SOURCE=str(pictures), PANODORA__CAMERA__PACE="paced")
    looked_at = keypoints(np.zeros((21, 2)), np.zeros((21, 3)))
    node.message("keypoints", looked_at, 0.8)  # at picture 0
    for k in range(40):
        node.tick(0.05 * k)
    sent, said = node.run(["camera_image"], 2.1)
    assert len(data(sent, "camera_image")) == 2
    assert "camera: finished" in said  # stopped while it waited


def test_keypoints_finds_the_hand(alone: Any) -> None:
    pytest.importorskip("mediapipe", reason="needs the extra `video`")
    source, node = VideoFile(EXCERPT), alone("keypoints")
    for k in range(3):
        pixels = source.read()
        assert pixels is not None
        node.message("camera_image", image(pixels), 0.3 * k, Header(7 + k, k * 33_000_000))
    node.message("camera_image", image(np.full((270, 480, 3), 90, np.uint8)), 1.0)
    sent, _ = node.run(["keypoints"], 1.4)
    found = [message[0] for message in data(sent, "keypoints")]
    # Of those that wait, the newest is taken: a slow machine looks at fewer.
    seen = [(message["image_seq"], message["valid"]) for message in found]
    assert seen[-1] == (3, [0, 0])
    assert seen[:-1] == [(seq, [0, 1]) for seq in (7, 8, 9) if (seq, [0, 1]) in seen]
    assert len(seen) > 1
    assert (found[0]["columns"], found[0]["rows"]) == (480, 270)


def test_monocular_sends_a_head_and_hands(alone: Any) -> None:
    wrist_joints = mediapipe_from_webxr(mirror_hand(RELAXED_LEFT_MM * 1e-3))
    joints = CAMERA_FROM_WRIST.apply(wrist_joints) + np.array([0.0, 0.0, 0.6])
    given = keypoints(seen(joints), joints - joints.mean(axis=0))
    node = alone("monocular")
    node.message("keypoints", given, 0.0)
    node.message("keypoints", keypoints(seen(joints), joints, lens=np.full(4, np.nan)), 0.1)
    sent, said = node.run(["head", "hands"], 0.4)
    heads = [message[0] for message in data(sent, "head")]
    assert [head["valid"] for head in heads] == [1, 1]
    assert np.reshape(heads[0]["stage_from_head"], (4, 4))[:3, 3].tolist() == [0.0, 1.6, 0.0]
    hands = [message[0] for message in data(sent, "hands")]
    assert [message["valid"] for message in hands] == [[0, 1], [0, 0]]
    assert {message["source"] for message in hands} == {"video"}
    assert "not followed: nothing is known of the camera's lens" in said


def test_a_360_degree_cameras_pictures_become_the_panorama(alone: Any, tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "pictures", 3, (32, 64, 3))
    node = alone(
        "panorama_camera",
        PANODORA__PANORAMA_CAMERA__SOURCE=str(pictures),
        PANODORA__PANORAMA_CAMERA__PACE="paced",
        PANODORA__PANORAMA_CAMERA__LOOP="false",
        PANODORA__PANORAMA__WIDTH="64",
        PANODORA__PANORAMA__FACE_SIZE="16",
    )
    for k in range(30):
        node.tick(0.05 * k)
    sent, _ = node.run(["panorama"], 1.6)
    panoramas = data(sent, "panorama")
    assert [set(pixels) for pixels in panoramas] == [{0}, {10}, {20}]
    assert all(len(pixels) == 32 * 64 * 3 for pixels in panoramas)


def test_what_is_not_equirectangular_is_said(alone: Any, tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "pictures", 3, (48, 64, 3))
    node = alone("panorama_camera", PANODORA__PANORAMA_CAMERA__SOURCE=str(pictures))
    for k in range(10):
        node.tick(0.05 * k)
    sent, said = node.run(["panorama"], 0.6)
    assert not sent
    assert "pictures are 64x48 px, but an equirectangular one is twice as wide as high" in said
