"""Whose error handler answers, in either order of registration, and what is refused or reported."""

from dataclasses import dataclass

import pytest
from flask import Blueprint, Flask, got_request_exception
from flow_app import answer_to, app_raising, app_with, heard, raising
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import HTTPException, NotFound

from flask_faultmap import ConfigError, DomainError, FaultMap, Profile, Rule
from flask_faultmap.errors import AlreadyExistsError, GoneError, NotFoundError, UnavailableError


class VMNotFoundError(NotFoundError):
    """No such machine."""


class SDKError(Exception):
    """A foreign library's error."""

    def __init__(self, code=0):
        super().__init__(f"code {code}")
        self.code = code


class TimedOutError(SDKError):
    """One kind of it."""


RULES = (Rule(on=SDKError, where={"code": 5}, to=GoneError),)


def own(exc):
    return f"own {type(exc).__name__}", 418


async def own_async(exc):
    return f"own {type(exc).__name__}", 418


def register_before(app, cls, handler, rules=()):
    app.register_error_handler(cls, handler)
    return app_with(app=app, rules=rules)


def register_after(app, cls, handler, rules=()):
    app_with(app=app, rules=rules).register_error_handler(cls, handler)
    return app


ORDERS = pytest.mark.parametrize("register", [register_before, register_after])


def answer(app, failure, path="/fail"):
    app.add_url_rule("/fail", view_func=raising(failure))
    return app.test_client().get(path)


@ORDERS
@pytest.mark.parametrize(
    ("cls", "failure", "path"),
    [
        (VMNotFoundError, VMNotFoundError("x"), "/fail"),
        (NotFoundError, VMNotFoundError("x"), "/fail"),
        (404, NotFound(), "/fail"),
        (NotFound, NotFound(), "/fail"),
        (404, NotFound(), "/nowhere"),
        (500, ZeroDivisionError(), "/fail"),
        (ZeroDivisionError, ZeroDivisionError(), "/fail"),
        (TimedOutError, TimedOutError(5), "/fail"),
        (Exception, ZeroDivisionError(), "/fail"),
    ],
    ids=["domain", "domain-base", "status", "http", "routing", "500", "class", "subclass", "Exception"],
)
def test_more_specific_handler_of_the_app_wins(register, cls, failure, path):
    app = register(Flask("shop"), cls, own, RULES)

    assert answer(app, failure, path).status_code == 418


@ORDERS
@pytest.mark.parametrize(
    ("failure", "status"), [(VMNotFoundError("x"), 404), (NotFound(), 404)], ids=["domain", "http"]
)
def test_broader_handler_of_the_app_gets_nothing_that_is_ours(register, failure, status):
    app = register(Flask("shop"), Exception, own)

    assert answer(app, failure).status_code == status


BROADER = pytest.mark.parametrize(
    ("cls", "failure", "rules"),
    [
        (SDKError, SDKError(7), RULES),
        (SDKError, TimedOutError(7), RULES),
        (Exception, SDKError(7), RULES),
        (SDKError, TimedOutError(7), (Rule(on=TimedOutError, where={"code": 5}, to=GoneError),)),
        (Exception, ZeroDivisionError(), (Rule(on=Exception, where={"code": 5}, to=GoneError),)),
        (Exception, ZeroDivisionError(), (Rule(on=SDKError, wrapped=True, to=GoneError),)),
        (Exception, ExceptionGroup("x", [ZeroDivisionError()]), ()),
        (ExceptionGroup, ExceptionGroup("x", [ZeroDivisionError()]), ()),
    ],
    ids=["same", "below", "Exception", "between", "rule-on-Exception", "wrapped", "group-all", "group"],
)


@BROADER
@pytest.mark.parametrize("handler", [own, own_async])
def test_handler_that_was_there_gets_what_no_rule_knows(cls, failure, rules, handler):
    app = register_before(Flask("shop"), cls, handler, rules)

    response = answer(app, failure)

    assert (response.status_code, response.text) == (418, f"own {type(failure).__name__}")


