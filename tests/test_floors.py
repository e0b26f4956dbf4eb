"""Imports go down only, between the wings and inside each; the lists below are the reading order."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import flask_faultmap

PACKAGE = Path(flask_faultmap.__file__).parent

# Each wing imports only what stands above it, and so does each module inside its wing.
FLOORS = {
    "": "categories faults near_miss speech defining travelling errors retry_after raises texts loggers "
    "signals",
    "redaction": "replacing names secrets databases commands stacks tokens paths patterns spelling reading "
    "redacting",
    "rules": "matching rule resolving judging rulebook",
    "packs": "botocore grpc jwt_extended redis sqlalchemy",
    "http": (
        "headers parts likeness documents names places origins written scopes whose derivation wording "
        "messages validation statuses unreadable errors ownership"
    ),
    "profiles": "encoding schemas writers compiling reading templates profile",
    "streams": "framing parsing",
    "mapping": "settings spellings reading known builtin occurrences worded explanation mapper",
    "upstreams": (
        "errors failures owners frames watching masking exchanges answers history hosts evidence refining "
        "strangers bodies readback verdicts terms events state blocks"
    ),
    "border": (
        "replies responses contexts identity boundaries records answers reporting other_handlers handlers "
        "streams extension"
    ),
    "contract": "entries examples raising contract",
    "tools": "overlaps checks promises specimens canaries explaining listing cli",
    "sinks": "trail.locks trail.lines trail.version trail.settings trail.journal trail.entries trail.waiting "
    "trail.segments trail.office trail.origins trail.records trail.health trail.database "
    "trail.grouping trail.histograms trail.shipper trail.snapshots "
    "trail.reading trail.pruning trail.extension trail.options trail.printing trail.cli trail connecting "
    "metrics tracing sentry",
    "pages": "members advice descriptions types rendering markdown catalog_pages "
    "picture questions guarding console_pages",
    "openapi": "schemas answers completing",
    "top": "testing",
}


def modules_of(wing):
    """Give the names of the modules of *wing* below the package, in reading order, its face last."""
    names = FLOORS[wing].split()
    return names if wing in ("", "top") else [*(f"{wing}.{name}" for name in names), wing]


ORDER = [module for wing in FLOORS for module in modules_of(wing)]

# Who may import what; everything else of the package knows none of it.
IMPORTERS = {
    "flask": {
        "border.responses",
        "border.contexts",
        "border.identity",
        "border.boundaries",
        "border.records",
        "border.reporting",
        "border.answers",
        "border.handlers",
        "border.streams",
        "border.other_handlers",
        "border.extension",
        "tools.checks",
        "tools.cli",
        "tools.explaining",
        "tools.listing",
        "testing",
        "sinks.trail.extension",
        "sinks.connecting",
        "sinks.metrics",
        "sinks.tracing",
        "sinks.sentry",
        "pages.types",
        "pages.rendering",
        "pages.catalog_pages",
        "pages.guarding",
        "pages.console_pages",
        "openapi.schemas",
        "openapi.answers",
        "openapi.completing",
    },
    "werkzeug": {
        "http.parts",
        "http.scopes",
        "http.derivation",
        "http.validation",
        "http.ownership",
        "http.errors",
        "http.unreadable",
        "mapping.builtin",
        "mapping.mapper",
        "border.replies",
        "border.responses",
        "border.answers",
        "border.handlers",
        "border.streams",
        "border.other_handlers",
        "testing",
        "pages.guarding",
    },
    "blinker": {"signals"},
    "marshmallow": {
        "http.validation",
        "http.ownership",
        "profiles.reading",
        "profiles.writers",
        "profiles.compiling",
        "profiles.schemas",
        "profiles.profile",
        "contract.contract",
        "pages.members",
        "openapi.schemas",
        "openapi.answers",
    },
    "click": {"tools.cli", "sinks.trail.options", "sinks.trail.cli"},
    "apispec": {"openapi.schemas"},
    "prometheus_client": {"sinks.metrics"},
    "opentelemetry": {"sinks.tracing"},
    "sentry_sdk": {"sinks.sentry"},
    "sqlalchemy": {
        "sinks.trail.database",
        "sinks.trail.shipper",
        "sinks.trail.snapshots",
        "sinks.trail.reading",
        "sinks.trail.pruning",
        "sinks.trail.cli",
        "pages.console_pages",
    },
}

WITHOUT_FRAMEWORK = [
    module
    for wing in ("", "redaction", "rules")
    for module in modules_of(wing)
    if module != "signals"  # blinker's
]
BELOW_FLASK = ORDER[: ORDER.index("border.replies")]
CLIENTS = {"requests", "httpx", "urllib3", "aiohttp"}


def path_of(module):
    path = PACKAGE / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports_of(module):
    """Give the dotted names that a module imports anywhere, in functions too."""
    for node in ast.walk(ast.parse(path_of(module).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flask_faultmap"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def floors_of(module):
    """Give the modules and wings of the package that a module imports."""
    below = [name.split(".")[1:] for name in imports_of(module) if name.startswith("flask_faultmap")]
    for path in below:
        for end in range(len(path), 0, -1):
            if ".".join(path[:end]) in ORDER:
                yield ".".join(path[:end])
                break


def strangers_of(module):
    known = {"flask_faultmap", *sys.stdlib_module_names}
    return {imported.split(".")[0] for imported in imports_of(module)} - known


def loaded_by(code):
    """Run *code* in a fresh process and give the packages that it has loaded."""
    script = f"import sys\n{code}\nprint(*(name for name in sys.modules if '.' not in name))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def loading(modules):
    return "import " + ", ".join(f"flask_faultmap.{module}" for module in modules)


def test_every_module_has_its_place_in_the_lists():
    paths = {path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py")}
    modules = {".".join(part for part in path.parts if part != "__init__") for path in paths}

    assert modules == {"", *ORDER}
    assert len(ORDER) == len(set(ORDER))


@pytest.mark.parametrize("module", ORDER)
def test_module_imports_only_what_stands_above_it_in_the_lists(module):
    assert set(floors_of(module)) <= set(ORDER[: ORDER.index(module)])


@pytest.mark.parametrize("wing", [wing for wing in FLOORS if wing not in ("", "top")])
def test_face_of_a_wing_names_its_question_and_its_public_names(wing):
    face = ast.parse(path_of(wing).read_text())

    assert "?" in (ast.get_docstring(face) or "").splitlines()[0]
    assert any(isinstance(node, ast.Assign) and node.targets[0].id == "__all__" for node in face.body)


@pytest.mark.parametrize("wing", [wing for wing in FLOORS if wing not in ("", "top")])
def test_no_module_of_a_wing_is_named_like_a_public_name(wing):
    names = set(import_module(f"flask_faultmap.{wing}").__all__)

    assert names.isdisjoint(FLOORS[wing].split())


@pytest.mark.parametrize("module", ORDER)
def test_module_imports_no_package_that_is_not_its_business(module):
    assert strangers_of(module) == {package for package, modules in IMPORTERS.items() if module in modules}


def test_imports_of_a_function_are_seen_too():
    assert "apispec.ext.marshmallow" in set(imports_of("openapi.schemas"))


def test_first_map_works_without_any_framework():
    loaded = loaded_by(loading(WITHOUT_FRAMEWORK))

    assert loaded.isdisjoint({"flask", "werkzeug", "marshmallow", "blinker", "click"})


def test_machine_below_the_border_works_without_flask():
    assert "flask" not in loaded_by(loading(BELOW_FLASK))


def test_neither_boundary_nor_upstream_brings_in_an_optional_library():
    loaded = loaded_by("import flask_faultmap; flask_faultmap.FaultMap; flask_faultmap.upstream")

    assert loaded.isdisjoint({*CLIENTS, "pydantic", "apispec", "webargs", "apiflask"})
    assert "flask" in loaded
