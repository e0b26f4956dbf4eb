"""What the settings of the trail may be, and what is said of what they may not."""

import subprocess
import sys
from functools import partial

import pytest
from flask import Flask
from trail_app import entries_of, fail_with, journal_of, ship, trail_app

from flask_faultmap.errors import ConfigError
from flask_faultmap.sinks.trail import AuditTrail


def test_folder_and_database_are_in_the_instance_folder(tmp_path):
    settings = trail_app(tmp_path).extensions["faultmap.trail"].settings

    assert settings.url == f"sqlite:///{tmp_path}/instance/faults.db"
    assert settings.folder == tmp_path / "instance" / "faults.journal" / "shop"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("URL", 7, "is no URL of a database"),
        ("URL", "faults.db", "is no URL of a database"),
        ("URL", "mysql://db/x", "is for 'mysql'"),
        ("URL", "sqlite://", "names no file"),
        ("URL", "sqlite:///:memory:", "names no file"),
        ("URL", "postgresql+asyncpg://db/x", "allowed: 'psycopg', 'psycopg2'"),
        ("URL", "postgresql://db:abc/x", "a host or a port that cannot be"),
        ("URL", "postgresql://db:99999/x", "a host or a port that cannot be"),
        ("URL", "postgresql://[::1/x", "a host or a port that cannot be"),
        ("URL", "sqlite:///x.db?mode=ro", "has options behind '?'"),
        ("URL", "sqlite:///file:x.db?uri=true", "has options behind '?'"),
        ("URL", "sqlite:////tmp/a\0b.db", "is no URL of a database"),
        ("URL", "sqlite:////dev/null", "names /dev/null, which is no file"),
        ("URL", "postgresql://db/x?sslmod=require", "does not know. Did you mean 'sslmode'?"),
        ("URL", "postgresql://db/x?sslmode=require&conect_timeout", "Did you mean 'connect_timeout'?"),
        ("FOLDER", 7, "the path of a folder"),
        ("FOLDER", "a\0b", "the path of a folder"),
        ("LIMIT", 4095, "at least 4096"),
        ("LIMIT", True, "at least 4096"),
        ("MAX_WAIT", 0, "at least 1"),
        ("SHIP", "yes", "True, False"),
        ("LIMITS", 5000, "Did you mean 'FAULTMAP_TRAIL_LIMIT'?"),
        ("limit", 5000, "Did you mean 'FAULTMAP_TRAIL_LIMIT'?"),
    ],
)
def test_wrong_setting_is_refused_in_words(tmp_path, name, value, told):
    with pytest.raises(ConfigError) as raised:
        trail_app(tmp_path, **{f"FAULTMAP_TRAIL_{name}": value})

    assert f"FAULTMAP_TRAIL_{name}" in str(raised.value)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:p[a]s:s/w0rd@[::1]:5432/x?sslmode=require",
        "postgresql://db/x",
        "postgresql://db:/x",
        "postgresql:///x?host=/run/postgresql",
        "postgresql:///x?host=db1:5432&host=db2:5432&options=-csearch_path%3Dshop&of_a_later_libpq=1",
    ],
)
def test_url_of_a_server_that_can_be_is_taken(tmp_path, url):
    settings = trail_app(tmp_path, FAULTMAP_TRAIL_URL=url).extensions["faultmap.trail"].settings

    assert settings.url == url.replace("postgresql:", "postgresql+psycopg:")


def test_all_mistakes_are_told_at_once_and_no_password(tmp_path):
    with pytest.raises(ConfigError) as raised:
        trail_app(tmp_path, FAULTMAP_TRAIL_URL="mysql://ann:hunter2@db/x", FAULTMAP_TRAIL_LIMIT="much")

    assert len(str(raised.value).splitlines()) == 2
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("name", ["a/b", "..", "shop.web", ""])
def test_name_of_an_app_is_one_folder_below_the_journals(tmp_path, name):
    app = trail_app(tmp_path, name=name or "app")

    assert app.extensions["faultmap.trail"].settings.folder.parent == tmp_path / "instance" / "faults.journal"


@pytest.mark.parametrize("name", ["a" * 300, "ß" * 60, "ß" * 59 + "s", "\ud800"], ids=range(4))
def test_fault_of_an_app_with_any_name_is_kept(tmp_path, name):
    app = trail_app(tmp_path, name=name)
    fail_with(app, "one")

    assert len(entries_of(app)) == 1