def test_handler_for_every_exception_that_came_later_gets_what_no_rule_knows():
    app = register_after(Flask("shop"), Exception, own, RULES)

    assert answer(app, SDKError(7)).status_code == 418


@BROADER
def test_what_the_apps_handler_answers_is_neither_told_nor_logged(cls, failure, rules, caplog):
    app = Flask("shop")
    app.config["FAULTMAP_HANDLERS_KEPT"] = [f"{__name__}.own"]
    register_before(app, cls, own, rules)

    with heard(got_request_exception, app) as told, heard(sender=app) as translated:
        answer(app, failure)

    assert (told, translated, caplog.records) == ([], [], [])


@pytest.mark.parametrize("cls", [SDKError, Exception])
def test_handler_that_was_there_gets_nothing_that_a_rule_knows(cls):
    app = register_before(Flask("shop"), cls, own, RULES)

    assert answer(app, SDKError(5)).status_code == 410


def test_handler_that_raises_is_answered_as_any_failure():
    app = register_before(Flask("shop"), SDKError, raising(UnavailableError("x")), RULES)

    assert answer(app, SDKError(7)).status_code == 503


def test_apps_own_handler_for_validation_errors_stays():
    app = register_before(Flask("shop"), ValidationError, own)

    assert answer(app, ValidationError("x")).status_code == 418


HOW = "take it out, or name it in FAULTMAP_HANDLERS_KEPT if this is meant"


def reports(caplog):
    return [(record.name, record.levelname, record.message) for record in caplog.records]


@pytest.mark.parametrize(
    ("cls", "ours", "failure"),
    [(HTTPException, "handle_http", NotFound()), (DomainError, "handle_error", NotFoundError("x"))],
)
def test_handler_that_we_replace_is_reported_with_both_names(cls, ours, failure, caplog):
    app = register_before(Flask("shop"), cls, own)

    assert reports(caplog) == [
        (
            "shop.faultmap",
            "WARNING",
            f"The error handler {__name__}.own for {cls.__name__} is replaced by "
            f"flask_faultmap.border.answers.{ours}; to keep it, name a more specific class or code",
        )
    ]
    assert answer(app, failure).status_code == 404


@pytest.mark.parametrize("cls", [HTTPException, DomainError, SDKError, ExceptionGroup])
def test_handler_that_replaces_ours_is_reported_once_at_the_first_request(cls, caplog):
    app = register_after(Flask("shop"), cls, own, RULES)
    client = app.test_client()
    before = reports(caplog)

    client.get("/static/x")
    client.get("/static/x")

    assert before == []
    assert reports(caplog) == [
        (
            "shop.faultmap",
            "WARNING",
            f"The error handler {__name__}.own for {cls.__name__} was registered after FaultMap and answers "
            f"in its place; {HOW}",
        )
    ]


@pytest.mark.parametrize("cls", [HTTPException, DomainError, Exception])
@ORDERS
def test_blueprint_handler_that_shadows_the_map_is_reported(register, cls, caplog):
    app, rooms = Flask("shop"), Blueprint("rooms", __name__)
    rooms.register_error_handler(cls, own)
    app.register_blueprint(rooms)
    app_with(app=app)

    app.test_client().get("/static/x")

    assert [message for _, _, message in reports(caplog)] == [
        f"The error handler {__name__}.own for {cls.__name__} of the blueprint 'rooms' "
        f"stands before FaultMap's; {HOW}"
    ]


@pytest.mark.parametrize("cls", [ZeroDivisionError, ArithmeticError, RuntimeError])
def test_handler_that_takes_nothing_from_the_map_is_not_reported(cls, caplog):
    app, rooms = app_with(rules=RULES), Blueprint("rooms", __name__)
    rooms.register_error_handler(cls, own)
    app.register_error_handler(cls, own)
    app.register_blueprint(rooms)

    app.test_client().get("/static/x")

    assert reports(caplog) == []


