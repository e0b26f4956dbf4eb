"""The short way through messages says what the careful one says."""

from collections import OrderedDict

from hypothesis import example, given
from hypothesis import strategies as st

from flask_faultmap.http.messages import MAX_DEPTH, MAX_VIOLATIONS, _walk, messages_of
from flask_faultmap.http.wording import MAX_MESSAGE, say_message

MESSAGES = st.sampled_from(
    ["Not a valid string.", "", "x" * MAX_MESSAGE, "x" * (MAX_MESSAGE + 1), None, 5, b"no"]
)
STEPS = st.sampled_from(["name", "_schema", "a/b", "", 0, 1, None, (1, 2), "x" * 200])


def nested(leaves):
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.dictionaries(STEPS, inner, max_size=4),
            st.dictionaries(STEPS, inner, max_size=2).map(OrderedDict),
            st.lists(inner, max_size=3),
            st.tuples(inner),
        ),
        max_leaves=12,
    )


def deep(levels, inner):
    for level in range(levels):
        inner = {f"level{level}": inner}
    return inner


@given(nested(st.one_of(MESSAGES, MESSAGES.map(lambda message: [message]), st.just({}))))
@example({"name": ["Not a valid string."], "disks": {0: {"size": ["Must be 1."]}}})
@example({"name": ["Not a valid string."], "disks": {"0": {"size": ["Must be 1."]}}})
@example({"name": ["one", "two"], "_schema": ["three"]})
@example(deep(MAX_DEPTH - 1, {"name": ["too deep?"]}))
@example(deep(MAX_DEPTH, {"name": ["too deep?"]}))
@example(deep(MAX_DEPTH + 1, {"name": ["too deep?"]}))
@example({str(number): ["no"] for number in range(MAX_VIOLATIONS + 1)})
@example({str(number): {"a": ["no"], "b": ["no"]} for number in range(MAX_VIOLATIONS)})
@example({"a": ["no"], "b": {}, "c": ["no"]})
def test_short_way_says_what_the_careful_one_says(told):
    assert [*messages_of(told)] == [(path, say_message(leaf)) for path, leaf in _walk(told)]


def test_shared_messages_without_a_text_take_no_time():
    empty = {}
    for _ in range(MAX_DEPTH):
        empty = {str(number): empty for number in range(MAX_VIOLATIONS)}

    assert [*messages_of({"name": ["no"], "more": empty})] == [(("name",), "no")]
