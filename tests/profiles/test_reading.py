"""Reading an answer back: what its shape says, as far as it can be read, and never a failure."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields

from flask_faultmap.categories import Category
from flask_faultmap.faults import Fault, Kind, Violation
from flask_faultmap.profiles import BUILT_IN, FAULT_MESSAGE, PROBLEM, ProblemSchema, Profile

KIND = Kind(category=Category.ABORTED, code="vm_busy", title="Busy", status=409, original_status=409)
WHOLE = {
    "type": "about:blank",
    "title": "Conflict",
    "status": 409,
    "detail": "It is busy.",
    "code": "vm_busy",
    "request_id": "id-1",
    "retryable": True,
    "retry_after": 5,
    "errors": [{"source": "query", "name": "size", "detail": "Too big.", "code": "max"}],
}
READ = {
    "type": "about:blank",
    "title": "Conflict",
    "status": 409,
    "text": "It is busy.",
    "code": "vm_busy",
    "id": "id-1",
    "retryable": True,
    "retry_after": 5,
    "violations": (Violation(source="query", name="size", message="Too big.", code="max"),),
}


def fails(*_, **__):
    raise OSError("not today")


class InnerSchema(Schema):
    """What stands in the envelope."""

    reason = fields.String(attribute="text")
    slug = fields.String(attribute="code", data_key="errorCode")
    more = fields.Dict(attribute="details")
    stamp = fields.String(dump_only=True)


class EnvelopeSchema(Schema):
    """One member that holds the others, and one beside it."""

    error = fields.Nested(InnerSchema)
    wait = fields.Integer(attribute="retry_after")


class MatryoshkaSchema(Schema):
    """Holds itself."""

    text = fields.String()
    inner = fields.Nested(lambda: MatryoshkaSchema())


class RudeField(fields.String):
    """Fails in its own way."""

    _deserialize = fails


RUDE_SCHEMA = type("RudeSchema", (Schema,), {"__init__": fails})
LOST_SCHEMA = type("LostSchema", (Schema,), {"error": fields.Nested("NoSchemaOfThisName")})
PARTLY_RUDE_SCHEMA = type("PartlyRudeSchema", (Schema,), {"text": fields.String(), "rude": RudeField()})
PICKY_SCHEMA = type(
    "PickySchema", (Schema,), {"text": fields.String(validate=lambda text: text != "no" or fails())}
)
ENVELOPE = Profile(name="envelope", schema=EnvelopeSchema)
PROFILES = (
    *BUILT_IN,
    ENVELOPE,
    *(
        Profile(name=schema.__name__, schema=schema)
        for schema in (MatryoshkaSchema, RUDE_SCHEMA, LOST_SCHEMA, PARTLY_RUDE_SCHEMA, PICKY_SCHEMA)
    ),
)


@pytest.mark.parametrize(
    "body",
    [WHOLE, json.dumps(WHOLE), json.dumps(WHOLE).encode(), json.dumps(WHOLE).encode("utf-16")],
    ids=["mapping", "text", "bytes", "utf-16"],
)
def test_members_are_read_by_the_names_that_a_fault_gives_them(body):
    assert PROBLEM.read(body) == READ


def test_what_a_profile_sends_it_reads_back():
    violation = Violation(pointer="#/size", message="Too big.", code="max")
    fault = Fault(KIND, "id-1", "It is busy.", (violation,), {"vm": {"name": "a"}}, 0)

    assert PROBLEM.read(PROBLEM.render(fault)) == {
        **READ,
        "retryable": False,
        "retry_after": 0,
        "violations": (violation,),
        "details": {"vm": {"name": "a"}},
    }


def test_profile_that_says_the_text_alone_gives_it_back_alone():
    assert FAULT_MESSAGE.read(b'{"fault_message":"It left."}') == {"text": "It left."}


def test_members_that_the_shape_does_not_have_are_details():
    assert PROBLEM.read({"code": "x", "instance": "/1", "vm": None}) == {
        "code": "x",
        "details": {"instance": "/1", "vm": None},
    }


@pytest.mark.parametrize("value", [None, [], {}, "x", 1, 1.5, True], ids=repr)
@pytest.mark.parametrize("name", WHOLE)
def test_member_is_read_if_it_has_the_type_of_its_shape_and_else_left_out(name, value):
    (attribute,) = PROBLEM.read({name: WHOLE[name]})
    kinds = {"status": int, "retry_after": int, "retryable": bool, "errors": list}
    fits = type(value) is kinds.get(name, str)

    assert (attribute in PROBLEM.read({**WHOLE, name: value})) is fits


@pytest.mark.parametrize("value", ["409", "", 409.0, 409.5, True, float("nan")], ids=repr)
@pytest.mark.parametrize("name", ["status", "retry_after"])
def test_number_that_is_no_integer_is_left_out(name, value):
    assert PROBLEM.read({name: value}) == {}


@pytest.mark.parametrize("value", ["true", "yes", 1, 0, 1.0, "", []], ids=repr)
def test_what_only_equals_true_or_false_is_left_out(value):
    assert PROBLEM.read({"retryable": value}) == {}


@pytest.mark.parametrize(
    "errors",
    [[{}], [{"name": "x"}], [{"detail": 5}], [None], ["x"], {"detail": "x"}, [{"detail": "x", "code": None}]],
    ids=repr,
)
def test_errors_that_are_not_ours_are_left_out_and_the_rest_is_read(errors):
    assert PROBLEM.read({"code": "x", "errors": errors}) == {"code": "x"}


def test_errors_may_have_members_that_we_do_not_know():
    members = {"detail": "Too big.", "pointer": "#/size", "docs": "https://x"}

    assert PROBLEM.read({"errors": [members]}) == {
        "violations": (Violation(pointer="#/size", message="Too big."),)
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe\xff",
        "null",
        "[]",
        '"x"',
        b"[" * 100_000,
        None,
        5,
        [],
        object(),
        '{"status":' + "9" * 5000,
    ],
    ids=lambda body: repr(body)[:20],
)
@pytest.mark.usefixtures("no_collection")
def test_body_that_is_no_object_says_nothing(body):
    assert PROBLEM.read(body) == {}


def test_members_of_an_envelope_are_read_like_the_others():
    body = {"error": {"reason": "It left.", "errorCode": "vm_gone"}, "wait": 5}

    assert ENVELOPE.read(body) == {"text": "It left.", "code": "vm_gone", "retry_after": 5}


def test_details_inside_and_outside_of_an_envelope_are_read_together():
    body = {"error": {"more": {"a": 1, "b": 1}, "b": 2, "c": 2}, "c": 3}

    assert ENVELOPE.read(body) == {"details": {"a": 1, "b": 2, "c": 3}}


def test_member_that_is_only_sent_is_neither_read_nor_a_detail():
    assert ENVELOPE.read({"error": {"stamp": "now"}}) == {}


@pytest.mark.parametrize("error", ["x", 5, [], None, [{"reason": "x"}]], ids=repr)
def test_envelope_that_is_none_is_left_out(error):
    assert ENVELOPE.read({"error": error, "wait": 5}) == {"retry_after": 5}


@pytest.mark.parametrize("schema", [RUDE_SCHEMA, LOST_SCHEMA])
def test_schema_that_raises_says_nothing(schema):
    assert Profile(name="own", schema=schema).read({"error": {"a": 1}}) == {}


def test_field_that_raises_is_left_out_and_the_rest_is_read():
    assert Profile(name="own", schema=PARTLY_RUDE_SCHEMA).read({"text": "x", "rude": "y"}) == {"text": "x"}


def test_member_that_the_schema_does_not_allow_is_left_out():
    def refuse(text):
        raise ValidationError("not this")

    schema = type("RefusingSchema", (ProblemSchema,), {"code": fields.String(validate=refuse)})

    assert Profile(name="own", schema=schema).read({"code": "x", "status": 409}) == {"status": 409}


def objects(inner):
    names = st.sampled_from(
        [*WHOLE, "fault_message", "error", "reason", "more", "inner", "text", "rude", "x"]
    )
    return st.dictionaries(names, inner, max_size=4)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | objects(inner),
    max_leaves=8,
)


@given(body=st.binary() | st.text() | JSON.map(json.dumps) | objects(JSON), profile=st.sampled_from(PROFILES))
@example(body='{"inner":' * 900 + "1" + "}" * 900, profile=PROFILES[4])
@example(body={"text": "no"}, profile=PROFILES[-1])
def test_reading_gives_what_it_can_and_never_raises(body, profile):
    assert isinstance(profile.read(body), dict)