@pytest.mark.parametrize("failure", [VMNotFoundError("x"), NotFound()], ids=["domain", "http"])
def test_errors_of_nested_blueprints_are_ours(failure):
    app = app_with()
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    inner.add_url_rule("/fail", view_func=raising(failure))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)

    response = app.test_client().get("/fail")

    assert response.json["status"] == 404


@pytest.mark.parametrize("at", ["outer", "inner"])
@pytest.mark.parametrize("cls", [VMNotFoundError, DomainError, Exception])
def test_handler_of_a_blueprint_wins_for_the_views_below_it(at, cls):
    app = app_with()
    blueprints = {"outer": Blueprint("outer", __name__), "inner": Blueprint("inner", __name__)}
    blueprints["inner"].add_url_rule("/fail", view_func=raising(VMNotFoundError("x")))
    blueprints[at].register_error_handler(cls, own)
    blueprints["outer"].register_blueprint(blueprints["inner"])
    app.register_blueprint(blueprints["outer"])
    app.add_url_rule("/beside", view_func=raising(VMNotFoundError("x")))

    client = app.test_client()

    assert (client.get("/fail").status_code, client.get("/beside").status_code) == (418, 404)


def test_app_wide_handler_of_a_blueprint_counts_as_the_apps():
    rooms = Blueprint("rooms", __name__)
    rooms.app_errorhandler(404)(own)
    app = app_with()
    app.register_blueprint(rooms)

    assert app.test_client().get("/nowhere").status_code == 418


class TakenError(AlreadyExistsError):
    code = "taken"


class AlsoTakenError(GoneError):
    code = "taken"


class OwnSchema(Schema):
    """Any shape."""


def test_second_boundary_around_one_app_is_refused():
    with pytest.raises(ConfigError, match="'shop' has a FaultMap already"):
        FaultMap(app_with())


@pytest.mark.parametrize("rules", [[Rule(on=HTTPException, to=GoneError)]], ids=["HTTPException"])
def test_rule_on_an_http_error_without_code_is_refused(rules):
    with pytest.raises(ConfigError, match="HTTPException has no status"):
        app_with(rules=rules)


def test_two_classes_of_one_code_and_two_statuses_are_refused():
    rules = [Rule(on=KeyError, to=TakenError), Rule(on=OSError, to=AlsoTakenError)]

    with pytest.raises(
        ConfigError, match=r"'taken' belongs to TakenError \(409\) and to AlsoTakenError \(410\)"
    ):
        app_with(rules=rules)


def test_two_classes_of_one_code_and_one_status_are_fine():
    rules = [Rule(on=KeyError, to=TakenError), Rule(on=OSError, to=AlsoTakenError)]

    response = answer_to(OSError("x"), rules=rules, FAULTMAP_STATUSES={"taken": 409})

    assert (response.status_code, response.json["code"]) == (409, "taken")


@pytest.mark.parametrize("status", [399, 304, 204, 200, 100, 0, -1, 600, "404", None, True, 404.0])
def test_status_that_is_no_error_is_refused(status):
    with pytest.raises(ConfigError, match="a status from 400 to 599"):
        app_with(FAULTMAP_STATUSES={"not_found": status})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rules": [SDKError]}, "rules has .*SDKError.*; each must be a Rule"),
        ({"rules": 5}, "rules is 5"),
        ({"profiles": [OwnSchema]}, "profiles has .*OwnSchema.*; each must be a Profile"),
        ({"profiles": [Profile(name="problem", schema=OwnSchema)]}, "two profiles of the name 'problem'"),
        ({"app": "shop"}, "app is 'shop'; it must be a Flask app"),
    ],
    ids=["no-rule", "no-rules", "no-profile", "same-name", "no-app"],
)
def test_wrong_argument_is_refused_in_words(given, words):
    with pytest.raises(ConfigError, match=words):
        FaultMap(**given)


