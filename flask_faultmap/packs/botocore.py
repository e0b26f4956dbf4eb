"""botocore, below boto3: by the code of the service's answer, else by the class of the failure."""

from flask_faultmap.errors import (
    AbortedError,
    BadGatewayError,
    DeadlineExceededError,
    DomainError,
    FailedPreconditionError,
    InternalError,
    NotFoundError,
    UnavailableError,
)
from flask_faultmap.rules.rule import Rule

MISSING = ("404", "NoSuchKey", "NoSuchUpload", "NoSuchVersion", "NotFound", "ResourceNotFoundException")
CONFLICTING = (
    "ConditionalCheckFailedException",
    "ConditionalRequestConflict",
    "ConflictException",
    "OperationAborted",
    "TransactionConflictException",
)
REFUSED = ("412", "PreconditionFailed")
THROTTLED = (
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
)
DOWN = ("503", "ServiceUnavailable", "ServiceUnavailableException")
BROKEN = (
    "500",
    "502",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "ServiceException",
)
SLOW = ("504", "RequestTimeout", "RequestTimeoutException")
CREDENTIALS = (
    "401",
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
)

BY_CODE: dict[str, type[DomainError]] = {
    **dict.fromkeys(MISSING, NotFoundError),
    **dict.fromkeys(CONFLICTING, AbortedError),
    **dict.fromkeys(REFUSED, FailedPreconditionError),
    **dict.fromkeys(THROTTLED, UnavailableError),
    **dict.fromkeys(DOWN, UnavailableError),
    **dict.fromkeys(BROKEN, BadGatewayError),
    **dict.fromkeys(SLOW, DeadlineExceededError),
    **dict.fromkeys(CREDENTIALS, InternalError),  # ours: never the client's 401 or 403
}
BY_CLASS: dict[str, type[DomainError]] = {
    "NoCredentialsError": InternalError,
    "PartialCredentialsError": InternalError,
    "EndpointConnectionError": UnavailableError,
    "ConnectTimeoutError": UnavailableError,
    "ProxyConnectionError": UnavailableError,
    "SSLError": InternalError,
    "ConnectionClosedError": BadGatewayError,
    "ReadTimeoutError": DeadlineExceededError,
    "ResponseStreamingError": BadGatewayError,
}

BOTOCORE: tuple[Rule, ...] = (
    Rule(on="botocore.exceptions.ClientError", table="response.Error.Code", to=BY_CODE, pack="botocore"),
    *(Rule(on=f"botocore.exceptions.{name}", to=error, pack="botocore") for name, error in BY_CLASS.items()),
)
