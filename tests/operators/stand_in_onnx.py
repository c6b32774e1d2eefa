"""Small ONNX models in the form of rtmlib's: their real weights come from hubs on the network.

The pose model always points at the same bins, and is as sure as the picture is red; the detection
model always finds the same boxes.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

BINS_A_PIXEL = 2
"""SimCC's, as in RTMPose."""


def write_pose_model(path: Path, bins: NDArray[np.int64], width: int, height: int) -> None:
    """bins: (points, 2), the x and y bin of each point, of BINS_A_PIXEL * width and height."""
    nodes, constants = [], []
    for axis, length, name in ((0, width, "simcc_x"), (1, height, "simcc_y")):
        peaks = np.zeros((1, len(bins), BINS_A_PIXEL * length), np.float32)
        peaks[0, np.arange(len(bins)), bins[:, axis]] = 1.0
        constants.append(numpy_helper.from_array(peaks, f"peaks_{name}"))
        nodes.append(helper.make_node("Mul", [f"peaks_{name}", "redness"], [name]))
    constants.append(numpy_helper.from_array(np.array(2), "red"))
    constants.append(numpy_helper.from_array(np.array([1, 2]), "picture"))
    before = [
        helper.make_node("Gather", ["input", "red"], ["channel"], axis=1),
        helper.make_node("ReduceMean", ["channel", "picture"], ["mean"], keepdims=1),
        helper.make_node("Sigmoid", ["mean"], ["redness"]),
    ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, len(bins), None])
        for name in ("simcc_x", "simcc_y")
    ]
    _save(path, before + nodes, [1, 3, height, width], outputs, constants)


def write_detection_model(path: Path, boxes: NDArray[np.float32], size: int) -> None:
    """boxes: (n, 5), left top right bottom score in the model's input of size x size."""
    constants = [
        numpy_helper.from_array(boxes[None].astype(np.float32), "boxes"),
        numpy_helper.from_array(np.array(0.0, np.float32), "nothing"),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Add", ["boxes", "zero"], ["dets"]),
    ]
    outputs = [helper.make_tensor_value_info("dets", TensorProto.FLOAT, [1, len(boxes), 5])]
    _save(path, nodes, [1, 3, size, size], outputs, constants)


def _save(path, nodes, shape, outputs, constants) -> None:  # type: ignore[no-untyped-def]
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)]
    graph = helper.make_graph(nodes, "stand-in", inputs, outputs, constants)
    opset = helper.make_opsetid("", 18)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
