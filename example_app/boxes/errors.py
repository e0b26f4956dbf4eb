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


class NetworkError(UnavailableError):
    """The network of the boxes is down."""

    code = "network_unavailable"
    public = "network error: what the boxes need from the network cannot be had now"


class UpstreamUnavailableError(UnavailableError):
    """The agent inside the box does not answer."""

    code = "upstream_unavailable"


class PortalError(UpstreamUnavailableError):
    """The agent's process is gone or stuck."""

    code = "upstream_unavailable"
    public = "portal error: the agent inside the box does not answer; start the box again"


class RpcError(UpstreamUnavailableError):
    """The agent answered with a failure of its own."""

    code = "upstream_unavailable"
    public = "gRPC/tonic error: the agent inside the box failed"


class RpcTransportError(UpstreamUnavailableError):
    """The agent cannot be reached."""

    code = "upstream_unavailable"
    public = "gRPC transport error: the agent inside the box cannot be reached"


class EngineError(UnavailableError):
    """The engine that runs the boxes is down."""

    code = "engine_unavailable"
    public = "engine reported an error: the box cannot be run now"


class BoxInternalError(InternalError):
    """The service has a bug."""

    code = "internal"
    public = "internal error: the service failed"


class StorageError(InternalError):
    """The files of a box are damaged or gone."""

    code = "storage_error"
    public = "storage error: the files of the box cannot be read"


class DatabaseError(InternalError):
    """The list of boxes is damaged."""

    code = "database_error"
    public = "database error: the list of boxes cannot be read"


class MetadataError(InternalError):
    """What is known about a box is damaged."""

    code = "metadata_error"
    public = "metadata error: what is known about the box cannot be read"


class BoxConfigError(InternalError):
    """The service is set up wrongly."""

    code = "config_error"
    public = "configuration error: the service is set up wrongly"


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
    Code.PORTAL: PortalError,
    Code.RPC: RpcError,
    Code.RPC_TRANSPORT: RpcTransportError,
    Code.ENGINE: EngineError,
    Code.STORAGE: StorageError,
    Code.DATABASE: DatabaseError,
    Code.METADATA: MetadataError,
    Code.CONFIG: BoxConfigError,
    Code.INTERNAL: BoxInternalError,
}
