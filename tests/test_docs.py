"""The reference leaves nothing out: whatever the code has is looked up in docs/reference."""

import dataclasses
import importlib
import inspect
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from blinker import NamedSignal

import flask_faultmap
from flask_faultmap import Category, DomainError, Profile, Rule, errors, signals
from flask_faultmap.http.statuses import FrameworkError
from flask_faultmap.mapping.settings import PREFIX, STATUSES, Settings
from flask_faultmap.profiles import BUILT_IN
from flask_faultmap.sinks.trail.cli import trail
from flask_faultmap.sinks.trail.database import metadata
from flask_faultmap.sinks.trail.health import Health
from flask_faultmap.sinks.trail.settings import PREFIX as TRAIL_PREFIX
from flask_faultmap.sinks.trail.settings import TrailSettings
from flask_faultmap.tools import checks, promises
from flask_faultmap.tools.cli import faults
from flask_faultmap.upstreams import errors as upstreams

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {path.stem: path.read_text() for path in (DOCS / "reference").glob("*.md")}
WHOLE = "\n".join(PAGES.values())

MODULES = ("audit", "errors", "metrics", "openapi", "pages", "profiles", "redaction")
MODULES += ("signals", "testing", "tracing", "upstreams")
NOT_PROMISED = {"notify"}  # what the package's own floors need from a public module
PRESENT = [name for name in MODULES if find_spec(f"flask_faultmap.{name}")]


def rows(page: str) -> dict[str, str]:
    """Return the rows of all tables of *page*, by the code word in their first cell."""
    return dict(re.findall(r"^\| `(\w+)`(.*\|)$", PAGES[page], re.MULTILINE))


def public_names(module: str) -> list[str]:
    loaded = importlib.import_module(f"flask_faultmap.{module}")
    home = loaded.__name__
    own = [name for name, value in vars(loaded).items() if getattr(value, "__module__", "") == home]
    return [name for name in getattr(loaded, "__all__", own) if name[0] != "_" and name not in NOT_PROMISED]


def is_documented(name: str) -> bool:
    return re.search(rf"(?<!\w){name}(?!\w)", WHOLE) is not None


def signal_names() -> list[str]:
    return [name for name, value in vars(signals).items() if isinstance(value, NamedSignal)]


def classes(module: object, base: type) -> list[type]:
    return [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, base)]


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Settings)])
def test_setting_has_a_section(name):
    assert f"\n## {PREFIX}{name.upper()}\n" in PAGES["settings"]


def test_no_section_is_about_a_setting_that_does_not_exist():
    sections = re.findall(rf"^## {PREFIX}(\w+)$", PAGES["settings"], re.MULTILINE)

    assert {name.lower() for name in sections} == {field.name for field in dataclasses.fields(Settings)}


@pytest.mark.parametrize("name", signal_names())
def test_signal_has_a_section(name):
    assert f"\n## {name}\n" in PAGES["signals"]


@pytest.mark.parametrize("category", Category)
def test_category_stands_with_its_default_status(category):
    assert rows("categories")[category].startswith(f" | {STATUSES[category]} |")


@pytest.mark.parametrize("profile", BUILT_IN, ids=lambda profile: profile.name)
def test_profile_stands_with_its_media_type(profile):
    assert rows("profiles")[profile.name].startswith(f" | `{profile.media_type}` |")


@pytest.mark.parametrize("cls", classes(errors, DomainError), ids=lambda cls: cls.__name__)
def test_error_stands_with_status_exposure_and_retry(cls):
    cells = [cell.strip() for cell in rows("errors")[cls.__name__].split("|")]

    assert cells[1].startswith(str(STATUSES[cls.category]))
    assert cells[2] == ("yes" if cls.expose else "no")
    assert cells[4] == ("yes" if cls.retryable else "no")


