"""Certificates, read by openssl and by Python's own TLS, and spoken by both servers."""

import contextlib
import datetime
import ipaddress
import re
import shutil
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from operators.acknowledging_client import AcknowledgingClient
from operators.certificate import (
    Certificate,
    client_context,
    make_certificate,
    tls_context,
    write_certificate,
)
from operators.headset_settings import HeadsetSettings
from operators.settings import SettingsError
from operators.usage_error import UsageError
from tests.operators.page_clients import in_two_threads
from tests.operators.test_access import SOCKETS, TRACKING, Both, both, is_in
from tests.time_limits import event_s

HOSTS = ["bench", "bench.local", "localhost", "192.168.1.5", "127.0.0.1", "fd00::5"]
NOW = datetime.datetime(2026, 3, 1, 12, 0, 0, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "sub/certificate.pem", folder / "sub/key.pem"
    write_certificate(certificate, key, make_certificate(HOSTS))
    return certificate, key


@pytest.fixture(scope="module")
def servers(files: tuple[Path, Path]) -> Iterator[Both]:
    certificate, key = files
    with both(certificate=certificate, key=key) as made:
        yield made


def openssl(*arguments: str | Path) -> str:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    ended = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True)
    return ended.stdout


def test_openssl_reads_names_addresses_and_times(tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    write_certificate(certificate, key, make_certificate(HOSTS, NOW))
    said = openssl("x509", "-in", certificate, "-noout", "-text", "-dates")
    (names,) = re.findall(r"Subject Alternative Name: *\n *(.*)\n", said)
    assert names.split(", ") == [
        "DNS:bench",
        "DNS:bench.local",
        "DNS:localhost",
        "IP Address:192.168.1.5",
        "IP Address:127.0.0.1",
        "IP Address:FD00:0:0:0:0:0:0:5",
    ]
    assert "notBefore=Feb 28 12:00:00 2026 GMT" in said
    assert "notAfter=Feb 29 12:00:00 2028 GMT" in said
    assert "CA:FALSE" in said
    assert "TLS Web Server Authentication" in said
    (fingerprint,) = re.findall(
        "=(.*)", openssl("x509", "-in", certificate, "-noout", "-fingerprint", "-sha256")
    )
    assert Certificate.read(certificate).fingerprint == fingerprint


def test_openssl_finds_the_key_to_be_the_certificates(files: tuple[Path, Path]) -> None:
    certificate, key = files
    assert openssl("x509", "-in", certificate, "-noout", "-pubkey") == openssl(
        "pkey", "-in", key, "-pubout"
    )


def test_nobody_else_may_read_the_key(files: tuple[Path, Path]) -> None:
    _, key = files
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_a_key_that_others_could_read_is_replaced_by_one_that_they_cannot(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("old")
    key.chmod(0o644)
    with key.open() as opened_before:
        write_certificate(tmp_path / "certificate.pem", key, make_certificate(HOSTS))
        assert opened_before.read() == "old"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_reads_what_it_made(files: tuple[Path, Path]) -> None:
    certificate = Certificate.read(files[0])
    assert certificate.names == ("bench", "bench.local", "localhost")
    assert certificate.addresses == tuple(ipaddress.ip_address(host) for host in HOSTS[3:])
    for host in HOSTS:
        assert certificate.covers(host)
    for host in ("192.168.1.6", "bench.lan", "local", "fd00::6", ""):
        assert not certificate.covers(host)
    assert certificate.covers("[fd00::5]")
    assert certificate.covers("Bench.Local")


@pytest.mark.parametrize(
    ("host", "covered"),
    [("a.robot.example", True), ("robot.example", False), ("a.b.robot.example", False)],
)
def test_a_star_stands_for_one_word(tmp_path: Path, host: str, covered: bool) -> None:
    path = tmp_path / "certificate.pem"
    write_certificate(path, tmp_path / "key.pem", make_certificate(["*.robot.example"]))
    assert Certificate.read(path).covers(host) == covered


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nx\n", b"\xff"])
def test_what_is_no_certificate_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "certificate.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="panodora cert"):
        Certificate.read(path)


def test_a_key_of_another_certificate_is_told(files: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "key.pem"
    write_certificate(tmp_path / "certificate.pem", other, make_certificate(HOSTS))
    with pytest.raises(SettingsError) as raised:
        tls_context(HeadsetSettings(certificate=files[0], key=other))
    for word in ("headset.key", str(other), str(files[0]), "panodora cert"):
        assert word in str(raised.value)


@pytest.mark.parametrize("missing", ["certificate", "key"])
def test_a_missing_file_is_told(files: tuple[Path, Path], tmp_path: Path, missing: str) -> None:
    given = {"certificate": files[0], "key": files[1], missing: tmp_path / "absent.pem"}
    with pytest.raises(SettingsError, match=rf"headset\.{missing}: .*absent\.pem"):
        tls_context(HeadsetSettings(**given))


def trusting(certificate: Path) -> ssl.SSLContext:
    """What a browser would do that trusted this certificate: names are compared too."""
    return ssl.create_default_context(cafile=certificate)


@SOCKETS
@pytest.mark.parametrize("called", ["localhost", "192.168.1.5", "bench.local"])
def test_both_servers_speak_tls_by_the_names_in_it(
    servers: Both, files: tuple[Path, Path], path: str, called: str
) -> None:
    plain = socket.create_connection(("127.0.0.1", servers.ports[path]), timeout=event_s())
    with trusting(files[0]).wrap_socket(plain, server_hostname=called) as secured:
        assert secured.version() in ("TLSv1.2", "TLSv1.3")
        assert secured.getpeercert()


@SOCKETS
def test_another_name_is_not_it(servers: Both, files: tuple[Path, Path], path: str) -> None:
    plain = socket.create_connection(("127.0.0.1", servers.ports[path]), timeout=event_s())
    with plain, pytest.raises(ssl.SSLCertVerificationError, match=r"evil\.example"):
        trusting(files[0]).wrap_socket(plain, server_hostname="evil.example")


@SOCKETS
def test_old_tls_is_refused(servers: Both, path: str) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    plain = socket.create_connection(("127.0.0.1", servers.ports[path]), timeout=event_s())
    with plain, pytest.raises((ssl.SSLError, ConnectionError)):
        old.wrap_socket(plain)


@SOCKETS
def test_a_websocket_over_tls(servers: Both, files: tuple[Path, Path], path: str) -> None:
    address = f"wss://localhost:{servers.ports[path]}{path}"
    bearer = {"Authorization": "Bearer a-token-of-30-characters-and-x"}
    tls = in_two_threads(trusting(files[0]))
    with connect(address, ssl=tls, additional_headers=bearer, proxy=None) as client:
        assert is_in(client)


@SOCKETS
@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff", b"\0" * 99]
)
def test_who_speaks_no_tls_holds_up_nobody(
    servers: Both, files: tuple[Path, Path], path: str, said: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", servers.ports[path]), timeout=event_s()) as odd:
        odd.sendall(said)
        test_a_websocket_over_tls(servers, files, path)


@pytest.mark.parametrize("shakes_hands", [False, True])
def test_a_client_that_never_says_goodbye_does_not_delay_the_stop(
    files: tuple[Path, Path], shakes_hands: bool
) -> None:
    with both(certificate=files[0], key=files[1]) as servers:
        plain = socket.create_connection(("127.0.0.1", servers.ports["/stream"]), timeout=event_s())
        if shakes_hands:
            plain = trusting(files[0]).wrap_socket(plain, server_hostname="localhost")
        with plain:
            servers.page.stop()
            with contextlib.suppress(OSError):
                assert plain.recv(100) == b""


def test_our_own_client_trusts_that_one_certificate(
    servers: Both, files: tuple[Path, Path], tmp_path: Path
) -> None:
    port = servers.ports["/stream"]
    client = AcknowledgingClient(port, token="a-token-of-30-characters-and-x", certificate=files[0])
    client.start()
    clients = servers.clients.next()
    client.stop()
    assert clients[1] == 1
    other = tmp_path / "certificate.pem"
    write_certificate(other, tmp_path / "key.pem", make_certificate(HOSTS))
    plain = socket.create_connection(("127.0.0.1", servers.ports[TRACKING]), timeout=event_s())
    with plain, pytest.raises(ssl.SSLCertVerificationError):
        client_context(other).wrap_socket(plain)
