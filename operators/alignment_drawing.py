"""What an alignment shows: the simulated camera's picture, and both cameras' in one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from operators.align_settings import AlignSettings, ComparisonMode
from operators.aligned_view import AlignedView
from operators.alignment_file import AlignmentFile
from operators.domain_randomisation import Sample
from operators.overlay import robot_at_its_base
from operators.overlay_settings import OverlaySettings
from operators.picture_comparison import compared, draw_spawn_box
from operators.pictured_robot import PicturedRobot, Readings
from operators.pinhole import Pinhole
from operators.point_picking import point_at
from operators.real_lens import RealLens
from operators.section import Vector3
from operators.settings import SettingsError
from operators.simulated_camera import Cube, SimulatedCamera, SimulatedPicture
from operators.transforms import Array


@dataclass(frozen=True, eq=False)
class Scene:
    """A simulated picture, and from where it was seen.

    pinhole: of the straightened pictures. camera_from_base: (4, 4). base_from_meshes: (meshes, 4,
    4). cube: None where there is none.
    """

    simulated: SimulatedPicture
    pinhole: Pinhole
    camera_from_base: Array
    base_from_meshes: Array
    cube: Cube | None


class AlignmentDrawing:
    """Draws the robot and its cube for the simulated camera.

    lens: what is known of the real camera's.
    Raises UsageError for a robot that cannot be drawn, and at the first drawing NoOpenGLError.
    """

    def __init__(self, align: AlignSettings, overlay: OverlaySettings, lens: RealLens) -> None:
        self._align = align
        self._lens = lens
        self.robot: PicturedRobot = robot_at_its_base(overlay)
        if not self.robot.visuals:
            raise SettingsError("overlay.parts: nothing in these URDFs can be seen")
        self._camera: SimulatedCamera | None = None

    def scene(
        self, sample: Sample, readings: Mapping[str, Readings], width: int, height: int
    ) -> Scene:
        """See a sample with the arms as they read; all pictures must be of the same size.

        Raises JointError for readings that do not fit.
        """
        if self._camera is None:
            shadows = self._align.shadows
            self._camera = SimulatedCamera(self.robot.visuals, width, height, shadows=shadows)
        base_from_links = self.robot.camera_from_links(readings)
        base_from_meshes = self.robot.camera_from_meshes(base_from_links)
        pinhole = self.pinhole(sample.view, width, height)
        camera_from_base = sample.view.camera_from_kinematic_base.matrix
        simulated = self._camera.look(
            base_from_meshes, camera_from_base, pinhole, sample.cube, sample.look
        )
        return Scene(simulated, pinhole, camera_from_base, base_from_meshes, sample.cube)

    def pinhole(self, view: AlignedView, width: int, height: int) -> Pinhole:
        """The intrinsics with which a view is seen."""
        return self._lens.seen_by(view.camera, width, height)

    def compare(
        self,
        mode: ComparisonMode,
        real: NDArray[np.uint8],
        scene: Scene,
        alignment: AlignmentFile,
        *,
        opacity: float,
        background: NDArray[np.uint8] | None,
    ) -> NDArray[np.uint8]:
        """Both pictures (rows, columns, 3) in one, with the spawn box.

        Raises ImageSizeError for a background of another size.
        """
        picture = compared(mode, real, scene.simulated, opacity=opacity, background=background)
        middle, half_size = alignment.spawn_box_pos, alignment.spawn_box_half_size
        if middle is not None and half_size is not None and mode not in ("real", "composite"):
            draw_spawn_box(
                picture,
                scene.pinhole,
                scene.camera_from_base,
                middle,
                half_size,
                self._align.table_z_m,
            )
        return picture

    def point_at(self, pixel: tuple[float, float], scene: Scene) -> Vector3:
        """The robot's point that a click means. Raises PickError."""
        return point_at(
            pixel,
            scene.simulated,
            scene.pinhole,
            scene.camera_from_base,
            scene.base_from_meshes,
            self.robot.visuals,
            scene.cube,
        )

    def close(self) -> None:
        """Give back what the graphics driver holds."""
        if self._camera is not None:
            self._camera.close()
