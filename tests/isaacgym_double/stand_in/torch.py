"""Takes PyTorch's place under the worker: what the worker asks of it, and nothing else."""

import os

import numpy as np

__version__ = "stand-in"


class Tensor:
    """Shares an array's memory."""

    def __init__(self, array):
        self._array = array

    def numpy(self):
        return self._array

    def is_contiguous(self):
        return self._array.flags.c_contiguous

    def copy_(self, other):
        if not isinstance(other, Tensor):
            raise TypeError(f"copy_(): argument 'other' must be Tensor, not {type(other)}")
        np.copyto(self._array, other._array)
        return self


def from_numpy(array):
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    return Tensor(array)


class cuda:
    """One graphics card, unless ISAACGYM_DOUBLE_GPU is `none`."""

    @staticmethod
    def is_available():
        return os.environ.get("ISAACGYM_DOUBLE_GPU") != "none"

    @staticmethod
    def device_count():
        return 1

    @staticmethod
    def get_device_name(device):
        return "no card, but a double"
