import pytest

from operators.header import Header, Stamp
from operators.message import MessageError

STAMPS = (
    Stamp("headset_input", 10, 11, 12, seq=5),
    Stamp("simulate", 13, 15, 19, seq=7, lost=2, skipped=3),
)


@pytest.mark.parametrize("stamps", [STAMPS[:1], STAMPS])
def test_a_header_survives_metadata(stamps: tuple[Stamp, ...]) -> None:
    header = Header(7, 9, hands_seq=4, head_seq=3, stamps=stamps)
    assert Header.from_metadata(header.to_metadata()) == header


def test_metadata_holds_only_what_dora_keeps() -> None:
    for value in Header(7, 9, stamps=STAMPS).to_metadata().values():
        items = value if isinstance(value, list) else [value]
        assert all(type(item) in (int, str) for item in items)


def test_a_missing_entry_is_named() -> None:
    metadata = Header(7, 9, stamps=STAMPS).to_metadata()
    del metadata["capture_ns"]
    with pytest.raises(MessageError, match="capture_ns"):
        Header.from_metadata(metadata)


def test_sending_on_takes_the_outputs_own_number() -> None:
    header = Header(5, 9, stamps=STAMPS[:1]).sent_by(STAMPS[1])
    assert (header.seq, header.capture_ns, header.stamps) == (7, 9, STAMPS)
