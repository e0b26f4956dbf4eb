"""Templates: a body with its blanks filled is, byte for byte, the one that the schema would have dumped."""

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_faultmap.categories import Category
from flask_faultmap.faults import Fault, Kind
from flask_faultmap.http.statuses import phrase
from flask_faultmap.mapping.settings import STATUSES
from flask_faultmap.profiles import BUILT_IN, PROBLEM
from flask_faultmap.profiles.schemas import ABOUT_BLANK
from flask_faultmap.profiles.templates import FILLABLE, Template

ID = "0af7651916cd43dd8448eb211c80319c"
EACH_PROFILE = pytest.mark.parametrize("profile", BUILT_IN, ids=lambda profile: profile.name)
EACH_BASE = pytest.mark.parametrize("base", [None, "https://errors.example.com/"], ids=["blank", "base"])

ODD_TEXTS = (
    "",
    "plain",
    "zu sp\u00e4t, \U0001f600",
    "\ud83d",
    "\ude00\ud83d",
    "\ud83d\ude00",
    "\x00\x1b[31m\r\n\t\x7f\x85\u2028",
    '"quoted" \\ back/slash',
    "{} {path} %s %(id)s",
    "</script>",
    Template.TEXT,
    Template.ID,
    f'"{Template.ID}"',
    json.dumps(Template.TEXT),
    f"{Template.TEXT}{Template.ID}{Template.TEXT}",
    ID,
)
NEARLY = (
    lambda title: title,
    lambda title: f"{title}.",
    lambda title: f"{title}..",
    lambda title: title.rstrip("."),
    lambda title: title[:-1],
    lambda title: title.upper(),
    lambda title: title.casefold(),
    lambda title: f" {title}",
    lambda title: f"{title}\ud800",
    lambda title: f"{title}{Template.TEXT}",
)

ODD_TEXT = st.text(
    st.characters(exclude_categories=()) | st.sampled_from('\x00\ud800\udfff"\\.'), max_size=20
)
PIECE = st.sampled_from(ODD_TEXTS) | ODD_TEXT
TEXT = PIECE | st.lists(PIECE, max_size=3).map("".join)
IDENTITY = st.from_regex(r"[A-Za-z0-9._-]{8,128}", fullmatch=True)


def kind_of(category, base, title):
    status = STATUSES[category]
    return Kind(
        category=category,
        code=category.value,
        title=title,
        status=status,
        original_status=status,
        type=ABOUT_BLANK if base is None else base + category,
        retryable=status == 503,
    )


def shown_title(kind):
    return phrase(kind.status) if kind.type == ABOUT_BLANK else kind.title


def dumped(profile, kind, text, identity=ID):
    return profile.render(Fault(kind, identity, text))


@EACH_BASE
@EACH_PROFILE
@given(
    category=st.sampled_from(Category),
    title=st.sampled_from(["Gone", "It is gone.", "Stra\u00dfe", "."]) | ODD_TEXT.filter(bool),
    text=TEXT | st.sampled_from(NEARLY),
    usual=TEXT,
    identity=IDENTITY,
)
@example(category=Category.GONE, title="Gone.", text=NEARLY[0], usual="Gone.", identity=ID)
def test_filled_body_is_the_dumped_one(profile, base, category, title, text, usual, identity):
    kind = kind_of(category, base, title)
    text = text if isinstance(text, str) else text(shown_title(kind))
    template = Template(profile, kind, usual)

    assert template.fill(text, identity) == dumped(profile, kind, text, identity)
    assert template.fill(usual, identity) == dumped(profile, kind, usual, identity)
    assert template.fill(f"{usual} ", identity) == dumped(profile, kind, f"{usual} ", identity)


@EACH_BASE
@EACH_PROFILE
@pytest.mark.parametrize("category", Category)
def test_filled_bodies_of_every_category_are_the_dumped_ones(category, profile, base):
    kind = kind_of(category, base, "A title of its own.")
    texts = [*ODD_TEXTS, *(nearly(shown_title(kind)) for nearly in NEARLY)]

    unusual = [Template(profile, kind).fill(text, ID) for text in texts]
    usual = [Template(profile, kind, text).fill(text, ID) for text in texts]

    assert unusual == usual == [dumped(profile, kind, text) for text in texts]


def test_filled_bodies_of_every_status_are_the_dumped_ones():
    kinds = [replace(kind_of(Category.GONE, None, "Gone"), status=status) for status in range(400, 600)]

    bodies = [Template(PROBLEM, kind).fill("It broke.", ID) for kind in kinds]

    assert bodies == [dumped(PROBLEM, kind, "It broke.") for kind in kinds]


@EACH_PROFILE
def test_one_template_serves_any_number_of_faults(profile):
    kind = kind_of(Category.GONE, None, "Gone")
    template = Template(profile, kind, "It is gone.")
    texts = ["It is gone.", "Gone", "Another text", "It is gone."]

    bodies = [template.fill(text, f"id-{at:05}") for at, text in enumerate(texts)]

    assert bodies == [dumped(profile, kind, text, f"id-{at:05}") for at, text in enumerate(texts)]


def test_schemas_of_the_built_in_profiles_are_the_ones_that_can_be_filled():
    assert {profile.schema for profile in BUILT_IN} == FILLABLE
