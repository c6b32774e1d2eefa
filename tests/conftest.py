"""What holds for all tests."""

import hypothesis

from tests.synthetic_recording import recording

__all__ = ["recording"]

# How long an example takes says more of a busy machine than of the code.
hypothesis.settings.register_profile("panodora", deadline=None)
hypothesis.settings.load_profile("panodora")
