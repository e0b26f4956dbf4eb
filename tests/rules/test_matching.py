"""How conditions look at an exception: its chain, its attributes, the ends of its text."""

import re
from enum import Enum
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_faultmap.rules.matching import MAX_LINKS, READ, Text, causes, look_up


def chain(length):
    """Make an exception with *length* links behind it."""
    links = [ValueError(str(at)) for at in range(length + 1)]
    for at in range(length):
        links[at].__cause__ = links[at + 1]
    return links


def test_causes_are_walked_from_the_outermost_link():
    first, *rest = chain(3)

    assert [*causes(first)] == rest


def test_exception_without_a_cause_has_no_links():
    assert [*causes(ValueError())] == []


def test_context_is_no_cause():
    exc = ValueError()
    exc.__context__ = OSError()

    assert [*causes(exc)] == []


def test_from_none_is_a_barrier():
    inner = KeyError()
    inner.__cause__ = OSError()

    try:
        try:
            raise inner
        except KeyError:
            raise ValueError from None
    except ValueError as exc:
        raised = exc

    assert raised.__context__ is inner
    assert [*causes(raised)] == []


@pytest.mark.parametrize(("length", "walked"), [(15, 15), (16, 16), (17, 16), (1000, 16)])
def test_at_most_sixteen_links_are_walked(length, walked):
    first, *rest = chain(length)

    assert MAX_LINKS == 16
    assert [*causes(first)] == rest[:walked]


@pytest.mark.parametrize("back_to", [0, 1, 2])
def test_cycle_ends_the_chain(back_to):
    links = chain(2)
    links[-1].__cause__ = links[back_to]

    assert [*causes(links[0])] == links[1:]


class Unequal(ValueError):
    def __eq__(self, other):
        raise RuntimeError("do not compare me")

    __hash__ = None


def test_chain_is_walked_by_identity():
    exc = Unequal()
    exc.__cause__ = Unequal()

    assert [type(link) for link in causes(exc)] == [Unequal]


class Code(Enum):
    NOT_FOUND = 5


class SDKError(Exception):
    def __init__(self, **attributes):
        super().__init__("text")
        self.__dict__.update(attributes)

    @property
    def raising(self):
        raise RuntimeError("not connected")

    @property
    def absent(self):
        raise AttributeError("lazily missing")

    @property
    def unlisted(self):
        raise KeyError("no such rule")


@pytest.mark.parametrize(
    ("attributes", "path", "value"),
    [
        ({"code": Code.NOT_FOUND}, "code", Code.NOT_FOUND),
        ({"code": None}, "code", None),
        ({"code": Code.NOT_FOUND}, "code.value", 5),
        ({"orig": SimpleNamespace(sqlstate="23505")}, "orig.sqlstate", "23505"),
        ({"response": {"Error": {"Code": "NoSuchKey"}}}, "response.Error.Code", "NoSuchKey"),
        ({"errors": [{"reason": "quota"}, 7]}, "errors.0.reason", "quota"),
        ({"pair": (1, 2)}, "pair.1", 2),
        (
            {"body": {"keys": "a member counts more than a method"}},
            "body.keys",
            "a member counts more than a method",
        ),
        ({"body": {}}, "body.__len__.__name__", "__len__"),
        ({}, "args.0", "text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_path_goes_by_attributes_keys_and_indexes(attributes, path, value):
    assert look_up(SDKError(**attributes), path) == value


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "code.nothing",
        "body.nothing",
        "rules.2",
        "rules.-1",
        "rules.x",
        "code.0",
        "",
        "code.",
        "absent",
    ],
)
def test_missing_step_is_a_lookup_error(path):
    exc = SDKError(code=5, body={"a": 1}, rows=[1, 2])

    with pytest.raises(LookupError):
        look_up(exc, path)


@pytest.mark.parametrize(("path", "problem"), [("raising", RuntimeError), ("unlisted", KeyError)])
def test_what_a_property_raises_comes_through(path, problem):
    with pytest.raises(problem):
        look_up(SDKError(), path)


def test_property_is_asked_once():
    asked = []

    class CountingError(Exception):
        @property
        def code(self):
            asked.append(1)
            return 7

    assert (look_up(CountingError(), "code"), len(asked)) == (7, 1)


@pytest.mark.parametrize(
    ("text", "markers", "found"),
    [
        ("HTTP 401 Unauthorized", ("http 401",), True),
        ("HTTP 4010", ("http 401",), False),
        ("XHTTP 401", ("http 401",), False),
        ("HTTP 401", ("HTTP 401",), True),
        ("HTTP 4010, then http 401.", ("http 401",), True),
        ("error=not found in /etc/passwd", ("not found in", "/etc/passwd"), True),
        ("not found in the catalogue", ("not found in", "/etc/passwd"), False),
        ("a/etc/passwd", ("/etc/passwd",), True),
        ("/etc/passwd_old", ("/etc/passwd",), False),
        ("too_many", ("too_many",), True),
        ("too_many_open", ("too_many",), False),
        ("STRASSE gesperrt", ("straße gesperrt",), True),
        ("größer", ("größe r",), False),
        ("a b a b", ("b a",), True),
        ("", ("a b",), False),
        ("x (timeout)", ("(timeout)",), True),
        ("xx (timeout)y", ("(timeout)",), True),
        ("aaab aab", ("aab",), True),
    ],
)
def test_markers_stand_on_word_borders_in_any_case(text, markers, found):
    assert Text(text).has_all(tuple(marker.casefold() for marker in markers)) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" not here " + "x" * 3 * READ, True),
        ("x" * 3 * READ + " not here ", True),
        (" " * (READ - 9) + " not here" + "." * 2 * READ, True),
        (" " * (READ - 8) + " not here" + "." * 2 * READ, False),
        (" " * (READ - 9) + " not here" + "s" * 2 * READ, False),
        (" " * 2 * READ + "not here " + " " * (READ - 9), True),
        (" " * 2 * READ + "not here " + " " * (READ - 8), False),
        ("s" * 2 * READ + "not here " + " " * (READ - 9), False),
        ("." * READ + " not here " + "." * READ, False),
        ("." * (READ - 5) + " not here " + "." * (READ - 5), True),
    ],
    ids=[
        "at the start",
        "at the end",
        "ends with the first part",
        "one character after the first part",
        "word goes on behind the first part",
        "starts with the last part",
        "one character before the last part",
        "word began before the last part",
        "in the middle",
        "in the middle of a text that is read whole",
    ],
)
def test_first_and_last_4096_characters_are_read(text, found):
    assert READ == 4096
    assert Text(text).has_all(("not here",)) is found


