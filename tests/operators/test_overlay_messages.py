import numpy as np
import pyarrow as pa
import pytest

from operators.arrow_encoding import decode, encode, encode_payload
from operators.message import MessageError
from operators.overlay_messages import CameraFrame, PointCloud

RANDOM = np.random.default_rng(1)
COLOUR = RANDOM.integers(0, 255, (6, 8, 3), dtype=np.uint8)
DEPTH = RANDOM.integers(0, 65535, (6, 8), dtype=np.uint16)


@pytest.mark.parametrize("depth", [DEPTH, None], ids=["with depths", "without"])
def test_a_frame_arrives_as_it_was_sent(depth: np.ndarray | None) -> None:
    sent = CameraFrame.of("7", COLOUR[:, ::-1], depth, 1000)
    pixels, metadata = encode_payload(sent)
    came = decode(CameraFrame, pa.array(pixels), metadata)
    np.testing.assert_array_equal(came.colour, COLOUR[:, ::-1])
    if depth is None:
        assert came.depth is None
        assert came.depth_scale == 0
    else:
        np.testing.assert_array_equal(came.depth, depth)


@pytest.mark.parametrize(
    ("rows", "columns", "scale"), [(6, 8, 0), (6, 7, 1000), (0, 8, 1000), (-6, -8, 1000)]
)
def test_a_frame_whose_bytes_are_not_its_size_is_refused(
    rows: int, columns: int, scale: int
) -> None:
    planes = CameraFrame.of("7", COLOUR, DEPTH, 1000).planes
    frame = CameraFrame(serial="7", rows=rows, columns=columns, depth_scale=scale, planes=planes)
    with pytest.raises(MessageError, match=r"camera_frame.planes: expected"):
        _ = frame.colour


def test_a_cloud_travels_in_single_precision() -> None:
    sent = PointCloud(
        serial="7",
        positions=RANDOM.normal(size=(9, 3)).astype(np.float32),
        colours=RANDOM.integers(0, 255, (9, 3), dtype=np.uint8),
    )
    came = decode(PointCloud, *encode(sent))
    assert came.positions.dtype == np.float32
    np.testing.assert_array_equal(came.positions, sent.positions)
    np.testing.assert_array_equal(came.colours, sent.colours)
