"""Which schemas are compiled, and what is told of the others."""

from collections import OrderedDict
from dataclasses import fields as dataclass_fields

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from marshmallow import Schema, fields, post_dump, pre_dump, pre_load

from flask_faultmap.categories import Category
from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Fault, Violation
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.profiles import (
    BUILT_IN,
    Envelope,
    FaultMessageSchema,
    Kind,
    OfKind,
    ProblemSchema,
    Profile,
    ViolationSchema,
)
from flask_faultmap.profiles.templates import MARK

GONE = Kind(category=Category.GONE, code="vm_gone", title="Gone", status=410, original_status=410)


class Loud(fields.String):
    """A text field that says something else."""

    def _serialize(self, value, attr, obj, **kwargs):
        return value.upper()


class Unasking(fields.String):
    """A text field that has no attribute."""

    _CHECK_ATTRIBUTE = False


class Picky(fields.String):
    """A text field that only reads in its own way."""

    def _deserialize(self, value, attr, data, **kwargs):
        return value


class GettingSchema(Schema):
    """Finds its values itself."""

    text = fields.String()

    def get_attribute(self, obj, attr, default):
        return "own"


class DumpingSchema(Schema):
    """Dumps itself."""

    def dump(self, obj, *, many=None):
        return {"own": 1}


class OrderedSchema(Schema):
    """Makes a mapping of its own."""

    dict_class = property(lambda schema: OrderedDict)


class BeforeSchema(Schema):
    """Changes the fault first."""

    @pre_dump
    def change(self, fault, **_):
        return fault


class AfterSchema(Schema):
    """Changes the body afterwards."""

    @post_dump
    def change(self, body, **_):
        return {**body, "more": 1}


class LoadingSchema(Schema):
    """Changes only what it reads."""

    text = Picky()
    helper = "its own"

    @pre_load
    def change(self, body, **_):
        return body


class RenamedProblemSchema(ProblemSchema):
    """Has another name for a member that may be left out."""

    detail = fields.String(attribute="text", data_key="message")


class HookedProblemSchema(ProblemSchema):
    """Has one more hook."""

    @post_dump
    def more(self, body, **_):
        return {**body, "more": 1}


class OtherHookProblemSchema(ProblemSchema):
    """Has its own instead of ours."""

    @post_dump(pass_original=True)
    def _fit(self, body, fault, **_):
        return {**body, "more": 1}


class ReorderedProblemSchema(ProblemSchema):
    """Begins with a member that may be left out."""

    class Meta:
        fields = (
            "detail",
            "title",
            "type",
            "status",
            "code",
            "request_id",
            "retryable",
            "retry_after",
            "errors",
        )


class UntitledProblemSchema(ProblemSchema):
    """Lacks a member that the hook looks at."""

    class Meta:
        exclude = ("title",)


class MatryoshkaSchema(Schema):
    """Holds itself."""

    inner = Envelope(lambda: MatryoshkaSchema())


class RudeSchema(Schema):
    """Cannot be made."""

    def __init__(self, **_):
        raise OSError("secret")


class SeveralSchema(Schema):
    """Dumps lists."""

    def __init__(self, **given):
        super().__init__(**given, many=True)


def schema_of(**members):
    return Schema.from_dict(members, name="Own")


