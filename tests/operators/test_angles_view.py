import sys
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import pytest
import simplejpeg

from benchmarks.hand_rig import cameras, moving_hands, seen
from operators.angles_view import AnglesView
from operators.camera_messages import CameraImage, Keypoints
from operators.camera_settings import RerunSettings
from operators.capture_messages import HandAngles
from operators.settings import SettingsError
from operators.whole_body import LEFT_HAND, RIGHT_HAND, WHOLE_BODY_BONES, WHOLE_BODY_NAMES
from tests.operators.samples import sample

RIG = dict(zip(("front", "side"), cameras(2, (-0.2, 0.05, 0.0, 0.0, 0.0)), strict=True))


class Made:
    """What a constructor of rerun's was called with."""

    def __init__(self, kind: str, *given: Any, **named: Any) -> None:
        self.kind, self.given, self.named = kind, given, named


class StandIn(ModuleType):
    """rerun as far as a view uses it; keeps what is logged."""

    def __init__(self, name: str = "rerun") -> None:
        super().__init__(name)
        self.logged: dict[str, Any] = {}
        self.blueprints: list[Any] = []
        self.times: list[float] = []

    def __getattr__(self, name: str) -> Any:
        if name in ("blueprint", "ViewCoordinates", "TransformRelation"):
            return StandIn(name)
        if name in ("RDF", "ChildFromParent"):
            return name
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *given, **named: Made(name, *given, **named)

    def RecordingStream(self, _: str) -> "StandIn":  # noqa: N802  rerun's name
        return self

    def log(self, path: str, what: Any, static: bool = False) -> None:
        self.logged[path] = what

    def send_blueprint(self, blueprint: Any) -> None:
        self.blueprints.append(blueprint)

    def set_time(self, _: str, duration: float) -> None:
        self.times.append(duration)

    def save(self, _: Path) -> None:
        pass


@pytest.fixture
def rerun(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setitem(sys.modules, "rerun", stand_in)
    return stand_in


@pytest.fixture
def view(rerun: StandIn, tmp_path: Path) -> AnglesView:
    return AnglesView(RerunSettings(to=str(tmp_path / "angles.rrd")), RIG)


def fitted(**changed: Any) -> HandAngles:
    joints = moving_hands(1).joints[0]
    content = {"joints": joints, "triangulated": joints + 0.001} | changed
    return cast(HandAngles, sample(HandAngles, **content))


def test_three_classes_have_the_seeds_colours(rerun: StandIn, view: AnglesView) -> None:
    (classes,) = rerun.logged["/"].given
    infos = [made.named["info"].named for made in classes]
    assert [(info["id"], info["label"], info["color"]) for info in infos] == [
        (0, "Triangulated Hand", (0, 0, 255)),
        (1, "Optimized Hand", (255, 0, 0)),
        (2, "Wholebody 133", (0, 0, 0)),
    ]
    assert [len(made.named["keypoint_annotations"]) for made in classes] == [21, 21, 133]
    assert [len(made.named["keypoint_connections"]) for made in classes[:2]] == [20, 20]


def test_the_blueprint_has_a_view_a_camera(rerun: StandIn, view: AnglesView) -> None:
    (blueprint,) = rerun.blueprints
    (beside,) = blueprint.given
    space, grid = beside.given
    assert (space.kind, space.named["origin"]) == ("Spatial3DView", "rig")
    assert [(made.kind, made.named["origin"]) for made in grid.given] == [
        ("Spatial2DView", f"rig/cameras/{name}/picture") for name in RIG
    ]


def test_pictures_are_jpeg_of_quality_15(rerun: StandIn, view: AnglesView) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 255, (48, 64, 3), dtype=np.uint8)
    image = CameraImage(camera="side", pixels=pixels, lens=np.zeros(4), distortion=np.zeros(14))
    view.show_image(image, 2_500_000_000)
    picture = rerun.logged["rig/cameras/side/picture"]
    assert picture.named["contents"] == simplejpeg.encode_jpeg(pixels, quality=15)
    assert rerun.times == [2.5]


