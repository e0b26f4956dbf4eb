"""The commands as they are run for real: a process that has loaded the app and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APPS = {
    "shop.py": """
from flask import Flask
from flask_faultmap import FaultMap, Rule
from flask_faultmap.errors import NotFoundError, UnavailableError

class CustomerError(NotFoundError):
    '''No such customer.'''
    title = "K\\u00e4ufer unbekannt"

app = Flask(__name__)
app.config["FAULTMAP_SCOPES"] = {"/fc": "firecracker", "/old": "fault_message"}
RULES = [Rule(on=KeyError, to=CustomerError), Rule(on="pymemcached.errors.X", to=UnavailableError)]
FaultMap(app, rules=RULES)
""",
    "bare.py": "import flask, flask_faultmap; flask_faultmap.FaultMap(app := flask.Flask(__name__))",
    "broken.py": "1 / 0",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("apps")
    for name, source in APPS.items():
        (folder / name).write_text(source)
    return folder


def start(folder, *words, before="", **environment):
    """Start ``flask`` with *words*, once the code *before* has run."""
    program = f"{before}; import runpy; runpy.run_module('flask', run_name='__main__', alter_sys=True)"
    return subprocess.Popen(
        [sys.executable, "-c", program.removeprefix("; "), *words],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end(process):
    out, complaint = process.communicate(timeout=30)
    return process.returncode, out, complaint.decode()


@pytest.fixture(scope="module")
def contract(folder):
    status, out, complaint = end(start(folder, "--app", "shop", "faults", "export"))
    assert (status, complaint) == (0, "")
    return out


@pytest.mark.long
def test_right_app_keeps_its_contract_and_has_no_findings(folder, contract):
    (folder / "kept.json").write_bytes(contract)

    seen = end(start(folder, "--app", "shop", "faults", "check", "--against", "kept.json"))

    assert seen == (0, b"", "0 findings\n")


@pytest.mark.long
def test_broken_promise_is_status_1(folder, contract):
    (folder / "more.json").write_bytes(contract.replace(b'"customer"', b'"buyer"'))

    status, out, complaint = end(
        start(folder, "--app", "shop", "faults", "check", "--json", "--against", "more.json")
    )

    assert (status, complaint) == (1, "")
    assert json.loads(out) == {
        "ok": False,
        "findings": [
            {
                "check": "broken-contract",
                "where": "the code 'buyer'",
                "what": "it has disappeared",
                "remedy": "bring it back, or export the contract anew and tell the clients",
            }
        ],
    }


@pytest.mark.long
def test_contract_is_the_same_bytes_in_every_process(folder, contract):
    environments = ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "PYTHONIOENCODING": "latin-1"})

    both = [start(folder, "--app", "shop", "faults", "export", **environment) for environment in environments]

    assert [end(process) for process in both] == [(0, contract, "")] * 2


@pytest.mark.long
def test_contract_is_text_that_people_can_read(contract):
    assert "Käufer unbekannt" in contract.decode()


@pytest.mark.long
def test_contract_that_cannot_be_written_whole_leaves_the_old_one(folder):
    (folder / "old.json").write_text("old")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"

    status, _, complaint = end(
        start(folder, "--app", "shop", "faults", "export", "--output", "old.json", before=limit)
    )

    assert (status, "--output: old.json: File too large" in complaint) == (2, True)
    assert (folder / "old.json").read_text() == "old"
    assert [*folder.glob("old.json.*")] == []


@pytest.mark.long
def test_list_shows_the_map_of_the_app(folder):
    status, out, complaint = end(start(folder, "--app", "shop", "faults", "list", COLUMNS="60"))

    assert (status, complaint) == (0, "")
    assert out.decode().splitlines()[:12] == [
        "RULES, class by class in the order in which they are asked",
        "",
        "  KeyError -> CustomerError",
        "x 'pymemcached.errors.X' -> UnavailableError (not installed)",
        "",
        "ERRORS, with the status that each profile sends",
        "",
        "  problem",
        "  |   fault_message, firecracker",
        "  |   |   CODE      CATEGORY   CLASS",
        "shop",
        "  404 400 customer  not_found  CustomerError",
    ]


@pytest.mark.long
def test_list_of_an_app_without_anything_of_its_own_says_what_is_left_out(folder):
    status, out, complaint = end(start(folder, "--app", "bare", "faults", "list"))

    assert (status, complaint) == (0, "")
    *_, header, blank, last, _, _, _, profile = out.decode().splitlines()
    assert profile == "  problem: compiled"
    assert (header, blank) == ("  |   CODE  CATEGORY  CLASS", "")
    assert last.endswith(" built-in errors are left out; --all shows them.")


WRONG = {
    "unknown app": ("nowhere", "Could not import 'nowhere'."),
    "failing app": ("broken", "The app cannot be loaded: ZeroDivisionError: division by zero"),
}


@pytest.mark.long
@pytest.mark.parametrize(("name", "complaint"), WRONG.values(), ids=WRONG)
def test_app_that_is_none_is_status_2(name, complaint, folder):
    status, out, told = end(start(folder, "--app", name, "faults", "check"))

    assert (status, out) == (2, b"")
    assert complaint in told


@pytest.mark.long
def test_example_app_has_no_findings():
    status, failure, told = end(start(ROOT, "--app", "example_app", "faults", "check"))

    assert (status, failure, told.splitlines()[-1]) == (0, b"", "0 findings")
