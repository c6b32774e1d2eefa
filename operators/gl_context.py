"""A headless OpenGL context through EGL."""

import os
from typing import Final

import moderngl

from operators.usage_error import UsageError

PACKAGES: Final = "libegl1 libgl1 libgles2 libopengl0 libgl1-mesa-dri"
"""What Debian and Ubuntu lack where EGL does not start; Mesa draws without a GPU."""

MESA_THREADS: Final = 4
"""Threads with which Mesa draws on the CPU, at most. Left alone it starts one for every core of
the machine, however few of them this process may use; with two cores two are best."""


class NoOpenGLError(UsageError):
    """There is no OpenGL 3.3 through EGL: says what was tried and what to install."""


def create_context(device: int | None = None) -> moderngl.Context:
    """Create a context of OpenGL 3.3 or later, without a window.

    device: the graphics card, as EGL counts them; the first by default. Mesa without a card comes
    last.

    Mesa reads LP_NUM_THREADS once, when the process's first context is made; a value that the
    user has set is kept.
    Raises NoOpenGLError.
    """
    cores = len(os.sched_getaffinity(0))
    os.environ.setdefault("LP_NUM_THREADS", str(min(cores, MESA_THREADS)))
    try:
        return moderngl.create_context(
            require=330,
            standalone=True,
            backend="egl",  # type: ignore[arg-type]  # its stub takes one value for all of them
            device_index=device or 0,  # type: ignore[arg-type]
        )
    except Exception as error:  # moderngl raises no narrower class
        raise NoOpenGLError(
            f"renderer: gl needs OpenGL 3.3 through EGL, and creating a context "
            f"{'' if device is None else f'on panorama.device {device} '}failed: {error}. "
            f"On Debian and Ubuntu: apt install {PACKAGES}; "
            "or set panorama.renderer to mujoco with MUJOCO_GL=osmesa"
        ) from error
