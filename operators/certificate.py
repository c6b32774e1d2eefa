"""TLS certificates: made for this machine's addresses, read, and given to the servers."""

import datetime
import ipaddress
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from operators.headset_settings import HeadsetSettings
from operators.settings import SettingsError, resolve
from operators.usage_error import UsageError

VALID_DAYS: Final = 730

EARLIER: Final = datetime.timedelta(days=1)
"""It is valid from then on already: a headset's clock may be late."""

MAKE_ONE: Final = "`panodora cert` makes one"


@dataclass(frozen=True)
class Certificate:
    """What a certificate says. names: DNS names, which may begin with `*.`; addresses: IP."""

    names: tuple[str, ...]
    addresses: tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]
    valid_from: datetime.datetime
    valid_until: datetime.datetime
    fingerprint: str

    @classmethod
    def read(cls, path: Path) -> "Certificate":
        """Read a PEM file; of several certificates the first, which is the server's own.

        Raises UsageError where the file cannot be read, or is none.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror}); {MAKE_ONE}") from None
        try:
            return cls.of(x509.load_pem_x509_certificate(content))
        except ValueError:
            raise UsageError(f"{path}: holds no certificate in PEM form; {MAKE_ONE}") from None

    @classmethod
    def of(cls, certificate: x509.Certificate) -> "Certificate":
        """What a certificate of `cryptography` says."""
        names: list[str] = []
        addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
        try:
            also = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            pass  # it names nobody, as browsers see it
        else:
            names = also.get_values_for_type(x509.DNSName)
            addresses = [
                ip
                for ip in also.get_values_for_type(x509.IPAddress)
                if isinstance(ip, ipaddress.IPv4Address | ipaddress.IPv6Address)
            ]
        return cls(
            tuple(names),
            tuple(addresses),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        )

    def covers(self, host: str) -> bool:
        """Whether a browser that calls its server by this name or address finds it here."""
        try:
            return ipaddress.ip_address(host.strip("[]")) in self.addresses
        except ValueError:
            wanted = host.lower()
            above = "*." + wanted.partition(".")[2]
            return any(name.lower() in (wanted, above) for name in self.names)


def make_certificate(
    hosts: Sequence[str], now: datetime.datetime | None = None
) -> tuple[bytes, bytes]:
    """A certificate that signs itself, and its private key, both in PEM form.

    hosts: the names and addresses that it is for, the first of which is its subject. now: aware.
    No authority is made with it: a headset's browser lets nobody add one, but lets its user go on
    to a page that signs itself, once for a host and all of its ports.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
        .add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def write_certificate(certificate_path: Path, key_path: Path, pem: tuple[bytes, bytes]) -> None:
    """Write a certificate and its key, which nobody but this user may read.

    Raises UsageError where that cannot be done.
    """
    certificate, key = pem
    try:
        for path in (certificate_path, key_path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key_path.unlink(missing_ok=True)  # whoever could read the old one reads it no longer
        handle = os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key)
        certificate_path.write_bytes(certificate)
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be written: {error.strerror}") from None


def tls_context(settings: HeadsetSettings) -> ssl.SSLContext | None:
    """What the servers speak TLS by; None where they have no certificate.

    Raises SettingsError where a file is missing, or the key is not the certificate's.
    """
    if settings.certificate is None or settings.key is None:
        return None
    certificate, key = resolve(settings.certificate), resolve(settings.key)
    for name, path in (("certificate", certificate), ("key", key)):
        if not os.access(path, os.R_OK):
            raise SettingsError(f"headset.{name}: {path} cannot be read; {MAKE_ONE}")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise SettingsError(
            f"headset.key: {key} is not the private key of {certificate}, or one of them is no PEM "
            f"file without a password ({error}); {MAKE_ONE}"
        ) from None
    return context


def client_context(certificate: Path) -> ssl.SSLContext:
    """What a client on this machine trusts that one certificate by, whatever it calls the host."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    return context


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
