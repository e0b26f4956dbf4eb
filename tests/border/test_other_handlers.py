"""Who can answer that is not ours: every handler is known, by status and class, of app and blueprints."""

import functools
import json

import pytest
from flask import Blueprint, Flask
from flow_app import raising
from marshmallow import ValidationError
from pumps import run
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from flask_faultmap import ConfigError, FaultMap, Rule
from flask_faultmap.border.other_handlers import name_of_handler, other_handlers
from flask_faultmap.errors import DomainError, NotFoundError
from flask_faultmap.testing import assert_rules

HERE = __name__


class PumpError(Exception):
    """A driver's error."""


class StuckPumpError(PumpError):
    """A kind of it."""


class MissingPumpError(NotFoundError):
    """There is no such pump."""


class MissingPage(NotFound):
    """A werkzeug error of the app's own."""


class Moved(HTTPException):
    """No error to a client."""

    code = 302


RULES = (Rule(on=PumpError, where={"args.0": "gone"}, to=NotFoundError),)


def on_error(exc):
    return {"error": str(exc)}, 500


def on_other(exc):
    return {"error": "other"}, 500


def on_app(what, handler, *, is_before, **config):
    app = Flask("shop")
    app.config.update(config)
    if is_before:
        app.register_error_handler(what, handler)
    FaultMap(app, rules=RULES)
    if not is_before:
        app.register_error_handler(what, handler)
    return app


def on_blueprint(what, handler, *, is_before, **config):
    app, pumps = Flask("shop"), Blueprint("pumps", __name__)
    app.config.update(config)
    pumps.register_error_handler(what, handler)
    pumps.add_url_rule("/fail", "fail", raising(PumpError("stuck")))
    if is_before:
        app.register_blueprint(pumps, url_prefix="/pumps")
    FaultMap(app, rules=RULES)
    if not is_before:
        app.register_blueprint(pumps, url_prefix="/pumps")
    return app


def findings(app):
    told = json.loads(run(app, "check", "--json").stdout)["findings"]
    return [found for found in told if found["check"] in ("shadowing-handler", "unknown-handler")]


BEFORE = pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
PLACES = pytest.mark.parametrize("place", [on_app, on_blueprint], ids=["app", "blueprint"])
# What it is for, as it is listed, and where it takes something: app before, app after, blueprint.
SUBJECTS = {
    404: ("404", True, True, True),
    405: ("405", True, True, True),
    500: ("500", True, True, True),
    503: ("503", True, True, True),
    NotFound: ("404", True, True, True),
    MissingPage: ("MissingPage (404)", True, True, True),
    InternalServerError: ("500", True, True, True),
    Exception: ("Exception", True, True, True),
    MissingPumpError: ("MissingPumpError", True, True, True),
    NotFoundError: ("NotFoundError", True, True, True),
    StuckPumpError: ("StuckPumpError", True, True, True),
    PumpError: ("PumpError", False, True, True),
    DomainError: ("DomainError", None, True, True),
    HTTPException: ("HTTPException", None, True, True),
    ValidationError: ("ValidationError", True, True, True),
    ValueError: ("ValueError", False, False, True),
    ZeroDivisionError: ("ZeroDivisionError", False, False, False),
    Moved: ("Moved (302)", False, False, False),
}


@BEFORE
@PLACES
@pytest.mark.parametrize("what", SUBJECTS, ids=str)
def test_every_handler_is_listed_and_a_finding_if_it_takes_something(what, place, is_before):
    subject, *takes = SUBJECTS[what]
    wanted = takes[2] if place is on_blueprint else takes[0] if is_before else takes[1]

    app = place(what, on_error, is_before=is_before)

    listed = [(other.name, other.subject, other.is_finding) for other in other_handlers(app)]
    assert listed == ([] if wanted is None else [(f"{HERE}.on_error", subject, wanted)])
    assert len(findings(app)) == bool(wanted)


@BEFORE
@PLACES
@pytest.mark.parametrize("what", [404, 500, Exception, MissingPumpError], ids=str)
def test_handler_is_named_by_list_check_and_the_log_unless_it_is_kept(what, place, is_before, caplog):
    app = place(what, on_error, is_before=is_before)
    told = [run(app, "list").stdout, run(app, "check").stdout]

    app.test_client().get("/static/x")

    assert all(f"{HERE}.on_error" in text for text in [*told, caplog.text])


@BEFORE
@PLACES
@pytest.mark.parametrize("what", [404, 500, Exception, MissingPumpError], ids=str)
def test_kept_handler_is_no_finding_and_no_warning(what, place, is_before, caplog):
    app = place(what, on_error, is_before=is_before, FAULTMAP_HANDLERS_KEPT=[f"{HERE}.on_error"])

    app.test_client().get("/static/x")

    assert (findings(app), caplog.records) == ([], [])
    assert f"= {HERE}.on_error for " in run(app, "list").stdout
    assert json.loads(run(app, "list", "--json").stdout)["handlers"][0]["kept"] is True


