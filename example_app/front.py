"""The first page, a demo login, and what people look at: the catalogue and the console."""

import secrets
from importlib.util import find_spec

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from example_app.rooms import rooms_of
from flask_faultmap.errors import UnavailableError
from flask_faultmap.pages import catalog, console
from flask_faultmap.sinks.trail import AuditTrail

OPERATOR = "operator"  # in the session

front = Blueprint("front", __name__)


def add_front(app: Flask, trail: AuditTrail) -> None:
    """Give *app* its first page, its catalogue and its console."""
    if app.secret_key is None:
        app.secret_key = secrets.token_hex()  # a demo's sessions end with the process
    app.config["SESSION_COOKIE_SAMESITE"] = "Strict"
    app.register_blueprint(catalog(), url_prefix="/problems")
    app.register_blueprint(console(trail, authorize=is_operator), url_prefix="/ops/faults")
    app.register_blueprint(front)
    if find_spec("prometheus_client") is not None:
        app.add_url_rule("/metrics", view_func=show_metrics)
    app.add_template_global(lambda: rooms_of(app), "rooms")


def is_operator() -> bool:
    """Let who has pressed the button of the demo login see the console."""
    if session.get(OPERATOR) is not True:
        abort(redirect(url_for("front.login")))
    return True


@front.get("/")
def index() -> str:
    """Lead to everything."""
    return render_template("front.html")


@front.get("/break")
def break_something() -> Response:
    """Fail, so that there is something to look at."""
    try:
        raise TimeoutError("10.0.0.5:5432 did not answer, password=demo")
    except TimeoutError as exc:
        raise UnavailableError("The demo's store does not answer") from exc


def show_metrics() -> Response:
    """Show Prometheus how often what fails."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


@front.route("/ops/login", methods=["GET", "POST"])
def login() -> str | AnyResponse:
    """Make an operator of whoever presses the button: this is a demo."""
    if request.method == "POST":
        session[OPERATOR] = True
        return redirect(url_for("faultmap_console.index"), 303)
    return render_template("login.html")