def test_long_names_that_begin_alike_are_two_folders(tmp_path):
    folders = {journal_of(trail_app(tmp_path, name="a" * 300 + end)) for end in "bc"}

    assert len(folders) == 2


def test_relative_paths_are_below_the_instance_folder_wherever_a_process_runs(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    app = trail_app(tmp_path, FAULTMAP_TRAIL_FOLDER="journals", FAULTMAP_TRAIL_URL="sqlite:///kept/f.db")
    fail_with(app, "one")
    monkeypatch.chdir(tmp_path / "elsewhere")

    assert ship(app) == 1
    assert (tmp_path / "instance" / "kept" / "f.db").exists()
    assert [*(tmp_path / "instance" / "journals" / "shop").glob("*.log")]


def test_path_of_the_instance_folder_is_no_url(tmp_path):
    app = trail_app(tmp_path / "a?b=c#d%20e")
    fail_with(app, "one")

    assert (ship(app), len(entries_of(app))) == (1, 1)
    assert (tmp_path / "a?b=c#d%20e" / "instance" / "faults.db").exists()


@pytest.mark.parametrize(
    ("module", "url", "told"),
    [
        ("psycopg", "postgresql://db/x", "pip install 'flask-faultmap[postgresql]'"),
        ("psycopg2", "postgresql+psycopg2://db/x", "needs psycopg2, which is not installed"),
        ("sqlalchemy", "sqlite:////tmp/faults.db", "pip install 'flask-faultmap[trail]'"),
    ],
)
def test_library_that_is_missing_is_told_at_start(tmp_path, monkeypatch, module, url, told):
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(ConfigError) as raised:
        trail_app(tmp_path, FAULTMAP_TRAIL_URL=url)

    assert told in str(raised.value)


def test_windows_is_told_at_start(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(ConfigError, match="run the app on Linux or macOS"):
        AuditTrail().init_app(Flask("shop", instance_path=str(tmp_path)))


@pytest.mark.parametrize("name", ["keep", "user"])
def test_what_is_no_function_is_refused(name):
    with pytest.raises(ConfigError, match=f"{name} is 'all'; it must be a function"):
        AuditTrail(**{name: "all"})


async def give_anything(*_):
    """Give what nobody awaits."""


class Asker:
    """What is called like a function."""

    async def __call__(self, *_):
        """Give what nobody awaits."""


@pytest.mark.parametrize("name", ["keep", "user"])
@pytest.mark.parametrize("function", [give_anything, partial(give_anything, 1), Asker()])
def test_function_that_would_have_to_be_awaited_is_refused(name, function):
    with pytest.raises(ConfigError, match=f"{name} is .*, which is async; it must be a plain function"):
        AuditTrail(**{name: function})


@pytest.mark.parametrize(
    ("name", "function", "told"),
    [
        ("keep", lambda fault: True, "it must be a function of a fault and its error: too many positional"),
        (
            "keep",
            lambda fault, error, more: True,
            "of a fault and its error: missing a required argument: 'more'",
        ),
        ("user", lambda request: "ann", "without arguments: missing a required argument: 'request'"),
    ],
)
def test_function_of_other_arguments_is_refused(name, function, told):
    with pytest.raises(ConfigError, match=told):
        AuditTrail(**{name: function})


@pytest.mark.parametrize(
    "functions", [{"keep": max}, {"keep": lambda *_: True}, {"user": dict}, {"user": lambda a=1: a}]
)
def test_function_that_can_be_called_is_taken(functions):
    AuditTrail(**functions)


def test_nothing_to_keep_by_is_refused():
    with pytest.raises(ConfigError, match="keep is None; it must be a function"):
        AuditTrail(keep=None)


def test_what_is_no_app_is_refused():
    with pytest.raises(ConfigError, match="it must be a Flask app"):
        AuditTrail().init_app("shop")


@pytest.mark.parametrize("module", ["trail", "metrics", "tracing", "sentry"])
def test_sink_can_be_imported_where_no_locks_are(module):
    script = f"import sys; sys.modules['fcntl'] = None; import flask_faultmap.sinks.{module}"

    subprocess.run([sys.executable, "-c", script], check=True)
