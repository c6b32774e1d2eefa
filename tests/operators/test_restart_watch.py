from operators.header import Header, Stamp
from operators.restart_watch import RestartWatch


def message(**seqs: int) -> Header:
    """A message that nodes have sent on, first to last, each with a number of its own."""
    header = Header(seq=0, capture_ns=0)
    for node, seq in seqs.items():
        header = header.sent_by(Stamp(node, 1, 2, 3, seq))
    return header


def test_a_node_that_counts_anew_has_restarted_and_is_told_once() -> None:
    watch = RestartWatch()
    assert watch.look(message(headset_input=40, preprocess=20)) == ()
    assert watch.look(message(headset_input=41, preprocess=0)) == ("preprocess",)
    assert watch.look(message(headset_input=42, preprocess=1)) == ()


def test_lost_messages_are_no_restart() -> None:
    watch = RestartWatch()
    assert watch.look(message(headset_input=3)) == ()
    assert watch.look(message(headset_input=900)) == ()


def test_several_nodes_may_restart_at_once() -> None:
    watch = RestartWatch()
    watch.look(message(headset_input=7, preprocess=7, retarget=7))
    restarted = watch.look(message(headset_input=0, preprocess=8, retarget=2))
    assert restarted == ("headset_input", "retarget")


def test_a_message_that_is_late_is_no_restart() -> None:
    """It was sent before the one that has overtaken it; what follows is counted from that one."""
    watch, (first, late, newest) = (
        RestartWatch(),
        (
            Header(0, 0).sent_by(Stamp("headset_input", 1, 2, sent_ns, seq))
            for sent_ns, seq in [(100, 7), (200, 8), (300, 9)]
        ),
    )
    assert [watch.look(each) for each in (first, newest, late, newest)] == [()] * 4
    begun_anew = Header(0, 0).sent_by(Stamp("headset_input", 1, 2, 400, 8))
    assert watch.look(begun_anew) == ("headset_input",)
