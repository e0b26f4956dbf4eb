"""Imports go down the floors only (DESIGN, section 10): the list below is the order in which to read."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import flask_faultmap

PACKAGE = Path(flask_faultmap.__file__).parent

# Each module imports only what stands above it, so that reading from the top down nothing is unknown.
FLOORS = [
    name
    for floor in (
        "categories faults errors near_miss",
        "encoding retry_after logs",
        "matching redaction_rows redaction rules rulebook",
        "validation http_rows http_errors",
        "reading profiles templates settings",
        "upstream_errors upstream_failures upstream_masking upstream_answers upstream_bodies",
        "upstream_readback upstream_terms upstream_state upstreams",
        "occurrences mapper replies",
        "signals records border handlers extension",
        "contract overlaps checks explaining listing cli testing openapi",
    )
    for name in floor.split()
]

# Who may import what; everything else of the package knows none of it.
IMPORTERS = {
    "flask": {"records", "border", "handlers", "extension", "checks", "cli", "testing", "openapi"},
    "werkzeug": {"http_rows", "http_errors", "mapper", "border", "handlers", "testing"},
    "blinker": {"signals"},
    "marshmallow": {"validation", "reading", "profiles", "contract", "openapi"},
    "click": {"cli"},
    "apispec": {"openapi"},
}

FIRST_MAP = [f"flask_faultmap.{name}" for name in FLOORS[: FLOORS.index("validation")]]
BELOW_FLASK = [f"flask_faultmap.{name}" for name in FLOORS[: FLOORS.index("records")]]
CLIENTS = {"requests", "httpx", "urllib3", "aiohttp"}


def imports_of(name):
    """Give the dotted names that a module imports anywhere, in functions too."""
    for node in ast.walk(ast.parse((PACKAGE / f"{name}.py").read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "flask_faultmap":
            yield from (f"flask_faultmap.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def floors_of(name):
    parts = (imported.split(".") for imported in imports_of(name))
    return {path[1] for path in parts if path[0] == "flask_faultmap"}


def strangers_of(name):
    known = {"flask_faultmap", *sys.stdlib_module_names}
    return {imported.split(".")[0] for imported in imports_of(name)} - known


def loaded_by(code):
    """Run *code* in a fresh process and give the packages that it has loaded."""
    script = f"import sys\n{code}\nprint(*(name for name in sys.modules if '.' not in name))"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    return set(run.stdout.split())


def test_every_module_has_its_place_in_the_list():
    modules = {path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py")}

    assert modules == {"__init__", *FLOORS}
    assert len(FLOORS) == len(set(FLOORS))


@pytest.mark.parametrize("name", FLOORS)
def test_module_imports_only_what_stands_above_it_in_the_list(name):
    assert floors_of(name) <= set(FLOORS[: FLOORS.index(name)])


@pytest.mark.parametrize("name", FLOORS)
def test_module_imports_no_package_that_is_not_its_business(name):
    assert strangers_of(name) == {package for package, modules in IMPORTERS.items() if name in modules}


def test_imports_of_a_function_are_seen_too():
    assert "apispec.ext.marshmallow" in set(imports_of("openapi"))


def test_first_map_works_without_any_framework():
    loaded = loaded_by(f"import {', '.join(FIRST_MAP)}")

    assert loaded.isdisjoint({"flask", "werkzeug", "marshmallow", "blinker", "click"})


def test_machine_below_the_border_works_without_flask():
    assert "flask" not in loaded_by(f"import {', '.join(BELOW_FLASK)}")


def test_neither_boundary_nor_upstream_brings_in_an_optional_library():
    loaded = loaded_by("import flask_faultmap; flask_faultmap.FaultMap; flask_faultmap.upstream")

    assert loaded.isdisjoint({*CLIENTS, "pydantic", "apispec", "webargs", "apiflask"})
    assert "flask" in loaded
