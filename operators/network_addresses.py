"""The addresses and names by which other machines reach this one."""

import contextlib
import ipaddress
import socket
from pathlib import Path
from typing import Final

import ifaddr

from operators.headset_settings import HeadsetSettings, is_this_machine

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

INNER_INTERFACES: Final = (
    "docker",
    "br-",
    "veth",
    "virbr",
    "lxc",
    "lxd",
    "cni",
    "flannel",
    "podman",
)
"""Networks of containers and virtual machines, which nobody outside reaches."""

ELSEWHERE: Final = {
    socket.AF_INET: ("192.0.2.1", 9),  # never in use (RFC 5737)
    socket.AF_INET6: ("2001:db8::1", 9),  # nor is this (RFC 3849)
}


def network_addresses() -> list[IPAddress]:
    """Addresses at which a headset in the same network may reach this machine, likely ones first.

    Without loopback and link-local ones, which a browser cannot open, and those of containers.
    """
    found = {
        _address(ip)
        for adapter in ifaddr.get_adapters()
        if not adapter.name.startswith(INNER_INTERFACES) and not _is_down(adapter.name)
        for ip in adapter.ips
    }
    usual = _usual_addresses()
    return sorted(
        (each for each in found if not (each.is_loopback or each.is_link_local)),
        key=lambda each: (each not in usual, each.version, each.packed),
    )


def machine_names() -> list[str]:
    """What this machine is called, and what where mDNS (Avahi) tells names."""
    name = socket.gethostname().lower()
    short = name.split(".")[0]
    return list(dict.fromkeys(n for n in (name, f"{short}.local") if n not in ("", ".local")))


def hosts_to_open(settings: HeadsetSettings) -> list[str]:
    """What stands for this machine in the address that a browser opens, by where it listens."""
    try:
        listening = ipaddress.ip_address(settings.host)
    except ValueError:
        return [settings.host]
    if listening.is_loopback:
        return ["localhost"]  # browsers trust a page from there as if it had a certificate
    if not listening.is_unspecified:
        return [_in_address(listening)]
    reached = [each for each in network_addresses() if each.version == listening.version]
    return ["localhost", *(_in_address(each) for each in reached)]


def page_addresses(settings: HeadsetSettings, port: int) -> list[str]:
    """Addresses to open the page by, e.g. http://localhost:8012, the public one first."""
    public = [] if settings.public_address is None else [settings.public_address]
    own = [f"{settings.scheme}://{host}:{port}" for host in hosts_to_open(settings)]
    return [*public, *own]


def allowed_names(settings: HeadsetSettings) -> set[str]:
    """Names, other than addresses in digits, by which a client may call the servers."""
    if is_this_machine(settings.host):
        return {"localhost"}
    return {"localhost", settings.host.lower(), *machine_names()}


def _in_address(address: IPAddress) -> str:
    return f"[{address}]" if address.version == 6 else str(address)


def _address(ip: ifaddr.IP) -> IPAddress:
    return ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])


def _is_down(interface: str) -> bool:
    state = Path(f"/sys/class/net/{interface}/operstate")
    return state.is_file() and state.read_text().strip() == "down"


def _usual_addresses() -> set[IPAddress]:
    """Those that this machine itself would speak to the world from; nothing is sent."""
    found = set()
    for family, elsewhere in ELSEWHERE.items():
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.connect(elsewhere)
            found.add(ipaddress.ip_address(trial.getsockname()[0]))
    return found
