import sys

import pytest

from operators.overlay_packages import MissingPackageError
from operators.settings import ROOT
from operators.urdf_kinematics import UrdfKinematics
from operators.urdf_visuals import load_visuals

ROBOT = ROOT / "assets/robots/two_arms/robot.urdf"


@pytest.mark.parametrize(
    ("package", "use"),
    [("pinocchio", UrdfKinematics.load), ("trimesh.creation", load_visuals)],
)
def test_a_missing_package_is_named_with_what_to_do(
    package: str, use: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        MissingPackageError, match=rf"{package} is needed: pip install -e '\.\[over"
    ):
        use(ROBOT)  # type: ignore[operator]
