"""The libraries that solve a retargeting: dexi-rs, and dex-retargeting that it follows.

Both read one YAML vocabulary and minimise the same objective; dexi-rs does so in Rust. Neither is
trusted with the order of joints, with limits (both overstep them by up to 1 mrad), with followers
or with smoothing: their own low-pass filters survive a reset.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol

import numpy as np

from operators.hands import Hand
from operators.settings import SettingsError
from operators.transforms import Array

BackendName = Literal["dexi", "dex-retargeting"]


class RetargetingBackend(Protocol):
    """Finds joint positions for wanted vectors, starting from the positions that it found last."""

    @property
    def joint_names(self) -> Sequence[str]:
        """The order of what `solve` returns."""

    def solve(self, vectors: Array) -> Array:
        """Positions (joints,), rad, for human vectors (vectors, 3), m, in the retarget frame."""

    def reset(self) -> None:
        """Forget the last positions."""


class DexiBackend:
    """Solves with dexi-rs."""

    def __init__(self, hand: Hand) -> None:
        import dexi_rs

        try:
            self._solver = dexi_rs.load_config(_library_configuration(hand)).build()
        except (RuntimeError, ValueError, TypeError) as error:
            raise _refusal(hand, "dexi-rs", error) from None
        self._fixed = [0.0] * self._solver.fixed_dof
        self.joint_names: Final = tuple(self._solver.joint_names)

    def solve(self, vectors: Array) -> Array:
        """Positions (joints,), rad, for human vectors (vectors, 3), m, in the retarget frame."""
        return np.array(self._solver.retarget(vectors.ravel().tolist(), self._fixed))

    def reset(self) -> None:
        """Forget the last positions."""
        self._solver.reset()


class DexRetargetingBackend:
    """Solves with dex-retargeting, the original: slower, and in the extra `reference`."""

    def __init__(self, hand: Hand) -> None:
        try:
            from dex_retargeting.retargeting_config import RetargetingConfig
        except ModuleNotFoundError as error:
            raise SettingsError(
                f"hands.retargeting: dex-retargeting needs {error.name}, which is not installed: "
                "pip install 'panodora[reference]', or choose dexi"
            ) from None
        try:
            self._solver = RetargetingConfig.from_dict(_library_configuration(hand)).build()
        except (RuntimeError, ValueError, TypeError) as error:
            raise _refusal(hand, "dex-retargeting", error) from None
        self._fixed = np.zeros(len(self._solver.optimizer.idx_pin2fixed))
        self.joint_names: Final = tuple(self._solver.joint_names)

    def solve(self, vectors: Array) -> Array:
        """Positions (joints,), rad, for human vectors (vectors, 3), m, in the retarget frame."""
        return np.asarray(self._solver.retarget(vectors, self._fixed), dtype=np.float64)

    def reset(self) -> None:
        """Forget the last positions."""
        self._solver.reset()


BACKENDS: Final[dict[BackendName, type[DexiBackend] | type[DexRetargetingBackend]]] = {
    "dexi": DexiBackend,
    "dex-retargeting": DexRetargetingBackend,
}


def _library_configuration(hand: Hand) -> dict[str, Any]:
    """The hand's configuration as both libraries take it, unsmoothed."""
    given = hand.configuration.retargeting.model_dump(mode="json", exclude_none=True)
    return given | {
        "urdf_path": str(hand.urdf_path),
        "target_joint_names": list(hand.target_joint_names),
        "low_pass_alpha": 1.0,
    }


def _refusal(hand: Hand, library: str, error: Exception) -> SettingsError:
    return SettingsError(f"{hand.path}: retargeting: {library} refuses it: {error}")