NOT_COMPILED = [
    (GettingSchema, "GettingSchema overrides get_attribute"),
    (DumpingSchema, "DumpingSchema overrides dump"),
    (
        type("OddSchema", (Schema,), {"dict_class": property(lambda schema: dict)}),
        "OddSchema overrides dict_class",
    ),
    (BeforeSchema, "BeforeSchema has the hook change"),
    (AfterSchema, "AfterSchema has the hook change"),
    (HookedProblemSchema, "HookedProblemSchema has the hook _fit"),
    (OtherHookProblemSchema, "OtherHookProblemSchema has the hook _fit"),
    (RenamedProblemSchema, "RenamedProblemSchema changes members that the hook of ProblemSchema needs"),
    (ReorderedProblemSchema, "ReorderedProblemSchema changes members that the hook of ProblemSchema needs"),
    (UntitledProblemSchema, "UntitledProblemSchema changes members that the hook of ProblemSchema needs"),
    (MatryoshkaSchema, "MatryoshkaSchema stands in more than 16 envelopes"),
    (RudeSchema, "RudeSchema raises OSError"),
    (schema_of(at=fields.Function(lambda fault: 1)), "Own.at is a Function of 'at'"),
    (schema_of(at=fields.Method("dumps")), "Own.at is a Method of 'at'"),
    (schema_of(text=Loud()), "Own.text is a Loud of 'text'"),
    (schema_of(text=Unasking()), "Own.text is a Unasking of 'text'"),
    (schema_of(at=fields.String(attribute="kind.text")), "Own.at is a String of 'kind.text'"),
    (schema_of(at=fields.String(attribute="kind.id")), "Own.at is a String of 'kind.id'"),
    (schema_of(at=fields.Raw(attribute="kind.details")), "Own.at is a Raw of 'kind.details'"),
    (SeveralSchema, "SeveralSchema has many=True, and a fault is one"),
    (schema_of(txt=fields.String()), "Own.txt is a String of 'txt'"),
    (schema_of(at=fields.Integer(attribute="text")), "Own.at is a Integer of 'text'"),
    (schema_of(at=fields.Boolean(attribute="retry_after")), "Own.at is a Boolean of 'retry_after'"),
    (schema_of(at=fields.Nested(FaultMessageSchema)), "Own.at is a Nested of 'at'"),
    (schema_of(kind=fields.Nested(FaultMessageSchema)), "Own.kind is a Nested of 'kind'"),
    (schema_of(violations=fields.Nested(ViolationSchema)), "Own.violations is a Nested of 'violations'"),
    (
        schema_of(violations=fields.List(fields.Nested(ViolationSchema, only=("code",)))),
        "Own.violations is a List of 'violations'",
    ),
    (schema_of(violations=fields.List(fields.Raw())), "Own.violations is a List of 'violations'"),
    (schema_of(details=fields.Dict(values=fields.String())), "Own.details is a Dict of 'details'"),
    (schema_of(details=fields.Dict(keys=fields.String())), "Own.details is a Dict of 'details'"),
    (schema_of(text=fields.String(data_key=5)), "Own.text has a name that is no text"),
    (schema_of(error=Envelope(GettingSchema)), "GettingSchema overrides get_attribute"),
    (schema_of(error=Envelope(schema_of(at=fields.Method("dumps")))), "Own.at is a Method of 'at'"),
]


@pytest.mark.parametrize(("schema", "told"), NOT_COMPILED, ids=[told for _, told in NOT_COMPILED])
def test_schema_that_may_say_anything_is_not_compiled_and_it_is_told_why(schema, told):
    profile = Profile(name="own", schema=schema)

    assert profile.obstacle == told
    assert profile.template(GONE) is None


@pytest.mark.parametrize("profile", BUILT_IN, ids=lambda profile: profile.name)
def test_built_in_profiles_are_compiled(profile):
    assert profile.obstacle is None


def test_what_only_matters_to_reading_does_not_matter():
    assert Profile(name="own", schema=LoadingSchema).obstacle is None


@pytest.mark.parametrize("schema", [GettingSchema, AfterSchema, schema_of(at=fields.Function(lambda _: 1))])
def test_schema_that_is_not_compiled_has_one_instance_for_all_answers(schema):
    made = []

    class CountedSchema(schema):
        def __init__(self, **given):
            made.append(self)
            super().__init__(**given)

    profile = Profile(name="own", schema=CountedSchema)
    bodies = {profile.render(Fault(GONE, "id-1", "It left.")) for _ in range(5)}
    profile.read(b'{"text":"x"}')

    assert (len(made), len(bodies)) == (1, 1)


