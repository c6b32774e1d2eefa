"""What several cameras saw at the same moment, put together by the times of their pictures."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from operators.calibration import CalibratedCamera
from operators.capture_settings import CaptureSettings
from operators.clock_watch import ClockWatch

T = TypeVar("T")

MOST_WAITING: Final = 256
"""Of one camera. Eight seconds of pictures: the others are not waited for any longer."""


@dataclass(frozen=True)
class Moment(Generic[T]):
    """What the cameras saw at one moment.

    views: by camera, in the settings' order; those that saw nothing are not in it. times_ns: when
    each was taken, with its camera's offset. Both have the same keys, at least one.
    """

    views: Mapping[str, T]
    times_ns: Mapping[str, int]

    @property
    def time_ns(self) -> int:
        """The middle of the earliest and the latest view."""
        return (min(self.times_ns.values()) + max(self.times_ns.values())) // 2

    @property
    def skew_ns(self) -> int:
        """From the earliest view to the latest."""
        return max(self.times_ns.values()) - min(self.times_ns.values())


@dataclass
class _Waiting(Generic[T]):
    view: T
    time_ns: int
    received_ns: int


@dataclass
class _Camera(Generic[T]):
    """A camera's views that wait for those of others, oldest first."""

    size: tuple[int, int]
    offset_ns: int
    waiting: deque[_Waiting[T]]
    heard_ns: int | None = None
    last_ns: int | None = None
    is_silent: bool = False
    has_ended: bool = False


