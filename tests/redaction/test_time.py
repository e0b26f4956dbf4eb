"""No regular expression of the package takes more than linear time, whatever it reads.

Times are those of the processor, the best of some rounds: a busy machine makes a round slow, never all.
"""

import ast
import inspect
import pkgutil
import re
import time
from functools import cache, partial
from importlib import import_module

import pytest
from hurting import near_matches

import flask_faultmap
from flask_faultmap import defining
from flask_faultmap.profiles import profile
from flask_faultmap.redaction import names, reading, redact, redact_url
from flask_faultmap.redaction.replacing import compiled
from flask_faultmap.upstreams import bodies, masking

LOOK = 1_024  # characters with which the texts are found that hurt most
SHORT, LONG = 16_384, 65_536
LINEAR = 4 * 2.5  # four times the text; the rest is for caches that it leaves
NOISE = 0.002  # seconds: less than that is no measurement
ROUNDS = 5
HOPELESS = 0.5  # seconds: ten times the slowest of a long text
SHARES = 6
# Only matched from a given character on.
MATCHED = {
    defining.URI.pattern,
    profile.MEDIA_TYPE.pattern,
    reading.WORD_END.pattern,
    names.SECRET_NAME,
    r"(?P<dialect>\w+)(?:\+(?P<driver>\w+))?://(?P<rest>.*)",  # of the trail, an extra
    r"(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]*)(?::(?P<port>[0-9]{0,5}))?(?:[/?].*)?",  # likewise
}
CALLS = ("compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")

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
    *("a:b@c ", "see token: abc d ", "/srv/a/b ", "x=%70a%20 ", "password é", "-p a ", "sqlplus a/b@c "),
    *("password: x\n", "<p>password: a</p><html>", "#0 a", "a b c:d ", "aA1 ", "{&quot;pass&quot;:", "--a "),
]


@cache
def modules():
    """Give all modules of the package whose extras are installed."""
    found = []
    for module in pkgutil.walk_packages(flask_faultmap.__path__, "flask_faultmap."):
        try:
            found.append(import_module(module.name))
        except ImportError:  # an extra that is not installed
            continue
    return found


def spelt_in(module):
    """Give the patterns that stand in calls of ``re``, and the calls whose pattern is no constant."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=name)) if name in CALLS:
                arguments = node.args[: 2 if name == "compile" else 1]
                try:
                    yield re.compile(*(eval(ast.unparse(one), vars(module)) for one in arguments))
                except NameError:
                    yield f"{module.__name__}: {ast.unparse(node)}"


def tables_of(module):
    """Give the patterns of the tables that are compiled at their first use."""
    for name, table in vars(module).items():
        if name.endswith("PATTERNS") or name == "FLATTEN":
            for _, entries in compiled(table):
                yield from (pattern for pattern, _ in entries)


@cache
def patterns_of_the_package():
    """Give all patterns of all modules, those that are compiled at their first use too."""
    found = [one for module in modules() for one in [*spelt_in(module), *tables_of(module)]]
    return {one.pattern: one for one in found if not isinstance(one, str) and isinstance(one.pattern, str)}


def cost(function, text):
    """Give the processor's time for *text*, in seconds."""
    start = time.process_time()
    function(text)
    return time.process_time() - start


def is_linear(function, short, long):
    """Whether *long*, four times *short*, takes in the best of some rounds about four times as long."""
    least = most = HOPELESS
    for _ in range(ROUNDS):
        least = min(least, cost(function, short))
        if least >= HOPELESS:
            return False
        most = min(most, cost(function, long))
        if most <= max(NOISE, least) * LINEAR:
            return True
    return False


def filled(unit, length):
    return (unit * (length // len(unit) + 1))[:length]


def test_every_pattern_is_found():
    unknown = [one for module in modules() for one in spelt_in(module) if isinstance(one, str)]

    assert len(patterns_of_the_package()) > 90
    assert [place.partition(": ")[0] for place in unknown] == [
        "flask_faultmap.http.likeness",  # a word between separators, word for word
        "flask_faultmap.redaction.replacing",  # the tables, which are read here
    ]


def test_a_slow_pattern_is_seen():
    slow = re.compile(r"a+b")

    assert not is_linear(slow.search, "a" * 2_048, "a" * 8_192)


@pytest.mark.long
@pytest.mark.parametrize("share", range(SHARES))  # as no module is imported to collect the tests
def test_four_times_the_text_takes_four_times_the_time(share):
    slow = []
    for pattern in list(patterns_of_the_package().values())[share::SHARES]:
        run = pattern.match if pattern.pattern in MATCHED else partial(pattern.sub, "")
        worst = sorted([*UNITS, *near_matches(pattern)], key=lambda unit: cost(run, filled(unit, LOOK)))
        for unit in worst[-1:]:
            if not is_linear(run, filled(unit, SHORT), filled(unit, LONG)):
                slow.append((unit, pattern.pattern))

    assert slow == []


READERS = {
    "redact": redact,
    "redact, long": lambda text: redact(text, 100_000),
    "redact_url": redact_url,
    "a body": bodies.redacted,
    "a body of short texts": lambda text: bodies.redacted(re.findall(r"[\s\S]{1,8}", text)),
    "a chain": masking.mask_secrets,
}


@pytest.mark.long
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_long_text_takes_no_more_than_four_times_the_time_of_a_short_one(reader):
    slow = [unit for unit in UNITS if not is_linear(reader, filled(unit, SHORT), filled(unit, LONG))]

    assert slow == []


@pytest.mark.parametrize("unit", UNITS[::4])
def test_redaction_of_a_long_text_takes_no_more_than_of_a_short_one(unit):
    assert is_linear(redact, filled(unit, SHORT), filled(unit, LONG))
