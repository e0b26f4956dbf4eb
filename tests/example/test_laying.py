"""Texts in lines: JSON is whole in each, and no word is broken."""

import json

from hypothesis import given
from hypothesis import strategies as st

from example_app.laying import fill, lay, shorten, units_of

WORDS = st.text("abcxyz-/:\"\\'é,{}[]", min_size=1, max_size=12)
TEXTS = st.lists(WORDS, max_size=8).map(" ".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)
WIDTHS = st.integers(60, 120)


@given(JSON, WIDTHS)
def test_lines_of_json_are_the_document_broken_at_blanks(value, width):
    lines = lay(json.dumps(value), width)

    assert " ".join(lines) == json.dumps(value, ensure_ascii=False)
    assert max(map(len, lines)) <= width


@given(JSON, WIDTHS)
def test_member_that_fits_into_a_line_is_in_one(value, width):
    lines = lay(json.dumps(value), width)

    short = [unit for unit in units_of(value) if len(unit) <= width]
    assert [unit for unit in short if not any(unit in line for line in lines)] == []


@given(TEXTS, WIDTHS)
def test_words_of_other_texts_stay_whole(text, width):
    lines = fill(text.split(), width)

    assert " ".join(lines) == " ".join(text.split())
    assert max(map(len, lines), default=0) <= width


def test_word_that_is_longer_than_a_line_is_cut():
    assert lay("a " + "b" * 99, 10) == ["a", "bbbbbbbbb…"]


def test_long_text_is_cut_between_words_and_says_how_long_it_was():
    assert shorten("one two three", 9) == "one two… (13 characters)"
    assert shorten("x" * 20, 9) == f"{'x' * 9}… (20 characters)"


def test_long_string_is_cut_inside_json_that_stays_json():
    (name, cut), *_ = json.loads(" ".join(lay(json.dumps({"padding": "word " * 900}), 80))).items()

    assert name == "padding"
    assert cut.endswith("word… (4500 characters)")


def test_id_is_cut_to_its_beginning():
    assert lay(json.dumps({"id": "0123456789abcdef" * 2}), 80) == ['{"id": "01234567…"}']
