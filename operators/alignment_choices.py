"""What a person chooses to see while aligning a camera."""

from operators.align_settings import COMPARISON_MODES, ComparisonMode
from operators.alignment_commands import CommandError


class AlignmentChoices:
    """The comparison, and whether time, the camera and chance stand still.

    mode, opacity: of the comparison. frozen: the real picture stands still. as_before: the camera
    is shown as it was at first. randomised: colour, light and camera are as chance has them.
    sample: which draw of chance.
    Every method raises CommandError for a value that is none.
    """

    def __init__(self, mode: ComparisonMode, opacity: float) -> None:
        self.mode: ComparisonMode = mode
        self.opacity = opacity
        self.frozen = False
        self.as_before = False
        self.randomised = False
        self.sample = 0

    def choose_mode(self, word: str) -> None:
        """Choose a comparison by its name."""
        chosen = next((mode for mode in COMPARISON_MODES if mode == word), None)
        if chosen is None:
            allowed = ", ".join(COMPARISON_MODES)
            raise CommandError(f"mode: expected one of {allowed}, got '{word:.40}'")
        self.mode = chosen

    def choose_opacity(self, opacity: float) -> None:
        """Choose how much of what is simulated a blend shows."""
        if not 0.0 <= opacity <= 1.0:
            raise CommandError(f"opacity: expected 0 to 1, got {opacity}")
        self.opacity = opacity

    def choose_sample(self, number: float) -> None:
        """Choose a draw of chance."""
        if not 0 <= number < 2**31:
            raise CommandError(f"sample: expected a number from 0 on, got {number}")
        self.sample = int(number)

    def freeze(self, frozen: float) -> None:
        """Let the real picture stand still, or go on."""
        self.frozen = bool(frozen)

    def show_before(self, as_before: float) -> None:
        """Show the camera as it was at first, or as it is."""
        self.as_before = bool(as_before)

    def randomise(self, randomised: float) -> None:
        """Leave colour, light and camera to chance, or not."""
        self.randomised = bool(randomised)
