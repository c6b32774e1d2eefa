"""The nodes of several cameras run alone, as dora runs them."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from nodes import triangulate
from nodes.runtime import DataflowNode, Taken, declared_input
from operators.angles_file import AnglesFile
from operators.arrow_encoding import encode
from operators.calibration import Calibration
from operators.calibration_file import write_calibration
from operators.camera_messages import Keypoints
from operators.hand_triangulation import HandTriangulation
from operators.header import Header, Stamp, trail_of
from operators.usage_error import UsageError
from tests.nodes.alone import Alone, Sent
from tests.operators.captured_hands import RIGHT, fitted, joints_at, seen_by
from tests.operators.rigs import two_cameras

pytestmark = pytest.mark.node

PERIOD_NS = 33_333_333


@pytest.fixture
def alone(tmp_path: Path) -> Any:
    """A node, with the settings of two cameras of this pace."""
    calibration = write_calibration(Calibration(1, "marker", two_cameras()), tmp_path)

    def make(name: str, pace: str) -> Alone:
        views = Path(__file__).parents[2] / "assets/videos/two_view"
        capture = {
            "calibration": str(calibration),
            "cameras": {
                side: {"source": str(views / f"cam{k}.mp4"), "pace": pace}
                for k, side in enumerate(two_cameras())
            },
            "angles": str(tmp_path / "angles.parquet"),
        }
        config = tmp_path / "settings.yml"
        config.write_text(yaml.safe_dump({"capture": capture}))
        return Alone(name, tmp_path, {"PANODORA_CONFIG": str(config)})

    return make


def sees(node: Alone, camera: str, number: int, at_s: float) -> None:
    seen = seen_by(camera, joints_at(number / 30)[RIGHT], number)
    node.message(f"keypoints_{camera}", seen, at_s, Header(number, number * PERIOD_NS))


def ends(node: Alone, input_name: str, at_s: float) -> None:
    node.events.append({"time_offset_secs": at_s, "type": "InputClosed", "id": input_name})


def data(sent: list[dict[str, Any]], output: str) -> list[dict[str, Any]]:
    return [message["data"][0] for message in sent if message["id"] == output]


def test_footage_that_ends_sooner_is_not_waited_for_and_with_the_last_one_it_ends(
    alone: Any,
) -> None:
    node = alone("triangulate", "footage")
    for number in range(3):
        sees(node, "left", number, 0.1 * number)
    for number in range(2):
        sees(node, "right", number, 0.35 + 0.1 * number)
    node.tick(0.6)
    ends(node, "keypoints_right", 0.8)
    ends(node, "keypoints_left", 0.9)
    node.tick(1.0)
    sent, said = node.run(["hand_joints"], 60.0)  # ends long before it is told to
    joints = data(sent, "hand_joints")
    assert [moment["image_seqs"] for moment in joints] == [[0, 0], [1, 1], [2, -1]]
    assert [moment["valid"] for moment in joints] == [[0, 1], [0, 1], [0, 0]]
    assert "has given nothing" not in said
    at = np.array(joints[1]["joints"], float).reshape(2, 21, 3)[RIGHT]
    np.testing.assert_allclose(at, joints_at(1 / 30)[RIGHT], atol=1e-5)


def test_the_camera_of_a_picture_that_is_left_out_is_told(alone: Any) -> None:
    node = alone("triangulate", "footage")
    sees(node, "left", 1, 0.0)
    sees(node, "right", 1, 0.1)
    sees(node, "right", 0, 0.2)  # its clock went back
    sent, said = node.run(["hand_joints", "left_out"], 1.0)
    assert [moment["image_seqs"] for moment in data(sent, "hand_joints")] == [[1, 1]]
    assert [(o["cameras"], o["image_seqs"]) for o in data(sent, "left_out")] == [(["right"], [0])]
    assert "camera 'right': its clock went back" in said


def test_a_camera_that_the_dataflow_lacks_is_named() -> None:
    connected = {"keypoints_left", "tick"}
    triangulate.check_inputs(connected, ["left"])
    with pytest.raises(UsageError, match=r"right: .* no input keypoints_right, only keypoints_l"):
        triangulate.check_inputs(connected, ["left", "right"])


def test_the_end_of_footage_comes_after_pictures_that_are_later_than_this_machine_is_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = DataflowNode("triangulate", inputs={"keypoints_*": Keypoints}, hears_of_ends=True)
    late = Header(0, 10**18).to_metadata()
    value, kind = encode(seen_by("left", joints_at(0.0)[RIGHT]))
    events = [
        {"type": "INPUT_CLOSED", "id": "keypoints_right"},
        {"type": "INPUT", "id": "keypoints_left", "value": value, "metadata": {**kind, **late}},
    ]
    feed = SimpleNamespace(next=lambda: events.pop(0), drain=lambda: [events.pop(0)])
    monkeypatch.setattr(node, "_node", feed)
    taken = iter(node)
    assert [next(taken).has_ended for _ in range(2)] == [False, True]


@pytest.mark.parametrize("detection_ms", [8, 45])
@pytest.mark.parametrize("clock_ms", [0, 10**9])
def test_how_long_a_detector_takes_is_no_other_clock(detection_ms: int, clock_ms: int) -> None:
    ms = 1_000_000
    read, found = clock_ms * ms, (clock_ms + 3 + detection_ms) * ms
    trail = trail_of(
        [
            Stamp("camera", read, read, read + 2 * ms, 0),
            Stamp("keypoints", read + 3 * ms, read + 3 * ms, found, 0),
        ]
    )
    here = (500 + 3 + detection_ms + 1) * ms
    taken = Taken("keypoints_left", None, Header(0, read, trail=trail), here, here)
    assert triangulate.arrival_ns(taken) == (500 + 2) * ms


@pytest.mark.parametrize(
    ("name", "declared"),
    [("tick", "tick"), ("keypoints_left", "keypoints_*"), ("keypoints", None), ("other", None)],
)
def test_an_input_that_ends_in_a_star_stands_for_many(name: str, declared: str | None) -> None:
    assert declared_input(name, {"keypoints_*": None, "tick": None}) == declared


SEEN_BY_BOTH = 4


def test_a_live_camera_that_stops_is_named_and_the_other_goes_on(alone: Any) -> None:
    node = alone("triangulate", "live")
    node.tick(0.0)
    for number in range(150):
        if number < SEEN_BY_BOTH:
            sees(node, "right", number, 0.1 * number + 0.1)
        sees(node, "left", number, 0.1 * number + 0.1)
        node.tick(0.1 * number + 0.15)

    def seqs(sent: Sent) -> list[list[int]]:
        return [moment["image_seqs"] for moment in data(sent, "hand_joints")]

    sent, said = node.run_until(["hand_joints"], lambda sent: len(seqs(sent)) > 15)
    # A machine that stops between the two of a moment takes them for two.
    assert any(left == right for left, right in seqs(sent))
    assert all(right == -1 for left, right in seqs(sent) if left >= SEEN_BY_BOTH)
    assert "camera 'right' has given nothing for 1 s; going on with left" in said


def test_live_hands_are_fitted_as_they_come(alone: Any) -> None:
    pytest.importorskip("jax", reason="needs the extra `capture`")
    node = alone("fit_hands", "live")
    triangulation = HandTriangulation(two_cameras(), 15.0)
    for number in range(3):
        joints = joints_at(number / 30)[RIGHT]
        views = {name: seen_by(name, joints, number) for name in two_cameras()}
        node.message("hand_joints", triangulation.triangulate(views, 0), 0.1 * number)
    sent, _ = node.run(["hand_angles", "moment_taken"], 1.0)
    angles = data(sent, "hand_angles")
    assert [moment["image_seqs"] for moment in angles] == [[0, 0], [1, 1], [2, 2]]
    assert [moment["valid"] for moment in angles] == [[0, 1]] * 3
    at = np.array(angles[2]["joints"], float).reshape(2, 21, 3)[RIGHT]
    np.testing.assert_allclose(at, joints_at(2 / 30)[RIGHT], atol=3e-3)
    assert not data(sent, "moment_taken")


def test_angles_are_written_and_each_is_told_of(alone: Any, tmp_path: Path) -> None:
    node = alone("write_angles", "footage")
    for number in range(4):
        header = Header(number, number * PERIOD_NS)
        node.message("hand_angles", fitted(number / 30, number), 0.1 * number, header)
    ends(node, "hand_angles", 0.5)
    sent, said = node.run(["moment_written"], 0.8)
    assert [moment["image_seqs"] for moment in data(sent, "moment_written")] == [
        [number, number] for number in range(4)
    ]
    angles = AnglesFile.read(tmp_path / "angles.parquet")
    assert angles.time_ns.tolist() == [number * PERIOD_NS for number in range(4)]
    np.testing.assert_array_equal(angles["joints"][3], fitted(0.1, 3).joints)
    assert "4 moments; right hand in 100.0%" in said
    assert "bones: left mirrored, right measured" in said


@pytest.mark.parametrize(
    ("seqs", "words"),
    [
        ([0, 1, 2], None),
        ([2, 3], "2 moments are missing before pictures [2 2]"),
        ([0, 1, 4], "2 moments are missing before pictures [4 4]"),
    ],
)
def test_moments_that_are_missing_are_said(alone: Any, seqs: list[int], words: str | None) -> None:
    node = alone("write_angles", "footage")
    for number, seq in enumerate(seqs):
        node.message("hand_angles", fitted(seq / 30, seq), 0.1 * number)
    _, said = node.run(["moment_written"], 0.8)
    assert (words is not None) == ("moments are missing" in said)
    assert words is None or words in said


def test_a_file_of_footage_that_fails_has_not_its_name(alone: Any, tmp_path: Path) -> None:
    (tmp_path / "angles.parquet").write_bytes(b"before")
    node = alone("write_angles", "footage")
    node.message("hand_angles", fitted(0.0, 0), 0.0)
    other = replace(fitted(0.1, 1), cameras=("left", "door"))
    node.message("hand_angles", other, 0.1)
    _, said = node.run(["moment_written"], 0.8, status=2)
    assert "expected a moment of left, right, got one of left, door" in said
    assert (tmp_path / "angles.parquet").read_bytes() == b"before"
    partial = (tmp_path / "angles.parquet.partial").rename(tmp_path / "rest.parquet")
    assert len(AnglesFile.read(partial)) == 1


def test_a_file_of_footage_that_is_stopped_has_not_its_name(alone: Any, tmp_path: Path) -> None:
    node = alone("write_angles", "footage")
    node.message("hand_angles", fitted(0.0, 0), 0.0)
    _, said = node.run(["moment_written"], 0.5)
    assert "stopped before the footage's end" in said
    assert not (tmp_path / "angles.parquet").exists()


def test_fitted_hands_are_placed_before_the_operator(alone: Any) -> None:
    node = alone("place_hands", "live")
    node.message("hand_angles", fitted(0.0, 0), 0.0)
    sent, _ = node.run(["hands", "head"], 0.3)
    (hands,) = data(sent, "hands")
    assert hands["valid"] == [0, 1]
    assert hands["source"] == "cameras"
    (head,) = data(sent, "head")
    assert head["valid"] == 1