def test_marker_is_not_pieced_together_from_both_ends():
    text = "." * (READ - 4) + " not" + "." * READ + "here " + "." * (READ - 5)

    assert Text(text).has_all(("not here",)) is False


def test_character_that_grows_when_collapsed_is_not_half_read():
    text = "." * (READ - 3) + "an " + "İ" * 2 * READ

    assert Text(text).has_all(("an i",)) is False


def slowly_has_all(text, markers):
    """The same by regular expressions, and by another way to find the parts that are read."""
    parts = [(0, len(text))] if len(text) <= 2 * READ else [(0, READ), (len(text) - READ, len(text))]
    return all(any(_found(marker, text, *part) for part in parts) for marker in markers)


def _found(marker, text, start, end):
    left = r"(?<!\w)" if re.match(r"\w", marker) else ""
    right = r"(?!\w)" if re.search(r"\w\Z", marker) else ""
    occurrences = re.finditer(f"{left}(?={re.escape(marker)}{right})", text.casefold())
    first, last = len(text[:start].casefold()), len(text[:end].casefold()) - len(marker)
    return any(first <= occurrence.start() <= last for occurrence in occurrences)


LETTERS = st.text("aB1_ .é\u0301ßİ\n", max_size=30)


@given(LETTERS, st.lists(st.text("aB1_ .éßi", min_size=1, max_size=4), min_size=1, max_size=2))
@example("ßß", ["ss"])
@example("aB aB1", ["ab"])
def test_short_text_is_read_as_the_slow_reference_does(text, markers):
    collapsed = tuple(marker.casefold() for marker in markers)

    assert Text(text).has_all(collapsed) is slowly_has_all(text, collapsed)


@given(LETTERS, LETTERS, LETTERS, st.integers(-12, 12), st.integers(-12, 12))
def test_long_text_is_read_as_the_slow_reference_does(left, marker, right, head, tail):
    collapsed = (f"a{marker}b".casefold(),)
    planted = f"{left}a{marker}b{right}"
    text = planted.rjust(READ + head, ".") + "-" * READ + planted.ljust(READ + tail, ".")

    assert Text(text).has_all(collapsed) is slowly_has_all(text, collapsed)


@given(LETTERS, st.text("aB1_ .éßi", min_size=1, max_size=4))
def test_marker_that_is_not_in_the_whole_is_nowhere(text, marker):
    read = Text(text * 400)

    assert marker.casefold() in read.whole or not read.has_all((marker.casefold(),))
