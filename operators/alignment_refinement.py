"""The page's Refine: the view that fits the picked points, and in words how well."""

from dataclasses import dataclass

import numpy as np

from operators.aligned_camera import AlignedCamera
from operators.aligned_view import AlignedView
from operators.correspondence_alignment import Correspondences, align_correspondences
from operators.look_at_camera import LookAtCamera, fov_y_rad
from operators.pinhole import Pinhole
from operators.point_picking import ClickedPoints
from operators.posed_camera import PosedCamera


@dataclass(frozen=True)
class Refinement:
    """view: the one that fits. sentence: how well it does, how sure it is, and what to doubt."""

    view: AlignedView
    sentence: str


def refined(
    points: ClickedPoints, view: AlignedView, pinhole: Pinhole, *, fov_free: bool = True
) -> Refinement:
    """Fit place, direction, roll and angle of view to the points, beginning from a view.

    pinhole: with which the view is seen; its principal point and its pixels' shape stay, and unless
    fov_free its angle of view.
    Raises AlignmentError for too few points, or points that leave the view open.
    """
    places, pixels = points.pairs()
    start = PosedCamera(view.camera_from_kinematic_base, pinhole)
    seen = Correspondences(places, pixels)
    found = align_correspondences(start, seen, fov_free)
    before = start.project(places) - pixels
    fit = (
        f"{found.used[0]} of {found.used[1]} points fit to {found.rms_px:.2f} px, "
        f"{np.sqrt((before**2).mean()):.1f} px before"
    )
    return said(found, view, fit)


def said(found: AlignedCamera, start: AlignedView, fit: str) -> Refinement:
    """What a solver found, as a view whose target is as far away as the start's.

    fit: in words, how well it fits. Raises CameraError for a camera that looks straight up or down.
    """
    # Where the angle of view was kept, it is the same number.
    fov = fov_y_rad(found.camera.pinhole) if found.zoom_sd else start.camera.fov_y_rad
    camera, roll_rad = LookAtCamera.from_pose(found.camera.pose, fov, start.camera.distance_m)
    lens = f" and {found.zoom_sd:.2%} of the focal length" if found.zoom_sd else ""
    turn = f"{np.degrees(found.rotation_sd_rad):.2f} degrees"
    sure = f"sure to {1e3 * found.position_sd_m:.1f} mm, {turn}{lens} (1 sd)"
    return Refinement(AlignedView(camera, roll_rad), "; ".join([fit, sure, *found.doubts]))
