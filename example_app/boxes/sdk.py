"""What the sandbox SDK raises: one class with a typed code (boxlite's 21, same numbers as its FFI)."""

from enum import IntEnum


class Code(IntEnum):
    """What went wrong, as the SDK numbers it."""

    INTERNAL = 1
    NOT_FOUND = 2
    ALREADY_EXISTS = 3
    INVALID_STATE = 4
    INVALID_ARGUMENT = 5
    CONFIG = 6
    STORAGE = 7
    IMAGE = 8
    NETWORK = 9
    EXECUTION = 10
    STOPPED = 11
    ENGINE = 12
    UNSUPPORTED = 13
    DATABASE = 14
    PORTAL = 15
    RPC = 16
    RPC_TRANSPORT = 17
    METADATA = 18
    UNSUPPORTED_ENGINE = 19
    RESOURCE_EXHAUSTED = 20
    SESSION_REAPED = 21


TEXTS = {
    Code.INTERNAL: "internal error: {}",
    Code.NOT_FOUND: "box not found: {}",
    Code.ALREADY_EXISTS: "already exists: {}",
    Code.INVALID_STATE: "invalid state: {}",
    Code.INVALID_ARGUMENT: "invalid argument: {}",
    Code.CONFIG: "configuration error: {}",
    Code.STORAGE: "storage error: {}",
    Code.IMAGE: "images error: {}",
    Code.NETWORK: "network error: {}",
    Code.EXECUTION: "Execution error: {}",
    Code.STOPPED: "stopped: {}",
    Code.ENGINE: "engine reported an error: {}",
    Code.UNSUPPORTED: "unsupported: {}",
    Code.DATABASE: "database error: {}",
    Code.PORTAL: "portal error: {}",
    Code.RPC: "gRPC/tonic error: {}",
    Code.RPC_TRANSPORT: "gRPC transport error: {}",
    Code.METADATA: "metadata error: {}",
    Code.UNSUPPORTED_ENGINE: "unsupported engine kind",
    Code.RESOURCE_EXHAUSTED: "resource exhausted: {}",
    Code.SESSION_REAPED: "session reaped: {}",
}


class BoxliteError(RuntimeError):
    """Raised by the SDK for everything; only the code tells the kinds apart."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return TEXTS[self.code].format(self.detail)


def fail_if_named(name: str) -> None:
    """Fail with the code that *name* asks for: ``fails-rpc-transport`` with Code.RPC_TRANSPORT.

    The real SDK fails so when what it stands on does; here there is no engine or database to break.
    """
    code = name.removeprefix("fails-").replace("-", "_").upper()
    if name.startswith("fails-") and code in Code.__members__:
        raise BoxliteError(Code[code], f"box {name}")
