"""gRPC: the status code of a call, ``exc.code()``, for grpc and grpc.aio."""

from flask_faultmap.errors import (
    AbortedError,
    AlreadyExistsError,
    BadGatewayError,
    DeadlineExceededError,
    DomainError,
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    UnavailableError,
)
from flask_faultmap.rules.rule import Rule

# CANCELLED stays a bug: nobody but ourselves cancels a call.
BY_CODE: dict[str, type[DomainError]] = {
    "INVALID_ARGUMENT": InvalidArgumentError,
    "OUT_OF_RANGE": InvalidArgumentError,
    "FAILED_PRECONDITION": FailedPreconditionError,
    "NOT_FOUND": NotFoundError,
    "ALREADY_EXISTS": AlreadyExistsError,
    "ABORTED": AbortedError,
    "UNAUTHENTICATED": InternalError,  # our credentials: never the client's 401 or 403
    "PERMISSION_DENIED": InternalError,
    "RESOURCE_EXHAUSTED": UnavailableError,  # our quota
    "UNAVAILABLE": UnavailableError,
    "DEADLINE_EXCEEDED": DeadlineExceededError,
    "UNIMPLEMENTED": BadGatewayError,
    "INTERNAL": BadGatewayError,
    "DATA_LOSS": BadGatewayError,
    "UNKNOWN": BadGatewayError,
}

GRPC: tuple[Rule, ...] = (Rule(on="grpc.RpcError", table="code().name", to=BY_CODE, pack="grpc"),)
