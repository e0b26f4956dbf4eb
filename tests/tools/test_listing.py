"""What ``flask faults list`` shows, for people and for machines."""

from enum import Flag

import pytest
from flask import Flask
from flow_app import app_with
from marshmallow import Schema, fields
from pumps import Code, PumpError, rule_with

from flask_faultmap import FaultMap, Profile, Rule
from flask_faultmap.errors import GoneError, NotFoundError, UnavailableError
from flask_faultmap.packs import SQLALCHEMY
from flask_faultmap.tools.listing import list_as_data, list_as_text


class Mode(Flag):
    WET = 1
    HOT = 2


def lines_of(*rules, everything=False, **given):
    app = app_with(rules=rules, **given)
    return [*list_as_text(app, everything=everything)]


def rule_lines(*rules):
    lines = lines_of(*rules)
    return lines[2 : lines.index("ERRORS, with the status that each profile sends") - 1]


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.usefixtures("wide")
def test_rules_stand_in_the_order_in_which_they_are_asked():
    assert rule_lines(rule_with(), rule_with(text="no water"), rule_with(where={"code": 1})) == [
        "  PumpError where code=1 -> NotFoundError",
        "~ PumpError where text='no water' -> NotFoundError",
        "    a typed rule tells the same: PumpError where code=1 -> NotFoundError",
        "  PumpError -> NotFoundError",
    ]


@pytest.mark.usefixtures("wide")
def test_values_of_a_table_are_written_as_in_its_source():
    to = {
        Code.EMPTY: GoneError,
        "55P03": UnavailableError,
        OSError: GoneError,
        Mode.WET: GoneError,
        Mode(0): GoneError,
    }

    assert rule_lines(rule_with(table="code", to=to)) == [
        "  PumpError -> 5 errors by code",
        "    Code.EMPTY -> GoneError",
        "    '55P03' -> UnavailableError",
        "    OSError -> GoneError",
        "    Mode.WET -> GoneError",
        "    <Mode: 0> -> GoneError",
    ]


def test_rule_is_wrapped_where_the_terminal_ends(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")

    lines = rule_lines(rule_with(text=("no water in the pump", "at all", "since yesterday")))

    assert max(map(len, lines)) <= 40
    assert " ".join(line.strip() for line in lines) == (
        "PumpError where text='no water in the pump' + 'at all' + 'since yesterday' -> NotFoundError"
    )


def test_rule_of_a_package_that_is_not_installed_is_marked():
    assert rule_lines(Rule(on="nowhere.X", to=GoneError)) == ["x 'nowhere.X' -> GoneError (not installed)"]


def test_app_without_rule_says_so():
    assert rule_lines() == ["  (none of the app's own)"]


def test_errors_that_rule_name_are_shown_and_other_built_in_ones_only_if_asked():
    short, long = lines_of(rule_with()), lines_of(rule_with(), everything=True)

    assert any(line.endswith("  NotFoundError") for line in short)
    assert not any(line.endswith("  GoneError") for line in short)
    assert any(line.endswith("  GoneError") for line in long)


def test_profiles_that_send_the_same_share_a_column():
    scopes = {"/a": "fault_message", "/b": "firecracker"}

    lines = lines_of(Rule(on=PumpError, to=GoneError), everything=True, FAULTMAP_SCOPES=scopes)
    start = lines.index("ERRORS, with the status that each profile sends") + 2

    assert lines[start : start + 3] == ["  problem", "  |   fault_message", "  |   |   firecracker"]
    assert any(line.startswith("  410 410 400 gone ") for line in lines)


def data_of(*rules, **given):
    return list_as_data(app_with(rules=rules, **given))


def test_machines_get_every_rule():
    told = data_of(
        rule_with(where={"code": 1}), rule_with(text="no water"), Rule(on="nowhere.X", to=GoneError)
    )

    typed = {
        "rule": "PumpError where code=1 -> NotFoundError",
        "on": "pumps:PumpError",
        "outcomes": {"flask_faultmap.errors:NotFoundError": "not_found"},
        "installed": True,
        "built_in": False,
        "pack": None,
        "covered_by": None,
    }
    assert told["rules"][0] == typed
    assert told["rules"][1]["covered_by"] == typed["rule"]
    assert {"on": "nowhere.X", "installed": False}.items() <= told["rules"][-1].items()
    assert {"rule": "HTTPException -> from_http", "built_in": True, "outcomes": {}}.items() <= told["rules"][
        2
    ].items()


def test_machines_get_every_error():
    told = data_of(FAULTMAP_SCOPES={"/fc": "firecracker"})

    assert {
        "class": "flask_faultmap.errors:GoneError",
        "code": "gone",
        "category": "gone",
        "title": "Gone",
        "retryable": False,
        "status": 410,
        "statuses": {"problem": 410, "firecracker": 400},
        "built_in": True,
    } in told["errors"]


class MethodSchema(Schema):
    """May say anything."""

    code = fields.Method("say")

    def say(self, fault):
        return fault.code


OWN = {"profiles": [Profile(name="own", schema=MethodSchema)], "FAULTMAP_SCOPES": {"/own": "own"}}


@pytest.mark.usefixtures("wide")
def test_profiles_in_use_are_told_with_what_keeps_them_from_being_compiled():
    lines = lines_of(**OWN)

    assert lines[lines.index("PROFILES in use, and how their bodies are made") :] == [
        "PROFILES in use, and how their bodies are made",
        "",
        "  problem: compiled",
        "  own: not compiled, but dumped for each answer: MethodSchema.code is a Method of 'code'",
    ]


def test_machines_get_every_profile_in_use():
    assert data_of(**OWN)["profiles"] == [
        {"name": "problem", "compiled": True, "obstacle": None},
        {"name": "own", "compiled": False, "obstacle": "MethodSchema.code is a Method of 'code'"},
    ]


def test_rules_of_a_pack_stand_under_its_name():
    app = Flask("shop")
    FaultMap(app, rules=[*SQLALCHEMY, Rule(on=KeyError, to=NotFoundError)])

    lines = [*list_as_text(app, everything=False)]

    at = lines.index("pack sqlalchemy")
    assert any("KeyError" in line for line in lines[:at])
    assert any("IntegrityError" in line for line in lines[at:])
