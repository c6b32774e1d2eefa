"""Whether a headset can reach the page: addresses, certificate, firewall."""

import datetime
import shutil
import subprocess
from pathlib import Path
from typing import Final

from operators.certificate import Certificate, tls_context
from operators.headset_settings import HeadsetSettings, is_this_machine
from operators.network_addresses import hosts_to_open, page_addresses
from operators.settings import resolve
from operators.usage_error import UsageError

SOON_DAYS: Final = 14
UFW: Final = Path("/etc/ufw/ufw.conf")
MAKE_ANEW: Final = "`panodora cert --force` makes it anew"


def addresses(headset: HeadsetSettings) -> tuple[str, str]:
    """Where the page will be, and what is to be known about that.

    Raises UsageError where no other machine could reach it, though the settings want that.
    """
    found = " ".join(page_addresses(headset, headset.port))
    if is_this_machine(headset.host):
        if headset.public_address is not None:
            return found, ""
        return found, "this machine alone; a headset on a cable by `adb reverse`: docs/headset.md"
    if hosts_to_open(headset) == ["localhost"]:
        raise UsageError(
            f"this machine has no address that {headset.host} stands for and a headset could "
            "reach: join the headset's network, or set headset.host to 127.0.0.1"
        )
    return found, _firewall(headset)


def certificate(headset: HeadsetSettings) -> tuple[str, str]:
    """What the certificate is, and what is to be known about it.

    Raises UsageError where the servers could not use it, or no browser would take it.
    """
    if headset.certificate is None:
        if is_this_machine(headset.host):
            return "none; none is needed on this machine alone", ""
        return "none", (
            "without one a headset shows the page but cannot enter VR, and who listens on the "
            "network learns the token: `panodora cert`, docs/security.md"
        )
    tls_context(headset)
    path = resolve(headset.certificate)
    read = Certificate.read(path)
    now = datetime.datetime.now(datetime.UTC)
    if not read.valid_from <= now <= read.valid_until:
        raise UsageError(
            f"{path} is valid from {read.valid_from:%Y-%m-%d} to {read.valid_until:%Y-%m-%d}, "
            f"and today is {now:%Y-%m-%d}: {MAKE_ANEW}"
        )
    days = (read.valid_until - now).days
    found = f"{path}, {days} days, SHA-256 {read.fingerprint}"
    uncovered = [host for host in hosts_to_open(headset) if not read.covers(host)]
    if uncovered:
        return found, f"it does not name {', '.join(uncovered)}: {MAKE_ANEW}"
    return found, f"it ends soon: {MAKE_ANEW}" if days < SOON_DAYS else ""


def _firewall(headset: HeadsetSettings) -> str:
    """What may keep a headset away."""
    ports = [str(port) for port in (headset.port, headset.tracking_port) if port]
    if UFW.is_file() and "ENABLED=yes" in UFW.read_text(encoding="utf-8"):
        opening = "; ".join(f"`sudo ufw allow {port}/tcp`" for port in ports)
        return f"a firewall (ufw) is on; unless you did before: {opening}"
    if _firewalld_runs():
        opening = " ".join(f"--add-port={port}/tcp" for port in ports)
        return f"a firewall (firewalld) is on; unless you did before: `sudo firewall-cmd {opening}`"
    return (
        f"if a headset in the same network finds nothing there, let TCP {' and '.join(ports)} "
        "through the firewall; some guest networks keep their machines apart"
    )


def _firewalld_runs() -> bool:
    command = shutil.which("firewall-cmd")
    if command is None:
        return False
    ended = subprocess.run([command, "--state"], capture_output=True, text=True, check=False)
    return ended.returncode == 0
