"""A client that sends hands, head and keys as a headset's page does, and can be made to fail."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import numpy as np

from operators.access import subprotocols
from operators.message import Message
from operators.messages import Hands, Head, OperatorInput, OperatorState
from operators.page_layout import decode_bytes, encode_bytes
from operators.page_messages import ClockAnswer, ClockQuestion, Picture, PictureShown, Welcome
from operators.recording import RecordingReader
from operators.settings import ROOT
from operators.transforms import rigid

RATE_HZ = 72
NOISE_M = 2e-4
SWING_M, SWING_HZ = 0.05, 0.5
LEAVES_S = 60.0


@dataclass
class Failing:
    """What goes wrong now."""

    lost: tuple[bool, bool] = (False, False)
    frozen: bool = False
    at_origin: bool = False
    nan: bool = False
    silent: bool = False
    gone: bool = False
    engage: bool = False


@dataclass
class ScriptedHeadset:
    """Connects to both ports of a running dataflow, in a thread of its own, again and again."""

    page_port: int
    tracking_port: int
    token: str = ""
    operator: str = "operator"
    take_over: bool = True
    origin: str = ""
    address: str = "127.0.0.1"
    failing: Failing = field(default_factory=Failing)

    def __post_init__(self) -> None:
        recording = RecordingReader(ROOT / "assets/recordings/two_hands")
        first = next(recording.messages(["hands"])).message
        assert isinstance(first, Hands)
        self._first = first
        self._random = np.random.default_rng(4)
        self._last: Hands | None = None
        self._stopping = threading.Event()
        self._has_left = threading.Event()
        self._has_left.set()
        self._client = ""
        self.state = ""
        self.pictures: list[int] = []
        """When each picture came, ns."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self) -> None:
        """Disconnect."""
        self._stopping.set()
        self._thread.join(10)

    def engage(self, limit_s: float = 20.0) -> None:
        """Press the key until the robot follows. Raises RuntimeError if it does not in time."""
        end = time.monotonic() + limit_s
        while self.state != "tracking":
            if time.monotonic() > end:
                raise RuntimeError(f"the robot does not follow: it is {self.state!r}")
            self.failing.engage = True
            time.sleep(0.15)
            self.failing.engage = False
            time.sleep(0.25)

    def leave(self) -> None:
        """Be gone, until nothing fails any more. Returns when the server has let go of it."""
        self.failing = Failing(gone=True)
        if not self._has_left.wait(LEAVES_S):
            raise RuntimeError("the headset does not get away from the server")

    def connect_anew(self) -> None:
        """Come back, and take over."""
        self.leave()
        self.failing = Failing()

    async def _run(self) -> None:
        headers = {"Origin": self.origin} if self.origin else {}
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(local_addr=(self.address, 0)), headers=headers
        ) as session:
            await asyncio.gather(self._keep(session, self._watch), self._keep(session, self._drive))

    async def _keep(self, session: aiohttp.ClientSession, what: object) -> None:
        while not self._stopping.is_set():
            # A node that is being restarted refuses, which is what is looked at.
            with contextlib.suppress(aiohttp.ClientError, OSError):
                await what(session)  # type: ignore[operator]
            await asyncio.sleep(0.05)

    async def _watch(self, session: aiohttp.ClientSession) -> None:
        url = f"http://127.0.0.1:{self.page_port}/stream"
        protocols = subprotocols(self.token)
        async with session.ws_connect(url, protocols=protocols, max_msg_size=1 << 24) as websocket:
            while not self._stopping.is_set():
                received = await websocket.receive(timeout=5)
                if received.type is not aiohttp.WSMsgType.BINARY:
                    return
                message, _ = decode_bytes(received.data)
                now_ms = time.monotonic_ns() / 1e6
                match message:
                    case Welcome():
                        self._client = message.client
                    case OperatorState():
                        self.state = message.state
                    case ClockQuestion(number=number):
                        answer = ClockAnswer(number=number, received_ms=now_ms, answered_ms=now_ms)
                        await websocket.send_bytes(encode_bytes(answer, now_ms))
                    case Picture(frame_seq=seq):
                        self.pictures.append(time.monotonic_ns())
                        shown = PictureShown(
                            frame_seq=seq,
                            received_ms=now_ms,
                            decoded_ms=now_ms,
                            shown_ms=now_ms,
                            clock="none",
                        )
                        await websocket.send_bytes(encode_bytes(shown, now_ms))

    async def _drive(self, session: aiohttp.ClientSession) -> None:
        client = self._client or (self.operator if self.take_over else "")
        if not client or self.failing.gone:
            return
        url = (
            f"http://127.0.0.1:{self.tracking_port}/tracking?client={client}"
            f"&operator={self.operator}&take_over={self.take_over:d}"
        )
        async with (
            self._driving(),
            session.ws_connect(url, protocols=subprotocols(self.token)) as websocket,
        ):
            due = time.monotonic()
            while not (self._stopping.is_set() or websocket.closed or self.failing.gone):
                due = max(due + 1 / RATE_HZ, time.monotonic() - 0.1)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if self.failing.silent:
                    continue
                now_ms = time.monotonic_ns() / 1e6
                for message in self._sample():
                    await websocket.send_bytes(encode_bytes(message, now_ms))

    @contextlib.asynccontextmanager
    async def _driving(self) -> AsyncIterator[None]:
        self._has_left.clear()
        try:
            yield
        finally:
            self._has_left.set()

    def _sample(self) -> list[Message]:
        keys = OperatorInput(
            source="webxr",
            client="",
            engage=self.failing.engage,
            stop=False,
            recentre=False,
            clutch=np.zeros(2, bool),
        )
        place = np.array([0.0, 1.6, 0.0]) + self._random.normal(scale=NOISE_M, size=3)
        pose = rigid(np.eye(3), place)
        head = Head(source="webxr", client="", valid=True, stage_from_head=pose)
        return [keys, head, self._hands()]

    def _hands(self) -> Hands:
        failing = self.failing
        if failing.frozen and self._last is not None:
            return self._last
        swing = SWING_M * np.sin(2 * np.pi * SWING_HZ * time.monotonic())
        moved = np.array([0.0, swing, 0.0]) + self._random.normal(scale=NOISE_M, size=3)
        wrists = self._first.stage_from_wrist.copy()
        wrists[:, :3, 3] += moved
        joints = self._first.joint_positions + moved
        joints = joints + self._random.normal(scale=NOISE_M, size=joints.shape)
        valid = ~np.array(failing.lost)
        if failing.at_origin:
            wrists = np.tile(np.eye(4), (2, 1, 1))
        if failing.nan:
            wrists = np.full((2, 4, 4), np.nan)
        fields = {f.name: getattr(self._first, f.name) for f in Hands.FIELDS}
        fields |= {
            "source": "webxr",
            "valid": valid,
            "stage_from_wrist": np.where(valid[:, None, None], wrists, np.nan),
            "joint_positions": np.where(valid[:, None, None], joints, np.nan),
        }
        for name in ("joint_orientations", "joint_radii"):
            fields[name] = np.full_like(fields[name], np.nan)
        self._last = Hands(**fields)
        return self._last
