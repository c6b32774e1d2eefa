"""Where rerun's views log to: a file, or a viewer that listens."""

from pathlib import Path
from typing import Any, Final

from operators.camera_settings import RerunSettings
from operators.settings import SettingsError, resolve

VIEWER_ADDRESS: Final = "rerun+http://"


class RerunRecording:
    """What is logged, and the package that logs it.

    rerun: the package. stream: its recording. name: the file or the viewer.
    Raises SettingsError without the package. Nothing is sent but to the viewer that is named.
    """

    def __init__(self, settings: RerunSettings) -> None:
        try:
            import rerun
        except ImportError as error:
            raise SettingsError(
                f"rerun: it cannot be imported ({error}): pip install 'panodora[rerun]'"
            ) from None
        self.rerun: Any = rerun
        self.stream: Any = rerun.RecordingStream("panodora")
        if settings.to.startswith(VIEWER_ADDRESS):
            self.stream.connect_grpc(settings.to)
            self.name = settings.to
        else:
            path = resolve(Path(settings.to))
            path.parent.mkdir(parents=True, exist_ok=True)
            self.stream.save(path)
            self.name = str(path)

    def at(self, capture_ns: int) -> None:
        """Log what follows at the time at which its pictures were taken."""
        self.stream.set_time("capture", duration=capture_ns / 1e9)

    def close(self) -> None:
        """Write what is left."""
        self.stream.disconnect()
