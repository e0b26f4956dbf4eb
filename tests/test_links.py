"""Links of the README and the docs: what they point to is there, anchors too. No network is asked."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
DOCS = TOP / "docs"
PAGES = [*TOP.glob("*.md"), *(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)]
FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
INLINE = r"""\]\(<?(?P<target>[^()<>\s]+)>?(?:\s+"[^"]*")?\)"""
DEFINED = r"^\[[^]]+\]:\s*(?P<defined>\S+)"
LINK = re.compile(f"{INLINE}|{DEFINED}", re.MULTILINE)
ELSEWHERE = ("http://", "https://", "mailto:")


def links_of(path):
    prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text()))
    targets = [found["target"] or found["defined"] for found in LINK.finditer(prose)]
    return [target for target in targets if not target.startswith(ELSEWHERE)]


def anchors_of(path):
    """Give what GitHub and MyST make of the headings of a page."""
    headings = re.findall(r"^#+ (.+?)$", FENCE.sub("", path.read_text()), re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in plain}


def is_there(page, link):
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    return target.exists() and (not anchor or anchor in anchors_of(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_links_of_a_page_lead_somewhere(page):
    assert [link for link in links_of(page) if not is_there(page, link)] == []


@pytest.mark.parametrize("folder", ["how-to", "reference", "explanation"])
def test_index_tells_in_words_what_each_of_its_pages_is_for(folder):
    index = DOCS / folder / "index.md"
    pages = {path.name for path in index.parent.glob("*.md")} - {"index.md"}

    assert pages - set(links_of(index)) == set()


def test_every_guide_is_found_by_a_word_of_the_glossary():
    words = set(links_of(DOCS / "reference" / "glossary.md"))
    pages = {f"../how-to/{path.name}" for path in (DOCS / "how-to").glob("*.md")} - {"../how-to/index.md"}

    assert pages - words == set()