def test_profile_may_be_made_of_a_schema_that_cannot():
    assert Profile(name="own", schema=RudeSchema).read({"text": "x"}) == {}


def test_kinds_are_compiled_once():
    asked = []
    profile = Profile(name="own", schema=schema_of(code=OfKind(lambda kind: asked.append(kind.code))))
    mapper = Mapper((), {}, Settings(profile=profile))

    templates = {mapper.compiled_kind(DomainError(str(at)), profile).template for at in range(5)}

    assert (len(templates), asked) == (1, ["uncategorized"])


PLACES = st.sampled_from(
    [
        *(each.name for each in dataclass_fields(Fault)),
        *(each.name for each in dataclass_fields(Kind)),
        *(f"kind.{each.name}" for each in (*dataclass_fields(Kind), *dataclass_fields(Fault))),
        "details.a",
        "text.upper",
        "nowhere",
    ]
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "attribute": PLACES,
        "data_key": st.sampled_from(["", "%s", 'q"\u2028', "errors"]),
        "dump_default": st.sampled_from(["default", lambda: "called"]),
        "load_only": st.booleans(),
    },
)
FIELDS = st.sampled_from(
    [fields.String, fields.Integer, fields.Boolean, fields.Raw, fields.Dict, fields.Float, Loud, Unasking]
)
MEMBERS = st.one_of(
    st.builds(lambda cls, options: cls(**options), FIELDS, OPTIONS),
    st.builds(fields.Constant, st.sampled_from(["c", None, {"a": [1, float("nan")]}, b"\xff", object()])),
    st.builds(lambda value: OfKind(lambda kind: value), st.sampled_from(["k", None, {1, 2}, float("inf")])),
    st.builds(
        lambda inner: fields.List(inner, attribute="violations"),
        st.builds(fields.Nested, st.sampled_from([ViolationSchema, FaultMessageSchema])),
    ),
)
NAMES = st.sampled_from(
    ["code", "text", "title", "errors", "detail", "request_id", "details", "kind", "more"]
)
SCHEMAS = st.recursive(
    st.builds(
        lambda cls, members: type("Own", (cls,), dict(members)),
        st.sampled_from([Schema, ProblemSchema, FaultMessageSchema]),
        st.dictionaries(NAMES, MEMBERS, max_size=4),
    ),
    lambda inner: st.builds(
        lambda cls, members, many: type(
            "Around", (cls,), {name: Envelope(schema, many=many) for name, schema in members.items()}
        ),
        st.sampled_from([Schema, ProblemSchema]),
        st.dictionaries(NAMES, inner, min_size=1, max_size=2),
        st.booleans(),
    ),
    max_leaves=4,
)
TEXTS = st.text(st.characters(codec=None)) | st.sampled_from(["Gone", "%s%d", MARK])
FAULTS = st.builds(
    Fault,
    st.just(GONE),
    st.sampled_from(["", "id-1", "a" * 32, 'q"']),
    TEXTS,
    st.lists(st.builds(Violation, message=TEXTS, name=st.none() | TEXTS), max_size=2).map(tuple),
    st.dictionaries(NAMES | st.sampled_from(["", "instance"]), TEXTS, max_size=2),
    st.none() | st.integers(0, 10**9),
)


@given(SCHEMAS, st.lists(FAULTS, min_size=1, max_size=3))
def test_compiled_body_is_what_the_schema_dumps_whatever_the_schema(schema, faults):
    profile = Profile(name="own", schema=schema)
    assume(profile.obstacle is None)

    def bodies(make):
        try:
            write = make()
            return [write(fault) for fault in (*faults, *faults)]
        except (TypeError, ValueError, AttributeError, KeyError) as exc:
            return type(exc)

    assert bodies(lambda: profile.template(GONE).fill) == bodies(lambda: profile.render)
