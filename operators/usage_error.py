"""The base of all faults that the user can mend."""


class UsageError(ValueError):
    """What the user gave cannot be used: programs end with its one clear line, no traceback."""
