"""What holds for all tests."""

import hypothesis

# How long an example takes says more of a busy machine than of the code.
hypothesis.settings.register_profile("panodora", deadline=None)
hypothesis.settings.load_profile("panodora")
