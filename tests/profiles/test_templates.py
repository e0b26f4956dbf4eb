"""Templates: a filled body is, byte for byte, the one that the schema would have dumped."""

import json
from dataclasses import replace

import pytest
from hostile_values import ANYTHING
from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import Schema, fields

from flask_faultmap.categories import Category
from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Fault, Kind, Violation
from flask_faultmap.http.statuses import phrase
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.settings import STATUSES, Settings
from flask_faultmap.profiles import (
    BUILT_IN,
    PROBLEM,
    Envelope,
    OfKind,
    ProblemSchema,
    Profile,
    ViolationSchema,
)
from flask_faultmap.profiles.encoding import encode, jsonable
from flask_faultmap.profiles.schemas import ABOUT_BLANK
from flask_faultmap.profiles.templates import MARK

ID = "0af7651916cd43dd8448eb211c80319c"

ODD_TEXTS = (
    "",
    "plain",
    "zu sp\u00e4t, \U0001f600",
    "\ud83d",
    "\ude00\ud83d",
    "\ud83d\ude00",
    "\x00\x1b[31m\r\n\t\x7f\x85\u2028",
    '"quoted" \\ back/slash',
    "{} {path} %s %(id)s %",
    "</script>",
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
)

ODD_TEXT = st.text(
    st.characters(exclude_categories=()) | st.sampled_from('\x00\ud800\udfff"\\.%'), max_size=20
)
PIECE = st.sampled_from(ODD_TEXTS) | ODD_TEXT
TEXT = PIECE | st.lists(PIECE, max_size=3).map("".join)
IDENTITY = st.from_regex(r"[A-Za-z0-9._-]{8,128}", fullmatch=True) | st.just("") | ODD_TEXT


class Shouted(str):
    """A text whose methods say something else."""

    def __str__(self):
        return self.upper()


class InnerSchema(Schema):
    """Plain members of every sort."""

    message = fields.String(attribute="text")
    kind = OfKind(lambda kind: {"code": kind.code, "odd": {kind.status}, "nan": float("nan")})
    dropped = OfKind(lambda kind: object())
    code = fields.String(data_key='co"de%')
    retry = fields.Integer(attribute="retry_after", as_string=True)
    again = fields.String(attribute="retry_after", dump_only=True)
    version = fields.Constant("%d")
    retryable = fields.Boolean()
    status_text = fields.Integer(attribute="status", as_string=True)
    category = fields.Url(attribute="kind.category")


class OwnSchema(Schema):
    """Members in envelopes, violations and details."""

    error = Envelope(InnerSchema)
    errors = Envelope(InnerSchema(only=("code", "message")), many=True)
    nothing = Envelope(InnerSchema(only=("dropped",)))
    id = fields.String()
    wait = fields.Integer(attribute="retry_after")
    fields_ = fields.List(fields.Nested(ViolationSchema), attribute="violations", data_key="fields")
    more = fields.Nested(ViolationSchema, many=True, attribute="violations", dump_only=True)
    details = fields.Dict()
    raw = fields.Raw(attribute="details", dump_only=True)
    secret = fields.String(load_only=True)


class MoreProblemSchema(ProblemSchema):
    """Problem details, and a member of the app's own."""

    docs = OfKind(lambda kind: f"https://example.com/{kind.code}")


class CamelSchema(Schema):
    """Names that are made when a field is bound."""

    request_id = fields.String(attribute="id")
    text = fields.String()

    def on_bind_field(self, field_name, field_obj):
        field_obj.data_key = field_name.title().replace("_", "")


COMPILED = (
    *BUILT_IN,
    *(
        Profile(name=schema.__name__, schema=schema)
        for schema in (InnerSchema, OwnSchema, MoreProblemSchema, CamelSchema, Schema)
    ),
)
EACH_PROFILE = pytest.mark.parametrize("profile", COMPILED, ids=lambda profile: profile.name)
EACH_BASE = pytest.mark.parametrize("base", [None, "https://errors.example.com/"], ids=["blank", "base"])

MEMBER = st.none() | TEXT | TEXT.map(Shouted) | st.integers() | st.just(b"x")
VIOLATION = st.builds(
    Violation, source=MEMBER, message=MEMBER, pointer=MEMBER, name=MEMBER, code=MEMBER
) | st.builds(Violation, message=TEXT)

NAMED = st.dictionaries(st.sampled_from(["detail", "type", "instance", "docs", "vm"]), ANYTHING)


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


def dumped(profile, fault):
    """What a fresh instance of the schema, and then the encoder, make of *fault*."""
    return encode(jsonable(profile.schema().dump(fault)))


@EACH_BASE
@EACH_PROFILE
@given(
    category=st.sampled_from(Category),
    title=st.sampled_from(["Gone", "It is gone.", "Stra\u00dfe", "."]) | ODD_TEXT.filter(bool),
    text=TEXT | st.sampled_from(NEARLY),
    identity=IDENTITY,
    violations=st.lists(VIOLATION, max_size=3).map(tuple),
    retry_after=st.none() | st.integers(min_value=0),
)
@example(category=Category.GONE, title="Gone.", text=NEARLY[0], identity=ID, violations=(), retry_after=0)
def test_filled_body_is_the_dumped_one(
    profile, base, category, title, text, identity, violations, retry_after
):
    kind = kind_of(category, base, title)
    text = text if isinstance(text, str) else text(shown_title(kind))
    fault = Fault(kind, identity, text, violations, {}, retry_after)

    assert profile.template(kind).fill(fault) == dumped(profile, fault)