class SynchronisedViews(Generic[T]):
    """Puts together what was taken within `capture.sync_tolerance_s`, and gives moments in order.

    A view that comes after its moment was given without it is left out, as is one of another size,
    or of a clock that went back.

    cameras: by name, as `calibrated_cameras` gives them; the first is what the clocks of the others
    are compared with. settings: `capture`. is_live: whether a moment is given without the cameras
    that keep it waiting for longer than `capture.patience_s`; otherwise each camera is waited for
    until it has gone past the moment, or `end` is called. report: is called with a subject and what
    the user should know about it: a camera that stops, that nobody knows, whose pictures are of
    another size, or whose times are of another clock. leave_out: is called with each view that no
    moment will have.
    """

    def __init__(
        self,
        cameras: Mapping[str, CalibratedCamera],
        settings: CaptureSettings,
        report: Callable[[str, str], None],
        *,
        is_live: bool,
        leave_out: Callable[[T], None] = lambda _: None,
    ) -> None:
        self._report = report
        self._leave_out = leave_out
        self._tolerance_ns = round(settings.sync_tolerance_s * 1e9)
        self._patience_ns = round(settings.patience_s * 1e9) if is_live else None
        self._silent_ns = round(settings.silent_s * 1e9)
        self._cameras: dict[str, _Camera[T]] = {}
        for name, camera in cameras.items():
            offset_s = settings.cameras[name].offset_s if name in settings.cameras else 0.0
            size = (camera.pinhole.width, camera.pinhole.height)
            self._cameras[name] = _Camera(size, round(offset_s * 1e9), deque())
        self._clocks = ClockWatch(tuple(self._cameras), self._tolerance_ns)
        self._begun_ns: int | None = None
        self._given_ns: int | None = None
        """The earliest view of the last moment."""

    def add(
        self,
        camera: str,
        view: T,
        size: tuple[int, int],
        capture_ns: int,
        now_ns: int,
        received_ns: int | None = None,
    ) -> list[Moment[T]]:
        """Take what a camera saw, and give the moments that are complete.

        size: columns and rows of its picture. capture_ns: its time by the camera's clock, without
        the offset. now_ns: this machine's, as `poll` gets it. received_ns: when the picture came to
        this machine, live; None for footage, of which that tells nothing.
        """
        if camera not in self._cameras:
            known = ", ".join(self._cameras)
            self._report(camera, f"camera '{camera}' has no calibration; known are {known}")
            self._leave_out(view)
            return []
        one = self._cameras[camera]
        self._hear(camera, one, now_ns)
        if size != one.size:
            self._report(
                camera,
                f"camera '{camera}': pictures are {size[0]}x{size[1]} px, but its calibration is "
                f"for {one.size[0]}x{one.size[1]}: they are left out. Calibrate at this size, or "
                f"set capture.cameras.{camera}.size",
            )
            self._leave_out(view)
            return self.poll(now_ns)
        time_ns = capture_ns + one.offset_ns
        if one.last_ns is not None and time_ns <= one.last_ns:
            self._report(
                camera,
                f"camera '{camera}': its clock went back by {(one.last_ns - time_ns) / 1e9:.3f} s; "
                "pictures are left out until it is past that again",
            )
            self._leave_out(view)
            return self.poll(now_ns)
        one.last_ns = time_ns
        self._clocks.add_picture(camera, time_ns, received_ns)
        fault = self._clocks.fault(camera)
        if fault:
            self._report(f"{camera} clock", f"camera '{camera}': {fault}")
        if self._given_ns is not None and time_ns <= self._given_ns + self._tolerance_ns:
            self._report(
                camera, f"camera '{camera}': a picture came after its moment was given without it"
            )
            self._leave_out(view)
        else:
            one.waiting.append(_Waiting(view, time_ns, now_ns))
        return self.poll(now_ns)

    def poll(self, now_ns: int) -> list[Moment[T]]:
        """The moments that have waited long enough; call it now and then, also when none comes."""
        if self._begun_ns is None:
            self._begun_ns = now_ns
        self._look_for_silence(now_ns)
        moments = []
        while (earliest := self._earliest()) is not None and self._is_due(earliest, now_ns):
            moments.append(self._take(earliest.time_ns))
        return moments

    def end(self, camera: str, now_ns: int) -> list[Moment[T]]:
        """Note that a camera's footage has ended: it is not waited for. Gives what is complete."""
        if camera in self._cameras:
            self._cameras[camera].has_ended = True
        return self.poll(now_ns)

    def _hear(self, name: str, camera: _Camera[T], now_ns: int) -> None:
        camera.heard_ns = now_ns
        if camera.is_silent:
            camera.is_silent = False
            self._report(name, f"camera '{name}' gives pictures again")

    def _look_for_silence(self, now_ns: int) -> None:
        for name, camera in self._cameras.items():
            heard_ns = self._begun_ns if camera.heard_ns is None else camera.heard_ns
            assert heard_ns is not None
            if camera.has_ended or now_ns - heard_ns <= self._silent_ns:
                continue
            camera.is_silent = True
            others = [n for n, c in self._cameras.items() if not (c.is_silent or c.has_ended)]
            rest = f"; going on with {', '.join(others)}" if others and self._patience_ns else ""
            silent_s = (now_ns - heard_ns) / 1e9
            self._report(
                name,
                f"camera '{name}' has given nothing for {silent_s:.0f} s{rest}. Is it plugged in?",
            )

    def _earliest(self) -> _Waiting[T] | None:
        heads = [camera.waiting[0] for camera in self._cameras.values() if camera.waiting]
        return min(heads, key=lambda head: head.time_ns, default=None)

    def _is_due(self, earliest: _Waiting[T], now_ns: int) -> bool:
        """Whether every camera has given its part of the moment, or will not."""
        if max(len(camera.waiting) for camera in self._cameras.values()) > MOST_WAITING:
            return True
        if self._patience_ns is not None and now_ns - earliest.received_ns >= self._patience_ns:
            return True
        live = self._patience_ns is not None
        return all(
            camera.waiting or camera.has_ended or (live and camera.is_silent)
            for camera in self._cameras.values()
        )

    def _take(self, earliest_ns: int) -> Moment[T]:
        self._given_ns = earliest_ns
        views, times_ns = {}, {}
        for name, camera in self._cameras.items():
            if camera.waiting and camera.waiting[0].time_ns - earliest_ns <= self._tolerance_ns:
                taken = camera.waiting.popleft()
                views[name], times_ns[name] = taken.view, taken.time_ns
        self._clocks.add_moment(times_ns)
        return Moment(views, times_ns)
