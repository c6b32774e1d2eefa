"""Calibrations in YAML: one file each, named by its time, `1737548651048.yml`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from pydantic import Field

from operators.calibration import (
    BASE,
    CalibratedCamera,
    Calibration,
    CalibrationError,
    InHand,
    Kind,
    NoCalibrationError,
    Optimised,
    Side,
)
from operators.frame_configuration import Matrix4
from operators.frames import FrameError, Transform
from operators.pinhole import Pinhole
from operators.section import Section
from operators.settings import SettingsError
from operators.usage_error import UsageError
from operators.yaml_section import load_section

SUFFIX = ".yml"


class CameraSection(Section):
    """One camera."""

    image: Pinhole
    camera_from_marker: Matrix4


class OptimisedSection(Section):
    """The camera whose place was optimised."""

    serial: str
    camera_from_base: Matrix4


class InHandSection(Section):
    """A camera in a robot's hand."""

    serial: str
    camera_from_tcp: Matrix4
    arm_base_from_tcp: Matrix4


class InHandsSection(Section):
    """Both hands' cameras."""

    left: InHandSection
    right: InHandSection


class CalibrationSection(Section):
    """A calibration's file."""

    version: Literal[1]
    timestamp_ms: int = Field(gt=0, description="Unix time, ms")
    kind: Kind
    cameras: dict[str, CameraSection]
    optimised: OptimisedSection | None = None
    in_hand: InHandsSection | None = None


def read_calibration(path: Path) -> Calibration:
    """Read a calibration. Raises SettingsError naming the file and what is wrong in it."""
    section = load_section(path, CalibrationSection)
    try:
        return Calibration(
            section.timestamp_ms,
            section.kind,
            {serial: _camera(serial, camera) for serial, camera in section.cameras.items()},
            None if section.optimised is None else _optimised(section.optimised),
            None if section.in_hand is None else _in_hand(section.in_hand),
        )
    except (CalibrationError, FrameError) as error:
        raise SettingsError(f"{path}: {error}") from None


def find_calibration(folder: Path, timestamp_ms: int | None = None) -> Calibration:
    """Read the calibration of this time from a folder, or without a time the newest one.

    Raises CalibrationError naming those that there are, NoCalibrationError where there is none.
    """
    found = {int(p.stem): p for p in folder.glob(f"*{SUFFIX}") if p.stem.isdecimal()}
    if not found:
        raise NoCalibrationError(
            f"{folder}: no calibration here (a file such as 1737548651048.yml)"
        )
    chosen = max(found) if timestamp_ms is None else timestamp_ms
    if chosen not in found:
        raise CalibrationError(
            f"{folder}: no calibration of {chosen}; there are {', '.join(map(str, sorted(found)))}"
        )
    calibration = read_calibration(found[chosen])
    if calibration.timestamp_ms != chosen:
        raise SettingsError(
            f"{found[chosen]}: timestamp_ms is {calibration.timestamp_ms}; the file's name must "
            "say the same"
        )
    return calibration


def write_calibration(calibration: Calibration, folder: Path) -> Path:
    """Write a calibration under its name into a folder. Raises UsageError if it is there."""
    path = folder / f"{calibration.timestamp_ms}{SUFFIX}"
    content: dict[str, Any] = {
        "version": 1,
        "timestamp_ms": calibration.timestamp_ms,
        "kind": calibration.kind,
        "cameras": {
            serial: {
                "image": _image(camera.pinhole),
                "camera_from_marker": _rows(camera.camera_from_marker),
            }
            for serial, camera in calibration.cameras.items()
        },
    }
    if calibration.optimised is not None:
        content["optimised"] = {
            "serial": calibration.optimised.serial,
            "camera_from_base": _rows(calibration.optimised.camera_from_base),
        }
    if calibration.in_hand is not None:
        content["in_hand"] = {
            side: {
                "serial": hand.serial,
                "camera_from_tcp": _rows(hand.camera_from_tcp),
                "arm_base_from_tcp": _rows(hand.arm_base_from_tcp),
            }
            for side, hand in calibration.in_hand.items()
        }
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            yaml.safe_dump(content, file, sort_keys=False, default_flow_style=None, width=100)
    except FileExistsError:
        raise UsageError(f"{path}: is there already; move it away first") from None
    return path


def _camera(serial: str, camera: CameraSection) -> CalibratedCamera:
    return CalibratedCamera(
        camera.image,
        _transform(f"cameras.{serial}", "camera", "marker", camera.camera_from_marker),
    )


def _optimised(section: OptimisedSection) -> Optimised:
    matrix = section.camera_from_base
    return Optimised(section.serial, _transform("optimised", "camera", BASE, matrix))


def _in_hand(section: InHandsSection) -> dict[Side, InHand]:
    hands: dict[Side, InHand] = {}
    sides: tuple[tuple[Side, InHandSection], ...] = (
        ("left", section.left),
        ("right", section.right),
    )
    for side, hand in sides:
        where = f"in_hand.{side}"
        hands[side] = InHand(
            hand.serial,
            _transform(where, "camera", "tcp", hand.camera_from_tcp),
            _transform(where, "arm_base", "tcp", hand.arm_base_from_tcp),
        )
    return hands


def _transform(where: str, target: str, source: str, matrix: Matrix4) -> Transform:
    try:
        return Transform(target, source, np.array(matrix))
    except FrameError as error:
        raise CalibrationError(f"{where}: {error}") from None


def _image(pinhole: Pinhole) -> dict[str, Any]:
    fields = asdict(pinhole)
    distortion = list(fields.pop("distortion"))
    return {**fields, "distortion": distortion} if pinhole.is_distorted else fields


def _rows(transform: Transform) -> list[list[float]]:
    rows: list[list[float]] = transform.matrix.tolist()
    return rows
