"""Somebody at the page's keys, who lets the robot follow."""

import asyncio
import threading
from itertools import cycle
from typing import Final, Self

import aiohttp
import numpy as np

from operators.messages import OperatorInput
from operators.page_layout import encode_bytes

PRESS_S: Final = 0.1
KEY: Final = (False, True, False, False, False)
"""How the key to engage is held, in turn: whoever was stopped by a pause goes on after it."""


class Engaging:
    """Presses the key to engage and lets go of it, again and again, as long as it is entered.

    It stays connected: who leaves stops the robot. What follows already is not changed by the key.
    """

    def __init__(self, tracking_port: int) -> None:
        self._address = f"http://127.0.0.1:{tracking_port}/tracking?client=engaging"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._thread.join(10)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._drive()
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(PRESS_S)

    async def _drive(self) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self._address) as websocket,
        ):
            for pressed in cycle(KEY):
                if self._stopping.is_set():
                    return
                await websocket.send_bytes(encode_bytes(_keys(pressed), 0.0))
                await asyncio.sleep(PRESS_S)


def _keys(engage: bool) -> OperatorInput:
    return OperatorInput(
        source="benchmark",
        client="",
        engage=engage,
        stop=False,
        recentre=False,
        clutch=np.zeros(2, bool),
    )
