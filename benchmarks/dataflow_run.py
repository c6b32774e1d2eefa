"""Runs a dataflow in a real dora, beside a client of its page that takes every picture."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from operators.acknowledging_client import AcknowledgingClient
from operators.settings import ROOT
from tests.free_ports import free_ports

FIRST_PICTURES = 60
START_S = 60.0
LOOK_S = 0.2
STOP_S = 30.0


@dataclass(frozen=True)
class DataflowRun:
    """A dataflow whose pictures come. log: what it has printed."""

    dora: subprocess.Popen[bytes]
    client: AcknowledgingClient
    port: int
    tracking_port: int
    log: Path

    @property
    def arrivals_ns(self) -> NDArray[np.int64]:
        """When the client got each picture since its list was cleared."""
        return np.array([arrival for _, _, arrival in self.client.arrivals], np.int64)

    @property
    def words(self) -> str:
        """The last that it has printed."""
        return self.log.read_text()[-4000:]


@contextmanager
def running_dataflow(
    name: str, environment: Mapping[str, str], *, decode: bool = False
) -> Iterator[DataflowRun]:
    """Run dataflows/NAME.yml on free ports until the block ends, from its first pictures on.

    environment: beside the ports, more of its variables. decode: let the client decode what it
    takes. Raises RuntimeError with dora's last words if no pictures come.
    """
    port, tracking_port = free_ports(2)
    programs = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "dora.log"
        with log.open("w") as output:
            dora = subprocess.Popen(
                [programs / "dora", "run", ROOT / f"dataflows/{name}.yml"],
                env={
                    **os.environ,
                    "PATH": f"{programs}:{os.environ['PATH']}",
                    "PANODORA_CONFIG": f"configs/{name}.yml",
                    "PANODORA__HEADSET__PORT": str(port),
                    "PANODORA__HEADSET__TRACKING_PORT": str(tracking_port),
                    **environment,
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        client = AcknowledgingClient(port, decode=decode)
        run = DataflowRun(dora, client, port, tracking_port, log)
        client.start()
        try:
            _wait_for_pictures(run)
            client.arrivals.clear()
            yield run
        finally:
            client.stop()
            dora.send_signal(signal.SIGINT)
            try:
                dora.wait(STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(dora.pid, signal.SIGKILL)
                raise


def _wait_for_pictures(run: DataflowRun) -> None:
    until_s = time.monotonic() + START_S
    while not run.client.wait_for_pictures(FIRST_PICTURES, LOOK_S):
        if run.dora.poll() is not None or time.monotonic() > until_s:
            raise RuntimeError(f"no pictures came:\n{run.words}")


def rates_hz(arrivals_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pictures in each whole second, from their arrivals."""
    return np.bincount((arrivals_ns - arrivals_ns[0]) // 1_000_000_000)[:-1]
