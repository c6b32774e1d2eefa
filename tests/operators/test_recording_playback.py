import pytest

from operators.recording_playback import Playback

MS = 1_000_000
TIMES = (1000, 1033, 1100)


def played(playback: Playback, until_ms: int) -> list[tuple[int, int]]:
    """When, in ms, which frame was due."""
    given = [(now, playback.due(now * MS)) for now in range(0, until_ms, 1)]
    return [(now, frame) for now, frame in given if frame is not None]


def test_frames_come_as_they_were_recorded() -> None:
    playback = Playback(TIMES, None, loop=False)
    assert played(playback, 300) == [(0, 1000), (33, 1033), (100, 1100)]
    assert playback.finished()


def test_a_rate_overrides_their_times() -> None:
    assert played(Playback(TIMES, 100.0, loop=False), 300) == [(0, 1000), (10, 1033), (20, 1100)]


@pytest.mark.parametrize(("rate_hz", "second"), [(None, 200), (100.0, 30)])
def test_a_loop_begins_again(rate_hz: float | None, second: int) -> None:
    playback = Playback(TIMES, rate_hz, loop=True)
    assert played(playback, 400)[3] == (second, 1000)
    assert not playback.finished()


def test_who_is_late_passes_frames_over() -> None:
    playback = Playback(TIMES, None, loop=False)
    assert playback.due(0) == 1000
    assert playback.due(500 * MS) == 1100
    assert playback.due(600 * MS) is None
