"""Runs a program that the kernel ends as soon as it, or what it starts, opens a forbidden socket.

python -m tests.dataflows.confined no-datagrams PROGRAM ARGUMENT...
python -m tests.dataflows.confined no-internet PROGRAM ARGUMENT...

no-datagrams: no internet socket but streams, so that no name can be looked up. no-internet: none.
A look at the kernel's tables of sockets, however often, misses a question to a near name server.
"""

import ctypes
import os
import platform
import shutil
import socket
import struct
import sys
from typing import Final

MACHINES: Final = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""The kernel's number of the architecture, and there of the system call `socket` (linux/audit.h,
asm/unistd.h)."""

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, AND, EQUAL, RETURN = 0x20, 0x54, 0x15, 0x06  # linux/bpf_common.h
ALLOW, KILL = 0x7FFF0000, 0x80000000
NUMBER_AT, MACHINE_AT, FAMILY_AT, TYPE_AT = 0, 4, 16, 24  # in linux/seccomp.h's seccomp_data
TYPE_MASK: Final = 0xF
"""What is left of a socket's type without SOCK_CLOEXEC and SOCK_NONBLOCK."""


class Program(ctypes.Structure):
    """linux/filter.h's sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def forbid_internet(*, streams_too: bool) -> None:
    """End this process, and those that it starts, at their first forbidden socket.

    Raises OSError where the kernel refuses.
    """
    machine, socket_call = MACHINES[platform.machine()]
    # Each jumps over the given number of instructions where it is equal, and where it is not.
    instructions = [
        (LOAD, 0, 0, MACHINE_AT),
        (EQUAL, 0, 8, machine),
        (LOAD, 0, 0, NUMBER_AT),
        (EQUAL, 0, 6, socket_call),
        (LOAD, 0, 0, FAMILY_AT),
        (EQUAL, 1, 0, socket.AF_INET),
        (EQUAL, 0, 3, socket.AF_INET6),
        (LOAD, 0, 0, TYPE_AT),
        (AND, 0, 0, TYPE_MASK),
        (EQUAL, 0, 1, 0 if streams_too else socket.SOCK_STREAM),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, KILL),
    ]
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    program = Program(len(instructions), code)
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "the kernel takes no seccomp filter")


def main() -> None:
    """Confine this process, and become the program."""
    kind, program, *arguments = sys.argv[1:]
    path = shutil.which(program)
    assert path is not None
    forbid_internet(streams_too={"no-datagrams": False, "no-internet": True}[kind])
    os.execv(path, [program, *arguments])


if __name__ == "__main__":
    main()
