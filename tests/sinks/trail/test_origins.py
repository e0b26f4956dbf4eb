"""Where an error comes from: its chain, its place in the app, its group."""

import json

import pytest

from flask_faultmap.sinks.trail.origins import MAX_LINKS, chain_of, fingerprint_of


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
    assert [link.exc.args[0] for link in links[:-1]] == [str(length - 1 - n) for n in range(len(links) - 1)]
    assert (links[-1].exc.args[0] == "0") is (length <= 16)


def test_chain_that_is_a_ring_ends():
    first, second = KeyError("1"), KeyError("2")
    first.__cause__, second.__cause__ = second, first

    assert [link.exc for link in chain_of(first)] == [first, second]


def fingerprint(raise_it):
    try:
        raise_it()
    except ValueError as exc:
        return fingerprint_of("shop", "internal", None, chain_of(exc))


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

    assert len(fingerprint_of("shop", "internal", None, chain_of(error))) == 20
