"""How does a page reach a browser? Rendered by our templates or the app's own, locked down by headers."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.templating import Environment

from flask_faultmap.errors import ConfigError

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
KEY = "faultmap.pages"  # in app.extensions
STYLE = "faults.css"
# What turns the order of letters around, beyond the text that it stands in, and controls that nobody sees.
MARKS = re.compile(r"[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def check_stylesheet(stylesheet: object) -> None:
    """Refuse a style sheet that the policy would keep from loading.

    Raises:
        ConfigError: it is no path on this server.
    """
    if stylesheet is None:
        return
    if not isinstance(stylesheet, str) or not stylesheet.startswith("/") or urlsplit(stylesheet).netloc:
        raise ConfigError(
            f"stylesheet is {stylesheet!r}; it must be a path on the same server, such as "
            "'/static/faults.css': the pages load nothing from elsewhere"
        )


def make_pages(name: str, finish: Callable[[Response], Response]) -> Blueprint:
    """Make a blueprint with our templates and style sheet; *finish* sees each answer below its prefix."""
    pages = Blueprint(
        name, __name__, template_folder="templates", static_folder="static", static_url_path="/static"
    )
    pages.after_request(finish)
    pages.record(lambda state: _finish_unrouted(state, finish))
    return pages


def render_page(template: str, stylesheet: str | None, status: int = 200, **values: Any) -> Response:
    """Render a page; an app's template of the same name counts more than ours, as Flask has it."""
    style = stylesheet or url_for(".static", filename=STYLE)
    text = _get_environment().get_template(f"faultmap/{template}").render(style=style, **values)
    return Response(text, status, mimetype="text/html")


def lock_down(response: Response) -> Response:
    """Add what keeps a page alone: nothing foreign is loaded, nobody frames it, no type is guessed."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _finish_unrouted(state: BlueprintSetupState, finish: Callable[[Response], Response]) -> None:
    """Let *finish* see the routing's own errors below the pages too: these belong to no blueprint."""
    prefix = (state.url_prefix or "").rstrip("/") + "/"

    def finish_unrouted(response: Response) -> Response:
        is_ours = request.url_rule is None and prefix != "/" and f"{request.path}/".startswith(prefix)
        return finish(response) if is_ours else response

    state.app.after_request(finish_unrouted)


def _get_environment() -> Environment:
    """Give the app's Jinja environment, escaping and spelled as our templates need it, whatever it does."""
    known: Environment | None = current_app.extensions.get(KEY)
    if known is None:
        known = current_app.extensions[KEY] = current_app.jinja_env.overlay(
            autoescape=True,
            finalize=_show_marks,
            block_start_string="{%",
            block_end_string="%}",
            variable_start_string="{{",
            variable_end_string="}}",
            comment_start_string="{#",
            comment_end_string="#}",
            line_statement_prefix=None,
            line_comment_prefix=None,
            trim_blocks=True,
            lstrip_blocks=True,
        )
    return known


def _show_marks(value: Any) -> Any:
    """Write out what would make a reader see another text than there is."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return type(value)(MARKS.sub(lambda mark: f"\\u{ord(mark[0]):04x}", value))
