"""The dataflow's messages as dora port types, for dataflows/types/panodora/v1.yml."""

import yaml

from operators.arrow_encoding import ARROW_TYPES, payload_field
from operators.message import Field, Message
from operators.messages import DATAFLOW_MESSAGES

URN_PREFIX = "panodora/v1/"

_NOTICE = "# Written by `panodora generate` from operators/messages.py: do not edit.\n"


def port_type_urn(message_type: type[Message]) -> str:
    """The name by which a dataflow's `input_types` and `output_types` call a message."""
    return URN_PREFIX + message_type.__name__


def port_types_yaml() -> str:
    """All port types as dora's type file."""
    types = {m.__name__: _port_type(m) for m in DATAFLOW_MESSAGES}
    return _NOTICE + yaml.safe_dump({"types": types}, sort_keys=False, width=100)


def _port_type(message_type: type[Message]) -> dict[str, object]:
    description = (message_type.__doc__ or "").splitlines()[0]
    if payload_field(message_type) is not None:
        return {"arrow": "UInt8", "description": description}
    return {
        "arrow": "Struct",
        "description": description,
        "fields": [{"name": f.name, "type": _field_type(f)} for f in message_type.FIELDS],
    }


def _field_type(field: Field) -> str:
    name = "Utf8" if field.is_text else ARROW_TYPES[field.numpy_dtype.name][0]
    return f"List<{name}>" if field.shape else name
