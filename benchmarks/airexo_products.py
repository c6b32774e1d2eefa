"""AirExo-2's transforms as its own code multiplies them, against ours composed by name.

The matrices are typed here again, in float64, from its `constants.py`; the originals are float32.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from operators.calibration import CalibratedCamera, Calibration, InHand, Optimised
from operators.frame_configuration import load_frames
from operators.frames import FrameTree, Transform
from operators.pinhole import Pinhole
from operators.settings import ROOT
from operators.transforms import rigid, rotation_from_quaternion

Matrix = NDArray[np.float64]

S = np.sqrt(2.0) / 2.0
O3D_RENDER = np.diag([1.0, -1.0, -1.0, 1.0])
ROBOT_PREDEFINED = np.array([[0.0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
LEFT_PREDEFINED = np.array([[1.0, 0, 0, 0], [0, S, S, 0], [0, -S, S, 0], [0, 0, 0, 1]])
RIGHT_PREDEFINED = np.array([[1.0, 0, 0, 0], [0, S, -S, 0], [0, S, S, 0], [0, 0, 0, 1]])
AIREXO_PREDEFINED = np.array([[0.0, 1, 0, 0], [1, 0, 0, 0], [0, 0, -1, 0], [0, 0, 0, 1]])
AIREXO_BASE_TO_MARKER = np.array(
    [[0.0, 1, 0, 0], [0, 0, 1, 0.095], [1, 0, 0, 0.3525], [0, 0, 0, 1]]
)
TCP_TO_FLANGE = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, -0.170], [0, 0, 0, 1]])
LEFT_TO_REAL = np.array([[1.0, 0, 0, 0], [0, 1, 0, -0.135], [0, 0, 1, 0], [0, 0, 0, 1]])
RIGHT_TO_REAL = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0.135], [0, 0, 1, 0], [0, 0, 0, 1]])
LEFT_TCP_TO_JOINT7 = np.array([[0.0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, -1, -0.245], [0, 0, 0, 1]])
RIGHT_TCP_TO_JOINT7 = np.array([[0.0, 1, 0, 0], [1, 0, 0, 0], [0, 0, -1, -0.245], [0, 0, 0, 1]])

PINHOLE = Pinhole(1280, 720, 900.0, 900.0, 639.5, 359.5)


def chain_errors(rounds: int = 50, seed: int = 1) -> dict[str, float]:
    """The largest difference of any entry, by chain, over random rigid transforms."""
    random = np.random.default_rng(seed)

    def any_pose() -> Matrix:
        return rigid(rotation_from_quaternion(random.normal(size=4)), random.uniform(-2, 2, 3))

    worst: dict[str, float] = {}
    for _ in range(rounds):
        for name, ours, theirs in _chains(any_pose):
            worst[name] = max(worst.get(name, 0.0), float(np.abs(ours - theirs).max()))
    return worst


def _chains(any_pose: Callable[[], Matrix]) -> Iterator[tuple[str, Matrix, Matrix]]:
    """Each chain's name, our matrix, and the seed's."""
    yield from _mesh_chains(any_pose)
    yield from _calibrations(any_pose)


def _mesh_chains(any_pose: Callable[[], Matrix]) -> Iterator[tuple[str, Matrix, Matrix]]:
    camera, link, offset = any_pose(), any_pose(), any_pose()
    inner = {"kinematic_base_from_link": link, "link_from_mesh": offset}

    one = _given("robot", {"camera_from_base": camera, **inner})
    whole = O3D_RENDER @ camera @ ROBOT_PREDEFINED @ link @ offset
    yield "one robot, mesh", one["render_from_mesh"].matrix, whole
    yield (
        "one robot, flange",
        _given("robot", {"left_arm_base_from_left_tcp": link})[
            "left_arm_base_from_left_flange"
        ].matrix,
        link @ TCP_TO_FLANGE,
    )

    for side, predefined in (("left", LEFT_PREDEFINED), ("right", RIGHT_PREDEFINED)):
        arm = _given(
            "two_arms",
            {
                f"camera_from_{side}_base": camera,
                f"{side}_kinematic_base_from_{side}_link": link,
                f"{side}_link_from_{side}_mesh": offset,
            },
        )
        whole = O3D_RENDER @ camera @ ROBOT_PREDEFINED @ predefined @ link @ offset
        yield f"{side} arm, mesh", arm[f"render_from_{side}_mesh"].matrix, whole

    exo = _given("exoskeleton", {"camera_from_base": camera, **inner})
    whole = O3D_RENDER @ camera @ AIREXO_PREDEFINED @ link @ offset
    yield "exoskeleton, mesh", exo["render_from_mesh"].matrix, whole
    for side, tcp in (("left", LEFT_TCP_TO_JOINT7), ("right", RIGHT_TCP_TO_JOINT7)):
        worn = _given("exoskeleton", {f"kinematic_base_from_{side}_wrist": link @ offset})
        whole = AIREXO_PREDEFINED @ link @ offset @ tcp
        yield f"exoskeleton, {side} tool", worn[f"base_from_{side}_tcp"].matrix, whole

    cloud = _given("point_cloud", {})
    yield "point cloud", cloud["render_from_camera"].matrix, O3D_RENDER


def _calibrations(any_pose: Callable[[], Matrix]) -> Iterator[tuple[str, Matrix, Matrix]]:
    extrinsics = {serial: any_pose() for serial in ("a", "b", "left", "right")}
    cameras = {
        serial: CalibratedCamera(PINHOLE, Transform("camera", "marker", matrix))
        for serial, matrix in extrinsics.items()
    }
    robot, exo = _shipped("robot"), _shipped("exoskeleton")

    marker = Calibration(1, "marker", cameras)
    whole = extrinsics["a"] @ np.linalg.inv(AIREXO_BASE_TO_MARKER)
    yield "marker, base", marker.camera_from_base("a", exo).matrix, whole
    kinematic = marker.camera_from_kinematic_base("a", exo).matrix
    yield "marker, kinematic base", kinematic, whole @ AIREXO_PREDEFINED

    updated = any_pose()
    optimised = Calibration(
        1, "optimised", cameras, optimised=Optimised("a", Transform("camera", "base", updated))
    )
    yield "optimised, its camera", optimised.camera_from_base("a", exo).matrix, updated
    whole = extrinsics["b"] @ np.linalg.inv(extrinsics["a"]) @ updated
    yield "optimised, another", optimised.camera_from_base("b", exo).matrix, whole

    real = any_pose()  # the two arms agree on where the base is: then the mean is that
    mounted = {side: any_pose() for side in ("left", "right")}
    to_real = {"left": LEFT_TO_REAL, "right": RIGHT_TO_REAL}
    hands, theirs = {}, {}
    for side in ("left", "right"):
        # left_cam_to_base @ LEFT_TO_REAL must be `real`.
        arm = real @ np.linalg.inv(to_real[side])
        tcp_pose = np.linalg.inv(
            np.linalg.inv(mounted[side]) @ extrinsics[side] @ np.linalg.inv(extrinsics["a"]) @ arm
        )
        hands[side] = InHand(
            side,
            Transform("camera", "tcp", mounted[side]),
            Transform("arm_base", "tcp", tcp_pose.astype(np.float64)),
        )
        theirs[side] = (
            extrinsics["a"]
            @ np.linalg.inv(extrinsics[side])
            @ mounted[side]
            @ np.linalg.inv(tcp_pose)
        )
    in_hand = Calibration(
        1, "in_hand", cameras, in_hand={"left": hands["left"], "right": hands["right"]}
    )
    for side in ("left", "right"):
        ours = in_hand.camera_from_arm_base("a", "left" if side == "left" else "right").matrix
        yield f"in hand, {side} arm", ours, theirs[side]
    whole = theirs["left"] @ LEFT_TO_REAL
    yield "in hand, kinematic base", in_hand.camera_from_kinematic_base("a", robot).matrix, whole
    whole = whole @ np.linalg.inv(ROBOT_PREDEFINED)
    yield "in hand, base", in_hand.camera_from_base("a", robot).matrix, whole


def _given(tree: str, matrices: dict[str, Matrix]) -> FrameTree:
    named = [Transform.named(name, matrix) for name, matrix in matrices.items()]
    return _shipped(tree).with_transforms(*named)


def _shipped(tree: str) -> FrameTree:
    return load_frames(Path(ROOT / f"configs/frames/{tree}.yml"))
