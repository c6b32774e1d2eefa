"""Refuses what the product refuses at its import."""

import os
import sys

NEWEST_PYTHON = (3, 8)

if "torch" in sys.modules:
    raise ImportError("PyTorch was imported before isaacgym modules.  Please import torch after.")
if sys.version_info[:2] > NEWEST_PYTHON and "ISAACGYM_DOUBLE_ANY_PYTHON" not in os.environ:
    raise RuntimeError(
        "No gym module found for the active version of Python ({}.{})".format(*sys.version_info)
    )
