"""What tests of an app ask: which fault was answered, which rule decides, whether a secret got out.

Importing this module makes it listen to :data:`~flask_faultmap.fault_translated`, so that
:func:`assert_fault` knows the code also where the shape has no room for one.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from flask import Flask, has_request_context, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.border.other_handlers import explain_in
from flask_faultmap.contract.raising import raised_by
from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Fault
from flask_faultmap.profiles.profile import PROBLEM
from flask_faultmap.signals import fault_translated
from flask_faultmap.tools.canaries import Canary

__all__ = [
    "Canary",
    "CapturedFault",
    "assert_documented",
    "assert_fault",
    "assert_rules",
    "capture_faults",
    "leak_canary",
]

_recent: deque[Fault] = deque(maxlen=256)


@fault_translated.connect
def _remember(_sender: object, fault: Fault, **_: Any) -> None:
    _recent.append(fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedFault:
    """What an audit hook hears of one fault."""

    fault: Fault
    exception: BaseException
    error: DomainError
    status: int
    original_status: int
    rule: str | None


@contextmanager
def capture_faults(app: Flask) -> Iterator[list[CapturedFault]]:
    """Collect what audit hooks of *app* hear inside the block, in order.

    Raises:
        ConfigError: *app* has no FaultMap.
    """
    boundary_of(app)  # nothing would ever be heard of an app without one
    captured: list[CapturedFault] = []

    def receive(_sender: Flask, **payload: Any) -> None:
        captured.append(_hear(payload))

    with fault_translated.connected_to(receive, sender=app):
        yield captured


def assert_fault(response: Response, *, code: str | None = None, status: int | None = None) -> dict[str, Any]:
    """Assert that *response* is a fault, with this code and this status as sent.

    Returns:
        The body's members.

    Raises:
        AssertionError: it is something else; the message shows what was seen.
    """
    seen = _Seen(response)
    if status is not None and response.status_code != status:
        seen.fail(f"the status is not {status}")
    if response.status_code < 400:
        seen.fail("this is no error")
    members = seen.members()
    if response.mimetype == PROBLEM.media_type and members.get("status") != response.status_code:
        seen.fail("the member `status` is not the status as sent (RFC 9457, section 3.1.2)")
    if code is not None:
        told = seen.code(members)
        if told != code:
            seen.fail(f"the code is {told!r}, not {code!r}")
    return members


def assert_rules(app: Flask, expected: Mapping[BaseException, type[DomainError] | None]) -> None:
    """Assert that the map of *app* makes these domain errors of these exceptions; None: no rule knows it.

    Raises:
        AssertionError: for all that differ at once, each with the decision rule by rule.
    """
    mapper = boundary_of(app).mapper
    wrong = []
    for exc, wanted in expected.items():
        decision = mapper.translate(exc)
        got = None if decision is None else type(decision.error)
        if got is not wanted:
            wrong.append(f"{_name(wanted)} was expected, {_name(got)} came:\n{explain_in(app, exc)}")
    if wrong:
        raise AssertionError("\n\n".join(wrong))


@contextmanager
def assert_documented(app: Flask) -> Iterator[None]:
    """Assert that each fault in the block is one that its view's ``@raises`` names, or one below it.

    Views without ``@raises`` promise nothing. Bugs, and the errors of HTTP itself (``abort(404)``, a body
    that is refused before the view), need not be named.

    Raises:
        AssertionError: at the end of the block, for all that were not named.
        ConfigError: *app* has no FaultMap.
    """
    boundary_of(app)
    missing: dict[str, None] = {}

    def receive(_sender: Flask, **told: Any) -> None:
        heard = _hear(told)
        if not told["handled"] or isinstance(heard.exception, HTTPException) or not has_request_context():
            return
        named = raised_by(app.view_functions.get(request.endpoint or ""), request.method)
        if named and not any(_is_named(heard, error) for error in named):
            missing[
                f"{request.method} {request.url_rule} answered {type(heard.error).__name__} "
                f"({heard.fault.code}); its @raises names {', '.join(map(_name_error, named))}"
            ] = None

    with fault_translated.connected_to(receive, sender=app):
        yield
    if missing:
        raise AssertionError("not documented:\n" + "\n".join(missing))


@contextmanager
def leak_canary(app: Flask) -> Iterator[Canary]:
    """Watch all that *app* answers inside the block, and what audit hooks get as public.

    Plant ``canary.secret``, ``canary.texts`` or ``canary.exceptions()`` wherever the app may fail.

    Raises:
        AssertionError: at the end of the block, if a body, a header or a public field showed the secret.
    """
    canary = Canary()
    inner = app.wsgi_app

    def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        place = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}"

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            for name, value in headers:
                canary.look(f"{place}, header {name}", f"{name}: {value}")
            return start_response(status, headers, *rest)

        body = inner(environ, start)
        try:
            chunks = list(body)
        finally:
            getattr(body, "close", lambda: None)()
        canary.look(f"{place}, body", b"".join(chunks).decode("utf-8", "replace"))
        return chunks

    app.wsgi_app = watched  # type: ignore[method-assign]  # what WSGI middleware does
    try:
        with capture_faults(app) as captured:
            yield canary
    finally:
        app.wsgi_app = inner  # type: ignore[method-assign]
    for heard in captured:
        for field, value in asdict(heard.fault).items():
            canary.look(f"the fault {heard.fault.code}, field {field}", repr(value))
    if canary.leaks:
        raise AssertionError("a secret got out:\n" + "\n".join(canary.leaks))


class _Seen:
    """A response, as a failed assertion shows it."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._body = response.get_data()

    def members(self) -> dict[str, Any]:
        """Parse the body."""
        try:
            members = json.loads(self._body)
        except ValueError:
            self.fail("the body is not JSON")
        if not isinstance(members, dict):
            self.fail("the body is no JSON object")
        return members

    def code(self, members: dict[str, Any]) -> str | None:
        """Give the code: by the signal of the fault with the answer's id, else by the body."""
        sent = set(self._response.headers.values())
        for fault in reversed(_recent):
            if fault.id in sent:
                return fault.code
        code = members.get("code")
        return code if isinstance(code, str) else None

    def fail(self, why: str) -> NoReturn:
        """Raise what tells *why*, and what was seen."""
        shown = self._body[:1000].decode("utf-8", "replace")
        kind = self._response.headers.get("Content-Type")
        raise AssertionError(f"{why}; seen: {self._response.status}, {kind}\n{shown}")


def _hear(told: Mapping[str, Any]) -> CapturedFault:
    return CapturedFault(**{name: told[name] for name in CapturedFault.__dataclass_fields__})


def _name(cls: type | None) -> str:
    return "no rule" if cls is None else cls.__name__


def _is_named(heard: CapturedFault, error: type | int) -> bool:
    return heard.original_status == error if isinstance(error, int) else isinstance(heard.error, error)


def _name_error(error: type | int) -> str:
    return str(error) if isinstance(error, int) else error.__name__
