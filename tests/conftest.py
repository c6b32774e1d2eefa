"""What holds for all tests."""

from typing import Any

import hypothesis
import pytest
from jaxtyping import install_import_hook

# Shapes and types in the words of jaxtyping, checked where they are said; a run checks none.
install_import_hook(
    [
        f"operators.{module}"
        for module in (
            "bone_lengths",
            "fitted_hands",
            "hand_inverse_kinematics",
            "hand_joint_limits",
            "hand_kinematics",
            "hand_solver",
            "hand_start",
            "triangulation",
        )
    ],
    "beartype.beartype",
)

from tests.run_report import RunReport  # noqa: E402  after the hook
from tests.synthetic_recording import recording  # noqa: E402

__all__ = ["recording"]

# How long an example takes says more of a busy machine than of the code.
hypothesis.settings.register_profile("panodora", deadline=None)
hypothesis.settings.load_profile("panodora")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share tests out between processes."""
    from tests.file_scheduling import FileScheduling

    return FileScheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let a run say what it does."""
    config.pluginmanager.register(RunReport(), "run_report")