def explained(app, name, text="x"):
    return run(app, "explain", f"{HERE}:{name}", "--text", text).stdout


@pytest.mark.parametrize(
    ("what", "name", "text"),
    [
        (500, "PumpError", "stuck"),
        (Exception, "PumpError", "stuck"),
        (PumpError, "PumpError", "stuck"),
        (StuckPumpError, "StuckPumpError", "gone"),
        (MissingPumpError, "MissingPumpError", "x"),
        (404, "MissingPage", "x"),
    ],
)
@BEFORE
@PLACES
def test_explain_names_who_answers(what, name, text, place, is_before):
    told = explained(place(what, on_error, is_before=is_before), name, text)

    where = "in the blueprint 'pumps' " if place is on_blueprint else ""
    assert f"  ! {where}answered by {HERE}.on_error\n" in told


@pytest.mark.parametrize(
    ("what", "name", "text"),
    [
        (500, "PumpError", "gone"),
        (500, "MissingPage", "x"),
        (404, "MissingPumpError", "x"),
        (Exception, "PumpError", "gone"),
        (405, "MissingPage", "x"),
    ],
)
@BEFORE
def test_explain_names_nobody_where_the_map_answers(what, name, text, is_before):
    assert "answered by" not in explained(on_app(what, on_error, is_before=is_before), name, text)


@pytest.mark.parametrize("exc", [PumpError("stuck"), StuckPumpError("x")])
@pytest.mark.parametrize("what", [500, Exception, PumpError])
@BEFORE
def test_explain_says_what_a_request_gets(exc, what, is_before):
    app = on_app(what, on_error, is_before=is_before)
    app.add_url_rule("/fail", "fail", raising(exc))

    response = app.test_client().get("/fail")

    assert response.json == {"error": str(exc) if what != 500 else response.json["error"]}
    assert f"answered by {HERE}.on_error" in explained(app, type(exc).__name__, str(exc))


def test_explain_of_the_map_names_the_handler_inside_an_app_context_only():
    faultmap, app = FaultMap(rules=RULES), Flask("shop")
    app.register_error_handler(500, on_error)
    faultmap.init_app(app)

    with app.app_context():
        inside = faultmap.explain(PumpError("stuck"))

    assert inside.answered_by == (f"answered by {HERE}.on_error",)
    assert faultmap.explain(PumpError("stuck")).answered_by == ()


def test_explain_names_nobody_for_what_flask_hands_to_no_handler():
    faultmap, app = FaultMap(), Flask("shop")
    app.register_error_handler(500, on_error)
    faultmap.init_app(app)

    with app.app_context():
        assert faultmap.explain(KeyboardInterrupt()).answered_by == ()


def test_failure_of_assert_rules_names_the_other_handler():
    app = on_app(MissingPumpError, on_error, is_before=True)

    with pytest.raises(AssertionError, match=f"! answered by {HERE}.on_error"):
        assert_rules(app, {MissingPumpError("x"): NotFoundError})


def test_nested_blueprints_are_looked_through_from_the_inside():
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    outer.register_error_handler(MissingPumpError, on_error)
    inner.register_error_handler(500, on_other)
    outer.register_blueprint(inner)
    app = Flask("shop")
    FaultMap(app)
    app.register_blueprint(outer)
    app.register_blueprint(outer, name="again", url_prefix="/again")

    told = explained(app, "MissingPumpError")

    for name in ("outer", "outer.inner", "again", "again.inner"):
        assert (f"in the blueprint {name!r} answered by {HERE}.on_error" in told) is (
            name in app.error_handler_spec
        )
    assert {other.blueprint for other in other_handlers(app)} >= {"outer", "outer.inner", "again"}


class Answers:
    def on_error(self, exc):
        return "", 500

    @classmethod
    def for_all(cls, exc):
        return "", 500

    def __call__(self, exc):
        return "", 500


@functools.wraps(on_error)
def wrapped(*given):
    return on_error(*given)


def made():
    def inner(exc):
        return "", 500

    return inner


NAMES = {
    "on_error": on_error,
    "Answers.on_error": Answers().on_error,
    "Answers.for_all": Answers.for_all,
    "Answers": Answers(),
    "made.inner": made(),
    "on_other": functools.partial(functools.partial(on_other), exc=1),
}


@pytest.mark.parametrize(("name", "handler"), NAMES.items())
def test_name_is_module_and_qualified_name(name, handler):
    assert name_of_handler(handler) == f"{HERE}.{name}"


def test_wrapper_has_the_name_of_what_it_wraps():
    assert name_of_handler(wrapped) == f"{HERE}.on_error"


def test_name_in_the_main_module_is_that_of_its_file(tmp_path):
    import subprocess
    import sys

    (tmp_path / "shop.py").write_text(
        "from flask_faultmap.border.other_handlers import name_of_handler\n"
        "def on_error(exc): pass\n"
        "print(name_of_handler(on_error))"
    )

    done = subprocess.run([sys.executable, tmp_path / "shop.py"], capture_output=True, text=True, check=True)

    assert done.stdout == "shop.on_error\n"


