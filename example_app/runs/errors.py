"""What goes wrong in a workflow executor, in its own words: a technical text and one for its users."""

import logging

from flask_faultmap.errors import (
    AbortedError,
    DomainError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnavailableError,
)


class RunNotFoundError(NotFoundError):
    """No run has this id."""

    public = "Run not found or unavailable"


class UserMismatchError(PermissionDeniedError):
    """The run is another user's; the answer does not say that it exists."""

    public = "Forbidden"
    log_level: int | str | None = logging.ERROR  # one raise may be silent

    def __init__(self, run_id: str, user_id: int, owner_id: int | None = None) -> None:
        owner = "" if owner_id is None else f" (owned by user {owner_id})"
        super().__init__(
            f'User {user_id} not authorized for run "{run_id}"{owner}',
            context={"run_id": run_id, "user_id": user_id, "owner_id": owner_id},
        )


class UnauthorizedError(UnauthenticatedError):
    """The bearer token is missing, expired, forged or without the claims that are needed."""

    public = "Unauthorized"


class RunAlreadyInFlightError(DomainError):
    """A worker is busy with this run: expected, since clients press twice."""

    public = "This step is already running."
    log_level = None

    def __init__(self, run_id: str) -> None:
        super().__init__(f'Run "{run_id}" is already being processed')


class ExecutionError(DomainError):
    """A known failure that has no category: the base's 400, and worth an operator's look."""

    public = "The step could not be executed."
    log_level = logging.ERROR


class InvalidPendingDataError(ExecutionError):
    """A step waits for data, and what was sent does not fit."""

    public = "The request body is invalid."


class RunCompletedError(ExecutionError):
    """A run without a step left was triggered."""

    public = "This workflow has no step left."


class RunStoreError(UnavailableError):
    """The store of runs is locked, broken or gone."""

    public = "The step state could not be accessed. Please retry."


class WorkflowPortError(UnavailableError):
    """The server that hands out the work does not answer as it should."""

    public = (
        "This step couldn't be completed. Please try again, and contact your administrator "
        "if the problem continues."
    )

    def __init__(self, operation: str, cause: Exception) -> None:
        super().__init__(f'Workflow port "{operation}" failed: {cause}')


class McpServerNotFoundError(NotFoundError):
    """No tool server is configured under this id."""

    def __init__(self, server_id: str) -> None:
        super().__init__(f'No MCP server is configured for id "{server_id}"')


class McpServerUnreachableError(UnavailableError):
    """A tool server does not answer; its own operators know."""

    public = "The MCP server could not be reached to list its tools"
    log_level = None


class EncryptionKeyMissingError(UnavailableError):
    """The executor was started without a key for credentials; a client tells it by the code."""

    code = "executor_encryption_key_missing"
    public = "The executor cannot store credentials."
    log_level = None
    retryable = False


class InvalidCredentialsError(InvalidArgumentError):
    """Credentials lack a member, or have one that is not taken."""

    public = "The request body is invalid."

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"Invalid credentials: {', '.join(names)}")


class ReauthRequiredError(AbortedError):
    """A tool server asks for a new login; the step waits until there are credentials that it takes."""

    public = "The tool server asks for a new login."
    log_level = None
    retryable = False

    def __init__(self, server_id: str) -> None:
        super().__init__(
            f'MCP server "{server_id}" refuses the credentials that are stored',
            details={"awaitingInputReason": "needs-oauth-reauth", "mcpServerId": server_id},
        )


class NotRunningError(UnavailableError):
    """The executor takes no work: it is not started, or it is about to stop."""

    public = "The executor takes no work at the moment. Please retry."

    def __init__(self, state: str) -> None:
        super().__init__(f"The executor is {state}")


class MissingQueryParameterError(InvalidArgumentError):
    """A query parameter without which there is nothing to answer."""

    def __init__(self, name: str) -> None:
        super().__init__(f'Missing required query parameter "{name}"')


class NotAnOperatorError(PermissionDeniedError):
    """Maintenance is for operators."""

    public = "Forbidden"
