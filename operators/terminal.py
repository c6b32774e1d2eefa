"""The terminal that a program was started from, whatever its output is joined to."""

import os
import signal
from pathlib import Path
from typing import Final

TERMINAL: Final = Path("/dev/tty")


def write_to_terminal(text: str, terminal: Path = TERMINAL) -> bool:
    """Write to the terminal; false where there is none.

    A program in the background may be stopped for that (`stty tostop`), but not while it holds the
    signal back.
    """
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        opened = os.open(terminal, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return False
    else:
        try:
            return os.write(opened, text.encode()) > 0
        except OSError:
            return False
        finally:
            os.close(opened)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
