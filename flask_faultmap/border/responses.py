"""From a reply to the app's response: of its own class, which need not mend what is complete."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from flask import Flask, Response
from werkzeug.datastructures import Headers

from flask_faultmap.http.statuses import STATUS_LINES
from flask_faultmap.profiles.profile import Reply

# How a response is sent. A class of the app's own that has another word on one of these sends by itself.
SENDING = (
    "__getattribute__",
    "autocorrect_location_header",
    "get_app_iter",
    "get_wsgi_headers",
    "get_wsgi_response",
    "headers",
    "iter_encoded",
    "response",
    "status",
    "status_code",
)


# How a response is made. One of a class without a word on these is made like the first one of its status.
MAKING = ("__init__", "__new__", "__setattr__")
Members = tuple[tuple[str, Any], ...]


class Responses:
    """Makes the responses of one app; it knows the app's class and the one that was made of it."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: tuple[Any, Any, dict[int, Members] | None] = (None, None, None)

    def make(self, app: Flask, reply: Reply) -> Response:
        """Make the app's response of *reply*; where its class cannot be made so, as Flask does."""
        known, cls, members = self._known
        if app.response_class is not known:
            known = app.response_class
            cls = PLAIN if known is Response else complete_class(known)
            members = {} if _is_made_plainly(cls) else None
            self._known = known, cls, members
        try:
            if members is not None and reply.status in members:
                return _make_alike(cls, members[reply.status], reply)
            response: Response = cls([reply.body], STATUS_LINES[reply.status], _Checked(reply.headers))
            response._faultmap_reply = reply  # type: ignore[attr-defined]  # of _Complete
            if members is not None:
                members[reply.status] = _list_members(response)
        except Exception:  # a border: the class is the app's, and the reply is ready
            with suppress(Exception):  # the border, once more
                return app.make_response((reply.body, reply.status, Headers(reply.headers)))
            return Response(reply.body, reply.status, Headers(reply.headers))
        return response


def _is_made_plainly(cls: Any) -> bool:
    is_ours = isinstance(cls, type) and issubclass(cls, _Complete)
    return is_ours and all(getattr(cls, name) is getattr(Response, name) for name in MAKING)


def _list_members(response: Response) -> Members:
    """Give what Werkzeug's constructor sets for a status, which costs it more than a microsecond."""
    ours = ("_faultmap_reply", "headers", "response")
    members = ((name, value) for name, value in vars(response).items() if name not in ours)
    return tuple((name, [*value] if type(value) is list else value) for name, value in members)


def _make_alike(cls: Any, members: Members, reply: Reply) -> Response:
    response: Any = object.__new__(cls)
    for name, value in members:
        setattr(response, name, [*value] if type(value) is list else value)  # a list is each one's own
    response.headers = _Checked(reply.headers)
    response.response = [reply.body]
    response._faultmap_reply = reply
    return response  # type: ignore[no-any-return]  # of a class below Response


def complete_class(cls: Any) -> Any:
    """Make of the app's response class one that sends a reply as it is; where that cannot be, give *cls*."""
    if not (isinstance(cls, type) and issubclass(cls, Response)):
        return cls
    if any(getattr(cls, name, None) is not getattr(Response, name, None) for name in SENDING):
        return cls
    make_class: Any = type(cls)
    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    try:
        return make_class(cls.__name__, (_Complete, cls), names)
    except Exception:  # a border: the class may allow no other below it
        return cls


class _Checked(Headers):
    """Headers that are known to be sendable; checking them once more costs a microsecond each."""

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        self._list = [*headers]


class _Chunks(list[bytes]):
    """The body, and what is to be called when it is sent."""

    __slots__ = ("close",)
    close: Callable[[], None]


class _Complete(Response):
    """Sends a reply as it was made; what was changed since, by ``after_request``, goes Werkzeug's way.

    Werkzeug copies the headers and reads them all, to mend a ``Location`` and to add the length: a tenth
    of the time of a whole request.
    """

    _faultmap_reply: Reply | None = None

    def get_wsgi_response(self, environ: Any) -> Any:
        reply, headers, body = self._faultmap_reply, self.headers, self.response
        if (
            reply is None
            or type(headers) is not _Checked
            or tuple(headers._list) != reply.headers
            or self.status != STATUS_LINES[reply.status]
            or type(body) is not list
            or len(body) != 1
            or body[0] is not reply.body
            or environ["REQUEST_METHOD"] == "HEAD"
        ):
            return super().get_wsgi_response(environ)
        chunks = _Chunks(body)
        chunks.close = self.close
        return chunks, self.status, [*reply.headers]

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Travel as the app's own class, which can be imported."""
        made: Any = super().__reduce_ex__(protocol)
        cls = type(self)
        args = tuple(cls.__bases__[1] if each is cls else each for each in made[1])
        # Python's own function refuses another class than the object's.
        return (_make_empty if made[0].__name__ == "__newobj__" else made[0], args, *made[2:])


def _make_empty(cls: Any, *args: Any) -> Any:
    return cls.__new__(cls, *args)


# Flask's own class is made once: what sends a response is fastest where it has one class to send.
PLAIN = complete_class(Response)
