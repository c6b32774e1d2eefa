"""The page in a real browser, with both of its servers in the test's own process."""

from collections.abc import Iterator

import pytest

from tests.e2e.browser import Browser, missing


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all; `goto` begins anew."""
    if lacking := missing():
        pytest.skip(lacking)
    with Browser() as made:
        yield made
