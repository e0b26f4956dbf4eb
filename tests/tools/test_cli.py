"""The commands ``flask faults …`` in this process; what needs one of its own is in test_cli_process."""

import json

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import NoAppException, ScriptInfo
from flow_app import app_with, heard, raising
from pumps import TABLE, TYPED, rule_with, run

from flask_faultmap.errors import ConfigError, NotFoundError
from flask_faultmap.tools.cli import faults


class DryPumpError(NotFoundError):
    """A pump without water."""


def test_contract_may_be_read_from_standard_input():
    app = app_with()
    contract = run(app, "export").stdout

    result = app.test_cli_runner().invoke(faults, ["check", "--against", "-"], input=contract)

    assert "broken-contract" not in result.output
    assert result.exit_code in (0, 1)


NO_CONTRACTS = {
    "nothing": (b"", "it is not JSON: "),
    "no JSON": (b"{'version': 1}", "it is not JSON: "),
    "other JSON": (b'{"openapi": "3.1.0"}', "it is no contract: "),
    "a list": (b"[]", "it is no contract: "),
    "a list in it": (b'{"version": 1, "profiles": [], "codes": []}', "it is no contract: "),
    "nested too deep": (b'{"version":' * 100_000, "it is nested too deep"),
    "bytes of nothing": (b"\x80\x81", "it is not JSON: "),
}


@pytest.mark.parametrize(("content", "complaint"), NO_CONTRACTS.values(), ids=NO_CONTRACTS)
def test_check_refuses_what_is_no_contract(content, complaint, tmp_path):
    file = tmp_path / "faults.json"
    file.write_bytes(content)

    result = run(app_with(), "check", "--against", str(file))

    assert result.exit_code == 2
    assert "Error: Invalid value for" in result.output
    assert complaint in result.output
    assert "Traceback" not in result.output


def test_check_says_that_a_contract_is_not_there(tmp_path):
    result = run(app_with(), "check", "--against", str(tmp_path / "faults.json"))

    assert result.exit_code == 2
    assert "No such file" in result.output


def test_export_writes_the_same_to_a_file_as_to_the_standard_output(tmp_path):
    app, file = app_with(), tmp_path / "faults.json"

    run(app, "export", "--output", str(file))

    assert file.read_text(encoding="utf-8") == run(app, "export").stdout


def test_export_keeps_a_link_and_replaces_what_it_leads_to(tmp_path):
    (tmp_path / "old.json").write_text("old")
    (tmp_path / "link.json").symlink_to("old.json")

    result = run(app_with(), "export", "--output", str(tmp_path / "link.json"))

    assert result.exit_code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "old.json").read_bytes())["version"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.json", "old.json"]


def test_export_never_replaces_a_device():
    result = run(app_with(), "export", "--output", "/dev/null")

    assert (result.exit_code, result.output) == (0, "")
    with open("/dev/null", "rb") as device:
        assert device.read() == b""


@pytest.mark.parametrize("path", ["nowhere/faults.json", "."], ids=["no folder", "a folder"])
def test_export_says_where_it_cannot_write(path, tmp_path):
    result = run(app_with(), "export", "--output", str(tmp_path / path))

    assert result.exit_code == 2
    assert "Error: Invalid value for" in result.output
    assert [*tmp_path.iterdir()] == []


def test_explain_shows_the_decision_and_tells_nobody(caplog):
    app = app_with(
        rules=[rule_with(text="no oil"), rule_with(**TABLE)], FAULTMAP_SCOPES={"/fc": "firecracker"}
    )

    with heard() as told:
        result = run(app, "explain", "pumps:PumpError", "--text", "dry")

    assert result.output.splitlines() == [
        "Made as PumpError('dry').",
        "PumpError: dry",
        "  + PumpError -> 1 errors by code: decides",
        "  = 410 gone (gone): Gone",
        "  = 400 in the profile 'firecracker'",
    ]
    assert (result.exit_code, told, caplog.records) == (0, [], [])


def test_explain_shows_which_rule_have_the_text():
    rules = [
        rule_with(text="no oil"),
        rule_with(text=("no", "water")),
        rule_with(text="no water", where={"code": 1}),
    ]

    result = run(app_with(rules=rules), "explain", "--text", "there is no water")

    assert result.output.splitlines()[:3] == [
        "+ PumpError where code=1, text='no water' -> NotFoundError: has the text; "
        "counts if the other conditions hold",
        "- PumpError where text='no oil' -> NotFoundError: lacks 'no oil'",
        "+ PumpError where text='no' + 'water' -> NotFoundError: has the text",
    ]
    assert "3 of " in result.output


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "Nothing to explain; give PACKAGE.MODULE:CLASS, --text, or both."),
        (("nowhere:PumpError",), "'nowhere:PumpError' cannot be imported: ModuleNotFoundError"),
        (("sqlite3:OperationalErorr",), "Did you mean 'OperationalError'?"),
        (("builtins:dict",), "'builtins:dict' is no exception class; write package.module:Class"),
        (("a:b", "c:d"), "Got unexpected extra argument (c:d)"),
    ],
    ids=["neither", "no module", "near miss", "no exception", "two"],
)
def test_explain_refuses_in_words(words, complaint):
    result = run(app_with(), "explain", *words)

    assert result.exit_code == 2
    assert complaint in result.output


