"""Settings from the environment, from TOML and from JSON files."""

import json
import logging
import re
import tomllib
from contextlib import suppress
from enum import Enum

import pytest
from flask import Flask

from flask_faultmap import ConfigError, FaultMap, Profile
from flask_faultmap.border import boundary_of
from flask_faultmap.errors import NotFoundError
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.profiles import FAULT_MESSAGE
from flask_faultmap.testing import capture_faults
from flask_faultmap.tools.checks import check_app
from flask_faultmap.tools.listing import list_as_data, list_as_text

TOML = """
FAULTMAP_VALIDATION_STATUS = false
[FAULTMAP_SCOPES]
"/fc" = "firecracker"
"/html" = false
[FAULTMAP_STATUSES]
already_exists = 422
[FAULTMAP_LOG_LEVELS]
404 = "INFO"
"5xx" = false
[FAULTMAP_COMPATIBILITY_MODE]
"/v1" = true
"""
MEANT = {
    "FAULTMAP_VALIDATION_STATUS": None,
    "FAULTMAP_SCOPES": {"/fc": "firecracker", "/html": None},
    "FAULTMAP_STATUSES": {"already_exists": 422},
    "FAULTMAP_LOG_LEVELS": {404: "INFO", "5xx": None},
    "FAULTMAP_COMPATIBILITY_MODE": {"/v1": True},
}


class BoxLostError(NotFoundError):
    """Nobody knows where the box is."""


def from_toml(app, path, monkeypatch):
    path.write_text(TOML)
    app.config.from_file(path, load=tomllib.load, text=False)


def from_json(app, path, monkeypatch):
    path.write_text(json.dumps(MEANT))
    app.config.from_file(path, load=json.load)


def from_environment(app, path, monkeypatch):
    for key, value in MEANT.items():
        monkeypatch.setenv(f"FLASK_{key}", json.dumps(value))
    app.config.from_prefixed_env()


def settings_of(**config):
    app = Flask("shop")
    app.config.update(config)
    FaultMap(app)
    return boundary_of(app).mapper.settings


@pytest.mark.parametrize("load", [from_toml, from_json, from_environment])
def test_file_says_the_same_as_python(load, tmp_path, monkeypatch):
    app = Flask("shop")
    load(app, tmp_path / "config", monkeypatch)
    FaultMap(app)

    assert boundary_of(app).mapper.settings == settings_of(**MEANT)


def test_nested_key_of_the_environment_is_a_mapping(monkeypatch):
    monkeypatch.setenv("FLASK_FAULTMAP_STATUSES__gone", "404")
    app = Flask("shop")
    app.config.from_prefixed_env()
    FaultMap(app)

    assert boundary_of(app).mapper.settings.statuses["gone"] == 404


@pytest.mark.parametrize(
    ("key", "text", "right"),
    [
        ("COMPATIBILITY_MODE", "True", "true"),
        ("COMPATIBILITY_MODE", "no", "false"),
        ("COMPATIBILITY_MODE", "None", r"null \(in TOML: leave it out\)"),
        ("COMPATIBILITY_MODE", "1", "true"),
        ("COMPATIBILITY_MODE", "0", "false"),
        ("COMPATIBILITY_MODE", "{'/v1': True}", '{"/v1": true}'),
        ("TYPE_BASE", "None", r"null \(in TOML: false\)"),
        ("HANDLERS_KEPT", "shop.on_404", r'\["shop.on_404"\]'),
        ("HANDLERS_KEPT", "shop.on_404, shop.on_405", r'\["shop.on_404", "shop.on_405"\]'),
        ("STATUSES", "gone=404", '{"gone": 404}'),
        ("LOG_LEVELS", "gone: info", '{"gone": "info"}'),
        ("VALIDATION_STATUS", "422.0", "422"),
        ("VALIDATION_STATUS", "200", ""),
        ("STATUSES", "{'gone': 404}", '{"gone": 404}'),
        ("STATUSES", "gone=404,not_found=410", '{"gone": 404, "not_found": 410}'),
        ("STATUSES", "{gone: 404, not_found: 410}", '{"gone": 404, "not_found": 410}'),
        ("STATUSES", "gone:404 not_found:410", '{"gone": 404, "not_found": 410}'),
        ("LOG_LEVELS", "404:INFO;5xx:none", '{"404": "INFO", "5xx": null}'),
        ("SCOPES", "/fc=firecracker, /api=problem", '{"/fc": "firecracker", "/api": "problem"}'),
        ("COMPATIBILITY_MODE", "/v1=true,/v2=false", '{"/v1": true, "/v2": false}'),
        ("HANDLERS_KEPT", "shop.on_404 shop.on_405", r'\["shop.on_404", "shop.on_405"\]'),
        ("SCOPES", "{'/fc': None}", '{"/fc": null}'),
        ("VALIDATION_STATUS", "'422'", "422"),
        ("LOG_LEVELS", "('gone', {1})", ""),
    ],
)
def test_what_the_environment_cannot_say_so_is_told_with_the_right_spelling(key, text, right, monkeypatch):
    monkeypatch.setenv(f"FLASK_FAULTMAP_{key}", text)
    app = Flask("shop")
    app.config.from_prefixed_env()

    with pytest.raises(ConfigError, match=f"FAULTMAP_{key} is .*{'needs ' + right if right else 'allowed'}"):
        FaultMap(app)


