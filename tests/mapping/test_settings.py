"""The settings: what each may be, and how every mistake is told at once."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_faultmap.categories import Category
from flask_faultmap.errors import ConfigError, NotFoundError
from flask_faultmap.mapping.reading import read_settings
from flask_faultmap.mapping.settings import STATUSES, Settings
from flask_faultmap.profiles import BUILT_IN, FAULT_MESSAGE, FIRECRACKER, PROBLEM

NEEDS = ". It is a text; an environment variable or a JSON file needs "

PROFILES = {profile.name: profile for profile in BUILT_IN}
KEYS = (
    "PROFILE",
    "COMPATIBILITY_MODE",
    "SCOPES",
    "STATUSES",
    "VALIDATION_STATUS",
    "LOG_LEVELS",
    "REQUEST_ID_HEADER",
    "AUTH_CHALLENGE",
    "TYPE_BASE",
)


class VmLostError(NotFoundError):
    """A class of an app, which is known by being there."""


def read(codes=(), **config):
    return read_settings({f"FAULTMAP_{key}": value for key, value in config.items()}, PROFILES, codes)


def mistakes_in(config):
    with pytest.raises(ConfigError) as caught:
        read_settings(config, PROFILES)
    return str(caught.value).splitlines()


RIGHT = [
    ("PROFILE", "firecracker", FIRECRACKER),
    ("COMPATIBILITY_MODE", True, True),
    ("COMPATIBILITY_MODE", False, False),
    ("COMPATIBILITY_MODE", None, None),
    ("SCOPES", {}, ()),
    ("SCOPES", {"/a": "problem", "/a/b/": None}, (("/a/b", None), ("/a", PROBLEM))),
    ("SCOPES", {"/": "fault_message"}, (("", FAULT_MESSAGE),)),
    ("STATUSES", {}, dict(STATUSES)),
    ("STATUSES", {"not_found": 410}, {**STATUSES, "not_found": 410}),
    ("STATUSES", {Category.GONE: HTTPStatus.NOT_FOUND}, {**STATUSES, "gone": 404}),
    ("STATUSES", {"quota_exceeded": 599}, {**STATUSES, "quota_exceeded": 599}),
    ("VALIDATION_STATUS", 400, 400),
    ("VALIDATION_STATUS", None, None),
    ("LOG_LEVELS", {}, {}),
    ("LOG_LEVELS", {"5xx": "ERROR", "4xx": None}, {"5xx": logging.ERROR, "4xx": None}),
    ("LOG_LEVELS", {403: "warning", "404": 15}, {"403": logging.WARNING, "404": 15}),
    ("LOG_LEVELS", {HTTPStatus.CONFLICT: 0, Category.GONE: 10}, {"409": None, "gone": 10}),
    ("LOG_LEVELS", {"vm_lost": "DEBUG", "2fa_needed": "INFO"}, {"vm_lost": 10, "2fa_needed": 20}),
    ("REQUEST_ID_HEADER", "X-Correlation-ID", "X-Correlation-ID"),
    ("AUTH_CHALLENGE", 'Basic realm="shop"', 'Basic realm="shop"'),
    ("TYPE_BASE", None, None),
    ("TYPE_BASE", "https://errors.example.com/", "https://errors.example.com/"),
    ("TYPE_BASE", "urn:problem:", "urn:problem:"),
    ("TYPE_BASE", "/problems/", "/problems/"),
]


@pytest.mark.parametrize(("key", "value", "expected"), RIGHT, ids=lambda given: str(given)[:40])
def test_right_value_is_taken(key, value, expected):
    assert getattr(read(**{key: value}), key.lower()) == expected


@pytest.mark.parametrize(
    ("key", "default"),
    [
        ("PROFILE", PROBLEM),
        ("COMPATIBILITY_MODE", None),
        ("SCOPES", ()),
        ("STATUSES", dict(STATUSES)),
        ("VALIDATION_STATUS", 422),
        ("LOG_LEVELS", {}),
        ("REQUEST_ID_HEADER", "X-Request-ID"),
        ("AUTH_CHALLENGE", 'Bearer realm="api"'),
        ("TYPE_BASE", None),
    ],
)
def test_default_is_the_documented_one(key, default):
    assert getattr(read(), key.lower()) == default


@pytest.mark.parametrize("category", Category)
def test_every_category_has_a_status_that_may_be_changed(category):
    assert 400 <= STATUSES[category] <= 599
    assert read(STATUSES={category: 418}).statuses[category] == 418


@pytest.mark.parametrize("word", sorted(logging.getLevelNamesMapping().keys() - {"NOTSET"}))
def test_every_name_of_a_level_is_taken_in_any_case(word):
    levels = read(LOG_LEVELS={"gone": word, "aborted": word.lower()}).log_levels

    assert levels == dict.fromkeys(("gone", "aborted"), logging.getLevelNamesMapping()[word])


def test_keys_of_others_are_none_of_ours():
    others = {"faultmap_profile": 5, "SECRET_KEY": "x", "FAULTMAPS": 1, 5: 6, None: 7}

    assert read_settings(others, PROFILES).profile is PROBLEM


def test_settings_do_not_change_when_the_config_does():
    statuses, levels = {"gone": 404}, {"gone": "ERROR"}
    settings = read(STATUSES=statuses, LOG_LEVELS=levels)

    statuses["gone"], levels["gone"] = 500, None

    assert (settings.statuses["gone"], settings.log_levels["gone"]) == (404, logging.ERROR)


PROFILE_NAMES = "'fault_message', 'firecracker', 'problem'"
LEVELS = "CRITICAL, DEBUG, ERROR, FATAL, INFO, WARN, WARNING, a number, None"
LOG_WORDS = "a category, a code, a status from 400 to 599, '4xx' or '5xx'"
MODES = "True, False, None, or a mapping of URL prefixes to these, such as {'/v1': True}"
SCOPES = "a mapping of URL prefixes to profile names or None, such as {'/api': 'problem'}"
STATUS_WORDS = "a mapping of categories or codes to statuses, such as {'not_found': 410}"
LEVEL_WORDS = "a mapping of codes, categories, statuses or '5xx' to levels, such as {'5xx': 'ERROR'}"
WRONG = [
    ("PROFILE", "probelm", f" is 'probelm'; allowed: {PROFILE_NAMES}. Did you mean 'problem'?"),
    ("PROFILE", "json", f" is 'json'; allowed: {PROFILE_NAMES}"),
    ("PROFILE", None, f" is None; allowed: {PROFILE_NAMES}"),
    ("PROFILE", ["problem"], f" is ['problem']; allowed: {PROFILE_NAMES}. Did you mean 'problem'?"),
    (
        "COMPATIBILITY_MODE",
        1,
        f" is 1; allowed: {MODES}. An environment variable or a JSON file needs true",
    ),
    (
        "COMPATIBILITY_MODE",
        "False",
        f" is 'False'; allowed: {MODES}{NEEDS}false",
    ),
    ("SCOPES", None, f" is None; allowed: {SCOPES}"),
    ("SCOPES", ["/a"], f" is ['/a']; allowed: {SCOPES}"),
    ("SCOPES", {"/a": "probelm"}, f"['/a'] is 'probelm'; allowed: {PROFILE_NAMES}. Did you mean 'problem'?"),
    ("STATUSES", 404, f" is 404; allowed: {STATUS_WORDS}"),
    ("STATUSES", {"gone": 399}, "['gone'] is 399; allowed: a status from 400 to 599"),
    ("STATUSES", {"gone": 600}, "['gone'] is 600; allowed: a status from 400 to 599"),
    (
        "STATUSES",
        {"gone": "404"},
        f"['gone'] is '404'; allowed: a status from 400 to 599{NEEDS}404",
    ),
    ("STATUSES", {"gone": True}, "['gone'] is True; allowed: a status from 400 to 599"),
    ("STATUSES", {"gone": None}, "['gone'] is None; allowed: a status from 400 to 599"),
    ("VALIDATION_STATUS", 200, " is 200; allowed: a status from 400 to 599, or None"),
    (
        "VALIDATION_STATUS",
        "422",
        f" is '422'; allowed: a status from 400 to 599, or None{NEEDS}422",
    ),
    (
        "LOG_LEVELS",
        "ERROR",
        f" is 'ERROR'; allowed: {LEVEL_WORDS}",
    ),
    ("LOG_LEVELS", {"5xx": "ERORR"}, f"['5xx'] is 'ERORR'; allowed: {LEVELS}. Did you mean 'ERROR'?"),
    ("LOG_LEVELS", {"5xx": "erorr"}, f"['5xx'] is 'erorr'; allowed: {LEVELS}. Did you mean 'ERROR'?"),
    ("LOG_LEVELS", {"5xx": "LOUD"}, f"['5xx'] is 'LOUD'; allowed: {LEVELS}"),
    ("LOG_LEVELS", {"5xx": "NOTSET"}, f"['5xx'] is 'NOTSET'; allowed: {LEVELS}"),
    ("LOG_LEVELS", {"5xx": True}, f"['5xx'] is True; allowed: {LEVELS}"),
    ("LOG_LEVELS", {"5xx": []}, f"['5xx'] is []; allowed: {LEVELS}"),
    ("REQUEST_ID_HEADER", "X Request", " is 'X Request'; allowed: the name of a header"),
    ("REQUEST_ID_HEADER", "X-ID\n", " is 'X-ID\\n'; allowed: the name of a header"),
    ("REQUEST_ID_HEADER", "", " is ''; allowed: the name of a header"),
    ("REQUEST_ID_HEADER", None, " is None; allowed: the name of a header"),
]
CHALLENGE = "a challenge as in WWW-Authenticate, such as 'Bearer realm=\"api\"'"
WRONG += [
    ("AUTH_CHALLENGE", value, f" is {value!r}; allowed: {CHALLENGE}")
    for value in (None, "", "  ", "Bearer\r\nX: 1", "Bearer realm=\u00e9", b"Bearer")
]
URI = "a URI prefix such as 'https://errors.example.com/', or None"
WRONG += [
    ("TYPE_BASE", value, f" is {value!r}; allowed: {URI}")
    for value in (
        "errors/",
        "https://a b/",
        "https://\u00e9/",
        "http://[",
        "",
        "https://x/\n",
        5,
        b"https://x/",
    )
]


@pytest.mark.parametrize(("key", "value", "told"), WRONG, ids=lambda given: str(given)[:40])
def test_wrong_value_is_told_with_what_is_allowed(key, value, told):
    assert mistakes_in({f"FAULTMAP_{key}": value}) == [f"FAULTMAP_{key}{told}"]


PREFIXES = "a text that begins with '/', without '*' or '<…>'"
WRONG_KEYS = [
    ("SCOPES", {"api": None}, f"is 'api'; allowed: {PREFIXES}. Did you mean '/api'?"),
    ("SCOPES", {"": None}, f"is ''; allowed: {PREFIXES}"),
    ("SCOPES", {None: None}, f"is None; allowed: {PREFIXES}"),
    ("SCOPES", {"/api/*": None}, f"is '/api/*'; allowed: {PREFIXES}"),
    ("SCOPES", {"/<room>": None}, f"is '/<room>'; allowed: {PREFIXES}"),
    (
        "SCOPES",
        {"/a": None, "/a/": None},
        "is '/a/'; allowed: each prefix once, with or without a '/' at its end",
    ),
    (
        "STATUSES",
        {"not_fuond": 410},
        "is 'not_fuond'; allowed: a category or a code. Did you mean 'not_found'?",
    ),
    ("STATUSES", {404: 410}, "is 404; allowed: a category or a code"),
    ("STATUSES", {"404": 410}, "is '404'; allowed: a category or a code"),
    ("STATUSES", {"5xx": 500}, "is '5xx'; allowed: a category or a code"),
    (
        "STATUSES",
        {NotFoundError: 410},
        f"is {NotFoundError!r}; allowed: a category or a code. Did you mean 'not_found'?",
    ),
    ("LOG_LEVELS", {"interal": None}, f"is 'interal'; allowed: {LOG_WORDS}. Did you mean 'internal'?"),
    ("LOG_LEVELS", {"5XX": None}, f"is '5XX'; allowed: {LOG_WORDS}. Did you mean '5xx'?"),
    ("LOG_LEVELS", {"2xx": None}, f"is '2xx'; allowed: {LOG_WORDS}"),
    ("LOG_LEVELS", {600: None}, f"is 600; allowed: {LOG_WORDS}"),
    ("LOG_LEVELS", {"4034": None}, f"is '4034'; allowed: {LOG_WORDS}"),
    ("LOG_LEVELS", {None: None}, f"is None; allowed: {LOG_WORDS}"),
]


@pytest.mark.parametrize(("key", "value", "told"), WRONG_KEYS, ids=lambda given: str(given)[:40])
def test_wrong_key_of_a_mapping_is_told_with_what_is_allowed(key, value, told):
    name = "prefix" if key == "SCOPES" else "key"

    assert mistakes_in({f"FAULTMAP_{key}": value}) == [f"A {name} in FAULTMAP_{key} {told}"]


@pytest.mark.parametrize("word", ["vm_lost", "not_founds_2", "unheard_of", "fax_gone"])
def test_word_that_may_be_a_code_is_no_mistake(word):
    assert read(STATUSES={word: 410}).statuses[word] == 410


def test_code_of_a_rule_may_be_close_to_a_category():
    assert read(["not_fund"], STATUSES={"not_fund": 402}).statuses["not_fund"] == 402


@pytest.mark.parametrize(
    ("key", "miss"),
    [
        ("FAULTMAP_PROFIL", ". Did you mean 'FAULTMAP_PROFILE'?"),
        ("FAULTMAP_STATUS", ". Did you mean 'FAULTMAP_STATUSES'?"),
        ("FAULTMAP_profile", ". Did you mean 'FAULTMAP_PROFILE'?"),
        ("FAULTMAP_Scopes", ". Did you mean 'FAULTMAP_SCOPES'?"),
        ("FAULTMAP_PREFIXES_OF_SOMETHING_ELSE", ""),
    ],
)
def test_unknown_key_is_a_mistake_with_its_near_miss(key, miss):
    assert mistakes_in({key: "problem"}) == [f"{key} is no setting{miss}"]


@pytest.mark.parametrize("key", ["FAULTMAP_", "FAULTMAP__", "FAULTMAP_PROFILE ", "FAULTMAP_READ_PROFILE"])
def test_key_that_only_begins_like_a_setting_is_a_mistake(key):
    assert mistakes_in({key: "problem"})[0].startswith(f"{key} is no setting")


def test_all_mistakes_are_told_in_one_error_in_the_order_of_their_keys():
    config = {f"FAULTMAP_{key}": object() for key in (*KEYS, "NONSENSE")}

    told = mistakes_in(config)

    assert [line.split(" ")[0] for line in told] == sorted(config)


def test_all_mistakes_within_one_mapping_are_told():
    told = mistakes_in({"FAULTMAP_STATUSES": {"gone": 1, 5: 2, "abortd": 400}})

    assert [line.split(";")[0] for line in told] == [
        "FAULTMAP_STATUSES['gone'] is 1",
        "A key in FAULTMAP_STATUSES is 5",
        "FAULTMAP_STATUSES[5] is 2",
        "A key in FAULTMAP_STATUSES is 'abortd'",
    ]


def fails(*_):
    raise RuntimeError("not today")


def rude(base, *names):
    return type(f"Rude{base.__name__.title()}", (base,), dict.fromkeys(names, fails))


# Held in a mapping: what collects tests looks at each name of the module.
RUDE = {
    "object": rude(object, "__repr__", "__str__", "__eq__", "__hash__", "__bool__", "__len__")(),
    "text": rude(str, "__repr__", "__str__", "__eq__", "__hash__", "strip", "isascii", "startswith")("/a"),
    "number": rude(int, "__repr__", "__bool__", "__eq__", "__hash__", "__le__", "__ge__", "__lt__")(404),
    "dict": rude(dict, "__repr__", "items", "keys", "__iter__")(gone=404),
    "mapping": rude(Mapping, "__getitem__", "__iter__", "__len__", "__bool__")(),
    "liar": type("Liar", (), {"__class__": property(fails)})(),
}
RUDE_KEY = {"key": rude(str, "__repr__", "__str__", "startswith", "rstrip")("/a")}


def outcome_of(config):
    """Give the settings, or what is wrong with them."""
    try:
        return read(**config)
    except ConfigError as exc:
        return str(exc)


@pytest.mark.parametrize(
    "around", [lambda value: value, lambda value: {"/gone": value}], ids=["bare", "held"]
)
@pytest.mark.parametrize("value", RUDE)
@pytest.mark.parametrize("key", KEYS)
def test_value_that_raises_when_it_is_looked_at_is_a_mistake_of_its_key(key, value, around):
    outcome = outcome_of({key: around(RUDE[value])})

    assert isinstance(outcome, Settings) or f"FAULTMAP_{key}" in outcome


def test_value_that_raises_does_not_hide_the_mistakes_of_the_others():
    told = mistakes_in({"FAULTMAP_PROFILE": RUDE["object"], "FAULTMAP_TYPE_BASE": 5})

    assert told == [
        "FAULTMAP_PROFILE cannot be read: RuntimeError was raised by its value",
        f"FAULTMAP_TYPE_BASE is 5; allowed: {URI}",
    ]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-1, 700)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=4)
    | st.sampled_from(["problem", "/", "/a", "/a/", "5xx", "404", "gone", "ERROR", *PROFILES, *Category])
)
VALUES = st.recursive(
    SCALARS | st.sampled_from(sorted(RUDE)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(SCALARS | st.sampled_from(sorted(RUDE_KEY)), inner, max_size=3)
    ),
    max_leaves=6,
)


def planted(value):
    """Put the rude objects where their names stand."""
    if isinstance(value, dict):
        return {RUDE_KEY.get(key, key): planted(held) for key, held in value.items()}
    return [planted(held) for held in value] if isinstance(value, list) else RUDE.get(value, value)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1))
@example({"SCOPES": {"key": None}})
@example({"STATUSES": {"gone": "number"}})
@example({"LOG_LEVELS": {"gone": 10**5000}})
@example({"TYPE_BASE": "x" * 100_000})
def test_whatever_the_values_are_there_are_settings_or_one_config_error(config):
    assert isinstance(outcome_of(planted(config)), Settings | str)


SCOPES = {"/fc": "firecracker", "/fc/v2/": "fault_message", "/web": None}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/fc", ("/fc", FIRECRACKER)),
        ("/fc/", ("/fc", FIRECRACKER)),
        ("/fc/x/y", ("/fc", FIRECRACKER)),
        ("/fc/v2", ("/fc/v2", FAULT_MESSAGE)),
        ("/fc/v2/x", ("/fc/v2", FAULT_MESSAGE)),
        ("/fc/v22", ("/fc", FIRECRACKER)),
        ("/fcx", ("", PROBLEM)),
        ("/FC", ("", PROBLEM)),
        ("/web/x", ("/web", None)),
        ("/", ("", PROBLEM)),
        ("", ("", PROBLEM)),
        ("*", ("", PROBLEM)),
    ],
)
def test_longest_prefix_on_borders_of_segments_wins(path, expected):
    assert read(SCOPES=SCOPES).profile_of(path) == expected


@pytest.mark.parametrize("path", ["/", "", "/x", "//x"])
@pytest.mark.parametrize(("name", "profile"), [("firecracker", FIRECRACKER), (None, None)])
def test_scope_of_the_root_is_everything_else(path, name, profile):
    settings = read(SCOPES={"/": name, "/fc": "problem"})

    assert settings.profile_of(path) == ("", profile)
    assert settings.profile_of("/fc/x") == ("/fc", PROBLEM)


def test_without_scopes_the_profile_of_the_app_answers_everywhere():
    assert read(PROFILE="fault_message").profile_of("/x") == ("", FAULT_MESSAGE)


@pytest.mark.parametrize("key", ["STATUSES", "VALIDATION_STATUS"])
def test_status_is_a_plain_number_whatever_it_was_written_as(key):
    status = HTTPStatus.CONFLICT
    settings = read_settings(
        {f"FAULTMAP_{key}": {"gone": status} if key == "STATUSES" else status},
        {profile.name: profile for profile in BUILT_IN},
    )

    kept = settings.statuses["gone"] if key == "STATUSES" else settings.validation_status
    assert (kept, type(kept)) == (409, int)
