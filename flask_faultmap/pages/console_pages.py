"""What does the console answer? Faults over time, their groups, one fault and why, the trail's health."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, current_app, g, redirect, request, url_for

from flask_faultmap.border.boundaries import current_mapper
from flask_faultmap.errors import ConfigError, NotFoundError
from flask_faultmap.pages.catalog_pages import CATALOG
from flask_faultmap.pages.descriptions import describe_code
from flask_faultmap.pages.guarding import Authorize, Guard
from flask_faultmap.pages.picture import Picture, draw
from flask_faultmap.pages.questions import DEFAULT_WINDOW, WINDOWS, Question, read_question
from flask_faultmap.pages.rendering import check_stylesheet, lock_down, make_pages, render_page
from flask_faultmap.sinks.trail import AuditTrail
from flask_faultmap.sinks.trail.entries import BLAMES, Page

READER = "faultmap.console"  # in app.extensions: the reader of the app's trail
KEY = re.compile(r"[0-9A-Za-z_-]{1,100}\.[0-9]{1,18}")
FINGERPRINT = re.compile(r"[0-9A-Za-z_-]{1,100}")
PER_PAGE = 50
MOST_GROUPS = 200


def console(
    trail: AuditTrail,
    *,
    authorize: Authorize | None = None,
    name: str = "faultmap_console",
    stylesheet: str | None = None,
) -> Blueprint:
    """Make the console of those who run the app: register it with a URL prefix. It changes nothing.

    Args:
        authorize: says who may look, in each request before anything is looked up: only True opens. A
            redirect that it raises, ``abort(redirect("/login"))``, is followed; all else is a 403. It may be
            async.
        name: of the blueprint; two consoles of one app need two.
        stylesheet: the path of a style sheet of the app's own, in place of ours.

    Raises:
        ConfigError: *authorize* is missing, or an argument is wrong.
    """
    if not isinstance(trail, AuditTrail):
        raise ConfigError(f"trail is {trail!r}; it must be the AuditTrail of the app")
    if not callable(authorize):
        raise ConfigError(
            f"authorize is {authorize!r}; the console shows who failed and why, so it needs a function that "
            "returns True for an operator: console(trail, authorize=is_operator)"
        )
    check_stylesheet(stylesheet)
    pages = make_pages(name, _finish)
    views = _Views(trail, stylesheet)
    pages.before_request(Guard(authorize).check)
    for path, view in (
        ("/", views.index),
        ("/faults", views.faults),
        ("/faults/<key>", views.fault),
        ("/groups", views.groups),
        ("/groups/<fingerprint>", views.group),
        ("/health", views.health),
    ):
        pages.add_url_rule(path, view.__name__, view)
    return pages


def _finish(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return lock_down(response)


class _Views:
    def __init__(self, trail: AuditTrail, stylesheet: str | None) -> None:
        self._trail, self._stylesheet = trail, stylesheet

    def index(self) -> Response:
        asked = _read_asked()
        faults, problem = _ask(lambda reader: reader.page(asked.filters, limit=10), Page(entries=()))
        groups, _ = _ask(lambda reader: reader.groups(limit=5), [])
        return self._render(
            "console_index.html",
            asked=asked,
            faults=faults,
            groups=groups,
            picture=_draw(asked),
            problem=problem,
            health=self._trail.health(),
        )

    def faults(self) -> Response:
        asked = _read_asked()
        before = request.args.get("before")
        faults, problem = _ask(lambda reader: _find_page(reader, asked, before), Page(entries=()))
        if problem and asked.filters.request_id is not None:
            entries = _get_reader().find_in_journal(asked.filters.request_id)
            faults = Page(entries=tuple(entries))
        if set(asked.parameters) == {"id"} and len(faults.entries) == 1 and not problem:
            return redirect(url_for(".fault", key=faults.entries[0].key), 303)  # type: ignore[return-value]  # werkzeug's class
        return self._render(
            "console_faults.html",
            asked=asked,
            faults=faults,
            picture=None if asked.filters.request_id else _draw(asked),
            problem=problem,
            is_first=before is None,
        )

    def fault(self, key: str) -> Response:
        if not KEY.fullmatch(key):
            raise NotFoundError(public="No fault of the trail has this key.")
        entry, problem = _ask(lambda reader: reader.get(key), None)
        if problem:
            entry = _get_reader().get_in_journal(key)
        if entry is None and not problem:
            raise NotFoundError(public="No fault of the trail has this key; it may have been pruned.")
        told = None if entry is None else describe_code(current_mapper(), entry.code)
        return self._render(
            "console_fault.html",
            503 if entry is None else 200,
            entry=entry,
            problem=problem,
            described=told,
            page=_find_address(entry.code) if told is not None and entry is not None else None,
            told=None if entry is None else _write_pretty(entry.told),
            context=None if entry is None or entry.context is None else _write_pretty(entry.context),
        )

    def groups(self) -> Response:
        groups, problem = _ask(lambda reader: reader.groups(limit=MOST_GROUPS), [])
        return self._render("console_groups.html", groups=groups, problem=problem, most=MOST_GROUPS)

    def group(self, fingerprint: str) -> Response:
        group, problem = None, ""
        if FINGERPRINT.fullmatch(fingerprint):
            group, problem = _ask(lambda reader: reader.group(fingerprint), None)
        if group is None and not problem:
            raise NotFoundError(public="No group of faults has this fingerprint.")
        asked = read_question({"group": fingerprint}, datetime.now(UTC))
        faults, _ = _ask(lambda reader: reader.page(asked.filters, limit=10), Page(entries=()))
        return self._render(
            "console_group.html",
            503 if group is None else 200,
            group=group,
            problem=problem,
            faults=faults,
            asked=asked,
            picture=_draw(asked),
            described=None if group is None else describe_code(current_mapper(), group.code),
            page=None if group is None else _find_address(group.code),
        )

    def health(self) -> Response:
        return self._render("console_health.html", health=self._trail.health())

    def _render(self, template: str, status: int = 200, **values: Any) -> Response:
        values = {"app_name": current_app.name, "windows": WINDOWS, "blames": BLAMES, **values}
        return render_page(template, self._stylesheet, status, default_window=DEFAULT_WINDOW, **values)


def _read_asked() -> Question:
    return read_question(request.args.to_dict(), datetime.now(UTC))


def _find_page(reader: Any, asked: Question, before: str | None) -> Page:
    try:
        found: Page = reader.page(asked.filters, limit=PER_PAGE, before=before)
    except ValueError:  # a cursor that somebody has written
        raise NotFoundError(public="The trail has no such page; begin with the first one.") from None
    return found


def _draw(asked: Question) -> Picture | None:
    since, until = asked.picture_span
    found, _ = _ask(lambda reader: reader.histogram(since, until, asked.filters), None)
    return None if found is None else draw(found)


def _ask(question: Callable[[Any], Any], nothing: Any) -> tuple[Any, str]:
    """Ask the trail; where its database cannot be had, give *nothing* and why."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return question(_get_page_reader()), ""
    except SQLAlchemyError as exc:
        return nothing, f"The trail's database does not answer ({type(exc).__name__})."
    except ConfigError as exc:
        return nothing, str(exc)


def _get_reader() -> Any:
    """Give the app's reader, made once: its engine keeps what it has compiled."""
    known = current_app.extensions.get(READER)
    if known is None:
        from flask_faultmap.sinks.trail.extension import reader_of

        known = current_app.extensions[READER] = reader_of()
    return known


def _get_page_reader() -> Any:
    """Give the reader of this page, whose questions are answered from one reading of the journal."""
    return g.get(READER) or g.setdefault(READER, _get_reader().at_once())


def _find_address(code: str) -> str | None:
    """Give the address of the code's page in the app's catalogue, if it has one."""
    known = current_app.extensions.get(CATALOG)
    if known is None or describe_code(current_mapper(), code) is None:
        return None
    return url_for(f"{known[0]}.page", code=code)


def _write_pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