@pytest.mark.parametrize("cls", FrameworkError.__subclasses__(), ids=lambda cls: cls.code)
def test_framework_error_stands_with_status_and_category(cls):
    assert rows("framework-errors")[cls.code].startswith(f" | {cls.status} | `{cls.category}` |")


SOURCE_OF_CHECKS = inspect.getsource(checks) + inspect.getsource(promises)


@pytest.mark.parametrize("finding", sorted(set(re.findall(r'check="([a-z-]+)"', SOURCE_OF_CHECKS))))
def test_finding_of_the_check_is_documented_and_in_its_help(finding):
    assert f"\n| `{finding}` | " in PAGES["cli"]
    assert f"\n{finding} " in inspect.getdoc(faults.commands["check"].callback)


@pytest.mark.parametrize("cls", classes(upstreams, upstreams.UpstreamError), ids=lambda cls: cls.__name__)
def test_upstream_error_stands_with_its_status(cls):
    assert rows("upstream")[cls.__name__].startswith(f" | {STATUSES[cls.category]} |")


COMMANDS = {**faults.commands, "trail": trail}


@pytest.mark.parametrize("name", COMMANDS)
def test_command_has_a_section_with_its_options(name):
    section = PAGES["cli"].split(f"\n## flask faults {name}\n")[1].split("\n## ")[0]
    options = {each for option in COMMANDS[name].params for each in option.opts if each[0] == "-"}

    assert options <= set(re.findall(r"--\w+", section))


@pytest.mark.parametrize("setting", dataclasses.fields(TrailSettings), ids=lambda setting: setting.name)
def test_setting_of_the_trail_stands_with_its_default(setting):
    given = setting.default is not dataclasses.MISSING
    default = str(setting.default) if given else "`[^`]*<instance>[^`]*`"

    assert re.match(rf" \| {default} \| ", rows("trail")[TRAIL_PREFIX + setting.name.upper()])


def test_no_setting_of_the_trail_is_made_up():
    told = {name for name in rows("trail") if name.startswith("FAULTMAP_")}

    assert told == {TRAIL_PREFIX + field.name.upper() for field in dataclasses.fields(TrailSettings)}


@pytest.mark.parametrize("name", trail.commands)
def test_command_of_the_trail_has_a_line_with_its_options(name):
    (line,) = re.findall(rf"^- `flask faults trail {name}`.*$", PAGES["cli"], re.MULTILINE)
    options = {each for option in trail.commands[name].params for each in option.opts}

    assert options <= {*re.findall(r"--[a-z-]+", line), "as_data"}


@pytest.mark.parametrize("table", metadata.tables.values(), ids=lambda table: table.name)
def test_table_of_the_trail_stands_with_its_columns(table):
    section = PAGES["trail"].split(f"`{table.name}`")[1].split("`faultmap_")[0]

    assert {column.name for column in table.columns} <= set(re.findall(r"`(\w+)`", section))


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Health)])
def test_member_of_the_health_of_the_trail_is_documented(name):
    assert name in rows("trail")


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Rule)])
def test_argument_of_a_rule_is_documented(name):
    assert name in rows("rules")


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Profile) if field.init])
def test_argument_of_a_profile_is_documented(name):
    assert re.search(rf"^ +{name}: ", Profile.__doc__ or "", re.MULTILINE)


@pytest.mark.parametrize("name", flask_faultmap.__all__)
def test_public_name_is_documented(name):
    assert name in rows("api")


@pytest.mark.parametrize("module", PRESENT)
def test_public_module_is_named(module):
    assert f"`{module}`" in re.search(r"Public modules: [^.]*\.", PAGES["api"])[0]


@pytest.mark.parametrize("name", [f"{each}.{name}" for each in PRESENT for name in public_names(each)])
def test_public_name_of_a_module_is_documented(name):
    module, _, word = name.partition(".")

    assert is_documented(word) or f"automodule:: flask_faultmap.{module}\n   :members:\n" in WHOLE