@EACH_PROFILE
@given(
    details=ANYTHING
    | st.dictionaries(st.sampled_from(["detail", "type", "instance", "docs", "vm"]), ANYTHING)
)
def test_filled_body_of_any_details_is_the_dumped_one(profile, details):
    mapper = Mapper((), {}, Settings(profile=profile))
    error = DomainError("It broke.", details=details)
    kind = mapper.compiled_kind(error, profile)

    fault = mapper.fault(error, kind.kind, ID)

    assert kind.template.fill(fault) == dumped(profile, fault)


@given(details=NAMED)
def test_details_are_sent_as_they_would_be_if_nobody_had_walked_them_before(details):
    mapper = Mapper((), {}, Settings(profile=PROBLEM))
    error = DomainError("It broke.", details=details)
    kind = mapper.compiled_kind(error, PROBLEM)

    body = kind.template.fill(mapper.fault(error, kind.kind, ID))

    assert body == dumped(PROBLEM, Fault(kind.kind, ID, "It broke.", (), details))


@EACH_PROFILE
def test_only_the_id_differs_where_a_text_comes_again_and_again(profile):
    kind = kind_of(Category.GONE, None, "Gone")
    faults = [Fault(kind, identity, "It broke.") for identity in ("a1", ID, "b-2", "", "c3", MARK, ID)]
    template = profile.template(kind)

    assert [template.fill(fault) for fault in faults] == [dumped(profile, fault) for fault in faults]


USUAL = ("It broke.", "zu sp\u00e4t \ud800 %s", "", MARK, f"{MARK} {ID}")


@EACH_PROFILE
@given(
    title=st.sampled_from(["Gone", "It broke", MARK]),
    occurrences=st.lists(
        st.tuples(
            st.sampled_from(USUAL),
            IDENTITY | st.sampled_from([ID, MARK, "\u00e4", "\u0662", 'a"b']),
            st.lists(VIOLATION, max_size=1).map(tuple),
            st.sampled_from([{}, {}, {"vm": 1}]),
            st.sampled_from([None, None, 0]),
        ),
        max_size=8,
    ),
)
def test_bodies_of_a_text_that_comes_again_are_the_dumped_ones(profile, title, occurrences):
    kind = kind_of(Category.GONE, "https://errors.example/", title)
    faults = [Fault(kind, identity, text, *more) for text, identity, *more in occurrences]
    template = profile.template(kind)

    assert [template.fill(fault) for fault in faults] == [dumped(profile, fault) for fault in faults]


@EACH_BASE
@EACH_PROFILE
@pytest.mark.parametrize("category", Category)
def test_filled_bodies_of_every_category_are_the_dumped_ones(category, profile, base):
    kind = kind_of(category, base, "A title of its own.")
    texts = [*ODD_TEXTS, *(nearly(shown_title(kind)) for nearly in NEARLY)]
    faults = [Fault(kind, ID, text) for text in texts]
    template = profile.template(kind)

    assert [template.fill(fault) for fault in faults] == [dumped(profile, fault) for fault in faults]


def test_filled_bodies_of_every_status_are_the_dumped_ones():
    kinds = [replace(kind_of(Category.GONE, None, "Gone"), status=status) for status in range(400, 600)]
    faults = [Fault(kind, ID, "It broke.") for kind in kinds]

    bodies = [PROBLEM.template(fault.kind).fill(fault) for fault in faults]

    assert bodies == [dumped(PROBLEM, fault) for fault in faults]


@EACH_PROFILE
def test_rendering_by_the_one_instance_is_rendering_by_a_fresh_one(profile):
    fault = Fault(
        kind_of(Category.GONE, None, "Gone"), ID, "It left.", (Violation(message="x"),), {"a": 1}, 5
    )

    assert [profile.render(fault), profile.render(fault)] == [dumped(profile, fault)] * 2


@EACH_PROFILE
def test_filled_body_is_read_like_the_dumped_one(profile):
    kind = kind_of(Category.GONE, None, "Gone")
    fault = Fault(kind, ID, "It left.", (Violation(message="x"),), {"a": [1, "\ud800"]}, 5)

    assert profile.read(profile.template(kind).fill(fault)) == profile.read(dumped(profile, fault))


@EACH_PROFILE
def test_function_of_a_kind_is_asked_once_for_each_kind(profile):
    asked = []
    own = Profile(name="own", schema=Schema.from_dict({"member": OfKind(lambda kind: asked.append(kind))}))
    kind = kind_of(Category.GONE, None, "Gone")

    template = own.template(kind)
    bodies = [template.fill(Fault(kind, ID, text)) for text in "abc"]

    assert (asked, bodies) == ([kind], [b'{"member":null}'] * 3)


def test_shared_nothing_of_the_details_that_were_given():
    mapper = Mapper((), {}, Settings(profile=PROBLEM))
    details = {"known": ["b1"]}
    error = DomainError("It broke.", details=details)

    fault = mapper.fault(error, mapper.compiled_kind(error, PROBLEM).kind, ID)
    details["known"].append("b2")

    assert json.loads(PROBLEM.render(fault))["known"] == ["b1"]
