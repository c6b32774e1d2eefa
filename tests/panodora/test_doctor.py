"""What `panodora doctor` says of a headset's way here."""

import datetime
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from operators.certificate import VALID_DAYS, make_certificate, write_certificate
from operators.headset_settings import HeadsetSettings
from operators.settings import Settings
from operators.usage_error import UsageError
from panodora import doctor, reachability

NOW = datetime.datetime.now(datetime.UTC)


def days(number: float) -> datetime.timedelta:
    return datetime.timedelta(days=number)


def headset(**settings: Any) -> HeadsetSettings:
    return HeadsetSettings(**{"host": "0.0.0.0", "token": "auto", **settings})


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return {"certificate": tmp_path / "certificate.pem", "key": tmp_path / "key.pem"}


def write(files: dict[str, Path], hosts: list[str], made: datetime.datetime = NOW) -> None:
    write_certificate(files["certificate"], files["key"], make_certificate(hosts, made))


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is localhost and 192.168.1.5."""
    for module in ("panodora.reachability", "operators.network_addresses"):
        monkeypatch.setattr(f"{module}.hosts_to_open", lambda _: ["localhost", "192.168.1.5"])


@pytest.mark.usefixtures("network")
class TestCertificate:
    """What is found out about a certificate."""

    def test_a_good_one(self, files: dict[str, Path]) -> None:
        write(files, ["localhost", "192.168.1.5"])
        found, advice = reachability.certificate(headset(**files))
        assert f"{VALID_DAYS - 1} days" in found
        assert not advice

    def test_one_for_other_addresses(self, files: dict[str, Path]) -> None:
        write(files, ["localhost", "192.168.1.99"])
        _, advice = reachability.certificate(headset(**files))
        assert "does not name 192.168.1.5" in advice
        assert "panodora cert --force" in advice

    @pytest.mark.parametrize("made", [NOW - days(VALID_DAYS + 1), NOW + days(30)])
    def test_one_that_is_not_valid_today(
        self, files: dict[str, Path], made: datetime.datetime
    ) -> None:
        write(files, ["localhost", "192.168.1.5"], made)
        with pytest.raises(UsageError, match="panodora cert --force"):
            reachability.certificate(headset(**files))

    def test_one_that_ends_soon(self, files: dict[str, Path]) -> None:
        write(files, ["localhost", "192.168.1.5"], NOW - days(VALID_DAYS - 3))
        assert "soon" in reachability.certificate(headset(**files))[1]

    def test_another_key(self, files: dict[str, Path], tmp_path: Path) -> None:
        write(files, ["localhost"])
        write({"certificate": tmp_path / "other.pem", "key": files["key"]}, ["localhost"])
        with pytest.raises(UsageError, match=r"headset\.key: .*key\.pem is not"):
            reachability.certificate(headset(**files))

    def test_none_in_a_network(self) -> None:
        assert "cannot enter VR" in reachability.certificate(headset())[1]

    def test_none_on_this_machine(self) -> None:
        assert reachability.certificate(HeadsetSettings())[1] == ""


class TestAddresses:
    """What is found out about addresses and the firewall."""

    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("# x\nENABLED=yes\nLOGLEVEL=low\n", ["ufw allow 8012/tcp", "ufw allow 8013/tcp"]),
            ("ENABLED=no\n", ["8012 and 8013", "guest networks"]),
            (None, ["8012 and 8013", "guest networks"]),
        ],
    )
    def test_firewalls(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, words: list[str]
    ) -> None:
        ufw = tmp_path / "ufw.conf"
        monkeypatch.setattr(reachability, "UFW", ufw)
        monkeypatch.setattr(shutil, "which", lambda _: None)
        if content is not None:
            ufw.write_text(content)
        found, advice = reachability.addresses(headset())
        assert found == "http://localhost:8012 http://192.168.1.5:8012"
        for word in words:
            assert word in advice

    def test_a_machine_without_a_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("operators.network_addresses.network_addresses", list)
        with pytest.raises(UsageError, match="join the headset's network"):
            reachability.addresses(headset())

    def test_this_machine_alone(self) -> None:
        found, advice = reachability.addresses(HeadsetSettings())
        assert found == "http://localhost:8012"
        assert "adb reverse" in advice

    def test_the_public_address_comes_first(self) -> None:
        settings = HeadsetSettings(token="auto", public_address="https://robot.example")
        assert reachability.addresses(settings)[0].startswith("https://robot.example ")


class Usage(NamedTuple):
    """Of a disk, as shutil tells it."""

    total: int
    used: int
    free: int


def has_free(number: float) -> Callable[[object], Usage]:
    return lambda _: Usage(0, 0, int(number))


def test_no_room_for_recordings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", has_free(0.5e9))
    with pytest.raises(UsageError, match=r"500 MB are free .* set record\.folder"):
        doctor._disk(Settings(), must=True)
    assert doctor._disk(Settings(), must=False)


def test_no_room_for_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", has_free(64e6))
    with pytest.raises(UsageError, match=r"64 MB free.*--shm-size"):
        doctor._shared_memory()


def test_a_dora_of_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "dora"
    other.write_text("#!/bin/sh\necho dora-cli 0.5.0\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"dora-cli 0\.5\.0.*must agree"):
        doctor._dora()


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"127.0.0.1:{port} .*PANODORA__HEADSET__PORT"):
            doctor._port("127.0.0.1", port, "port")


def test_advice_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    finding = doctor._check("addresses", lambda: ("http://localhost:8012", "a word"))
    assert (finding.fault, finding.advice) == ("", "a word")


def test_vuers_client_that_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("vuer", reason="needs the extra: pip install -e '.[vuer]'")
    settings = Settings(headset=HeadsetSettings(client="vuer", tracking_port=0))
    assert doctor._check("headset.client", lambda: doctor._vuer(settings)).fault == ""
    monkeypatch.setattr("operators.vuer_site.client_folder", lambda: tmp_path)
    fault = doctor._check("headset.client", lambda: doctor._vuer(settings)).fault
    assert "pip install vuer==0.1.6" in fault
