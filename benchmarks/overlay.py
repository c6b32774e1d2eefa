"""The robot in the camera's picture: how often, how exactly, and the chains of transforms.

The rate is of the whole dataflow, from the recording to a client's JPEG, with all that comes of it.
The errors are each against numbers from elsewhere: products of matrices as AirExo-2 writes them,
yourdfpy's kinematics, OpenCV's projection.
"""

import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import numpy as np
import yaml

from benchmarks.airexo_products import chain_errors
from benchmarks.dataflow_run import rates_hz, running_dataflow
from benchmarks.dense_robot import write_dense_robot
from benchmarks.figure import Figure
from benchmarks.surface_error import surface_errors
from operators.settings import ROOT
from operators.synthetic_robot import write_synthetic

NAMES = ("overlay.rate", "overlay.pixel_error", "overlay.chain_error")

TRIANGLES = 50_000
RATE_ASKED_HZ = 60.0
SECONDS = 20.0


def figures(names: Collection[str] = NAMES) -> Iterator[Figure]:
    """Measure the figures that are asked for."""
    measures: dict[str, Callable[[], Figure]] = {
        "overlay.rate": measure_rate,
        "overlay.pixel_error": measure_pixel_error,
        "overlay.chain_error": measure_chain_error,
    }
    for name in names:
        yield measures[name]()


def measure_rate() -> Figure:
    """Pictures a second that a client of the page gets, as fast as the dataflow can."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        urdf, triangles = write_dense_robot(folder, TRIANGLES)
        write_synthetic(folder / "recording", seconds=2.0, rate_hz=10.0)
        settings = yaml.safe_load((ROOT / "configs/overlay.yml").read_text())
        settings["overlay"]["parts"][0]["urdf"] = str(urdf)
        settings["overlay"]["recording"] = str(folder / "recording")
        settings["overlay"]["video"] = str(folder / "overlay.mp4")
        settings["overlay"]["rate_hz"] = RATE_ASKED_HZ
        config = folder / "overlay.yml"
        config.write_text(yaml.safe_dump(settings))
        with running_dataflow("overlay", {"PANODORA_CONFIG": str(config)}) as run:
            time.sleep(SECONDS)
        rates = rates_hz(run.arrivals_ns)
    return Figure(
        "overlay.rate",
        float(np.median(rates)),
        "Hz",
        float(np.percentile(rates, 5)),
        note=f"{triangles} triangles, 1280x720; median of {len(rates)} seconds, 19 of 20 have at "
        "least p95; a recording of 20 frames, decoded once, to JPEG at a client, with point cloud, "
        "silhouette, depth and video; "
        f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} after",
    )


def measure_pixel_error() -> Figure:
    """The largest distance of a mesh's point from the pixel that shows it."""
    errors = surface_errors()
    return Figure(
        "overlay.pixel_error",
        float(errors.max()),
        "px",
        float(np.percentile(errors, 95)),
        note=f"the largest of {len(errors)} pixels, every one that shows the robot; against "
        "yourdfpy's kinematics and OpenCV's projection, float64",
    )


def measure_chain_error() -> Figure:
    """The largest difference of an entry between our chains and AirExo-2's products."""
    errors = chain_errors()
    worst = max(errors, key=errors.__getitem__)
    return Figure(
        "overlay.chain_error",
        errors[worst],
        "1",
        note=f"the largest of {len(errors)} chains: {worst}, {errors[worst]:.1e}",
    )


if __name__ == "__main__":
    for figure in figures():
        print(figure.json_line())
