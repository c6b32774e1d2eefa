"""What the page makes of a tracked hand's joints, run in Node.js."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from operators.joint_layout import FINGER_METACARPALS
from operators.mano_frame import mirror_hand
from tests.operators.node_js import run_in_node

pytestmark = pytest.mark.browser

Array = NDArray[np.float64]

THUMB_TIP, INDEX_TIP, MIDDLE_TIP, RING_TIP, LITTLE_TIP = 4, 9, 14, 19, 24

SCRIPT = """
import { pinchOf, squeezeOf, touchedFinger } from "./page/hand_shape.js";
result = given.map((joints) => [pinchOf(joints), squeezeOf(joints), touchedFinger(joints)]);
"""


def flat_hand() -> Array:
    """A right hand with straight fingers, all in one plane: 25 joints in the wrist's frame, m."""
    joints = np.zeros((25, 3))
    joints[1:5] = [[-0.02 - 0.025 * i, 0, -0.03 - 0.02 * i] for i in range(4)]
    for finger, metacarpal in enumerate(FINGER_METACARPALS):
        direction = np.array([0.25 * (finger - 1.5), 0, -1.0])
        direction /= np.linalg.norm(direction)
        for bone, reach in enumerate((0.03, 0.09, 0.135, 0.16, 0.18)):
            joints[metacarpal + bone] = reach * direction
    return joints


def touching(finger_tip: int) -> Array:
    """The same with the thumb's tip 1 cm from a fingertip; the others point a little up."""
    joints = flat_hand()
    others = [tip for tip in (INDEX_TIP, MIDDLE_TIP, RING_TIP, LITTLE_TIP) if tip != finger_tip]
    joints[others, 1] += 0.02
    joints[THUMB_TIP] = joints[finger_tip] - np.array([0, 0.01, 0])
    return joints


def fist() -> Array:
    """Each finger folded onto itself: its tip is back at its first knuckle."""
    joints = flat_hand()
    for metacarpal in FINGER_METACARPALS:
        knuckle, middle = joints[metacarpal + 1], joints[metacarpal + 2]
        joints[metacarpal + 3] = middle - np.array([0, 0.024, 0])
        joints[metacarpal + 4] = knuckle - np.array([0, 0.02, 0])
    joints[THUMB_TIP] = joints[FINGER_METACARPALS[1] + 3]
    return joints


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Array], Any]:
    """Pinch, squeeze and which finger the thumb touches, of many hands (n, 25, 3)."""

    def run(hands: Array) -> Any:
        flat = hands.reshape(len(hands), 75).tolist()
        return run_in_node(SCRIPT, flat, tmp_path_factory.mktemp("node"))

    return run


@pytest.fixture(scope="module")
def shapes(read: Callable[[Array], Any]) -> Mapping[str, list[Any]]:
    hands = {
        "flat": flat_hand(),
        "pinch": touching(INDEX_TIP),
        "middle": touching(MIDDLE_TIP),
        "ring": touching(RING_TIP),
        "little": touching(LITTLE_TIP),
        "fist": fist(),
    }
    hands |= {f"left {name}": mirror_hand(hand) for name, hand in hands.items()}
    return dict(zip(hands, read(np.array(list(hands.values()))), strict=True))


@pytest.mark.parametrize("side", ["", "left "])
@pytest.mark.parametrize(
    ("name", "pinch", "squeeze", "touched"),
    [
        ("flat", (0, 0.01), (0, 0.01), None),
        ("pinch", (0.99, 1), (0, 0.01), None),
        ("middle", (0, 1), (0, 0.01), "middle"),
        ("ring", (0, 0.01), (0, 0.01), "ring"),
        ("little", (0, 0.01), (0, 0.01), "little"),
        ("fist", (0, 1), (0.75, 1), None),
    ],
)
def test_tells_shapes_apart(
    shapes: Mapping[str, list[Any]],
    side: str,
    name: str,
    pinch: tuple[float, float],
    squeeze: tuple[float, float],
    touched: str | None,
) -> None:
    given_pinch, given_squeeze, given_touched = shapes[side + name]
    assert pinch[0] <= given_pinch <= pinch[1]
    assert squeeze[0] <= given_squeeze <= squeeze[1]
    assert given_touched == touched


def test_a_relaxed_hand_does_nothing(
    read: Callable[[Array], Any], relaxed_left_hand: Array
) -> None:
    ((pinch, squeeze, touched),) = read(relaxed_left_hand[None])
    assert pinch < 0.1
    assert squeeze < 0.1
    assert touched is None


def test_depends_on_neither_place_nor_direction(read: Callable[[Array], Any]) -> None:
    hand = touching(INDEX_TIP)
    turned = hand[:, [2, 0, 1]] + [1.0, -2.0, 0.5]
    (here, there) = read(np.array([hand, turned]))
    assert here[:2] == pytest.approx(there[:2], abs=1e-9)
    assert here[2] == there[2]


def test_a_real_hand_touches_its_ring_finger_in_one_gesture(
    read: Callable[[Array], Any], human_hands: Array
) -> None:
    touched = np.array([finger for *_, finger in read(human_hands[:, 1])])
    # In one frame the gap is larger; the last three are on the way to the little finger.
    expected = [*range(409, 415), *range(416, 427), *range(512, 515)]
    assert np.flatnonzero(touched == "ring").tolist() == expected
    assert not (touched == "middle").any()  # its thumb never comes so near


def test_a_real_hand_stops_only_where_it_touches_its_little_finger(
    read: Callable[[Array], Any], human_hands: Array
) -> None:
    """Of 621 frames 26 do, in one gesture; fists, pinches and pointing among the others do not."""
    hand = human_hands[:, 1]
    _, squeeze, touched = (np.array(values) for values in zip(*read(hand), strict=True))
    gaps = np.linalg.norm(hand[:, THUMB_TIP] - hand[:, LITTLE_TIP], axis=-1)
    assert (touched == "little").sum() == 26
    assert gaps[touched == "little"].max() < 0.02
    assert np.median(squeeze) < 0.05
    assert squeeze.max() > 0.95
