"""Rules that name their classes by text: loaded where the package is installed, left out where it is not."""

import sys
from types import ModuleType

import pytest

from flask_faultmap.errors import ConfigError, GoneError
from flask_faultmap.rules.resolving import resolve
from flask_faultmap.rules.rule import Rule


def test_rule_of_classes_is_resolved_as_it_stands():
    rule = Rule(on=ValueError, to=GoneError)

    assert resolve(rule) is rule


@pytest.mark.parametrize("name", ["on", "cause"])
@pytest.mark.parametrize(
    ("path", "cls"),
    [
        ("builtins.LookupError", LookupError),
        ("flask_faultmap.errors.GoneError", GoneError),
        ("json.decoder.JSONDecodeError", __import__("json").JSONDecodeError),
        ("shelved.errors.Outer.InnerError", None),
    ],
)
def test_class_named_by_a_string_is_loaded(name, path, cls, shelved):
    rule = Rule(**{"on": ValueError, "to": GoneError, "text": "timed out", name: path})

    resolved = resolve(rule)

    assert getattr(resolved, name) is (cls or shelved.errors.Outer.InnerError)
    assert (resolved.to, resolved.text) == (GoneError, ("timed out",))


@pytest.mark.parametrize("name", ["on", "cause"])
def test_rule_of_a_package_that_is_not_installed_is_none(name):
    rule = Rule(**{"on": ValueError, "to": GoneError, name: "no_such_package.errors.Gone"})

    assert resolve(rule) is None


def test_package_whose_import_is_blocked_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "blocked", None)

    assert resolve(Rule(on="blocked.Error", to=GoneError)) is None


@pytest.fixture
def shelved(tmp_path, monkeypatch):
    """A package with every way to be wrong."""
    files = {
        "shelved/__init__.py": "",
        "shelved/errors.py": (
            "class Outer:\n  class InnerError(Exception): 1\nclass Cancelled(BaseException): 1\n"
        ),
        "shelved/broken.py": "1 / 0",
        "shelved/wanting.py": "import no_such_package.at_all",
        "shelved/lazy.py": "def __getattr__(name): raise RuntimeError(name)",
        "denying.py": "raise ModuleNotFoundError(name='denying')",
    }
    (tmp_path / "shelved").mkdir()
    for name, source in files.items():
        (tmp_path / name).write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    import shelved.errors

    yield shelved
    for name in set(sys.modules) - before:
        del sys.modules[name]


NO_CLASS = "shelved is installed, but {} is no exception class in it"


@pytest.mark.parametrize("name", ["on", "cause"])
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("shelved.errors.Gone", NO_CLASS.format("shelved.errors.Gone")),
        ("shelved.errors.Outer", NO_CLASS.format("shelved.errors.Outer")),
        ("shelved.errors.Outer.Inner", NO_CLASS.format("shelved.errors.Outer.Inner")),
        ("shelved.eror.Gone", NO_CLASS.format("shelved.eror.Gone")),
        ("shelved.errors", NO_CLASS.format("shelved.errors")),
        ("shelved.lazy.Gone", "importing shelved.lazy failed: RuntimeError('Gone')"),
        ("denying.Gone", "denying is installed, but denying.Gone is no exception class in it"),
        ("shelved.errors.Cancelled", "is Cancelled, which is no Exception"),
        ("shelved.errors.Oter", "Did you mean 'Outer'?"),
        ("shelved.broken.Gone", "importing shelved.broken failed: ZeroDivisionError('division by zero')"),
        ("shelved.wanting.Gone", "importing shelved.wanting failed: No module named 'no_such_package'"),
    ],
)
def test_wrong_name_in_an_installed_package_is_refused(name, path, told, shelved):
    rule = Rule(**{"on": ValueError, "to": GoneError, name: path})

    with pytest.raises(ConfigError) as raised:
        resolve(rule)

    assert told in str(raised.value)
    assert str(raised.value).startswith(("Rule(on=", f"Rule({name}={path!r})"))


def test_name_of_a_module_without_a_spec_is_found(monkeypatch):
    module = ModuleType("made_here")
    module.LocalError = type("LocalError", (Exception,), {})
    monkeypatch.setitem(sys.modules, "made_here", module)

    assert resolve(Rule(on="made_here.LocalError", to=GoneError)).on is module.LocalError


def test_text_rule_on_everything_is_refused_when_its_name_is_resolved():
    rule = Rule(on="builtins.Exception", text="disk is full", to=GoneError)

    with pytest.raises(ConfigError, match="a text rule on Exception would read every failure"):
        resolve(rule)
