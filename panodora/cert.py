"""`panodora cert`: make a TLS certificate, which a headset needs over a network."""

import argparse
import datetime
import ipaddress
import re
from pathlib import Path
from typing import Any, Final

from operators.certificate import Certificate, make_certificate, write_certificate
from operators.network_addresses import machine_names, network_addresses
from operators.usage_error import UsageError

FOLDER: Final = Path("~/.config/panodora")
CERTIFICATE, KEY = "certificate.pem", "key.pem"

LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
NAME: Final = re.compile(rf"(?:\*\.)?{LABEL}(?:\.{LABEL})*", re.IGNORECASE)

EXAMPLES = """\
examples:
  panodora cert                       for all addresses and names of this machine
  panodora cert robot.lan 10.0.0.7    and for these
  panodora cert --force               anew, as when an address has changed
"""


def add_parser(commands: Any) -> None:
    """Add `panodora cert`."""
    parser = commands.add_parser(
        "cert",
        help="make a TLS certificate: a headset's browser enters VR by https alone",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("hosts", nargs="*", metavar="NAME", help="further names and addresses")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"default: {FOLDER}")
    parser.add_argument("--force", action="store_true", help="replace the one that is there")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Make both files, and say what they are and what to do next."""
    folder = chosen.folder.expanduser()
    certificate, key = folder / CERTIFICATE, folder / KEY
    taken = [path for path in (certificate, key) if path.exists()]
    if taken and not chosen.force:
        raise UsageError(f"{taken[0]} is there already; --force replaces it")
    own = [str(address) for address in network_addresses()]
    hosts = [*machine_names(), "localhost", *own, "127.0.0.1", "::1", *map(_host, chosen.hosts)]
    write_certificate(certificate, key, make_certificate(list(dict.fromkeys(hosts))))
    print(described(certificate))
    print(NEXT.format(certificate=certificate, key=key))
    return 0


NEXT = """\
{certificate}
{key}     keep this one to yourself

Name both in the settings: configs/teleop_wifi.yml does, for files in ~/.config/panodora:
  PANODORA_CONFIG=configs/teleop_wifi.yml make teleop
Open the address that it prints in the headset. The browser warns, as nobody but you vouches for
this certificate: compare the fingerprint if in doubt, then "Advanced", "Proceed".
"""


def described(path: Path) -> str:
    """What a certificate is for, in a few lines."""
    certificate = Certificate.read(path)
    days = (certificate.valid_until - datetime.datetime.now(datetime.UTC)).days
    hosts = [*certificate.names, *map(str, certificate.addresses)]
    return (
        f"for {', '.join(hosts)}\n"
        f"until {certificate.valid_until:%Y-%m-%d}, {days} days\n"
        f"SHA-256 {certificate.fingerprint}"
    )


def _host(given: str) -> str:
    try:
        return str(ipaddress.ip_address(given))
    except ValueError:
        if NAME.fullmatch(given) is None:
            raise UsageError(
                f"expected a name such as robot.lan, or an IP address; got {given!r}"
            ) from None
        return given.lower()
