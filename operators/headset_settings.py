"""The settings of the page: where it listens, and who is let in."""

import ipaddress
import re
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from operators.section import Section

AUTO: Final = "auto"
"""The token that stands for a random one, made at the start."""

TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22,128}")
"""22 letters and digits are 128 bits, where they are random; and nothing that an address or a
header would have to escape."""


class HeadsetSettings(Section):
    """The page, its two ports, and what a client may do."""

    host: str = Field(
        default="127.0.0.1",
        description="where to listen; beyond this machine (0.0.0.0 for all of its IPv4 addresses) "
        "only with a token",
    )
    port: int = Field(default=8012, ge=0, le=65535, description="page and panorama")
    tracking_port: int | None = Field(
        default=8013,
        ge=0,
        le=65535,
        description="hands, head, keys; nothing where the page only watches",
    )
    token: SecretStr | None = Field(
        default=None,
        description="what a client must show: auto makes a random one at each start, or give at "
        "least 22 letters, digits, - and _",
    )
    certificate: Path | None = Field(
        default=None, description="a PEM file, as `panodora cert` makes it: both ports speak TLS"
    )
    key: Path | None = Field(default=None, description="the certificate's private key, a PEM file")
    public_address: str | None = Field(
        default=None,
        description="what a tunnel or a reverse proxy calls the page: https://robot.example",
    )
    public_tracking_address: str | None = Field(
        default=None,
        description="the same of the tracking port, where `/tracking` is found; nothing where it "
        "is reached at tracking_port by the page's name",
    )
    client: Literal["page", "vuer"] = Field(
        default="page",
        description="what runs in the headset: our own page, or Vuer's client (docs/vuer.md)",
    )
    jpeg_quality: int = Field(default=85, ge=1, le=100)
    frames_in_flight: int = Field(
        default=2, ge=1, le=8, description="frames sent before a client must acknowledge one"
    )
    max_message_bytes: int = Field(default=65536, ge=4096)
    max_clients: int = Field(default=8, ge=1, description="of each port")
    silence_s: float = Field(
        default=0.5,
        gt=0,
        description="who drives and sends nothing for so long has let go: the robot stops; longer "
        "only where browser and robot cannot do better",
    )

    @field_validator("token")
    @classmethod
    def _token_is_hard_to_guess(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None:
            text = token.get_secret_value()
            if text != AUTO and TOKEN.fullmatch(text) is None:
                raise ValueError(
                    "must be auto, or 22 to 128 letters, digits, - and _, such as "
                    '`python -c "import secrets; print(secrets.token_urlsafe())"` prints'
                )
        return token

    @field_validator("public_address", "public_tracking_address")
    @classmethod
    def _is_an_origin(cls, address: str | None) -> str | None:
        if address is None:
            return None
        try:
            origin = origin_of(address)
        except ValueError:
            origin = ""
        if not origin or urlsplit(address)._replace(scheme="", netloc="").geturl() not in ("", "/"):
            raise ValueError("must be like https://robot.example or https://robot.example:8443")
        return origin

    @model_validator(mode="after")
    def _only_who_has_the_token_is_let_in(self) -> Self:
        if self.token is None and not is_this_machine(self.host):
            raise ValueError(
                "host beyond this machine needs a token, as whoever reaches the ports can drive "
                "the robot: set headset.token to auto, or headset.host to 127.0.0.1, ::1 or "
                "localhost (from another machine `ssh -L`, from a headset on a cable "
                "`adb reverse`)"
            )
        if self.token is None and (self.public_address or self.public_tracking_address):
            raise ValueError(
                "public_address needs a token, as whoever has the address can drive the robot: "
                "set headset.token to auto"
            )
        if self.public_tracking_address and not self.public_address:
            raise ValueError("public_tracking_address needs public_address, the page's own")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key must both be given: `panodora cert` makes both")
        return self

    @property
    def scheme(self) -> str:
        """Of the page's address, as this machine serves it."""
        return "http" if self.certificate is None else "https"


def origin_of(address: str) -> str:
    """The start of an address as browsers name it: `https://robot.example`, no usual port.

    Empty where it is none of http or https. Raises ValueError where the port is no number.
    """
    parts = urlsplit(address)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    if usual is None or not parts.hostname or parts.username is not None:
        return ""
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{name}{port}"


def is_this_machine(host: str) -> bool:
    """Whether nobody but this machine can reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
