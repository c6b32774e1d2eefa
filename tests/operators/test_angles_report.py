"""Figures of angles that are known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from operators.angles_file import AnglesFile, AnglesWriter
from operators.angles_report import flexions_deg, jitter, plot, side_report
from operators.hand_kinematics import HandSkeleton
from tests.operators.captured_hands import RIGHT, fitted
from tests.operators.rigs import two_cameras


@pytest.fixture(scope="module")
def angles(tmp_path_factory: pytest.TempPathFactory) -> AnglesFile:
    path = tmp_path_factory.mktemp("angles") / "angles.parquet"
    writer = AnglesWriter(path, two_cameras())
    for number in range(30):
        side = RIGHT if number != 4 else 0
        writer.write(fitted(number / 30, number, side), round(number * 1e9 / 30))
    writer.close()
    return AnglesFile.read(path)


def test_a_sides_figures(angles: AnglesFile) -> None:
    report = side_report(angles, RIGHT)
    assert report is not None
    assert report.fitted == pytest.approx(29 / 30)
    assert report.reprojection_px == (1.5, 1.5)
    assert report.bones_change_mm < 1e-9
    assert report.rebuilt_off_mm < 1e-9
    assert report.hand_length_mm == pytest.approx(96.0 + 42.4 + 27.4 + 24.9)
    assert report.jitter_mm == report.triangulated_jitter_mm


def test_joints_that_are_not_those_of_the_angles_are_told(angles: AnglesFile) -> None:
    turned = angles["angles"].copy()
    turned[7, RIGHT, 5] += [0.0, 0.0, 0.1]  # the index finger's first joint, in one moment
    report = side_report(replace(angles, columns={**angles.columns, "angles": turned}), RIGHT)
    assert report is not None
    assert report.rebuilt_off_mm > 1.0


def test_a_side_that_was_never_fitted_has_none(angles: AnglesFile) -> None:
    columns = {**angles.columns, "valid": np.zeros((30, 2), bool)}
    nobody = AnglesFile(angles.path, angles.time_ns, columns, {}, {})
    assert side_report(nobody, RIGHT) is None


def test_jitter_is_the_distance_from_the_middle_of_before_and_after() -> None:
    still = np.zeros((5, 21, 3))
    moving = still + np.arange(5)[:, None, None]
    zigzag = moving.copy()
    zigzag[1::2, :, 0] += 3.0
    assert jitter(moving, still) == (0.0, 0.0)
    assert jitter(zigzag, moving) == (3.0, 0.0)
    zigzag[2] = np.nan  # what one lacks is not compared
    assert np.isnan(jitter(moving, zigzag)).all()


def test_flexions_are_the_sums_of_bends() -> None:
    skeleton = HandSkeleton.average()
    bone = skeleton.bones[RIGHT, 5] / np.linalg.norm(skeleton.bones[RIGHT, 5])
    across = np.cross(bone, [0.0, 1.0, 0.0])
    bent = np.zeros((1, 2, 16, 3))
    bent[0, RIGHT, [5, 6]] = np.deg2rad([[-60.0], [-30.0]]) * across / np.linalg.norm(across)
    joints, flat = (skeleton.joints(turns, np.zeros((1, 2, 3))) for turns in (bent, 0.0 * bent))
    more = flexions_deg(joints[:, RIGHT]) - flexions_deg(flat[:, RIGHT])
    assert more[0, 1] == pytest.approx(90.0)  # the index finger's
    np.testing.assert_allclose(more[0, [0, 2, 3, 4]], 0.0, atol=1e-9)


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_plot_of_both_hands_is_drawn(angles: AnglesFile, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "new" / f"plot{suffix}"
    plot(angles, path)
    assert path.stat().st_size > 10_000