def test_a_complex_key_is_told_without_a_spelling():
    with pytest.raises(ConfigError, match=r"codes to statuses, such as {'not_found': 410}$"):
        settings_of(FAULTMAP_STATUSES="{(1, 2): 3}")


SPELLINGS = [
    "True",
    "none",
    "off",
    "422",
    "'422'",
    "200",
    "{'gone': '404'}",
    "gone=404",
    "/v1:None",
    "a.b",
    "1",
]


@pytest.mark.parametrize("text", SPELLINGS)
@pytest.mark.parametrize("key", [name.upper() for name in Settings.__slots__])
def test_spelling_that_is_told_is_taken(key, text):
    """What a message asks for works: no second message for what the first one asked for."""
    for value in (text, {"gone": text}, {"/v1": text}):
        with suppress(KeyError):
            try:
                settings_of(**{f"FAULTMAP_{key}": value})
            except ConfigError as exc:
                told = re.search(r"needs (.*?)( \(in TOML: (.*)\))?$", str(exc))
                if told is None:
                    continue
                meant = json.loads(told[1])
                right = dict.fromkeys(value, meant) if "[" in str(exc).partition(" is ")[0] else meant
                settings = settings_of(**{f"FAULTMAP_{key}": right})
                if told[3] == "false":
                    assert settings == settings_of(
                        **{f"FAULTMAP_{key}": json.loads(json.dumps(right).replace("null", "false"))}
                    )


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (
            "FAULTMAP_STATUSES__NOT_FOUND",
            "'NOT_FOUND'; allowed: a category or a code. Did you mean 'not_found'?",
        ),
        ("FAULTMAP_STATUSES__BoxLostError", "Did you mean 'box_lost'?"),
        ("FAULTMAP_STATUSES__box-lost", "Did you mean 'box_lost'?"),
        ("FAULTMAP_LOG_LEVELS__BOX_LOST", "Did you mean 'box_lost'?"),
        ("FAULTMAP_LOG_LEVELS__5XX", "Did you mean '5xx'?"),
        (
            "FAULTMAP_STATUSES__box__lost",
            '"box.lost"; .*JSON in the environment, {"box__lost": 404}',
        ),
        (
            "FAULTMAP_LOG_LEVELS__box__lost",
            '"box.lost"; .*JSON in the environment, {"box__lost": 404}',
        ),
        ("FAULTMAP__STATUSES__gone", "FAULTMAP is no setting; each is a key of its own: FAULTMAP_STATUSES$"),
    ],
)
def test_key_that_a_variable_misspells_is_told_with_the_right_one(key, told, monkeypatch):
    monkeypatch.setenv(f"FLASK_{key}", "404")
    app = Flask("shop")
    app.config.from_prefixed_env()

    with pytest.raises(ConfigError, match=told.replace("?", r"\?")):
        FaultMap(app)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[FAULTMAP_STATUSES]\nbox.lost = 404", 'needs quotes in TOML, "box.lost"'),
        ("[FAULTMAP]\nPROFILE = 'problem'\nscopes = {}", "own: FAULTMAP_PROFILE, FAULTMAP_SCOPES$"),
        ("[FAULTMAP]", "own: FAULTMAP_PROFILE$"),
        ("[FAULTMAP_COMPATIBILITY_MODE]\nv1 = true", "Did you mean '/v1'\\?"),
        ("[FAULTMAP_COMPATIBILITY_MODE]\n'/v1' = true\n'/v1/' = false", "allowed: each prefix once"),
        ("[FAULTMAP_SCOPES]\n'api/v2' = 'problem'", "Did you mean '/api/v2'\\?"),
        ("[FAULTMAP_SCOPES]\n'<v>' = 'problem'", "without '\\*' or '<…>'$"),
        ("FAULTMAP_PROFILE = 'PROBLEM'", "Did you mean 'problem'\\?"),
        ("FAULTMAP_VALIDATION_ERRORS = 'ALL'", "Did you mean 'all'\\?"),
    ],
)
def test_what_a_toml_file_says_wrongly_is_told_with_the_right_spelling(text, told):
    app = Flask("shop")
    app.config.from_mapping(tomllib.loads(text))

    with pytest.raises(ConfigError, match=told):
        FaultMap(app)


@pytest.mark.parametrize("word", ["", "two words", "x" * 65, "ü", BoxLostError, 404, None, ("a",)])
@pytest.mark.parametrize("key", ["STATUSES", "LOG_LEVELS"])
def test_key_that_can_be_no_code_is_refused(key, word):
    with pytest.raises(ConfigError, match=f"A key in FAULTMAP_{key} is .*; allowed: a category"):
        settings_of(**{f"FAULTMAP_{key}": {word if key == "STATUSES" or word != 404 else 200: 404}})


