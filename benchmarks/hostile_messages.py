"""WebSocket messages that no client of ours sends: random, mutated, and against the protocol.

The same seed gives the same messages. What they break is in RFC 6455 and operators/page_layout.py.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

HEAD = struct.Struct("<HHd")
"""Number, version and time, with which each of our messages begins."""

Random = np.random.Generator


@dataclass(frozen=True)
class HostileMessage:
    """What goes over the wire after a WebSocket's handshake, and what kind of malice it is."""

    kind: str
    wire: bytes


def hostile_messages(seed: int, valid: Sequence[bytes]) -> Iterator[HostileMessage]:
    """Messages for ever, each of a kind drawn at random. valid: messages that may be said."""
    random = np.random.default_rng(seed)
    kinds = list(KINDS)
    while True:
        kind = kinds[int(random.integers(len(kinds)))]
        chosen = valid[int(random.integers(len(valid)))]
        yield HostileMessage(kind, KINDS[kind](random, chosen))


def frame(
    random: Random,
    opcode: int,
    payload: bytes,
    *,
    last: bool = True,
    reserved: int = 0,
    masked: bool = True,
    announced: int | None = None,
) -> bytes:
    """A frame (RFC 6455, section 5.2). announced: the length told, by default the true one."""
    length = len(payload) if announced is None else announced
    head = bytes([(0x80 if last else 0) | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    if length < 126:
        head += bytes([bit | length])
    elif length < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", length)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", length)
    if not masked:
        return head + payload
    mask = random.bytes(4)
    repeated = np.frombuffer((mask * (len(payload) // 4 + 1))[: len(payload)], np.uint8)
    return head + mask + (np.frombuffer(payload, np.uint8) ^ repeated).tobytes()


def _random_bytes(random: Random, valid: bytes) -> bytes:
    return frame(random, BINARY, random.bytes(int(random.integers(4096))))


def _random_body(random: Random, valid: bytes) -> bytes:
    return frame(random, BINARY, valid[: HEAD.size] + random.bytes(int(random.integers(4096))))


def _truncated(random: Random, valid: bytes) -> bytes:
    return frame(random, BINARY, valid[: random.integers(len(valid))])


def _too_long(random: Random, valid: bytes) -> bytes:
    return frame(random, BINARY, valid + random.bytes(1 + int(random.integers(4096))))


def _flipped(random: Random, valid: bytes) -> bytes:
    content = bytearray(valid)
    for _ in range(1 + random.integers(8)):
        content[random.integers(len(content))] ^= 1 << int(random.integers(8))
    return frame(random, BINARY, bytes(content))


def _other_number(random: Random, valid: bytes) -> bytes:
    number = int(random.choice([random.integers(32), random.integers(65536)]))
    return frame(random, BINARY, struct.pack("<H", number) + valid[2:])


def _other_version(random: Random, valid: bytes) -> bytes:
    version = struct.pack("<H", int(random.integers(65536)))
    return frame(random, BINARY, valid[:2] + version + valid[4:])


def _no_number(random: Random, valid: bytes) -> bytes:
    """NaN, infinity, and the largest and smallest numbers, anywhere in what may be floats."""
    content = bytearray(valid)
    values = (np.nan, np.inf, -np.inf, 1.8e308, -1.8e308, 5e-324, 1e300, -0.0)
    for _ in range(1 + random.integers(4)):
        if len(content) >= 12:
            at = 4 + 8 * int(random.integers((len(content) - 4) // 8))
            content[at : at + 8] = struct.pack("<d", values[random.integers(len(values))])
    return frame(random, BINARY, bytes(content))


def _huge_count(random: Random, valid: bytes) -> bytes:
    content = bytearray(valid)
    at = HEAD.size + 4 * int(random.integers(max(1, (len(content) - HEAD.size) // 4)))
    content[at : at + 4] = struct.pack("<I", int(random.choice([2**31, 2**32 - 1, 10**6])))
    return frame(random, BINARY, bytes(content))


def _text(random: Random, valid: bytes) -> bytes:
    texts = (b"hands", b"{}", b'{"stop": true}', "ä".encode() * 500, random.bytes(64))
    return frame(random, TEXT, texts[random.integers(len(texts))])


def _fragments(random: Random, valid: bytes) -> bytes:
    """A valid message in pieces, of which some are empty, with pings between them."""
    cuts = np.sort(random.integers(0, len(valid) + 1, int(random.integers(1, 30))))
    pieces = [valid[a:b] for a, b in zip([0, *cuts], [*cuts, len(valid)], strict=True)]
    wire = b""
    for place, piece in enumerate(pieces):
        opcode = CONTINUATION if place else BINARY
        wire += frame(random, opcode, piece, last=place == len(pieces) - 1)
        if random.random() < 0.2:
            wire += frame(random, PING, random.bytes(int(random.integers(126))))
    return wire


def _broken_fragments(random: Random, valid: bytes) -> bytes:
    """A continuation of nothing, a second beginning, or a beginning without an end."""
    return frame(random, BINARY, valid, last=False) * int(random.integers(3)) + frame(
        random, int(random.choice([CONTINUATION, BINARY])), valid, last=bool(random.integers(2))
    )


def _control(random: Random, valid: bytes) -> bytes:
    """Pings and pongs that nobody asked for, in parts, or too long."""
    opcode = int(random.choice([PING, PONG]))
    return frame(
        random,
        opcode,
        random.bytes(int(random.integers(300))),
        last=bool(random.random() < 0.8),
    ) * int(random.integers(1, 10))


def _closing(random: Random, valid: bytes) -> bytes:
    codes = (0, 999, 1000, 1005, 1006, 1015, 3000, 4001, 5000, 65535)
    code = struct.pack(">H", codes[random.integers(len(codes))])
    words = (b"", b"bye", b"\xff\xfe", random.bytes(200))
    payload = (code + words[random.integers(len(words))])[: random.integers(1, 203)]
    return frame(random, CLOSE, payload) + frame(random, BINARY, valid)


def _reserved(random: Random, valid: bytes) -> bytes:
    """Bits and opcodes that mean nothing, or compression, which is not spoken here."""
    opcode = int(random.choice([BINARY, 3, 4, 7, 11, 15]))
    return frame(random, opcode, valid, reserved=int(random.integers(1, 8)))


def _unmasked(random: Random, valid: bytes) -> bytes:
    return frame(random, BINARY, valid, masked=False)


def _wrong_length(random: Random, valid: bytes) -> bytes:
    lengths = (0, 125, 65535, 65537, 2**31, 2**62, 2**63 - 1)
    return frame(random, BINARY, valid, announced=lengths[random.integers(len(lengths))])


def _no_frame(random: Random, valid: bytes) -> bytes:
    return random.bytes(1 + int(random.integers(600)))


KINDS: dict[str, Callable[[Random, bytes], bytes]] = {
    "random bytes": _random_bytes,
    "random body": _random_body,
    "truncated": _truncated,
    "too long": _too_long,
    "bits flipped": _flipped,
    "another number": _other_number,
    "another version": _other_version,
    "NaN and infinity": _no_number,
    "huge counts": _huge_count,
    "text": _text,
    "fragments": _fragments,
    "broken fragments": _broken_fragments,
    "control frames": _control,
    "closing frames": _closing,
    "reserved bits": _reserved,
    "unmasked": _unmasked,
    "wrong length": _wrong_length,
    "no frame": _no_frame,
}
