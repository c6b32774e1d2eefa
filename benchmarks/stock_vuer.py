"""Vuer's own server, which shows a panorama in one of the ways that its own components allow.

    python -m benchmarks.stock_vuer PORT FOLDER WAY

FOLDER: where its client is put, with what must be other for VR without a network (stock, entering
VR ends the page). WAY: `data`, `address`, `bytes`, `webrtc` (which needs aiortc), or `nothing` to
let it idle. docs/vuer.md says what came of each.
"""

import argparse
import asyncio
import base64
import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import simplejpeg
from numpy.typing import NDArray

QUALITY: Final = 85
STEP_S: Final = 0.016
"""What the seed waits between two pictures."""

EYES_M: Final = 1.6

Jpeg = Callable[[int], bytes]


def picture(number: int, scene: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture of which no two are the same, nor two tiles in turn. scene: see `scene_pixels`."""
    return np.ascontiguousarray(np.roll(scene, 7 * number, axis=1))


def scene_pixels() -> NDArray[np.uint8]:
    """The panorama of the shipped recording, (720, 1440, 3)."""
    from benchmarks.stream import recorded_panoramas

    return next(recorded_panoramas(1)).pixels.copy()


def put_client(folder: Path) -> None:
    """The package's client, with the changes that let it enter VR without a network."""
    from operators.vuer_site import changed_files, client_folder

    shutil.copytree(client_folder(), folder, dirs_exist_ok=True)
    for name, content in changed_files(client_folder()).items():
        (folder / name).write_bytes(content)


def sphere(address: str) -> Any:
    """The seed's, at the height of the eyes: where the seed has it, a standing head is outside."""
    from vuer.schemas import Sphere

    return Sphere(
        args=[1, 32, 32],
        materialType="standard",
        material={"map": address, "side": 1},
        position=[0, EYES_M, 0],
        rotation=[0, 0.5 * math.pi, 0],
        key="skyball",
    )


def elements(way: str, number: int, jpeg: bytes) -> Any:
    """What is sent for a picture."""
    from vuer.schemas import ImageBackground

    if way == "data":
        return sphere("data:image/jpeg;base64," + base64.b64encode(jpeg).decode())
    if way == "address":
        return sphere(f"/panorama.jpg?n={number}")
    return ImageBackground(src=jpeg, key="background", distanceToCamera=1)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("way", choices=("data", "address", "bytes", "webrtc", "nothing"))
    chosen = parser.parse_args()

    from aiohttp import web
    from vuer import Vuer
    from vuer.schemas import Scene, WebRTCVideoPlane

    put_client(chosen.folder / "client")
    (chosen.folder / "empty").mkdir()
    app = Vuer(
        host="localhost",
        port=chosen.port,
        client_root=chosen.folder / "client",
        workspace=chosen.folder / "empty",
    )
    scene = scene_pixels()

    def jpeg(number: int) -> bytes:
        encoded: bytes = simplejpeg.encode_jpeg(
            picture(number, scene), quality=QUALITY, colorspace="RGB", colorsubsampling="420"
        )
        return encoded

    async def newest(request: web.Request) -> web.Response:
        return web.Response(body=jpeg(int(request.query["n"])), content_type="image/jpeg")

    app.app.router.add_get("/panorama.jpg", newest)

    video = app.create_webrtc_stream("panorama") if chosen.way == "webrtc" else None

    async def show(session: Any) -> None:
        shown = [WebRTCVideoPlane(src=video.endpoint, key="video")] if video else []
        session.set @ Scene(bgChildren=shown)
        number = 0
        while True:
            number += 1
            if video is not None:
                video.push_frame(picture(number, scene)[..., ::-1])
            elif chosen.way != "nothing":
                session.upsert @ elements(chosen.way, number, jpeg(number))
            await asyncio.sleep(STEP_S if chosen.way != "nothing" else 1.0)

    app.spawn(show)
    app.start()
    time.sleep(1)


if __name__ == "__main__":
    main()
