"""Where an error comes from: its chain, its place in the app, its group."""

import json
import types

import pytest

from flask_faultmap.sinks.trail import origins
from flask_faultmap.sinks.trail.origins import MAX_LINKS, chain_of, fingerprint_of, origin_of


def chained(length):
    """Raise a chain of *length* errors, each the cause of the one before."""
    error = KeyError("0")
    for number in range(1, length):
        outer = ValueError(str(number))
        outer.__cause__ = error
        error = outer
    return error


@pytest.mark.parametrize("length", [1, 2, MAX_LINKS, MAX_LINKS + 1, 40])
def test_chain_keeps_its_first_links_and_one_more(length):
    links = chain_of(chained(length))

    assert len(links) == min(length, MAX_LINKS)
    assert [link.args[0] for link in links[:-1]] == [str(length - 1 - n) for n in range(len(links) - 1)]
    assert (links[-1].args[0] == "0") is (length <= 16)


def test_chain_that_is_a_ring_ends():
    first, second = KeyError("1"), KeyError("2")
    first.__cause__, second.__cause__ = second, first

    assert chain_of(first) == [first, second]


def fingerprint(raise_it):
    try:
        raise_it()
    except ValueError as exc:
        return fingerprint_of("shop", "internal", None, [origin_of(exc)])


def test_place_is_the_innermost_function_of_the_app():
    def here():
        json.loads("{")

    def there():
        json.loads("[1,")

    def here_too():
        here()

    assert fingerprint(here) == fingerprint(here_too)
    assert fingerprint(here) != fingerprint(there)


def test_error_that_was_raised_nowhere_has_a_group_too():
    error = ValueError("made, not raised")

    assert len(fingerprint_of("shop", "internal", None, [origin_of(error)])) == 20


MAKER = "def {name}():\n    {filler}\n    raise ValueError('no')\n"


def error_of(function):
    """Call *function* and give what it raises."""
    try:
        function()
    except ValueError as exc:
        return exc


def made(name, module="shop.orders", filler="pass"):
    """Compile a function that raises."""
    names = {"__name__": module}
    exec(MAKER.format(name=name, filler=filler), names)
    return names[name]


def last_frame(exc):
    return origin_of(exc).frames[-1]


def test_place_that_was_described_is_not_described_again():
    fail = made("fail")

    first, second = (origin_of(error_of(fail)) for _ in range(2))

    assert first is second
    assert first.frames[-1] == "shop.orders:fail:3"


def test_one_function_is_told_by_the_line_that_raised():
    fail = made("fail", filler="if asked: raise ValueError('early')")

    told = []
    for asked in (False, True, False):
        fail.__globals__["asked"] = asked
        told.append(last_frame(error_of(fail)))

    assert told == [f"shop.orders:fail:{line}" for line in (3, 2, 3)]


def test_one_code_in_two_modules_is_told_by_both_names():
    fail = made("fail")
    copy = types.FunctionType(fail.__code__, {**fail.__globals__, "__name__": "shop.returns"})
    nameless = types.FunctionType(fail.__code__, {"ValueError": ValueError})

    frames = [last_frame(error_of(each)) for each in (fail, copy, nameless, fail)]

    assert frames == [f"{name}:fail:3" for name in ("shop.orders", "shop.returns", "?", "shop.orders")]


def test_line_that_a_library_has_set_is_told():
    exc = error_of(made("fail"))
    link = exc.__traceback__.tb_next
    lines = [2, 3, 2]

    told = [
        last_frame(exc.with_traceback(types.TracebackType(None, link.tb_frame, link.tb_lasti, line)))
        for line in lines
    ]

    assert told == [f"shop.orders:fail:{line}" for line in lines]


@pytest.mark.parametrize("most", [2, origins.MOST_KEPT])
def test_functions_that_come_and_go_are_told_by_their_own_names(monkeypatch, most):
    monkeypatch.setattr(origins, "MOST_KEPT", most)
    names = [f"fail_{number}" for number in range(300)]

    told = [last_frame(error_of(made(name))) for name in names]

    assert told == [f"shop.orders:{name}:3" for name in names]


def test_no_more_is_kept_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(origins, "MOST_KEPT", 5)
    monkeypatch.setattr(origins, "_origins", {})

    for number in range(23):
        origin_of(error_of(made(f"fail_{number}")))

    assert len(origins._origins) == 3


def test_recursion_without_end_is_told_by_its_last_frames_and_not_kept(monkeypatch):
    monkeypatch.setattr(origins, "_origins", {})

    def fall():
        fall()

    with pytest.raises(RecursionError) as caught:
        fall()

    origin = origin_of(caught.value)
    assert len(origin.frames) == origins.MAX_FRAMES
    assert origin.frames[-1].startswith(f"{__name__}:{fall.__qualname__}:")
    assert origin.place == f"{__name__}:{fall.__qualname__}"
    assert not origins._origins


def test_class_is_told_by_its_module_unless_it_is_built_in():
    names = [origin_of(exc).name for exc in (KeyError(), json.JSONDecodeError("", "", 0))]

    assert names == ["KeyError", "json.decoder.JSONDecodeError"]
