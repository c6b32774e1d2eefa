"""gymtorch: the same memory as the simulator's and as PyTorch's. Not in the stub."""

import torch

from isaacgym import gymapi
from isaacgym.simulation import made


def wrap_tensor(gym_tensor, offsets=None, counts=None):
    if not isinstance(gym_tensor, gymapi.Tensor):
        raise TypeError(f"wrap_tensor takes a gymapi.Tensor, got {gym_tensor!r}")
    return torch.from_numpy(gym_tensor.inner)


def unwrap_tensor(torch_tensor):
    if not isinstance(torch_tensor, torch.Tensor):
        raise TypeError(f"unwrap_tensor takes a torch.Tensor, got {torch_tensor!r}")
    if not torch_tensor.is_contiguous():
        raise Exception("Input tensor must be contiguous")
    return made("Tensor", torch_tensor.numpy())
