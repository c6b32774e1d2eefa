"""The camera's dataflow through a real dora: it drives, holds, and stays off the network."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg

from operators.page_messages import Picture
from operators.picture_source import VideoFile
from operators.settings import ROOT
from tests.dataflows.driving import Driven, needs_mediapipe
from tests.dataflows.open_sockets import SocketWatch, environment_has
from tests.dataflows.running import assert_said_at_the_start
from tests.free_ports import free_ports
from tests.operators.page_clients import connected, receive_any
from tests.time_limits import event_s, program_s

pytestmark = [pytest.mark.dataflow, pytest.mark.gl]

EXCERPT = ROOT / "assets/videos/hand.mp4"

needs_seccomp = pytest.mark.skipif(
    subprocess.run(
        [sys.executable, "-m", "tests.dataflows.confined", "no-internet", "true"],
        cwd=ROOT,
        capture_output=True,
    ).returncode
    != 0,
    reason="needs a kernel that takes seccomp filters",
)


@pytest.fixture
def longer(tmp_path: Path) -> Path:
    """The excerpt four times over: engaging takes a while. Pictures wait for a slow detector."""
    path = tmp_path / "hand.avi"
    made = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (480, 270))
    for _ in range(4):
        source = VideoFile(EXCERPT)
        while (pixels := source.read()) is not None:
            made.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        source.close()
    made.release()
    return path


@needs_mediapipe
def test_a_video_drives_the_robot_which_holds_at_its_end(
    driven: Callable[..., Driven], longer: Path
) -> None:
    loop = driven(PANODORA__CAMERA__SOURCE=str(longer), PANODORA__CAMERA__PACE="paced")
    loop.page.wait_for(lambda s: s.right_state == "tracking" and s.left_state == "holding")
    assert "lens: guessed to see 60 degrees" in loop.run.said
    loop.run.wait_for("camera: finished")
    loop.page.wait_for(lambda s: s.right_state == s.state == "holding")


@needs_mediapipe
def test_pictures_of_another_size_than_the_calibration_hold_the_robot(
    driven: Callable[..., Driven], tmp_path: Path
) -> None:
    calibration = tmp_path / "camera.yml"
    calibration.write_text(
        "{version: 1, timestamp_ms: 1, kind: marker, cameras: {webcam: {"
        "image: {width: 640, height: 480, fx: 600, fy: 600, cx: 320, cy: 240}, "
        "camera_from_marker: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}}}"
    )
    loop = driven(
        PANODORA__CAMERA__SOURCE=str(EXCERPT),
        PANODORA__CAMERA__LOOP="true",
        PANODORA__CAMERA__CALIBRATION=str(calibration),
    )
    loop.run.wait_for("pictures are 480x270 px, but")
    loop.run.wait_for("not followed: nothing is known of the camera's lens")
    loop.page.wait_for(lambda s: s.state == s.right_state == "holding")
    assert not any(s.right_state == "tracking" for s in loop.page.states)


def test_a_360_degree_file_is_shown(driven: Callable[..., Driven], tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((64, 128, 3), 60 * number, np.uint8))
    loop = driven("teleop_360", PANODORA__PANORAMA_CAMERA__SOURCE=str(folder))
    with connected(loop.run.ports[0], "/stream") as client:
        while not isinstance(picture := receive_any(client), Picture):
            pass
    shown = simplejpeg.decode_jpeg(picture.jpeg.tobytes())
    assert shown.shape == (64, 128, 3)
    assert np.ptp(shown) == 0
    assert min(abs(int(shown[0, 0, 0]) - grey) for grey in (0, 60, 120)) <= 1


DATAFLOW = "dataflows/teleop_video.yml"
NO_FILE = (
    {"PANODORA__CAMERA__SOURCE": "absent.mp4"},
    ["camera.source", "absent.mp4 is not there"],
)
NO_CAMERA = ({"PANODORA__CAMERA__SOURCE": "97"}, ["no camera answers at 97"])
NO_MODEL = (
    {
        "PANODORA__CAMERA__SOURCE": str(EXCERPT),
        "PANODORA__KEYPOINTS__MEDIAPIPE_MODEL": "absent.task",
    },
    ["keypoints.mediapipe_model", "absent.task: no such file"],
)


def with_settings(fault: tuple[dict[str, str], list[str]]) -> tuple[dict[str, str], list[str]]:
    """For a node that no dataflow gives its settings."""
    variables, words = fault
    return {"PANODORA_CONFIG": "configs/teleop_video.yml", **variables}, words


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (["dora", "run", DATAFLOW], NO_FILE),
        (["python", "nodes/camera.py"], with_settings(NO_CAMERA)),
        (["python", "nodes/keypoints.py"], with_settings(NO_MODEL)),
        (["panodora", "doctor", DATAFLOW], NO_FILE),
        (["panodora", "doctor", DATAFLOW], NO_CAMERA),
        (["panodora", "doctor", DATAFLOW], NO_MODEL),
    ],
)
def test_what_cannot_work_is_said_at_the_start(
    command: list[str], fault: tuple[dict[str, str], list[str]]
) -> None:
    assert_said_at_the_start(command, *fault)


@needs_mediapipe
@needs_seccomp
def test_no_node_goes_beyond_this_machine(driven: Callable[..., Driven]) -> None:
    """No name can be looked up, by the kernel's word; other sockets live long enough to be seen."""
    ports: list[int] = []

    def is_watched(pid: int) -> bool:
        return bool(ports) and environment_has("PANODORA__HEADSET__PORT", str(ports[0]))(pid)

    with SocketWatch(is_watched) as watch:
        loop = driven(
            confined="no-datagrams",
            PANODORA__CAMERA__SOURCE=str(EXCERPT),
            PANODORA__CAMERA__LOOP="true",
        )
        ports.append(loop.run.ports[0])
        loop.page.wait_for(lambda s: s.right_state == "tracking")
        assert watch.wait_for_looks(100, event_s())
    assert not watch.beyond