def test_main_module_without_a_file_keeps_its_name(monkeypatch):
    import sys

    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)  # a worker of xdist has none
    monkeypatch.setattr(on_other, "__module__", "__main__")

    assert name_of_handler(on_other) == "__main__.on_other"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("shop.on_error", "a list of names as `flask faults list` prints them"),
        ({"shop.on_error": 1}, "a list of names"),
        ([on_error], "A name in FAULTMAP_HANDLERS_KEPT is <function on_error"),
        (["on_error"], "A name in FAULTMAP_HANDLERS_KEPT is 'on_error'"),
        (["shop.<lambda>"], "a lambda has none"),
    ],
)
def test_wrong_setting_is_refused_in_words(value, words):
    app = Flask("shop")
    app.config["FAULTMAP_HANDLERS_KEPT"] = value

    with pytest.raises(ConfigError, match=words):
        FaultMap(app)


def test_name_that_fits_nothing_is_a_finding_with_the_near_miss():
    app = Flask("shop")
    app.config["FAULTMAP_HANDLERS_KEPT"] = [f"{HERE}.on_eror"]
    app.register_error_handler(404, on_error)
    FaultMap(app)

    [_, unknown] = findings(app)

    assert unknown["where"] == "FAULTMAP_HANDLERS_KEPT"
    assert f"Did you mean '{HERE}.on_error'?" in unknown["what"]


def replacing(app, method):
    inner = getattr(app, method)
    setattr(app, method, functools.partial(Answers.route, inner))


Answers.route = lambda inner, *given: inner(*given)
Answers.route.__name__, Answers.route.__qualname__ = "route", "Answers.route"


class OwnFlask(Flask):
    def handle_user_exception(self, *given):
        return super().handle_user_exception(*given)


METHODS = ["handle_exception", "handle_user_exception", "handle_http_exception"]


@pytest.mark.parametrize("method", METHODS)
@BEFORE
def test_method_that_was_replaced_on_the_app_is_known(method, is_before):
    app = Flask("shop")
    if is_before:
        replacing(app, method)
    FaultMap(app)
    if not is_before:
        replacing(app, method)

    [other] = other_handlers(app)

    assert (other.name, other.subject, other.is_finding) == (f"{HERE}.Answers.route", method, True)
    assert f"answered by {HERE}.Answers.route, which replaced {method}" in explained(app, "PumpError")
    app.add_url_rule("/fail", "fail", raising(NotFoundError("x")))
    assert app.test_client().get("/fail").status_code == 404


def test_method_of_an_apps_class_is_known():
    app = OwnFlask("shop")
    FaultMap(app)

    [other] = other_handlers(app)

    assert other.name == f"{HERE}.OwnFlask.handle_user_exception"


def test_plain_app_has_no_other_handlers():
    app = Flask("shop")
    FaultMap(app, rules=RULES)

    assert other_handlers(app) == []
    assert "OTHER ERROR HANDLERS" not in run(app, "list").stdout


def own_http(exc):
    return {"own": exc.code}, exc.code


@pytest.mark.parametrize(
    "trapped",
    [{"TRAP_HTTP_EXCEPTIONS": True}, {"TRAP_BAD_REQUEST_ERRORS": True}],
    ids=["all", "field"],
)
@pytest.mark.parametrize("what", [HTTPException, Exception])
@BEFORE
def test_trapped_error_goes_to_the_apps_own_handler_as_in_plain_flask(what, trapped, is_before):
    def ask(with_map):
        app = Flask("shop")
        app.config.update(trapped, PROPAGATE_EXCEPTIONS=False)
        if with_map and not is_before:
            FaultMap(app)
        app.register_error_handler(what, own_http)
        if with_map and is_before:
            FaultMap(app)

        @app.get("/field")
        def field():
            from flask import request

            return request.form["x"]

        return app.test_client().get("/field")

    with_map, plain = ask(True), ask(False)

    assert (with_map.status_code, with_map.json) == (plain.status_code, plain.json) == (400, {"own": 400})


def test_handler_that_traps_get_is_listed(caplog):
    app = Flask("shop")
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    app.register_error_handler(HTTPException, own_http)
    FaultMap(app)

    [other] = other_handlers(app)

    assert (other.subject, other.is_finding) == ("HTTPException", True)
    assert "since TRAP_HTTP_EXCEPTIONS is set" in str(other)


def test_handler_that_ours_replaced_gets_nothing_and_is_not_listed():
    assert other_handlers(on_app(HTTPException, on_error, is_before=True)) == []


def test_blueprint_whose_handlers_are_for_something_else_is_not_named():
    told = explained(on_blueprint(ZeroDivisionError, on_error, is_before=True), "PumpError", "gone")

    assert "answered by" not in told