def test_level_of_a_status_is_given_once():
    with pytest.raises(ConfigError, match="A key in FAULTMAP_LOG_LEVELS is '404'; allowed: each key once"):
        settings_of(FAULTMAP_LOG_LEVELS={404: "INFO", "404": "ERROR"})


def test_map_itself_may_stand_in_the_config():
    assert settings_of(FAULTMAP=FaultMap()).type_base is None


def test_type_base_of_a_toml_file_may_be_null():
    assert settings_of(FAULTMAP_TYPE_BASE=False).type_base is None


class ShopCode(Enum):
    BOX_SOLD = "box_sold_twice"


class BoxSoldTwiceError(NotFoundError):
    """The box was sold to two."""

    code = ShopCode.BOX_SOLD


def test_keys_may_be_members_of_the_apps_enum():
    app = Flask("shop")
    app.config["FAULTMAP_STATUSES"] = {ShopCode.BOX_SOLD: 410}
    app.config["FAULTMAP_LOG_LEVELS"] = {ShopCode.BOX_SOLD: "INFO"}
    app.config["FAULTMAP_PROFILE"] = "sold"
    sold = Profile("sold", FAULT_MESSAGE.schema, wording={ShopCode.BOX_SOLD: "Sold, twice."})
    fault = FaultMap(app, profiles=[sold])
    with app.app_context():
        fault = fault.describe(BoxSoldTwiceError())

    assert (fault.status, fault.level, fault.text) == (410, logging.INFO, "Sold, twice.")


def app_of_two_versions(modes):
    app = Flask("shop")
    app.config["FAULTMAP_COMPATIBILITY_MODE"] = modes
    app.config["FAULTMAP_SCOPES"] = {"/v1/html": None, "/fm": "fault_message"}
    FaultMap(app)

    def fail(version):
        raise NotFoundError("no box")

    app.add_url_rule("/<version>/box", view_func=fail)
    return app


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/box", 400),
        ("/v1/nope", 400),
        ("/v2/box", 404),
        ("/v10/box", 404),
        ("/fm/box", 404),
        ("/v1", 400),
    ],
)
def test_one_old_client_is_answered_by_its_prefix(path, status):
    app = app_of_two_versions({"/v1/": True, "/fm": False})

    with capture_faults(app) as seen:
        response = app.test_client().get(path)

    assert (response.status_code, seen[0].original_status) == (status, 404)


def test_root_and_a_nested_prefix_have_modes_of_their_own():
    client = app_of_two_versions({"/": True, "/v2": None}).test_client()

    assert [client.get(path).status_code for path in ("/v1/box", "/v2/box")] == [400, 404]


def test_contract_and_list_show_the_statuses_of_each_prefix():
    app = app_of_two_versions({"/v1": True})

    entry = next(each for each in list_as_data(app)["errors"] if each["code"] == "not_found")

    assert entry["statuses"] == {"problem": 404, "fault_message": 400, "problem below /v1": 400}
    assert any("problem below /v1" in line for line in list_as_text(app, everything=True))


@pytest.mark.parametrize("prefix", ["v1", 7, "/a/*", "/<x>"])
def test_prefix_that_is_none_is_refused(prefix):
    with pytest.raises(ConfigError, match="A prefix in FAULTMAP_COMPATIBILITY_MODE is "):
        app_of_two_versions({prefix: True})


def test_code_that_no_class_has_is_a_finding():
    app = Flask("shop")
    app.config["FAULTMAP_STATUSES"] = {"box_gonne": 410, "gone": 404, "not_found": 404}
    app.config["FAULTMAP_LOG_LEVELS"] = {"nowhere_to_be_found": None, "5xx": "ERROR", 404: None}
    FaultMap(app)

    found = {finding.where for finding in check_app(app) if finding.check == "unknown-code"}

    assert found == {"FAULTMAP_STATUSES['box_gonne']", "FAULTMAP_LOG_LEVELS['nowhere_to_be_found']"}


class TellingError(NotFoundError):
    """It tells."""

    expose = True


def test_class_that_exposes_a_refusal_is_a_finding():
    app = Flask("shop")
    app.config["FAULTMAP_STATUSES"] = {"telling": 403}
    FaultMap(app)

    found = [finding for finding in check_app(app) if finding.check == "exposed-refusal"]

    here = [finding.where for finding in found if finding.where.startswith(__name__ + ":")]
    assert here == [__name__ + ":TellingError"]


def test_status_of_a_code_of_http_errors_is_a_finding():
    app = Flask("shop")
    app.config["FAULTMAP_STATUSES"] = {
        "malformed_json": 422,
        "unknown_path": 410,
        "gone": 404,
        "box_lost": 410,
    }
    FaultMap(app)

    found = {finding.where for finding in check_app(app) if finding.check == "idle-status"}

    assert found == {"FAULTMAP_STATUSES['malformed_json']", "FAULTMAP_STATUSES['unknown_path']"}
    assert app.test_client().get("/nope").status_code == 404
