"""Runs a dataflow and counts the pictures that a client of its page gets."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from operators.acknowledging_client import AcknowledgingClient

FIRST_PICTURES = 20
START_S = 60.0


def picture_rates(
    dataflow: Path, environment: Mapping[str, str], seconds: float, log: Path
) -> NDArray[np.int64]:
    """Pictures that came in each whole second.

    Raises RuntimeError with dora's last words if no pictures come.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    folder = Path(sys.executable).parent
    with log.open("w") as output:
        dora = subprocess.Popen(
            [str(folder / "dora"), "run", str(dataflow)],
            env={
                **os.environ,
                **environment,
                "PATH": f"{folder}:{os.environ['PATH']}",
                "PANODORA__HEADSET__PORT": str(port),
            },
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    client = AcknowledgingClient(port)
    client.start()
    try:
        if not client.wait_for_pictures(FIRST_PICTURES, START_S):
            raise RuntimeError(f"no pictures came:\n{log.read_text()[-4000:]}")
        client.arrivals.clear()
        time.sleep(seconds)
    finally:
        client.stop()
        dora.send_signal(signal.SIGINT)
        try:
            dora.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(dora.pid, signal.SIGKILL)
            raise
    arrivals = np.array([arrival for _, _, arrival in client.arrivals])
    since = (arrivals - arrivals[0]) // 1_000_000_000
    return np.bincount(since)[:-1]