def test_list_shows_rule_and_errors():
    app = app_with(rules=[rule_with(**TYPED, to=DryPumpError), rule_with(text="no oil")])

    result = run(app, "list")

    assert result.exit_code == 0
    assert "  PumpError where code=Code.EMPTY -> DryPumpError\n" in result.output
    assert "  PumpError where text='no oil' -> NotFoundError\n" in result.output
    assert "404 dry_pump " in result.output.partition("ERRORS")[2]
    assert "HTTPException" not in result.output
    assert "built-in errors are left out; --all shows them." in result.output


def test_list_shows_what_is_built_in_if_asked():
    result = run(app_with(), "list", "--all")

    assert "  HTTPException -> from_http\n" in result.output
    assert "  404 unknown_path " in result.output
    assert "left out" not in result.output


def test_list_is_one_document_for_machines():
    told = json.loads(run(app_with(rules=[rule_with(**TYPED)]), "list", "--json").stdout)

    assert told["rules"][0]["rule"] == "PumpError where code=Code.EMPTY -> NotFoundError"
    assert {"rules", "errors", "handlers", "profiles"} == told.keys()


COMMANDS = ("list", "check", "export", "explain")


@pytest.mark.parametrize("command", COMMANDS)
def test_command_refuses_an_app_without_a_boundary(command):
    result = run(Flask("bare"), command, *(["--text", "x"] if command == "explain" else []))

    assert result.exit_code == 2
    assert "The app 'bare' has no FaultMap; call FaultMap(app), or init_app(app)." in result.output


WRONG_APPS = {
    "not there": (NoAppException("Could not import 'shop'."), "Error: Could not import 'shop'."),
    "set up wrongly": (
        ConfigError("FAULTMAP_X is no setting"),
        "cannot be set up:\nFAULTMAP_X is no setting",
    ),
    "failing": (KeyError("DATABASE_URL"), "The app cannot be loaded: KeyError: 'DATABASE_URL'"),
}


@pytest.mark.parametrize(("failure", "complaint"), WRONG_APPS.values(), ids=WRONG_APPS)
def test_app_that_cannot_be_loaded_is_no_finding(failure, complaint):
    result = CliRunner().invoke(faults, ["check"], obj=ScriptInfo(create_app=raising(failure)))

    assert result.exit_code == 2
    assert complaint in result.output


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("list", {"--all", "--json", "(~),", "(x)."}),
        ("check", {"--against", "--json", "status", "1"}),
        ("export", {"--output", "statuses", "members"}),
        ("explain", {"--text", "[PACKAGE.MODULE:CLASS]", "sqlite3:OperationalError"}),
    ],
)
def test_help_tells_enough(command, words):
    result = run(app_with(), command, "--help")

    assert result.exit_code == 0
    assert words <= {*result.output.split()}


def test_help_of_the_group_names_commands_and_exit_statuses():
    told = run(app_with(), "--help").output

    assert {*COMMANDS} <= {*told.split()}
    assert "Exit status: 0 all is well, 1 there are findings, 2" in told
