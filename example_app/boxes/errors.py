"""What the failures of boxes mean to the domain: boxlite's canonical table, without its statuses."""

from example_app.boxes.sdk import Code
from flask_faultmap.errors import (
    AlreadyExistsError,
    DeadlineExceededError,
    DomainError,
    FailedPreconditionError,
    GoneError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnavailableError,
    UnprocessableError,
)


class UnsupportedError(InvalidArgumentError):
    """The SDK was built without this."""


class UnknownUserError(InvalidArgumentError):
    """The command is to run as a user that the box does not have."""

    code = "invalid_argument"


class InvalidStateError(FailedPreconditionError):
    """The box is in a state that does not allow this."""


class StoppedError(FailedPreconditionError):
    """The box is stopped; start it first."""


class SessionReapedError(GoneError):
    """The execution ended and its session was cleared away."""


class ImageError(UnprocessableError):
    """The image cannot be had."""

    code = "image_pull_failed"


class ExecutionError(UnprocessableError):
    """The command cannot be started."""

    code = "execution_failed"


class SlotsTakenError(ResourceExhaustedError):
    """As many commands run as may run at once."""

    code = "resource_exhausted"


class TimedOutError(DeadlineExceededError):
    """The command did not end in its time."""

    code = "timeout"


class ProgramRefusedError(PermissionDeniedError):
    """The program is not on the allow-list, or the system will not execute it."""

    code = "permission_denied"


class NetworkError(UnavailableError):
    """The network of the boxes is down."""

    code = "network_unavailable"


class UpstreamUnavailableError(UnavailableError):
    """The agent inside the box does not answer."""


class EngineError(UnavailableError):
    """The engine that runs the boxes is down."""

    code = "engine_unavailable"


class StorageError(InternalError):
    """A disk image is damaged."""

    code = "storage_error"


class DatabaseError(InternalError):
    """The list of boxes is damaged."""

    code = "database_error"


class MetadataError(InternalError):
    """What is known about a box is damaged."""

    code = "metadata_error"


class BoxConfigError(InternalError):
    """The service is set up wrongly."""

    code = "config_error"


OF_THE_CALLER: dict[Code, type[DomainError]] = {
    Code.INVALID_ARGUMENT: InvalidArgumentError,
    Code.UNSUPPORTED: UnsupportedError,
    Code.UNSUPPORTED_ENGINE: UnsupportedError,
    Code.NOT_FOUND: NotFoundError,
    Code.ALREADY_EXISTS: AlreadyExistsError,
    Code.INVALID_STATE: InvalidStateError,
    Code.STOPPED: StoppedError,
    Code.SESSION_REAPED: SessionReapedError,
    Code.IMAGE: ImageError,
    Code.EXECUTION: ExecutionError,
    Code.RESOURCE_EXHAUSTED: ResourceExhaustedError,
}

OF_THE_SERVICE: dict[Code, type[DomainError]] = {
    Code.NETWORK: NetworkError,
    Code.PORTAL: UpstreamUnavailableError,
    Code.RPC: UpstreamUnavailableError,
    Code.RPC_TRANSPORT: UpstreamUnavailableError,
    Code.ENGINE: EngineError,
    Code.STORAGE: StorageError,
    Code.DATABASE: DatabaseError,
    Code.METADATA: MetadataError,
    Code.CONFIG: BoxConfigError,
    Code.INTERNAL: InternalError,
}
