import pytest

from operators.header import Header, Stamp, after_of, trail_of
from operators.message import MessageError

STAMPS = (
    Stamp("headset_input", 10, 11, 12, seq=5),
    Stamp("simulate", 13, 15, 19, seq=7, lost=2, skipped=3),
)


@pytest.mark.parametrize("stamps", [STAMPS[:1], STAMPS])
def test_a_header_survives_metadata(stamps: tuple[Stamp, ...]) -> None:
    header = Header(7, 9, hands_seq=4, head_seq=3, trail=trail_of(stamps))
    read = Header.from_metadata(header.to_metadata())
    assert read == header
    assert read.stamps == stamps


def test_metadata_holds_only_what_dora_keeps() -> None:
    for value in Header(7, 9, trail=trail_of(STAMPS)).to_metadata().values():
        items = value if isinstance(value, list) else [value]
        assert all(type(item) in (int, str) for item in items)


def test_a_missing_entry_is_named() -> None:
    metadata = Header(7, 9, trail=trail_of(STAMPS)).to_metadata()
    del metadata["capture_ns"]
    with pytest.raises(MessageError, match="capture_ns"):
        Header.from_metadata(metadata)


def test_sending_on_takes_the_outputs_own_number() -> None:
    header = Header(5, 9, trail=trail_of(STAMPS[:1])).sent_by(STAMPS[1])
    assert (header.seq, header.capture_ns, header.stamps) == (7, 9, STAMPS)


@pytest.mark.parametrize(
    ("name", "value"),
    [("trail", 5), ("after", 5), ("seq", "5"), ("capture_ns", 1.5), ("hands_seq", True)],
)
def test_a_wrong_entry_is_named(name: str, value: object) -> None:
    metadata = {**Header(7, 9).to_metadata(), name: value}
    with pytest.raises(MessageError, match=name):
        Header.from_metadata(metadata)


def test_what_it_comes_after_survives_metadata_and_may_be_missing() -> None:
    header = Header(7, 9, after=after_of({"head": 6, "operator_input": 0}))
    read = Header.from_metadata(header.to_metadata()).sent_by(STAMPS[0])
    assert read.predecessors == {"head": 6, "operator_input": 0}
    metadata = Header(7, 9).to_metadata()
    del metadata["after"]
    assert Header.from_metadata(metadata).predecessors == {}


@pytest.mark.parametrize("after", ["head;", "head six;", "head 1 2;"])
def test_a_broken_order_is_refused(after: str) -> None:
    with pytest.raises(MessageError, match="head"):
        _ = Header(7, 9, after=after).predecessors


@pytest.mark.parametrize("trail", ["simulate;", "simulate 1 2 3 4 5;", "simulate 1 2 3 x 5 6;"])
def test_a_broken_trail_is_refused(trail: str) -> None:
    with pytest.raises(MessageError, match="simulate"):
        _ = Header(7, 9, trail=trail).stamps
