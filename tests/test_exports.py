"""What may be imported, and from where."""

import subprocess
import sys
from importlib import import_module
from types import FunctionType

import pytest

import flask_faultmap
from flask_faultmap.upstreams import errors as upstream_errors

NAMES = [
    "Category",
    "ConfigError",
    "DomainError",
    "Fault",
    "FaultMap",
    "Profile",
    "Rule",
    "Violation",
    "current_fault",
    "fault_translated",
    "request_id",
    "upstream",
]
MODULES = [
    "errors",
    "openapi",
    "pages",
    "profiles",
    "redaction",
    "rules",
    "signals",
    "streams",
    "testing",
    "upstreams",
]
OF_THE_PACKAGE_ALONE = {
    "Hearing",
    "Sink",
    "disconnect",
    "is_error_status",
    "notify",
    "repeats",
    "schema_name",
}


def public_names(module):
    return import_module(f"flask_faultmap.{module}").__all__


def made_in(module):
    """Give the classes and functions of *module* whose names invite others."""
    made = {name for name, value in vars(module).items() if isinstance(value, type | FunctionType)}
    return {name for name in made if vars(module)[name].__module__ == module.__name__ and name[0] != "_"}


def test_package_exports_exactly_the_names_of_the_design():
    assert flask_faultmap.__all__ == NAMES == sorted(NAMES)


def test_package_lists_its_names_and_its_version():
    assert dir(flask_faultmap) == sorted([*NAMES, "__version__"])


@pytest.mark.parametrize("name", NAMES)
def test_name_is_loaded_when_it_is_asked_for_and_then_kept(name):
    vars(flask_faultmap).pop(name, None)

    value = getattr(flask_faultmap, name)

    assert vars(flask_faultmap)[name] is value


def test_star_brings_all_names():
    namespace = {}

    exec("from flask_faultmap import *", namespace)

    assert set(NAMES) <= namespace.keys()


def test_import_of_the_package_loads_none_of_its_modules():
    script = "import sys, flask_faultmap; print(*(name for name in sys.modules if name.startswith('flask')))"

    loaded = subprocess.check_output([sys.executable, "-c", script], text=True, timeout=20)

    assert loaded.split() == ["flask_faultmap"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Faultmap", "module 'flask_faultmap' has no attribute 'Faultmap'. Did you mean 'FaultMap'?"),
        ("nothing_like_it", "module 'flask_faultmap' has no attribute 'nothing_like_it'"),
    ],
)
def test_unknown_name_is_refused_in_words(name, told):
    with pytest.raises(AttributeError) as raised:
        getattr(flask_faultmap, name)

    assert str(raised.value) == told


@pytest.mark.parametrize("module", MODULES)
def test_public_module_says_what_is_public(module):
    home, names = import_module(f"flask_faultmap.{module}"), public_names(module)

    assert names == sorted(set(names), key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert set(names) <= vars(home).keys()
    assert made_in(home) - set(names) <= OF_THE_PACKAGE_ALONE


def test_public_modules_have_the_names_of_the_package():
    of_modules = {name for module in MODULES for name in public_names(module)}

    assert {"ConfigError", "DomainError", "Profile", "fault_translated", "upstream"} <= of_modules


def test_no_error_of_upstreams_is_forgotten():
    assert made_in(upstream_errors) <= set(public_names("upstreams"))
