"""The seed's configuration: a hand's 16 free rotations, translation and scale by jaxopt.

As the public code around it has it (rerun-io/pi0-lerobot, `mano_optimization_jax.py`): one
Levenberg-Marquardt of jaxopt, 30 iterations, Cholesky, derivatives by JAX, weight 0.1 on pixels,
one hand after the other, each from its last pose. Ours in place of MANO's template, and a scale
that is in the joints, too.
"""

import warnings
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from operators.hand_kinematics import HandSkeleton
from operators.jax_runtime import prepare_jax

ITERATIONS: Final = 30
KEYPOINT_2D: Final = 0.1
TOLERANCE: Final = 1e-6

Floats = NDArray[np.float64]


class JaxoptHands:
    """Fits both hands to ideal pixels; projections (views, 3, 4), px."""

    def __init__(self, projections: Floats, skeleton: HandSkeleton) -> None:
        prepare_jax()
        import jax

        with warnings.catch_warnings():
            # That nobody maintains it any more, and that this configuration is not its quickest.
            warnings.simplefilter("ignore")
            from jaxopt import LevenbergMarquardt

            solvers = [
                LevenbergMarquardt(
                    residual_fun=partial(_residual, np.float32(skeleton.bones[side])),
                    maxiter=ITERATIONS,
                    solver="cholesky",
                    jit=True,
                    xtol=TOLERANCE,
                    gtol=TOLERANCE,
                )
                for side in (0, 1)
            ]
        self._run = [jax.jit(solver.run) for solver in solvers]
        self._skeleton = skeleton
        self._projections = np.float32(projections)
        self.unknowns = np.zeros((2, 52), dtype=np.float32)

    def start(self, angles: Floats, translations: Floats) -> None:
        """Begin at angles (2, 16, 3) and translations (2, 3)."""
        self.unknowns[:, :48] = angles.reshape(2, 48)
        self.unknowns[:, 48:51] = translations
        self.unknowns[:, 51] = 1.0

    def fit(self, pixels: Floats) -> Floats:
        """Joints (2, 21, 3), m, of hands seen at pixels (views, 2, 21, 2)."""
        for side in (0, 1):
            found, _ = self._run[side](
                self.unknowns[side], self._projections, np.float32(pixels[:, side])
            )
            self.unknowns[side] = np.asarray(found)
        return self._skeleton.joints(
            self.unknowns[:, :48].reshape(2, 16, 3), self.unknowns[:, 48:51], self.unknowns[:, 51]
        )


def _residual(bones: Any, unknowns: Any, projections: Any, pixels: Any) -> Any:
    import jax.numpy as jnp

    joints = _joints(bones, unknowns)
    seen = jnp.einsum("vij,nj->vni", projections[:, :, :3], joints) + projections[:, None, :, 3]
    return (KEYPOINT_2D * (seen[..., :2] / seen[..., 2:] - pixels)).ravel()


def _joints(bones: Any, unknowns: Any) -> Any:
    """Forward kinematics as the seed's: the scale on the template, rotations down each finger."""
    import jax.numpy as jnp

    turns = _rotations(unknowns[:48].reshape(16, 3))
    fingers, rest = turns[1:].reshape(5, 3, 3, 3), bones.reshape(5, 4, 3) * unknowns[51]
    turned = jnp.broadcast_to(turns[0], (5, 3, 3))
    end = unknowns[48:51] + jnp.einsum("fij,fj->fi", turned, rest[:, 0])
    ends = [end]
    for joint in range(3):
        turned = turned @ fingers[:, joint]
        end = end + jnp.einsum("fij,fj->fi", turned, rest[:, joint + 1])
        ends.append(end)
    return jnp.concatenate([unknowns[None, 48:51], jnp.stack(ends, axis=1).reshape(20, 3)])


def _rotations(vectors: Any) -> Any:
    """Axis-angle (n, 3) to (n, 3, 3); at zero it leans on 1e-8 rad, as the seed's does."""
    import jax.numpy as jnp

    angle = jnp.linalg.norm(vectors + 1e-8, axis=-1)[:, None, None]
    x, y, z = (vectors / angle[..., 0]).T
    zero = jnp.zeros_like(x)
    cross = jnp.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(-1, 3, 3)
    return jnp.eye(3) + jnp.sin(angle) * cross + (1.0 - jnp.cos(angle)) * (cross @ cross)
