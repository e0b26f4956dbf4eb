"""The fields for an app's own schemas: what they send, and what they read back."""

import json

import pytest
from marshmallow import Schema, fields

from flask_faultmap.categories import Category
from flask_faultmap.faults import Fault
from flask_faultmap.profiles import Envelope, Kind, OfKind, Profile

GONE = Kind(category=Category.GONE, code="vm_gone", title="Gone", status=410, original_status=410)


class InnerSchema(Schema):
    """What stands in the envelope."""

    message = fields.String(attribute="text")
    type = OfKind(lambda kind: kind.code.upper())
    code = OfKind(lambda kind: kind.code.replace("_", "-"), str, data_key="errorCode")


def profile_of(**members):
    return Profile(name="own", schema=Schema.from_dict(members))


def dumped(profile):
    return json.loads(profile.render(Fault(GONE, "id-1", "It left.")))


INNER = {"message": "It left.", "type": "VM_GONE", "errorCode": "vm-gone"}


def test_envelope_hands_the_whole_fault_on():
    assert dumped(profile_of(error=Envelope(InnerSchema))) == {"error": INNER}


def test_envelopes_stand_in_envelopes():
    outer = Schema.from_dict({"inner": Envelope(InnerSchema), "id": fields.String()})

    assert dumped(profile_of(error=Envelope(outer))) == {"error": {"inner": INNER, "id": "id-1"}}


@pytest.mark.parametrize(
    "field",
    [lambda: Envelope(InnerSchema, many=True), lambda: Envelope(InnerSchema(many=True))],
    ids=["field", "schema"],
)
def test_envelope_of_many_is_a_list_of_one(field):
    assert dumped(profile_of(errors=field())) == {"errors": [INNER]}


@pytest.mark.parametrize("many", [False, True])
def test_envelope_is_read_back_by_the_names_of_a_fault(many):
    profile = profile_of(error=Envelope(InnerSchema, many=many))

    assert profile.read({"error": [INNER] if many else INNER}) == {"text": "It left.", "code": "vm-gone"}


@pytest.mark.parametrize("error", [[], [1], [[]], "x", None], ids=repr)
def test_envelope_of_many_that_is_none_is_left_out(error):
    assert profile_of(error=Envelope(InnerSchema, many=True)).read({"error": error}) == {}


@pytest.mark.parametrize("value", [None, 1, "x", ["a"], {"a": {"b": 1}}], ids=repr)
def test_member_of_a_kind_is_any_json(value):
    assert dumped(profile_of(member=OfKind(lambda kind: value))) == {"member": value}


def test_member_of_a_kind_that_is_only_sent_is_not_read_back():
    assert profile_of(code=OfKind(lambda kind: kind.code)).read({"code": "x"}) == {}


def test_member_of_a_kind_that_may_be_loaded_is_read_back_as_it_is():
    assert profile_of(code=OfKind(lambda kind: 1, dump_only=False)).read({"code": "x"}) == {"code": "x"}
