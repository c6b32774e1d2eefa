"""What the real camera of an alignment shows, and where the robot's arms are at the time."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from operators.align_settings import AlignSettings
from operators.camera import Camera
from operators.camera_settings import CameraSettings
from operators.joint_configuration import JointConfiguration
from operators.overlay_settings import OverlaySettings
from operators.pictured_robot import ARM_SIDES, Readings
from operators.recording import RecordingError
from operators.recording_playback import Playback
from operators.rgbd_recording import FrameStore, RgbdRecording
from operators.settings import Settings, SettingsError, resolve
from operators.usage_error import UsageError

Report = Callable[[str, str], None]

STOP_S = 2.0


@dataclass(frozen=True, eq=False)
class RealPicture:
    """One picture.

    colour: (rows, columns, 3) uint8 RGB. depth: (rows, columns) uint16 in 1 / depth_scale m, or
    None. readings: what the arms read, by side. capture_ns: CLOCK_MONOTONIC.
    """

    colour: NDArray[np.uint8]
    depth: NDArray[np.uint16] | None
    depth_scale: int
    readings: Mapping[str, Readings]
    capture_ns: int


class RealPictures(Protocol):
    """Gives pictures as they are due."""

    def due(self, now_ns: int) -> RealPicture | None:
        """The picture that is due now, None where there is none new."""

    def close(self) -> None:
        """Give back what is open."""


class RecordedPictures:
    """Plays an RGB-D recording, its arms' readings included. Raises as `RgbdRecording`."""

    def __init__(self, settings: OverlaySettings, report: Report) -> None:
        self._report = report
        self._recording = RgbdRecording(
            resolve(settings.recording), settings.serial, settings.joint_gap_ms
        )
        self._frames = FrameStore(self._recording) if settings.loop else self._recording
        self._playback = Playback(self._recording.timestamps_ms, settings.rate_hz, settings.loop)

    def due(self, now_ns: int) -> RealPicture | None:
        """The frame that is due; one that is broken is reported and passed over."""
        timestamp_ms = None if self._playback.finished() else self._playback.due(now_ns)
        if timestamp_ms is None:
            return None
        try:
            frame = self._frames.frame(timestamp_ms)
            readings = self._recording.readings(timestamp_ms)
        except RecordingError as error:
            self._report("recording", str(error))
            return None
        scale = self._recording.depth_scale
        return RealPicture(frame.colour, frame.depth, scale, readings, now_ns)

    def close(self) -> None:
        """Nothing is open."""


class CameraPictures:
    """Gives the newest picture of a camera, a video or a folder, before which the arms stand still.

    A thread of its own waits for pictures. Raises SettingsError if there is no such source, or
    `still` does not fit the arms.
    """

    def __init__(
        self,
        camera: CameraSettings,
        align: AlignSettings,
        overlay: OverlaySettings,
        report: Report,
    ) -> None:
        self._readings = still_readings(align, overlay)
        self._report = report
        self._camera = Camera(camera, "camera", report)
        self._newest: RealPicture | None = None
        self._changed = threading.Lock()
        self._player = threading.Thread(target=self._play, daemon=True)
        self._player.start()

    def due(self, now_ns: int) -> RealPicture | None:
        """The newest picture, once."""
        with self._changed:
            newest, self._newest = self._newest, None
        return newest

    def close(self) -> None:
        """End the thread, and give the camera back unless its driver hangs."""
        self._camera.stop()
        self._player.join(STOP_S)
        if not self._player.is_alive():
            self._camera.close()

    def _play(self) -> None:
        try:
            while (taken := self._camera.next()) is not None:
                colour = np.ascontiguousarray(taken.pixels)
                picture = RealPicture(colour, None, 0, self._readings, taken.capture_ns)
                with self._changed:
                    self._newest = picture
        except UsageError as error:
            self._report("camera", str(error))


def still_readings(align: AlignSettings, overlay: OverlaySettings) -> dict[str, Readings]:
    """What arms read that stand where `align.still` says; at zero where it says nothing.

    Raises SettingsError where it tells another number of joints than an arm has.
    """
    files = {side: getattr(part, side) for part in overlay.parts for side in ARM_SIDES
             if getattr(part, side) is not None}  # fmt: skip
    readings = {}
    for side in ARM_SIDES:
        told = align.still.get("left" if side == "left" else "right")
        joints = np.array(told.joints if told is not None else ())
        if side in files:
            count = JointConfiguration.load(resolve(files[side])).joint_count
            if told is None:
                joints = np.zeros(count)
            elif len(joints) != count:
                raise SettingsError(
                    f"align.still.{side}: expected {count} joints, of {files[side]}, got "
                    f"{len(joints)}"
                )
        readings[side] = Readings(joints, None if told is None else told.width_m)
    return readings


def open_real_pictures(settings: Settings, report: Report) -> RealPictures:
    """Open what `align.real` names. Raises UsageError saying what there is not."""
    if settings.align.real == "recording":
        return RecordedPictures(settings.overlay, report)
    return CameraPictures(settings.camera, settings.align, settings.overlay, report)
