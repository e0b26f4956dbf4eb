"""What does the catalogue answer? An index and a page for each code, as HTML, JSON and Markdown."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from flask.sansio.blueprints import BlueprintSetupState

from flask_faultmap.border.boundaries import current_mapper
from flask_faultmap.border.extension import name_types
from flask_faultmap.categories import Category
from flask_faultmap.defining import code_text
from flask_faultmap.errors import NotFoundError
from flask_faultmap.pages.descriptions import Answer, Description, answers_of, describe_all, describe_code
from flask_faultmap.pages.markdown import write_code, write_index
from flask_faultmap.pages.rendering import check_stylesheet, lock_down, make_pages, render_page
from flask_faultmap.pages.types import find_types, root_of

FORMS = {"text/html": "", "application/json": ".json", "text/markdown": ".md"}
CATALOG = "faultmap.catalog"  # in app.extensions: the name and the URL prefix of the first one


def catalog(*, name: str = "faultmap_catalog", stylesheet: str | None = None) -> Blueprint:
    """Make the catalogue of an app's errors: register it with a URL prefix, before or after the map.

    Args:
        name: of the blueprint; two catalogues of one app need two.
        stylesheet: the path of a style sheet of the app's own, in place of ours.

    Raises:
        ConfigError: *stylesheet* is no path on this server.
    """
    check_stylesheet(stylesheet)
    pages = make_pages(name, _finish)
    views = _Views(stylesheet)
    pages.add_url_rule("/", "index", views.index)
    pages.add_url_rule("/llms.txt", "llms", views.llms)
    pages.add_url_rule("/<code>", "page", views.page)
    pages.record(_mount)
    return pages


def _mount(state: BlueprintSetupState) -> None:
    app: Any = state.app
    name = ".".join(part for part in (state.name_prefix, state.name) if part).lstrip(".")
    prefix = state.url_prefix or ""
    app.extensions.setdefault(CATALOG, (name, prefix))
    name_types(app, lambda app: find_types(root_of(app, prefix)))


def _finish(response: Response) -> Response:
    response.vary.add("Accept")
    return lock_down(response)


class _Views:
    def __init__(self, stylesheet: str | None) -> None:
        self._stylesheet = stylesheet

    def index(self) -> Response:
        told = describe_all(current_mapper())
        form = _choose_form()
        if form == ".md":
            return _send_markdown(write_index(current_app.name, told))
        if form == ".json":
            return jsonify(app=current_app.name, errors=[_summarize(each) for each in told])
        words, category = request.args.get("q", "").strip(), request.args.get("category", "")
        found = [each for each in told if _matches(each, words, category)]
        return render_page(
            "catalog_index.html",
            self._stylesheet,
            app_name=current_app.name,
            words=words,
            category=category,
            categories=[str(each) for each in Category],
            own=[each for each in found if not each.is_built_in],
            general=[each for each in found if each.is_built_in],
        )

    def llms(self) -> Response:
        return _send_markdown(write_index(current_app.name, describe_all(current_mapper())), "text/plain")

    def page(self, code: str) -> Response:
        mapper = current_mapper()
        told, form = describe_code(mapper, code), _choose_form()
        if told is None:
            for suffix in (".json", ".md"):
                if told is None and code.endswith(suffix):
                    told, form = describe_code(mapper, code.removesuffix(suffix)), suffix
        if told is None:
            named = f" {code!r}" if code_text(code) else ""
            raise NotFoundError(public=f"No error of this service has the code{named}.")
        answers = answers_of(mapper, told.code)
        if form == ".md":
            return _send_markdown(write_code(told, answers))
        if form == ".json":
            return jsonify({**_summarize(told), "answers": [_tell_answer(answer) for answer in answers]})
        return render_page(
            "catalog_page.html", self._stylesheet, app_name=current_app.name, told=told, answers=answers
        )


def _choose_form() -> str:
    """Give the form that the client likes best: never a 406, and a page for people where it says nothing."""
    accepted = request.accept_mimetypes
    best = accepted.best_match([*FORMS], "text/html") if accepted else "text/html"
    return FORMS[best]


def _send_markdown(text: str, media_type: str = "text/markdown") -> Response:
    return Response(text, mimetype=media_type)


def _matches(told: Description, words: str, category: str) -> bool:
    text = " ".join((told.code, told.title, told.meaning, *map(str, told.statuses.values()))).casefold()
    is_in_category = category in ("", told.category)
    return is_in_category and all(word in text for word in words.casefold().split())


def _summarize(told: Description) -> dict[str, Any]:
    return {
        "code": told.code,
        "title": told.title,
        "type": told.type,
        "category": told.category,
        "meaning": told.meaning,
        "occurs": [*told.occurs],
        "client_action": told.action,
        "retryable": told.retryable,
        "retry": told.retry,
        "statuses": dict(told.statuses),
        "since": told.since,
        "deprecated": told.deprecated,
    }


def _tell_answer(answer: Answer) -> dict[str, Any]:
    return {
        "profile": answer.profile,
        "below": [*answer.below],
        "status": answer.status,
        "media_type": answer.media_type,
        "code_member": answer.code_member,
        "schema": answer.schema,
        "example": {"headers": dict(answer.headers), "body": answer.body},
    }
