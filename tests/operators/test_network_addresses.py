import ipaddress
from types import SimpleNamespace
from typing import Any

import ifaddr
import pytest

from operators import network_addresses
from operators.headset_settings import HeadsetSettings
from operators.network_addresses import allowed_names, machine_names, page_addresses


def adapter(name: str, *ips: str) -> Any:
    given: list[Any] = [ip if ":" not in ip else (ip, 0, 0) for ip in ips]
    return SimpleNamespace(name=name, ips=[SimpleNamespace(ip=ip) for ip in given])


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop called `bench` with a cable, Wi-Fi and containers."""
    adapters = [
        adapter("lo", "127.0.0.1", "::1"),
        adapter("docker0", "172.17.0.1"),
        adapter("eth0", "10.0.0.7", "fe80::1"),
        adapter("wlan0", "192.168.1.5", "fd00::5", "169.254.3.4"),
        adapter("old0", "192.168.9.9"),
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)
    monkeypatch.setattr(network_addresses, "_is_down", lambda interface: interface == "old0")
    usual = {ipaddress.ip_address("192.168.1.5")}
    monkeypatch.setattr(network_addresses, "_usual_addresses", lambda: usual)
    monkeypatch.setattr("socket.gethostname", lambda: "Bench.lab")


def test_only_what_a_headset_could_reach_and_likely_ones_first() -> None:
    found = [str(address) for address in network_addresses.network_addresses()]
    assert found == ["192.168.1.5", "10.0.0.7", "fd00::5"]


def test_names() -> None:
    assert machine_names() == ["bench.lab", "bench.local"]


@pytest.mark.parametrize(
    ("settings", "addresses"),
    [
        ({}, ["http://localhost:1"]),
        ({"host": "::1"}, ["http://localhost:1"]),
        ({"host": "0.0.0.0"}, ["localhost", "192.168.1.5", "10.0.0.7"]),
        ({"host": "::"}, ["localhost", "[fd00::5]"]),
        ({"host": "10.0.0.7"}, ["10.0.0.7"]),
        ({"host": "bench.lab"}, ["bench.lab"]),
        ({"public_address": "https://Robot.Example:443/"}, ["https://robot.example", "localhost"]),
        ({"certificate": "c", "key": "k"}, ["https://localhost:1"]),
    ],
)
def test_addresses_of_the_page(settings: dict[str, str], addresses: list[str]) -> None:
    found = page_addresses(HeadsetSettings(**{"token": "auto", **settings}), 1)
    assert found == [a if "//" in a else f"http://{a}:1" for a in addresses]


def test_names_that_clients_may_use() -> None:
    assert allowed_names(HeadsetSettings()) == {"localhost"}
    names = allowed_names(HeadsetSettings(host="Robot.lan", token="auto"))
    assert names == {"localhost", "robot.lan", "bench.lab", "bench.local"}


def test_finding_out_sends_nothing_and_works_on_a_real_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    for address in network_addresses.network_addresses():
        assert not address.is_loopback
        assert not address.is_link_local
