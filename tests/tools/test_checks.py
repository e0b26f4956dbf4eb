"""What ``flask faults check`` finds: every finding in an app of its own, and not in one beside it."""

import json

import pytest
from flask import Blueprint
from flow_app import app_with, raising
from marshmallow import Schema, fields
from pumps import TABLE, TYPED, PumpError, rule_with, run
from werkzeug.exceptions import HTTPException

from flask_faultmap import Profile
from flask_faultmap.errors import DomainError, GoneError, NotFoundError


class ValveError(NotFoundError):
    """A valve is not there."""

    code = "valve"


class StuckValveError(ValveError):
    """A valve was there; a client is told less than it could be."""

    code = "valve"
    category = GoneError.category


class BodySchema(Schema):
    error = fields.String(attribute="text")
    code = fields.String()


class ShorterSchema(Schema):
    error = fields.String(attribute="text")


def error(name, base=NotFoundError, **members):
    """Make a class that no other test's app knows: its module does not name it, only a rule does."""
    return type(name, (base,), {"__doc__": "A known failure.", "__module__": __name__, **members})


def app_to(*errors, **given):
    """Make an app whose rules lead to *errors*."""
    codes = enumerate(errors)
    return app_with(rules=[rule_with(where={"code": code}, to=cls) for code, cls in codes], **given)


def app_handling(what):
    app = app_with()
    app.register_error_handler(what, lambda exc: "handled")
    return app


def app_with_blueprint_handling(what):
    app, pumps = app_with(), Blueprint("pumps", __name__)
    pumps.register_error_handler(what, lambda exc: "handled")
    app.register_blueprint(pumps)
    return app


def app_refusing(**profile):
    own = Profile(name="own", schema=BodySchema, **profile)
    return app_with(profiles=[own], FAULTMAP_PROFILE="own")


def found(app, *words):
    """Give the findings as (check, where), and the exit status."""
    result = run(app, "check", "--json", *words)
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"]) in ((0, True), (1, False))
    return {(each["check"], each["where"]) for each in told["findings"]}


BAD_HEADER = {"headers": lambda fault: {"WWW-Authenticate": " "}}

# What is found, where, in which app; and an app that differs in little, and is as it should be.
FINDINGS = {
    "handler that came later": (
        ("shadowing-handler", "app shop"),
        lambda: app_handling(HTTPException),
        lambda: app_handling(PumpError),
    ),
    "catch-all of a blueprint": (
        ("shadowing-handler", "app shop"),
        lambda: app_with_blueprint_handling(Exception),
        lambda: app_with_blueprint_handling(PumpError),
    ),
    "one code for two": (
        ("duplicate-code", f"{__name__}:OtherError"),
        lambda: app_to(error("FirstError", code="gone_dry"), error("OtherError", code="gone_dry")),
        lambda: app_to(error("FirstError", code="gone_dry"), error("OtherError", code="run_dry")),
    ),
    "one code, another status": (
        ("duplicate-code", f"{__name__}:StuckValveError"),
        lambda: app_with(),
        lambda: app_with(FAULTMAP_STATUSES={"valve": 404}),
    ),
    "built-in code, another status": (
        ("duplicate-code", f"{__name__}:RefusedError"),
        lambda: app_to(error("RefusedError", code="method_not_allowed")),
        lambda: app_to(
            error("RefusedError", code="method_not_allowed"), FAULTMAP_STATUSES={"method_not_allowed": 405}
        ),
    ),
    "rule behind a broader one": (
        ("dead-rule", "the rule PumpError -> NotFoundError"),
        lambda: app_with(rules=[rule_with(to=GoneError), rule_with()]),
        lambda: app_with(rules=[rule_with(to=GoneError, text="no oil"), rule_with()]),
    ),
    "value of a table behind a rule": (
        ("dead-rule", "code=Code.EMPTY of the rule PumpError -> 1 errors by code"),
        lambda: app_with(rules=[rule_with(**TYPED), rule_with(**TABLE)]),
        lambda: app_with(rules=[rule_with(**TABLE), rule_with()]),
    ),
    "text that a value tells": (
        ("needless-text", "the rule PumpError where text='no water' -> NotFoundError"),
        lambda: app_with(rules=[rule_with(text="no water"), rule_with(**TYPED)]),
        lambda: app_with(rules=[rule_with(text="no water"), rule_with(**TYPED, to=GoneError)]),
    ),
    "text that many have": (
        ("broad-text", "the rule PumpError where text='401' -> NotFoundError"),
        lambda: app_with(rules=[rule_with(text="401")]),
        lambda: app_with(rules=[rule_with(text="http 401")]),
    ),
    "class without a docstring": (
        ("undocumented-code", f"{__name__}:SilentError"),
        lambda: app_to(error("SilentError", __doc__=None)),
        lambda: app_to(error("SilentError")),
    ),
    "class with an empty docstring": (
        ("undocumented-code", f"{__name__}:BlankError"),
        lambda: app_to(error("BlankError", __doc__=" \n")),
        lambda: app_to(error("BlankError")),
    ),
    "code that says nothing": (
        ("undocumented-code", f"{__name__}:VagueError"),
        lambda: app_to(error("VagueError", DomainError, code="uncategorized")),
        lambda: app_to(error("VagueError", DomainError)),
    ),
    "code that only instances know": (
        ("undocumented-code", f"{__name__}:ChangingError"),
        lambda: app_to(error("ChangingError", code=property(lambda self: self.args[0]))),
        lambda: app_to(error("ChangingError", code="changing")),
    ),
    "challenge that is dropped": (
        ("missing-challenge", "the profile 'own'"),
        lambda: app_refusing(drop_headers=("www-authenticate",)),
        lambda: app_refusing(drop_headers=("Allow",)),
    ),
    "challenge that says nothing": (
        ("missing-challenge", "the profile 'own'"),
        lambda: app_refusing(**BAD_HEADER),
        lambda: app_refusing(**BAD_HEADER, collapse={401: 400}),
    ),
    "headers that fail": (
        ("missing-challenge", "the profile 'own'"),
        lambda: app_refusing(headers=raising(KeyError)),
        lambda: app_refusing(headers=lambda fault: {"X-Own": "1"}),
    ),
}


