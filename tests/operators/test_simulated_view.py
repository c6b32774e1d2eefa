import mujoco
import numpy as np
import pytest

from operators.look_at_camera import LookAtCamera
from operators.mujoco_camera import MujocoCamera
from operators.pinhole import Pinhole
from operators.posed_camera import PosedCamera
from operators.simulated_view import add_camera

BALLS = np.array(
    [[0.3, 0.1, 0.1], [0.0, -0.2, 0.3], [-0.2, 0.3, 0.0], [0.2, -0.3, -0.2], [0.1, 0.2, 0.4]]
)


@pytest.mark.gl
@pytest.mark.parametrize(
    "pinhole",
    [
        Pinhole(320, 240, 300.0, 300.0, 159.5, 119.5),
        Pinhole(320, 240, 300.0, 260.0, 140.2, 135.7),
        Pinhole(200, 300, 240.0, 250.0, 110.0, 130.0),
    ],
    ids=["middle", "aside", "upright"],
)
def test_the_simulator_sees_points_where_they_project(pinhole: Pinhole) -> None:
    looking = LookAtCamera((1.6, 0.5, 0.9), (0.0, 0.0, 0.1), 1.0)
    camera = PosedCamera(looking.camera_from_kinematic_base(0.1), pinhole)
    spec = mujoco.MjSpec()
    for i, ball in enumerate(BALLS):
        spec.worldbody.add_geom(
            name=f"ball{i}", type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.03, 0, 0], pos=ball
        )
    add_camera(spec, "view", camera)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    view = MujocoCamera(model, "view", pinhole.width, pinhole.height)
    try:
        seen = view.seen_geoms(data)
    finally:
        view.close()
    expected = camera.project(BALLS)
    for i in range(len(BALLS)):
        rows, columns = np.nonzero(seen == model.geom(f"ball{i}").id)
        assert len(rows) > 30
        found = [columns.mean(), rows.mean()]
        np.testing.assert_allclose(found, expected[i], atol=0.35)
