"""The cameras of `capture.cameras` with what the calibration knows of them."""

from collections.abc import Mapping

from operators.calibration import CalibratedCamera
from operators.calibration_file import read_calibration
from operators.capture_settings import CaptureSettings
from operators.settings import SettingsError, resolve


def calibrated_cameras(settings: CaptureSettings) -> dict[str, CalibratedCamera]:
    """Each camera's lens and `camera_from_marker`, by name, in the order of the settings.

    Raises SettingsError where there are no cameras, no calibration, or one of them is not in it.
    """
    if not settings.cameras:
        raise SettingsError("capture.cameras: none is named; give each a name and a source")
    if settings.calibration is None:
        raise SettingsError(
            "capture.calibration: must name a calibration of all cameras; `panodora rig` makes one"
        )
    path = resolve(settings.calibration)
    calibration = read_calibration(path)
    if calibration.kind != "marker":
        raise SettingsError(
            f"capture.calibration: {path} is of kind {calibration.kind}; expected kind marker, "
            "where every camera's place is told in one frame"
        )
    return chosen_cameras(calibration.cameras, settings.cameras, str(path))


def chosen_cameras(
    known: Mapping[str, CalibratedCamera], names: Mapping[str, object], where: str
) -> dict[str, CalibratedCamera]:
    """The cameras of these names. Raises SettingsError for one that has no calibration."""
    lacking = [name for name in names if name not in known]
    if lacking:
        raise SettingsError(
            f"capture.cameras.{lacking[0]}: has no calibration; {where} knows {', '.join(known)}"
        )
    return {name: known[name] for name in names}
