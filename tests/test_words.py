"""The field's words, in code, messages, docs and help: rule, collapse, template and placeholder."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
TEXTS = [
    TOP / "README.md",
    *(path for path in (TOP / "docs").rglob("*.md") if "_build" not in path.parts),
    *(TOP / "flask_faultmap").rglob("*.py"),
    *(TOP / "example_app").rglob("*.py"),
]
OLD = {
    "collapse": r"(?<!case-)\b(un)?fold(s|ed|ing)?\b(?! header| line)",
    "template": r"\bmoulds?\b",
    "placeholder": r"\b(fills?|with) (the )?blanks\b(?! for|$)|\bWORDING_BLANKS\b",
    "rule": (
        r"\b(text|typed|bare|wrapped|broad|dead) rows?\b|\brow by row\b|\brows? (of|in) the (first )?map\b"
        r"|\brow (that )?decide[sd]\b|\bno row (knows|matche[sd])\b|\bRow\("
    ),
    "made at run time": r"\bchurn",
}


@pytest.mark.parametrize("word", OLD)
@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(TOP)))
def test_text_says_the_word_of_the_field(path, word):
    found = re.search(OLD[word], path.read_text(), re.IGNORECASE)

    assert found is None, f"{found[0]!r}: say {word!r}"
