"""redis-py: a server that is away, read-only or full may be asked again; a wrong password may not."""

from flask_faultmap.errors import (
    AbortedError,
    DeadlineExceededError,
    DomainError,
    InternalError,
    UnavailableError,
)
from flask_faultmap.rules.rule import Rule

# The class below redis.exceptions, and what it means. Other errors (a wrong type, a wrong command) stay bugs.
BY_CLASS: dict[str, type[DomainError]] = {
    "AuthenticationError": InternalError,  # below ConnectionError, and no matter of time
    "AuthorizationError": InternalError,
    "NoPermissionError": InternalError,
    "ConnectionError": UnavailableError,  # BusyLoadingError and MaxConnectionsError are below it
    "TimeoutError": DeadlineExceededError,
    "ReadOnlyError": UnavailableError,  # a replica: a failover is under way
    "ClusterDownError": UnavailableError,  # MasterDownError is below it
    "TryAgainError": UnavailableError,
    "OutOfMemoryError": UnavailableError,
    "LockError": AbortedError,
    "WatchError": AbortedError,
}
# What redis-py has no class for, by the first word of the server's answer.
BY_TEXT: dict[str, type[DomainError]] = {
    "MISCONF Redis": UnavailableError,  # it cannot write its snapshot
    "NOREPLICAS Not enough": UnavailableError,
    "BUSY Redis is busy": UnavailableError,  # a script that does not end
}

REDIS: tuple[Rule, ...] = (
    *(Rule(on=f"redis.exceptions.{name}", to=error, pack="redis") for name, error in BY_CLASS.items()),
    *(
        Rule(on="redis.exceptions.ResponseError", text=text, to=error, pack="redis")
        for text, error in BY_TEXT.items()
    ),
)