def test_hands_are_shown_twice_in_space_and_in_each_picture(
    rerun: StandIn, view: AnglesView
) -> None:
    angles = fitted()
    view.show_angles(angles, 0)
    for side, name in enumerate(("left", "right")):
        before, after = (
            rerun.logged[f"rig/{name}_{which}"] for which in ("triangulated", "optimized")
        )
        assert (before.named["class_ids"], after.named["class_ids"]) == (0, 1)
        np.testing.assert_array_equal(before.given[0], angles.triangulated[side])
        np.testing.assert_array_equal(after.given[0], angles.joints[side])
        expected = seen(list(RIG.values()), angles.joints[side])
        for camera, pixels in zip(RIG, expected, strict=True):
            drawn = rerun.logged[f"rig/cameras/{camera}/picture/{name}_optimized"]
            np.testing.assert_allclose(drawn.given[0], pixels, atol=1e-9)
            assert drawn.named["class_ids"] == 1


def test_what_is_not_there_is_not_drawn(rerun: StandIn, view: AnglesView) -> None:
    angles = fitted()
    triangulated = angles.triangulated.copy()
    triangulated[0, 3] = np.nan
    view.show_angles(fitted(triangulated=triangulated, valid=np.array([True, False])), 0)
    left = rerun.logged["rig/left_triangulated"]
    assert 3 not in left.named["keypoint_ids"]
    assert len(left.given[0]) == 20
    assert len(rerun.logged["rig/right_optimized"].given[0]) == 0


def test_the_whole_body_is_its_own_class_and_unsure_points_are_left_out(
    rerun: StandIn, view: AnglesView
) -> None:
    body = np.column_stack([np.arange(133.0), np.arange(133.0), np.full(133, 0.9)])
    body[5, 2] = 0.1
    body[6] = np.nan
    keypoints = sample(Keypoints, camera="front", body=body)
    view.show_keypoints(keypoints, 0)
    shown = rerun.logged["rig/cameras/front/picture/body"]
    assert shown.named["class_ids"] == 2
    assert shown.named["keypoint_ids"].tolist() == [i for i in range(133) if i not in (5, 6)]
    assert rerun.logged["rig/cameras/front/picture/left_keypoints"].named["class_ids"] == 0


def test_the_whole_bodys_points_are_where_the_data_set_has_them() -> None:
    assert len(WHOLE_BODY_NAMES) == 133
    assert WHOLE_BODY_NAMES[9] == "left_wrist"
    assert WHOLE_BODY_NAMES[22] == "right_heel"
    assert WHOLE_BODY_NAMES[LEFT_HAND] == "left_hand_wrist"
    assert WHOLE_BODY_NAMES[111] == "left_hand_pinky_tip"
    assert WHOLE_BODY_NAMES[RIGHT_HAND] == "right_hand_wrist"
    assert {point for bone in WHOLE_BODY_BONES for point in bone} == set(range(133))


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rerun", None)
    with pytest.raises(SettingsError, match=r"pip install 'panodora\[rerun\]'"):
        AnglesView(RerunSettings(), RIG)


def test_a_recording_holds_it_all(tmp_path: Path) -> None:
    pytest.importorskip("rerun", reason="needs the extra `rerun` (790 MB)")
    path = tmp_path / "angles.rrd"
    real = AnglesView(RerunSettings(to=str(path)), RIG)
    image = CameraImage(
        camera="side",
        pixels=np.zeros((480, 640, 3), np.uint8),
        lens=np.zeros(4),
        distortion=np.zeros(14),
    )
    real.show_image(image, 0)
    real.show_angles(fitted(), 0)
    real.close()
    content = path.read_bytes()
    for entity in (b"rig/cameras/side/picture", b"rig/left_optimized", b"rig/right_triangulated"):
        assert entity in content
