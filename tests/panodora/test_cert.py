import ipaddress
import socket
import stat
from pathlib import Path

import pytest

from operators.certificate import Certificate, tls_context
from operators.network_addresses import network_addresses
from operators.settings import load_settings
from panodora.__main__ import main


@pytest.fixture
def folder(home: Path) -> Path:
    return home / ".config/panodora"


def test_a_certificate_for_this_machine(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cert", "Robot.Lan", "10.0.0.7"]) == 0
    certificate = Certificate.read(folder / "certificate.pem")
    short = socket.gethostname().split(".")[0].lower()
    for host in (short, f"{short}.local", "localhost", "robot.lan", "10.0.0.7", "127.0.0.1", "::1"):
        assert certificate.covers(host), host
    for address in network_addresses():
        assert certificate.covers(str(address))
    said = capsys.readouterr().out
    for word in (certificate.fingerprint, "teleop_wifi.yml", str(folder / "key.pem"), "days"):
        assert word in said


def test_the_settings_for_wifi_find_it(folder: Path) -> None:
    assert main(["cert"]) == 0
    headset = load_settings("configs/teleop_wifi.yml").headset
    assert tls_context(headset) is not None
    assert headset.token is not None


def test_one_that_is_there_is_kept_unless_forced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cert"]) == 0
    before = Certificate.read(folder / "certificate.pem")
    assert main(["cert"]) == 2
    assert "--force" in capsys.readouterr().err
    assert Certificate.read(folder / "certificate.pem") == before
    assert main(["cert", "--force"]) == 0
    assert Certificate.read(folder / "certificate.pem").fingerprint != before.fingerprint
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600


def test_half_a_pair_is_not_written_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.mkdir(parents=True)
    (folder / "key.pem").write_text("mine")
    assert main(["cert"]) == 2
    assert (folder / "key.pem").read_text() == "mine"


@pytest.mark.parametrize(
    "name", ["a b", "", "http://robot", "robot:8012", "-x", "a..b", "ä.example", "x" * 64]
)
def test_what_is_no_name_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["cert", "--", name]) == 2
    assert repr(name) in capsys.readouterr().err
    assert not folder.exists()


def test_a_folder_that_cannot_be_written(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "file").write_text("")
    assert main(["cert", "--folder", str(home / "file")]) == 2
    assert str(home / "file") in capsys.readouterr().err


def test_addresses_of_this_machine_are_of_a_network() -> None:
    for address in network_addresses():
        assert not address.is_loopback
        assert ipaddress.ip_address(str(address)) == address