@needs_mediapipe
@needs_seccomp
def test_the_detector_opens_no_socket_at_all() -> None:
    code = f"""
from pathlib import Path
from operators.camera_settings import KeypointsSettings
from operators.mediapipe_detector import MediapipeDetector
from operators.picture_source import VideoFile

source, found = VideoFile(Path({str(EXCERPT)!r})), 0
with MediapipeDetector(KeypointsSettings()) as detector:
    for number in range(120):
        found += len(detector.detect(source.read(), 33 * number).hands)
print(found)
"""
    ended = run_confined("no-internet", code)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 100


@needs_seccomp
@pytest.mark.parametrize("kind", ["no-datagrams", "no-internet"])
def test_who_looks_up_a_name_would_be_ended(kind: str) -> None:
    ended = run_confined(kind, "import socket; socket.getaddrinfo('panodora.invalid', 443)")
    assert ended.returncode == -signal.SIGSYS, ended.stderr


def run_confined(kind: str, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.dataflows.confined", kind, sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=program_s(),
    )


@pytest.mark.parametrize(
    "code",
    [
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.1', 53))",
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 0))",
        "s = socket.create_server(('0.0.0.0', 0))",
        "s = socket.create_server(('::', 0), family=socket.AF_INET6)",
    ],
    ids=["asks a name server", "waits for datagrams", "listens", "listens by IPv6"],
)
def test_such_a_socket_would_be_seen(code: str) -> None:
    (mark,) = free_ports(1)
    child = f"import socket; {code}; print('open', flush=True); input()"
    with (
        SocketWatch(environment_has("WATCHED", str(mark))) as watch,
        subprocess.Popen(
            [sys.executable, "-c", child],
            env={"WATCHED": str(mark)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        is_open = process.stdout.readline() == "open\n"
        looked = watch.wait_for_looks(3, event_s())
        _, said = process.communicate("\n")
    if not is_open and ("unreachable" in said or "Address family" in said):
        pytest.skip(f"this machine has no such network: {said.splitlines()[-1]}")
    assert is_open, said
    assert looked
    assert len(watch.beyond) == 1
