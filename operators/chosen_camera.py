"""Which camera a node is about: the only one, or one of several by its name."""

from dataclasses import dataclass
from typing import Final, Self

from operators.camera_rig import calibrated_cameras
from operators.camera_settings import CameraSettings
from operators.lens import calibrated_lens
from operators.picture_source import open_source
from operators.settings import Settings, SettingsError

VARIABLE: Final = "PANODORA_CAMERA"
"""The environment variable by which a dataflow says it to a node."""


@dataclass(frozen=True)
class ChosenCamera:
    """A camera's settings, and what to call it.

    name: in `capture.cameras`; empty of the only camera, `camera`. section: of the settings, to
    name in an error.
    """

    name: str
    section: str
    settings: CameraSettings

    @classmethod
    def of(cls, settings: Settings, name: str) -> Self:
        """The camera of this name, the only one without.

        Raises SettingsError naming those that there are, or where a camera has no calibration.
        """
        if not name:
            return cls("", "camera", settings.camera)
        capture = settings.capture
        if name not in capture.cameras:
            known = ", ".join(capture.cameras) or "none"
            raise SettingsError(
                f"capture.cameras: no camera '{name}', which {VARIABLE} names in the dataflow; "
                f"there are {known}"
            )
        calibrated_cameras(capture)  # refuses a camera without a calibration
        chosen = capture.cameras[name].model_dump(exclude={"offset_s"})
        return cls(
            name,
            f"capture.cameras.{name}",
            CameraSettings(**chosen, calibration=capture.calibration, serial=name),
        )

    @property
    def is_footage(self) -> bool:
        """Whether every picture counts, and the file's end is the end."""
        return self.settings.pace == "footage"

    def check_footage(self) -> None:
        """Raise UsageError unless footage is of the size that its calibration is for."""
        if not self.is_footage:
            return
        source = open_source(self.settings, self.section)
        first, where = source.read(), f"{self.section}.source: {source.name}"
        source.close()
        if first is None:
            raise SettingsError(f"{where} has no pictures")
        lens = calibrated_lens(self.settings)
        if lens is not None:
            lens.check_size(first, where)

    def node_name(self, node: str) -> str:
        """What a node that is about this camera is called in stamps."""
        return f"{node}_{self.name}" if self.name else node


def is_footage(settings: Settings) -> bool:
    """Whether all of `capture.cameras` are footage. Raises SettingsError where only some are."""
    paces = {name: camera.pace for name, camera in settings.capture.cameras.items()}
    which = {pace == "footage" for pace in paces.values()}
    if len(which) > 1:
        words = ", ".join(f"{name}: {pace}" for name, pace in paces.items())
        raise SettingsError(
            f"capture.cameras: all or none may have the pace footage, got {words}; live pictures "
            "and a file's have no clock in common"
        )
    return which == {True}


def check_tolerance(settings: Settings) -> None:
    """Raise SettingsError where `capture.sync_tolerance_s` takes two pictures for one moment.

    Live, the rate is the one that a camera is asked for, and is not checked where none is.
    """
    tolerance_s = settings.capture.sync_tolerance_s
    for name, camera in settings.capture.cameras.items():
        rate_hz = camera.rate_hz or 0.0
        if camera.pace == "footage":
            source = open_source(camera, f"capture.cameras.{name}")
            rate_hz = source.rate_hz
            source.close()
        if rate_hz > 0.0 and tolerance_s > 0.5 / rate_hz:
            raise SettingsError(
                f"capture.sync_tolerance_s: {tolerance_s} s is more than half of the time between "
                f"two pictures of '{name}', {rate_hz:g} a second: set {0.5 / rate_hz:.6f} or less"
            )


def moments_of_footage(settings: Settings) -> int | None:
    """How many pictures the longest footage has; None where its files do not say."""
    counts = []
    for name, camera in settings.capture.cameras.items():
        source = open_source(camera, f"capture.cameras.{name}")
        counts.append(None if camera.loop else source.count)
        source.close()
    known = [count for count in counts if count is not None]
    return max(known) if len(known) == len(counts) and known else None
