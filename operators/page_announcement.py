"""How a person is told where the page is."""

from operators.session_token import with_token
from operators.terminal import write_to_terminal


def announce(addresses: list[str], token: str) -> None:
    """Say where the page is; the token on the terminal alone, as dora logs what nodes print."""
    if not token:
        print(f"Open {' or '.join(addresses)} in a browser.", flush=True)
        return
    words = "".join(f"Open {with_token(address, token)}\n" for address in addresses)
    if write_to_terminal(words):
        print(f"The page is at {addresses[-1]}: its whole address is above.", flush=True)
    else:
        print(f"The page is at {addresses[-1]}: `panodora address` prints the rest.", flush=True)
