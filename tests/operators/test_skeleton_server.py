import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientSession, WSServerHandshakeError, web
from scipy.spatial.transform import Rotation

from operators.hand_kinematics import MANO_FROM_WRIST, HandSkeleton
from operators.skeleton_server import LOOPBACK, SkeletonServer

Visit = Callable[[ClientSession, str], Awaitable[Any]]


def visited(visit: Visit, shown: Any = None) -> Any:
    """What a visitor of the page brings back."""

    async def serve() -> Any:
        runner = web.AppRunner(SkeletonServer(HandSkeleton.average(), shown).application())
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, 0).start()
        async with ClientSession() as session:
            found = await visit(session, f"http://{LOOPBACK}:{runner.addresses[0][1]}")
        await runner.cleanup()
        return found

    return asyncio.run(serve())


async def ask(session: ClientSession, address: str, *questions: Any) -> list[Any]:
    async with session.ws_connect(f"{address}/joints") as socket:
        answers = [await socket.receive_json()]
        for question in questions:
            await socket.send_json(question)
            answers.append(await socket.receive_json())
        return answers


def test_the_page_and_its_files_are_served_and_nothing_else() -> None:
    async def visit(session: ClientSession, address: str) -> dict[str, tuple[int, str]]:
        names = ("", "skeleton.js", "skeleton.css", "other.js", "..%2Fpage%2Fmain.js")
        found = {}
        for name in names:
            async with session.get(f"{address}/{name}") as answer:
                found[name] = answer.status, answer.content_type
        return found

    found = visited(visit)
    assert found[""] == (200, "text/html")
    assert found["skeleton.js"] == (200, "text/javascript")
    assert found["skeleton.css"] == (200, "text/css")
    assert found["other.js"][0] == found["..%2Fpage%2Fmain.js"][0] == 404


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_slider_turns_what_comes_after_its_joint(side: str) -> None:
    """MANO's middle PIP, its fifth joint, about MANO's z: the finger's last three joints move."""
    shown: list[tuple[str, Any]] = []
    angles = np.zeros(48)
    angles[5 * 3 + 2] = 0.8

    async def visit(session: ClientSession, address: str) -> list[Any]:
        flat, bent = ({"side": side, "angles": list(a)} for a in (np.zeros(48), angles))
        return await ask(session, address, flat, bent)

    names, flat, bent = visited(visit, lambda *told: shown.append(told))
    assert names["names"][5] == "MIDDLE_PIP"
    assert len(names["names"]) == 16
    before, after = np.array(flat["joints"]), np.array(bent["joints"])
    np.testing.assert_array_equal(
        np.delete(after, [11, 12], axis=0), np.delete(before, [11, 12], 0)
    )
    turn = MANO_FROM_WRIST[0 if side == "left" else 1]
    rotation = Rotation.from_rotvec(turn.T @ [0.0, 0.0, 0.8])
    expected = before[10] + rotation.apply(before[[11, 12]] - before[10])
    np.testing.assert_allclose(after[[11, 12]], expected, atol=2e-6)
    assert [told[0] for told in shown] == [side, side]
    np.testing.assert_allclose(shown[1][1], after, atol=1e-6)


@pytest.mark.parametrize(
    "question",
    [
        {"side": "left", "angles": [0.0] * 47},
        {"side": "both", "angles": [0.0] * 48},
        {"side": "left", "angles": ["a"] * 48},
        {"side": "left", "angles": [float("nan")] * 48},
        {"side": "left"},
        [1, 2],
        "left",
    ],
)
def test_what_is_no_question_closes_the_connection(question: Any) -> None:
    async def visit(session: ClientSession, address: str) -> int | None:
        async with session.ws_connect(f"{address}/joints") as socket:
            await socket.receive_json()
            await socket.send_json(question)
            await socket.receive()
            return socket.close_code

    assert visited(visit) == 1000


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://elsewhere.example"}, {"Host": "elsewhere.example"}]
)
def test_other_sites_are_refused(headers: dict[str, str]) -> None:
    async def visit(session: ClientSession, address: str) -> int:
        try:
            await session.ws_connect(f"{address}/joints", headers=headers)
        except WSServerHandshakeError as error:
            return error.status
        return 101

    assert visited(visit) == 403
