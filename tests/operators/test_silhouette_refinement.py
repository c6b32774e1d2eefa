"""Pictures for a fit by silhouettes: which of them count, and what is heard of the fit."""

import cv2
import numpy as np
import pytest

from operators import silhouette_refinement
from operators.overlay import robot_at_its_base
from operators.overlay_settings import OverlaySettings
from operators.pictured_robot import Readings
from operators.posed_camera import PosedCamera
from operators.robot_view import RobotModel
from operators.silhouette_refinement import STILL_S, VIEWS, SilhouetteRefinement
from tests.operators.seen_robots import seen_robot

BACKGROUND = np.zeros((48, 64, 3), np.uint8)


def at(angle: float) -> dict[str, Readings]:
    return {"left": Readings(np.full(7, angle)), "right": Readings(np.zeros(7))}


@pytest.fixture
def refinement() -> SilhouetteRefinement:
    made = SilhouetteRefinement(RobotModel(robot_at_its_base(OverlaySettings())))
    made.begin(fov_free=True)
    return made


def test_a_still_arm_is_one_pose(refinement: SilhouetteRefinement) -> None:
    for i in range(VIEWS):
        # A sensor's noise is no pose.
        said = refinement.add(BACKGROUND, BACKGROUND, at(1e-3 * i), float(i))
    assert said == "1 of 5 poses for the silhouettes; the arms stand still: move them"
    assert not refinement.complete
    refinement.add(BACKGROUND, BACKGROUND, at(0.0), STILL_S)
    assert refinement.complete
    assert refinement.fit == "outlines in 1 pose alone, the arms stood still,"


def test_arms_that_come_back_have_been_seen(refinement: SilhouetteRefinement) -> None:
    for i in range(2 * VIEWS - 1):
        refinement.add(BACKGROUND, BACKGROUND, at(0.1 * (i % 2)), float(i))
    assert not refinement.complete
    for i in range(2, VIEWS):
        said = refinement.add(BACKGROUND, BACKGROUND, at(0.1 * i), 10.0 + i)
    assert said == "5 of 5 poses for the silhouettes"
    assert refinement.complete


@pytest.mark.gl
@pytest.mark.parametrize("raised", [np.linalg.LinAlgError("singular"), cv2.error("remap")])
def test_whatever_ends_the_fit_is_heard(
    refinement: SilhouetteRefinement, raised: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise raised

    monkeypatch.setattr(silhouette_refinement, "align_silhouettes", fails)
    camera: PosedCamera = seen_robot().truth
    refinement.start(camera)
    refinement.close()
    assert refinement.outcome() is raised
    assert not refinement.busy
