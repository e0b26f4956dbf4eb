"""Whose code runs in a frame: a client library's, what it stands on, the app's, or that of others?

No library tells of a try that somebody made before: a transport, an adapter, a middleware or a hook that sent
the request twice, or a library for retries. But whoever may have done so stands inside the library's call, or
between the block and it.
"""

import sys
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType

LIBRARIES = frozenset(
    {
        "aiohttp",
        "httpcore",
        "httpcore2",
        "httpx",
        "httpx2",
        "niquests",
        "requests",
        "urllib3",
        "urllib3_future",
    }
)
CALLING = LIBRARIES | {"http", "urllib"}  # whose frames are read; those of the app are none of our business
# What these stand on, or what watches or starts them: none sends anything a second time.
SUPPORT = frozenset(
    {
        *("aiohappyeyeballs", "anyio", "asgiref", "flask", "flask_faultmap", "gevent", "h11", "h2", "hpack"),
        *("idna", "opentelemetry", "requests_unixsocket", "sentry_sdk", "sniffio", "socks", "socksio"),
        *("trio", "truststore", "uvloop", "wrapt", "yarl"),
    }
)


def others_among(frames: Iterable[FrameType], own: str) -> set[str]:
    """Give the packages of others among *frames*, outermost first, who may have sent a request before.

    Inside of a library's call that is whoever is neither the library nor what it stands on. Above it, the
    app, whose package is *own*, may do as it likes.
    """
    others, is_inside = set[str](), False
    for frame in frames:
        package = package_of(frame)
        if package in CALLING:
            is_inside = True
        elif not is_of_library(frame) and (
            is_inside or _overrides(frame) or (package != own and is_installed(frame.f_code.co_filename))
        ):
            others.add(package)
    return others


def is_of_library(frame: FrameType) -> bool:
    """Whether *frame* is a client library's, or of what it stands on."""
    return package_of(frame) in LIBRARIES | SUPPORT or is_standard(frame)


def _overrides(frame: FrameType) -> bool:
    """Whether a method runs there that overrides one of a client library's: it is inside of its call."""
    code = frame.f_code
    subject = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
    return any(
        str(cls.__module__).partition(".")[0] in CALLING and code.co_name in vars(cls)
        for cls in type(subject).__mro__
    )


def frames_of(traceback: TracebackType | None) -> Iterator[FrameType]:
    """Give the frames of *traceback*, from the block down."""
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def package_of(frame: FrameType) -> str:
    """Give the name of the package whose code runs there."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def name_of(frame: FrameType) -> str:
    """Give module and qualified name of the function."""
    return f"{frame.f_globals.get('__name__', '')}:{frame.f_code.co_qualname}"


def is_standard(frame: FrameType) -> bool:
    """Whether Python's own library runs there."""
    return package_of(frame) in sys.stdlib_module_names


def is_foreign(part: object) -> bool:
    """Whether *part*, say a middleware of aiohttp, is of others, who may try again."""
    module = getattr(part, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] not in CALLING | SUPPORT


def is_installed(filename: str) -> bool:
    """Whether a module's file was installed, as other people's packages are."""
    return "site-packages" in filename or "dist-packages" in filename
