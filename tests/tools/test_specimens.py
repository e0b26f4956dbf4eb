"""How an exception of any class is made, and what ``--set`` sets."""

from enum import Enum

import grpc
import pytest
from flow_app import app_with
from sqlalchemy.exc import IntegrityError

from flask_faultmap import Rule
from flask_faultmap.errors import AlreadyExistsError, GoneError, NotFoundError
from flask_faultmap.tools.cli import faults


class Code(Enum):
    EMPTY = 1
    FULL = 2


class PumpError(Exception):
    def __init__(self, *given):
        super().__init__(*given)
        self.meta = {"inner": {}}

    @property
    def fixed(self):
        return 1


RULES = (
    Rule(on=IntegrityError, where={"orig.sqlstate": "23505"}, to=AlreadyExistsError),
    Rule(on=PumpError, table="code", to={Code.FULL: GoneError, 7: NotFoundError}),
    Rule(on=PumpError, where={"meta.inner.level": "7"}, to=GoneError),
    Rule(on=PumpError, where={"meta.hot": True}, to=NotFoundError),
    Rule(on=PumpError, where={"state().name": "stuck"}, to=NotFoundError),
    Rule(on=PumpError, where={"word": "wet pump"}, to=NotFoundError),
    Rule(on=grpc.RpcError, table="code()", to={grpc.StatusCode.NOT_FOUND: NotFoundError}),
)
PUMP = f"{__name__}:PumpError"


def explain(*words):
    return app_with(rules=RULES).test_cli_runner().invoke(faults, ["explain", *words])


@pytest.mark.parametrize(
    ("path", "member", "told"),
    [
        ("sqlalchemy.exc:IntegrityError", "orig.sqlstate=23505", "409 already_exists"),
        (PUMP, "code=Code.FULL", "410 gone"),
        (PUMP, "code=FULL", "410 gone"),
        (PUMP, "code=7", "404 not_found"),
        (PUMP, "code=Code.EMPTY", "500 internal"),
        (PUMP, "meta.inner.level=7", "410 gone"),
        (PUMP, "meta.hot=true", "404 not_found"),
        (PUMP, "state().name=stuck", "404 not_found"),
        (PUMP, "word=wet pump", "404 not_found"),
        (PUMP, "nothing=a=b", "500 internal"),
        ("grpc:RpcError", "code()=NOT_FOUND", "404 not_found"),
        ("grpc:RpcError", "code()=StatusCode.NOT_FOUND", "404 not_found"),
    ],
)
def test_member_that_is_set_is_what_rules_look_at(path, member, told):
    result = explain(path, "--text", "x", "--set", member)

    assert (result.exit_code, f"= {told} " in result.stdout) == (0, True)


def test_member_is_set_where_no_text_is_given_and_the_class_asks_for_arguments():
    result = explain("sqlalchemy.exc:IntegrityError", "--set", "orig.sqlstate=23505")

    assert "= 409 already_exists " in result.stdout
    assert "Made with an empty text for each argument" in result.stdout


def test_several_members_may_be_set():
    result = explain(PUMP, "--set", "state().kind=3", "--set", "state().name=stuck")

    assert "= 404 not_found" in result.stdout


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("code", "'code' has no '='"),
        ("=1", "'' is no path"),
        ("a..b=1", "'a..b' is no path"),
        ("().b=1", "'().b' is no path"),
        ("fixed=2", "fixed of PumpError cannot be set"),
        ("fixed.more=2", "more of int cannot be set"),
        ("args.0=2", "0 of tuple cannot be set"),
    ],
)
def test_what_cannot_be_set_is_refused_in_words(member, words):
    result = explain(PUMP, "--set", member)

    assert (result.exit_code, words in result.output) == (2, True)


def test_set_without_a_class_is_refused():
    result = explain("--text", "x", "--set", "code=1")

    assert (result.exit_code, "--set needs an exception" in result.output) == (2, True)