@pytest.mark.parametrize(
    "config", [{"FAULTMAP_PROFILE": "probelm"}, {"FAULTMAP_STATUSES": {"internal": 200}}]
)
def test_app_that_was_refused_is_as_it_was(config):
    app, plain = Flask("shop"), Flask("plain")
    app.config.update(config)

    with pytest.raises(ConfigError):
        FaultMap(app)

    assert (app.extensions, app.error_handler_spec) == (plain.extensions, plain.error_handler_spec)
    assert "handle_http_exception" not in vars(app)


def test_boundary_comes_before_the_first_request():
    app = Flask("shop")
    app.test_client().get("/")

    with pytest.raises(AssertionError, match="register_error_handler"):
        FaultMap(app)


def test_decorated_function_is_one_more_rule():
    faults = FaultMap()

    @faults.translate(SDKError)
    def by_code(exc):
        return GoneError("It is gone.") if exc.code == 5 else None

    app = Flask("shop")
    faults.init_app(app)

    assert by_code(SDKError(5)).code == "gone"
    assert answer(app, SDKError(5)).json["detail"] == "It is gone."


@dataclass
class ByCode:
    """A translator with state, which cannot be hashed."""

    code: int

    def __call__(self, exc):
        return GoneError("It is gone.") if exc.code == self.code else None


def test_rule_may_translate_by_any_object_that_can_be_called():
    response = answer_to(SDKError(5), rules=[Rule(on=SDKError, translate=ByCode(5))])

    assert response.status_code == 410


@pytest.mark.parametrize(("on", "shown"), [(SDKError, "SDKError"), ("sdk.Error", "sdk.Error")])
def test_rule_that_comes_after_the_app_is_refused(on, shown):
    faults = FaultMap(Flask("shop"))

    with pytest.raises(RuntimeError, match=f"A rule for {shown} came after init_app"):
        faults.translate(on)(own)


def test_one_map_serves_many_apps_each_with_its_settings():
    faults, apps = FaultMap(rules=RULES), [Flask("one"), Flask("two")]
    apps[1].config["FAULTMAP_PROFILE"] = "fault_message"

    bodies = [faults.init_app(app) or answer(app, SDKError(5)).json for app in apps]

    assert [sorted(body)[0] for body in bodies] == ["code", "fault_message"]


def test_describe_gives_the_fault_that_a_request_would_have():
    faults = FaultMap(rules=RULES)

    fault = faults.describe(SDKError(5))

    assert (fault.status, fault.code, fault.text) == (410, "gone", "Gone")


def test_describe_knows_the_settings_of_the_app_whose_context_it_is_in():
    faults, app = FaultMap(rules=RULES), Flask("shop")
    app.config["FAULTMAP_STATUSES"] = {"gone": 404}
    faults.init_app(app)

    with app.app_context():
        inside = faults.describe(SDKError(5))
    with app_with().app_context():
        elsewhere = faults.describe(SDKError(5))

    assert (inside.status, elsewhere.status, faults.describe(SDKError(5)).status) == (404, 410, 410)


def test_rule_that_is_added_counts_for_describe():
    faults = FaultMap()
    before = faults.describe(SDKError(5))

    faults.translate(SDKError)(ByCode(5))

    assert (before.status, faults.describe(SDKError(5)).status) == (500, 410)


def test_explain_says_which_rule_decided():
    faults = FaultMap(rules=RULES)

    explanation = str(faults.explain(SDKError(5)))

    assert str(RULES[0]) in explanation
    assert explanation.endswith("410 gone (gone): Gone")


def test_app_may_be_given_at_once():
    app = app_raising(GoneError("x"), app=Flask("at-once"))

    assert app.test_client().get("/fail").status_code == 410
