from dataclasses import replace

import numpy as np
import pytest

from operators.messages import OperatorFrame
from tests.operators.samples import sample

FRAME = sample(OperatorFrame)
OTHER = {
    "client": "another",
    "anchor_yaw_rad": 9.0,
    "clutched": np.zeros(2, bool),
    "neck_offset": FRAME.neck_offset + 1e-9,
}


def test_messages_with_equal_fields_say_the_same() -> None:
    assert FRAME.says_the_same_as(replace(FRAME, neck_offset=FRAME.neck_offset.copy()))


@pytest.mark.parametrize("name", OTHER)
def test_messages_with_another_field_do_not(name: str) -> None:
    assert not FRAME.says_the_same_as(replace(FRAME, **{name: OTHER[name]}))
