"""The servers of what runs in the headset: our own page, or Vuer's client."""

from operators.fault_report import Report
from operators.headset_settings import HeadsetSettings
from operators.page_site import OwnPage, PageSite
from operators.tracking_server import OnMessage, TrackingServer
from operators.usage_error import UsageError
from operators.vuer_site import VuerSite


def page_site(settings: HeadsetSettings) -> PageSite:
    """The files that a headset's browser asks for.

    Raises UsageError where those of `headset.client` are not there.
    """
    return VuerSite() if settings.client == "vuer" else OwnPage()


def tracking_server(
    settings: HeadsetSettings, on_message: OnMessage, on_fault: Report
) -> TrackingServer:
    """The server that understands `headset.client`; arguments as TrackingServer's.

    Raises UsageError where what it needs is not installed.
    """
    if settings.client == "page":
        return TrackingServer(settings, on_message, on_fault)
    try:
        from operators.vuer_server import VuerServer
    except ImportError as error:
        raise UsageError(
            f"headset.client: vuer needs a package that is not here ({error.name}): "
            "`pip install -e '.[vuer]'`"
        ) from None
    return VuerServer(settings, on_message, on_fault)
