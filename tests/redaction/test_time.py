"""No regular expression of the package takes more than linear time, whatever it reads."""

import pkgutil
import re
import time
from functools import cache
from importlib import import_module

import pytest

import flask_faultmap
from flask_faultmap import defining
from flask_faultmap.profiles import profile
from flask_faultmap.redaction import redact

SHORT, LONG = 16_384, 65_536
LINEAR = 4 * 2.5  # four times the text; the rest is for a busy machine
# Only matched from the first character on, with what a developer wrote.
WHOLE = (defining.URI, profile.MEDIA_TYPE)
CACHED = type(cache(len))
NOISE = 0.004  # seconds: less than that is no measurement

UNITS = [
    *(
        "a",
        " ",
        "\n",
        "\t",
        "a ",
        "a\n",
        " \n",
        "\n ",
        "1",
        "A1b",
        "_",
        "-",
        ".",
        ",",
        ":",
        ";",
        "=",
        "@",
        "/",
        "\\",
        "%",
        "%70",
        "&a=",
    ),
    *(
        "//",
        "://",
        "://a:",
        ":\\/\\/",
        "u:p@",
        "a/b@",
        "a/b",
        "/a",
        "/a ",
        "\\\\a",
        "\\u0070",
        "?a=",
        "[",
        "{",
        "(",
        "<",
        "'",
        '"',
        "''",
        '\\"',
    ),
    *("&quot;", "<html><", "<script", "<!--", "<a:", "<password>", "\x1b[", "\x1b]", "é", "\ud800"),
    *(
        "password",
        "password=",
        "password: |\n ",
        'password="',
        "(('password',",
        "--password ",
        "unexpected token: ",
    ),
    *(
        "-----BEGIN PRIVATE KEY",
        "-----END PRIVATE KEY",
        'Traceback (most recent call last):\n  File "',
        '  File "x", line 1\n',
    ),
    *(
        " at a.b(c.java:1)",
        " at a",
        "\n   at a.b(",
        "... 1 more",
        "goroutine 1 [a]:",
        "goroutine 1 [a]: f\n a.go:1 ",
        "a.go:1 ",
    ),
    *(
        "f(1)\n a.go:1 +0x1\n",
        "#0 a(1): ",
        " #1 ",
        "#0 a",
        "a.rb:1:in `f'",
        "from ",
        "stack backtrace:\n 0: a\n",
        " 1: a\n      at b\n",
    ),
    *(
        "f@http://a:1:2 ",
        "Bearer ",
        "basic A1",
        "authorization: a=b,",
        "cookie: a=",
        "sqlplus ",
        "sqlplus -s ",
        "ORA-1 a/b",
        "mysql -",
    ),
    *(
        "identified by ",
        "identified with a ",
        "PASSWORD '",
        "eyJ",
        "sk-",
        "SG.a",
        "AKIA",
        "a-",
        "hooks.slack.com/services/",
        "postgres://a",
    ),
    *(
        "header part ",
        "header value b'",
        "GET /",
        "'/a/b ",
        "'/srv/a ",
        "C:\\a\\",
        "file://",
        "a:///",
        "api key ",
        "tokens.",
        "charset = ",
    ),
]


def found_in(value):
    """Give the patterns that *value* is or holds."""
    if type(value) is re.Pattern:
        yield value
    elif type(value) in (tuple, list):
        for item in value:
            yield from found_in(item)


@cache
def patterns_of_the_package():
    """Give all patterns of all modules, those that are compiled at their first use too."""
    found = {}
    for module in pkgutil.walk_packages(flask_faultmap.__path__, "flask_faultmap."):
        try:
            names = vars(import_module(module.name))
        except ImportError:  # an extra that is not installed
            continue
        for value in list(names.values()):
            if type(value) is CACHED:
                compiles = value.__module__.startswith("flask_faultmap.redaction")
                value = value() if compiles and not value.__wrapped__.__code__.co_argcount else None
            for pattern in found_in(value):
                if isinstance(pattern.pattern, str) and pattern not in WHOLE:
                    found[pattern.pattern] = pattern
    return list(found.values())


def cost(pattern, text):
    """Give the best of some runs over *text*, as the processor counts it."""
    best = 9.0
    for _ in range(3):
        start = time.process_time()
        pattern.sub("", text)
        best = min(best, time.process_time() - start)
        if best < NOISE * LINEAR:
            break
    return best


def filled(unit, length):
    return (unit * (length // len(unit) + 1))[:length]


def test_the_patterns_are_found():
    assert len(patterns_of_the_package()) > 80


@pytest.mark.long
@pytest.mark.parametrize("unit", UNITS)
def test_four_times_the_text_takes_four_times_the_time(unit):
    short, long = filled(unit, SHORT // 4), filled(unit, LONG // 4)  # there are very many
    slow = {}
    for pattern in patterns_of_the_package():
        large = cost(pattern, long)
        if large > NOISE * LINEAR and large > cost(pattern, short) * LINEAR:
            slow[pattern.pattern[:80]] = large

    assert slow == {}


@pytest.mark.parametrize("unit", UNITS)
def test_redaction_of_a_long_text_takes_no_more_than_of_a_short_one(unit):
    redact(unit)
    costs = []
    for length in (SHORT, LONG):
        text = filled(unit, length)
        start = time.process_time()
        redact(text)
        costs.append(time.process_time() - start)

    assert costs[1] < max(costs[0], 0.01) * LINEAR
