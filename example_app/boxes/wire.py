"""The wire shape of *boxes*: what boxlite's typed clients read."""

from marshmallow import Schema, fields

from flask_faultmap import Profile
from flask_faultmap.profiles import Envelope, Kind, OfKind

# boxlite's canonical table: its clients pick a class by the code, and know no other codes.
TYPES = {
    "invalid_argument": "InvalidArgumentError",
    "unsupported": "UnsupportedError",
    "unauthenticated": "AuthError",
    "permission_denied": "AuthError",
    "not_found": "NotFoundError",
    "already_exists": "AlreadyExistsError",
    "invalid_state": "InvalidStateError",
    "stopped": "StoppedError",
    "session_reaped": "SessionReapedError",
    "image_pull_failed": "ImageError",
    "execution_failed": "ExecutionError",
    "resource_exhausted": "ResourceExhaustedError",
    "network_unavailable": "NetworkError",
    "upstream_unavailable": "UpstreamUnavailableError",
    "engine_unavailable": "EngineError",
    "storage_error": "StorageError",
    "database_error": "DatabaseError",
    "metadata_error": "MetadataError",
    "config_error": "ConfigError",
    "internal": "InternalError",
    "timeout": "TimeoutError",
}

# What the framework refuses has codes of its own; the status says which of the table's is nearest.
NEAREST = {
    401: "unauthenticated",
    403: "permission_denied",
    404: "not_found",
    405: "unsupported",
    409: "invalid_state",
    410: "session_reaped",
    428: "invalid_state",
    429: "resource_exhausted",
    501: "unsupported",
    502: "upstream_unavailable",
    503: "upstream_unavailable",
    504: "timeout",
}


def code_of(kind: Kind) -> str:
    """Give the fault's code if the table has it, else the nearest that has."""
    if kind.code in TYPES:
        return kind.code
    return NEAREST.get(kind.status) or ("internal" if kind.status >= 500 else "invalid_argument")


class ErrorSchema(Schema):
    """The members of ``error``."""

    message = fields.String(attribute="text", required=True)
    type = OfKind(lambda kind: TYPES[code_of(kind)], str, required=True, metadata={"type": "string"})
    code = OfKind(code_of, str, required=True, metadata={"type": "string"})


class EnvelopeSchema(Schema):
    """Everything is inside one member, ``error``."""

    error = Envelope(ErrorSchema, required=True)


PROFILE = Profile(name="boxlite", schema=EnvelopeSchema)
