import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from operators.hands import SIDES, Hand
from operators.retargeting import HandRetargeter
from operators.retargeting_backends import BACKENDS, DexiBackend
from operators.settings import ROOT, SettingsError

Floats = NDArray[np.float64]
Fingertips = Callable[[Hand, Mapping[str, float]], Floats]

RIGHT = "configs/hands/inspire_right.yml"
FINGERS = ("index", "middle", "ring", "pinky")
LEADERS = ["R_thumb_proximal_pitch_joint", *(f"R_{finger}_proximal_joint" for finger in FINGERS)]
TIPS = ["R_thumb_tip", *(f"R_{finger}_tip" for finger in FINGERS)]

VECTOR = f"""
  type: vector
  target_origin_link_names: {["R_hand_base_link"] * 5}
  target_task_link_names: {TIPS}
  target_link_human_indices: [[0, 0, 0, 0, 0], [4, 9, 14, 19, 24]]
  scaling_factor: 1.1
"""
DEXPILOT = f"""
  type: dexpilot
  wrist_link_name: R_hand_base_link
  finger_tip_link_names: {TIPS}
  scaling_factor: 1.1
"""

# `DexPilotOptimizer.generate_link_indices(5)` of dex-retargeting 0.5.0: where the robot's vectors
# start and end, 0 the wrist, 1 to 5 thumb to pinky.
DEXPILOT_PAIRS = (
    [2, 3, 4, 5, 3, 4, 5, 4, 5, 5, 0, 0, 0, 0, 0],
    [1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 1, 2, 3, 4, 5],
)


def inspire(folder: Path, words: str) -> Hand:
    """The shipped right hand under other words."""
    text, _, _ = ROOT.joinpath(RIGHT).read_text().partition("retargeting:\n")
    path = folder / "hand.yml"
    path.write_text(text.replace("../../assets", str(ROOT / "assets")) + f"retargeting:{words}")
    return Hand.load(path)


def settled(hand: Hand, joints: Floats) -> dict[str, float]:
    """Joint positions by name after the objective has let go of its last answer."""
    retargeter = HandRetargeter(hand)
    for _ in range(30):
        found = retargeter.retarget(joints)
    return dict(zip(retargeter.joint_names, found, strict=True))


class ShuffledBackend(DexiBackend):
    """A library whose joints come in another order."""

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand)
        self.joint_names = self.joint_names[::-1]  # type: ignore[misc]

    def solve(self, vectors: Floats) -> Floats:
        return super().solve(vectors)[::-1]


def test_joints_are_matched_by_name(
    tmp_path: Path, human_hands: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = inspire(tmp_path, VECTOR)
    expected = HandRetargeter(hand).retarget(human_hands[300, 1])
    monkeypatch.setitem(BACKENDS, "dexi", ShuffledBackend)
    np.testing.assert_array_equal(HandRetargeter(hand).retarget(human_hands[300, 1]), expected)


def test_joint_that_is_no_target_stays_at_zero(tmp_path: Path, human_hands: Floats) -> None:
    free = settled(inspire(tmp_path, VECTOR), human_hands[520, 1])
    assert free["R_thumb_proximal_yaw_joint"] > 0.5
    words = f"{VECTOR}  target_joint_names: {LEADERS}\n"
    fixed = settled(inspire(tmp_path, words), human_hands[520, 1])
    assert fixed["R_thumb_proximal_yaw_joint"] == 0.0
    assert fixed["R_index_proximal_joint"] == pytest.approx(free["R_index_proximal_joint"], abs=0.1)


def test_dexpilot_closes_a_pinch(
    tmp_path: Path, human_hands: Floats, fingertips: Fingertips
) -> None:
    distances = np.linalg.norm(human_hands[:, 1, 4] - human_hands[:, 1, 9], axis=-1)
    pinch = human_hands[np.argmin(distances), 1]
    assert distances.min() < 0.03  # project_dist
    gaps = {}
    for words in (VECTOR, DEXPILOT):
        hand = inspire(tmp_path, words)
        thumb, index, *_ = fingertips(hand, settled(hand, pinch))
        gaps[words] = np.linalg.norm(thumb - index)
    assert gaps[DEXPILOT] < 0.5 * gaps[VECTOR]


def test_dexpilots_human_vectors_go_as_the_robots(tmp_path: Path) -> None:
    retargeter = HandRetargeter(inspire(tmp_path, DEXPILOT))
    human = [0, 4, 9, 14, 19, 24]
    assert retargeter._starts == [human[finger] for finger in DEXPILOT_PAIRS[0]]
    assert retargeter._ends == [human[finger] for finger in DEXPILOT_PAIRS[1]]


def test_absent_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == "dex_retargeting":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "dex_retargeting", None)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=r"hands.retargeting: .*panodora\[reference\].*dexi"):
        HandRetargeter(Hand.load(RIGHT), "dex-retargeting")


def test_what_the_library_refuses_names_the_file(tmp_path: Path) -> None:
    # dexi-rs needs every joint that others mimic among the targets.
    hand = inspire(tmp_path, f"{VECTOR}  target_joint_names: {LEADERS[:-1]}\n")
    with pytest.raises(SettingsError, match=rf"{hand.path}: .*dexi-rs refuses it: .*R_pinky"):
        HandRetargeter(hand)


def largest_differences(hand: Hand, joints: Floats) -> Floats:
    """Of any joint between the two backends, a frame (frames,), rad."""
    dexi, original = HandRetargeter(hand, "dexi"), HandRetargeter(hand, "dex-retargeting")
    return np.array([np.abs(dexi.retarget(j) - original.retarget(j)).max() for j in joints])


@pytest.mark.parametrize("words", [VECTOR, DEXPILOT], ids=["vector", "dexpilot"])
def test_backends_agree_on_real_hands(tmp_path: Path, human_hands: Floats, words: str) -> None:
    pytest.importorskip("dex_retargeting", reason="needs the extra `reference`")
    difference = largest_differences(inspire(tmp_path, words), human_hands[::5, 1])
    assert np.median(difference) < 0.02
    assert np.percentile(difference, 90) < 0.1


@pytest.mark.parametrize("side", SIDES)
def test_backends_agree_on_the_shipped_hands(human_hands: Floats, side: str) -> None:
    pytest.importorskip("dex_retargeting", reason="needs the extra `reference`")
    hand = Hand.load(f"configs/hands/inspire_{side}.yml")
    difference = largest_differences(hand, human_hands[:, SIDES.index(side)])
    assert np.median(difference) < 0.005
    assert np.percentile(difference, 90) < 0.02


def test_dexpilots_pairs_are_the_librarys() -> None:
    library = pytest.importorskip("dex_retargeting.optimizer", reason="needs `reference`")
    pairs = library.DexPilotOptimizer.generate_link_indices(5)
    assert tuple(map(list, pairs)) == DEXPILOT_PAIRS
