import numpy as np
import pytest

from operators.joint_layout import (
    FINGER_METACARPALS,
    FINGERS,
    JOINT_LAYOUTS,
    MEDIAPIPE_FROM_WEBXR,
    MEDIAPIPE_JOINTS,
    WEBXR_JOINTS,
    mediapipe_from_webxr,
    webxr_from_mediapipe,
)

# The same joint's name in either layout: WebXR names bones by where they begin.
SAME_THUMB = dict(
    zip(
        ("CMC", "MCP", "IP", "TIP"),
        ("metacarpal", "phalanx-proximal", "phalanx-distal", "tip"),
        strict=True,
    )
)
SAME_FINGER = dict(
    zip(
        ("MCP", "PIP", "DIP", "TIP"),
        ("phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip"),
        strict=True,
    )
)


def test_webxr_has_the_25_joints_of_an_xrhand() -> None:
    # W3C WebXR Hand Input Module, the order of the enum XRHandJoint.
    assert len(WEBXR_JOINTS) == len(set(WEBXR_JOINTS)) == 25
    assert WEBXR_JOINTS[:6] == (
        "wrist",
        "thumb-metacarpal",
        "thumb-phalanx-proximal",
        "thumb-phalanx-distal",
        "thumb-tip",
        "index-finger-metacarpal",
    )
    assert WEBXR_JOINTS[23:] == ("pinky-finger-phalanx-distal", "pinky-finger-tip")
    assert [WEBXR_JOINTS[j] for j in FINGER_METACARPALS] == [
        f"{finger}-finger-metacarpal" for finger in FINGERS[1:]
    ]


@pytest.mark.parametrize("layout", JOINT_LAYOUTS.values(), ids=JOINT_LAYOUTS.keys())
def test_tips_are_tips(layout) -> None:
    assert [layout.joint_names[tip].lower().split("tip")[0][:4] for tip in layout.tips] == [
        finger[:4] for finger in FINGERS
    ]
    assert all(layout.joint_names[tip].lower().endswith("tip") for tip in layout.tips)
    assert layout.joint_names[0].lower() == "wrist"
    assert len(layout.joint_names) == len(layout.webxr_indices)


@pytest.mark.parametrize("number", range(1, 21))
def test_mediapipe_landmark_is_the_webxr_joint_of_that_name(number: int) -> None:
    # WebXR says pinky-finger, MediaPipe PINKY.
    finger, _, joint = MEDIAPIPE_JOINTS[number].rpartition("_")
    same = SAME_THUMB if finger == "THUMB" else SAME_FINGER
    finger = finger.lower().replace("_", "-").replace("pinky", "pinky-finger")
    assert WEBXR_JOINTS[MEDIAPIPE_FROM_WEBXR[number]] == f"{finger}-{same[joint]}"


def test_metacarpals_lie_between_wrist_and_knuckle() -> None:
    landmarks = np.zeros((21, 3))
    landmarks[0] = [1, 1, 1]
    landmarks[[5, 9, 13, 17]] = [[1, 1, 0], [1, 1, -1], [1, 3, 1], [2, 1, 1]]
    metacarpals = webxr_from_mediapipe(landmarks)[list(FINGER_METACARPALS)]
    np.testing.assert_allclose(
        metacarpals, [[1, 1, 0.59], [1, 1, 0.28], [1, 1.82, 1], [1.48, 1, 1]], atol=1e-12
    )


def test_nothing_else_is_changed() -> None:
    landmarks = np.random.default_rng(2).normal(size=(3, 2, 21, 3))
    np.testing.assert_array_equal(mediapipe_from_webxr(webxr_from_mediapipe(landmarks)), landmarks)


@pytest.mark.parametrize(
    ("convert", "given", "expected"),
    [(webxr_from_mediapipe, (25, 3), "21, 3"), (mediapipe_from_webxr, (2, 21, 3), "25, 3")],
)
def test_wrong_number_of_joints_is_refused(convert, given, expected) -> None:
    with pytest.raises(ValueError, match=rf"{expected}.*got \({given[0]}, "):
        convert(np.zeros(given))