@pytest.mark.parametrize(("finding", "wrong", "right"), FINDINGS.values(), ids=FINDINGS)
def test_check_finds_what_is_wrong(finding, wrong, right):
    assert finding in found(wrong())


@pytest.mark.parametrize(("finding", "wrong", "right"), FINDINGS.values(), ids=FINDINGS)
def test_check_leaves_alone_what_is_right(finding, wrong, right):
    assert finding not in found(right())


def test_check_says_what_is_wrong_where_and_what_to_do():
    result = run(app_with(rules=[rule_with(text="401")]), "check")

    assert result.exit_code == 1
    assert (
        "broad-text: the rule PumpError where text='401' -> NotFoundError: many other texts have this too; "
        "give more markers, or narrow it with where= or cause=\n"
    ) in result.output


def app_promising(*errors, collapse=None, media_type="application/json", schema=BodySchema, scope="own"):
    profiles = [
        Profile(name=name, schema=schema, media_type=media_type, collapse=collapse or {})
        for name in ("own", "two")
    ]
    return app_to(*errors, profiles=profiles, FAULTMAP_SCOPES={"/own": scope})


PUMP_GONE = error("PumpGoneError")
BROKEN = {
    "code that is gone": ({"errors": ()}, ["the code 'pump_gone': it has disappeared"]),
    "status that changed": (
        {"collapse": {404: 400}},
        ["the code 'pump_gone': its status was 404 in the profile 'own', and is 400"],
    ),
    "member that was lost": ({"schema": ShorterSchema}, ["the profile 'own': it has lost the member 'code'"]),
    "profile that is gone": ({"scope": "two"}, ["the profile 'own': it is no longer in use"]),
    "media type that changed": (
        {"media_type": "text/json"},
        ["the profile 'own': its media type was application/json, and is text/json"],
    ),
}


def check_against(old, new, tmp_path):
    contract = tmp_path / "faults.json"
    run(old, "export", "--output", str(contract))
    result = run(new, "check", "--against", str(contract))
    return [
        line.removeprefix("broken-contract: ").partition("; bring")[0]
        for line in result.output.splitlines()
        if "broken-contract" in line
    ]


@pytest.mark.parametrize(("change", "told"), BROKEN.values(), ids=BROKEN)
def test_check_tells_which_promise_is_broken(change, told, tmp_path):
    errors = change.get("errors", (PUMP_GONE,))
    others = {name: value for name, value in change.items() if name != "errors"}

    broken = check_against(app_promising(PUMP_GONE), app_promising(*errors, **others), tmp_path)

    assert told == [line for line in broken if line.startswith(("the code 'pump_gone'", "the profile"))]


def test_check_does_not_mind_what_was_added(tmp_path):
    old = app_with(profiles=[Profile(name="own", schema=ShorterSchema)], FAULTMAP_SCOPES={"/own": "own"})

    broken = check_against(old, app_promising(PUMP_GONE), tmp_path)

    assert broken == []
