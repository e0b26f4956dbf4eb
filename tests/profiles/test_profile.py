"""Profiles: how a wrong one is refused, and what the right ones send."""

import json
from enum import Enum
from http import HTTPStatus

import pytest
from marshmallow import Schema, fields

from flask_faultmap.categories import Category
from flask_faultmap.errors import ConfigError
from flask_faultmap.faults import Fault, Kind, Violation
from flask_faultmap.profiles import (
    BUILT_IN,
    FAULT_MESSAGE,
    FIRECRACKER,
    PROBLEM,
    FaultMessageSchema,
    ProblemSchema,
    Profile,
)
from flask_faultmap.profiles.schemas import ABOUT_BLANK, repeats

GONE = Kind(category=Category.GONE, code="vm_gone", title="Gone", status=410, original_status=410)
TYPED = Kind(
    category=Category.GONE,
    code="vm_gone",
    title="Machine gone",
    status=410,
    original_status=410,
    type="https://errors.example.com/vm_gone",
)
STANDARD = (
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "code",
    "request_id",
    "retryable",
    "retry_after",
    "errors",
)


class Clumsy(Enum):
    """A name that is a standard member's only once it is JSON."""

    DETAIL = "detail"


def fails(*_):
    raise OSError("not today")


def problem_of(kind=GONE, text="It left.", **given):
    return json.loads(PROBLEM.render(Fault(kind, "id-1", text, **given)))


SCHEMA = "it must be a marshmallow Schema class, not an instance"
MEDIA = "it must look like 'application/json'"
NAMES = "it must be a tuple of names"
STATUSES = "both must be statuses from 400 to 599"
BLANKS = "allowed: method, path, reason, token"
INSTANCE = ProblemSchema()
WRONG = [
    ("name", "", "name must be a text"),
    ("name", None, "name must be a text"),
    ("schema", None, f"schema is None; {SCHEMA}"),
    ("schema", dict, f"schema is {dict!r}; {SCHEMA}"),
    ("schema", INSTANCE, f"schema is {INSTANCE!r}; {SCHEMA}"),
    ("media_type", "json", f"media_type is 'json'; {MEDIA}"),
    ("media_type", None, f"media_type is None; {MEDIA}"),
    ("media_type", "a/b; x=\u20ac", f"media_type is 'a/b; x=\u20ac'; {MEDIA}"),
    ("media_type", "a/b\r\n;x=1", f"media_type is 'a/b\\r\\n;x=1'; {MEDIA}"),
    ("media_type", "a/b;x=1\n", f"media_type is 'a/b;x=1\\n'; {MEDIA}"),
    ("drop_headers", "Allow", f"drop_headers is 'Allow'; {NAMES}"),
    ("drop_headers", None, f"drop_headers is None; {NAMES}"),
    ("drop_headers", (5,), f"drop_headers is (5,); {NAMES}"),
    ("headers", {"X-A": "b"}, "headers is {'X-A': 'b'}; it must be a function of a fault"),
    ("collapse", None, "collapse is None; it must be a mapping of statuses to statuses"),
    ("collapse", [(404, 400)], "collapse is [(404, 400)]; it must be a mapping of statuses to statuses"),
    ("collapse", {404: 200}, f"collapse has 404: 200; {STATUSES}"),
    ("collapse", {302: 400}, f"collapse has 302: 400; {STATUSES}"),
    ("collapse", {"404": 400}, f"collapse has '404': 400; {STATUSES}"),
    ("collapse", {404: True}, f"collapse has 404: True; {STATUSES}"),
    ("wording", None, "wording is None; it must be a mapping of codes to texts"),
    ("wording", "gone", "wording is 'gone'; it must be a mapping of codes to texts"),
    ("wording", {404: "x"}, "wording has the key 404; it must be a code, such as 'unknown_path'"),
    (
        "wording",
        {"unknown path": "x"},
        "wording has the key 'unknown path'; it must be a code, such as 'unknown_path'",
    ),
    ("wording", {"gone": "{pth}"}, f"wording of 'gone' has the placeholders ['pth']; {BLANKS}"),
    ("wording", {"gone": "{}"}, f"wording of 'gone' has the placeholders ['']; {BLANKS}"),
    ("wording", {"gone": "{path.x}"}, f"wording of 'gone' has the placeholders ['path.x']; {BLANKS}"),
    (
        "wording",
        {"gone": "{"},
        "wording of 'gone' is '{': ValueError: Single '{' encountered in format string",
    ),
    ("wording", {"gone": "{path:{x}}"}, f"wording of 'gone' has the placeholders ['{{x}}']; {BLANKS}"),
    (
        "wording",
        {"gone": "{path:{method}}"},  # which only some methods of a request would fit
        f"wording of 'gone' has the placeholders ['{{method}}']; {BLANKS}",
    ),
]
WORDINGS_THAT_FAIL_WHEN_FILLED = [
    None,
    5,
    b"{path}",
    "{path!x}",
    "{path:d}",
]


def wrong_profile(**given):
    with pytest.raises(ConfigError) as caught:
        Profile(**{"name": "own", "schema": FaultMessageSchema, **given})
    return str(caught.value)


@pytest.mark.parametrize(("key", "value", "told"), WRONG, ids=lambda given: str(given)[:30])
def test_wrong_profile_is_refused_in_words(key, value, told):
    name = value if key == "name" else "own"

    assert wrong_profile(**{key: value}) == f"Profile {name!r}: {told}"


@pytest.mark.parametrize("template", WORDINGS_THAT_FAIL_WHEN_FILLED, ids=repr)
def test_wording_that_would_fail_in_a_request_is_refused(template):
    told = wrong_profile(wording={"gone": template})

    assert told.startswith(f"Profile 'own': wording of 'gone' is {template!r}: ")


def test_all_mistakes_of_a_profile_are_told_at_once():
    told = wrong_profile(collapse=5, wording=5, media_type=5, drop_headers=5, headers=5, schema=5)

    assert told.count("; it must") == 6


def test_name_schema_and_media_type_may_be_given_by_position():
    profile = Profile("own", FaultMessageSchema, "application/vnd.own+json", collapse={404: 400})

    assert (profile.name, profile.schema) == ("own", FaultMessageSchema)
    assert (profile.media_type, profile.collapse) == ("application/vnd.own+json", {404: 400})


def test_profile_does_not_change_when_what_it_was_made_of_does():
    collapse, wording, dropped = {404: 400}, {"gone": "{path}"}, ["Allow"]
    profile = Profile(
        name="own", schema=ProblemSchema, collapse=collapse, wording=wording, drop_headers=dropped
    )

    collapse.clear()
    wording.clear()
    dropped.clear()

    assert (profile.collapse, profile.wording) == ({404: 400}, {"gone": "{path}"})
    assert profile.drop_headers == ("Allow",)


@pytest.mark.parametrize(
    "media_type", ["a/b", "application/vnd.own+json", "a/b; charset=utf-8", "a/b \t;v=1"]
)
def test_media_type_may_have_parameters(media_type):
    assert Profile(name="own", schema=ProblemSchema, media_type=media_type).media_type == media_type


def test_wording_may_use_every_blank_in_any_form():
    template = "{method!r} {path:>9} {token} {reason} {{}}"

    assert Profile(name="own", schema=ProblemSchema, wording={"gone": template}).wording["gone"] == template


def test_built_in_profiles_are_those_of_the_docs():
    assert [(profile.name, profile.media_type) for profile in BUILT_IN] == [
        ("problem", "application/problem+json"),
        ("fault_message", "application/json"),
        ("firecracker", "application/json"),
    ]


@pytest.mark.parametrize("status", range(400, 600))
@pytest.mark.parametrize(
    ("profile", "collapses"),
    [
        (PROBLEM, lambda status: False),
        (FAULT_MESSAGE, lambda status: status in (404, 415, 422)),
        (FIRECRACKER, lambda status: status < 500 and status != 413),
    ],
    ids=["problem", "fault_message", "firecracker"],
)
def test_statuses_fold_to_400_or_stay(profile, collapses, status):
    assert profile.collapse.get(status, status) == (400 if collapses(status) else status)


@pytest.mark.parametrize("profile", [FAULT_MESSAGE, FIRECRACKER], ids=lambda profile: profile.name)
def test_fault_message_has_exactly_one_member(profile):
    fault = Fault(GONE, "id-1", "It \u00e9 left.", (Violation(message="x"),), {"vm": 1}, 5)

    assert profile.render(fault) == '{"fault_message":"It \u00e9 left."}'.encode()


def test_problem_has_its_members_in_the_order_of_the_schema():
    violation = Violation(source="query", name="size", message="Too big.", code="max")

    body = PROBLEM.render(Fault(TYPED, "id-1", "It left.", (violation,), {"vm": 7}, 0))

    assert body.decode() == (
        '{"type":"https://errors.example.com/vm_gone","title":"Machine gone","status":410,'
        '"detail":"It left.","code":"vm_gone","request_id":"id-1","retryable":false,"retry_after":0,'
        '"errors":[{"source":"query","name":"size","detail":"Too big.","code":"max"}],"vm":7}'
    )


def test_problem_leaves_out_what_it_does_not_know():
    assert problem_of() == {
        "type": ABOUT_BLANK,
        "title": "Gone",
        "status": 410,
        "detail": "It left.",
        "code": "vm_gone",
        "request_id": "id-1",
        "retryable": False,
    }


def test_problem_without_an_id_has_no_member_for_it():
    assert "request_id" not in json.loads(PROBLEM.render(Fault(GONE, "", "It left.")))


def test_title_of_a_blank_type_is_the_phrase_of_the_status_as_sent():
    collapsed = Kind(category=Category.NOT_FOUND, code="x", title="Own", status=400, original_status=404)

    assert problem_of(collapsed)["title"] == HTTPStatus(400).phrase


def test_title_of_another_type_is_the_classes():
    assert problem_of(TYPED)["title"] == "Machine gone"


@pytest.mark.parametrize("text", ["Machine gone", "machine gone", "Machine gone.", "MACHINE GONE"])
def test_detail_that_would_repeat_the_title_is_left_out(text):
    assert "detail" not in problem_of(TYPED, text)


@pytest.mark.parametrize("text", ["Gone", "Machine gone!", "A machine gone", "Machine  gone", "", "."])
def test_detail_that_tells_more_than_the_title_is_sent(text):
    assert problem_of(TYPED, text)["detail"] == text


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("It is gone.", "It is gone.", True),
        ("It is gone", "It is gone.", True),
        ("Stra\u00dfe", "STRASSE", True),
        ("Gone..", "Gone", False),
        ("Gone", "Gon", False),
    ],
)
def test_full_stop_and_case_tell_nothing(text, title, expected):
    assert repeats(text, title) is expected


@pytest.mark.parametrize("name", STANDARD)
@pytest.mark.parametrize("wrap", [str, str.encode], ids=["text", "bytes"])
def test_detail_is_never_sent_over_a_standard_member(name, wrap, caplog):
    plain = problem_of()

    assert problem_of(details={wrap(name): "mine", "own": 1}) == {**plain, "own": 1}
    assert [record.getMessage() for record in caplog.records] == [
        f"The detail {name!r} of vm_gone was dropped: the profile has a member of that name"
    ]


def test_standard_member_that_was_left_out_is_no_room_for_a_detail():
    assert problem_of(TYPED, "Machine gone", details={Clumsy.DETAIL: "mine"}) == problem_of(
        TYPED, "Machine gone"
    )


@pytest.mark.parametrize(
    "method", ["items", "__iter__", "__len__", "__bool__", "keys", "__repr__", "__getitem__", "__eq__"]
)
def test_details_that_raise_when_they_are_read_cost_at_most_themselves(method):
    details = type("Rude", (dict,), {method: fails})(vm=7)

    body = problem_of(details=details)

    assert {name: value for name, value in body.items() if name != "vm"} == problem_of()


class InnerSchema(Schema):
    """What stands in the envelope."""

    reason = fields.String(attribute="text")
    slug = fields.String(attribute="code", data_key="errorCode")


class EnvelopeSchema(Schema):
    """One member that holds the others."""

    error = fields.Nested(InnerSchema)

    def get_attribute(self, obj, attr, default):
        return obj


def test_own_profile_renders_by_its_schema():
    profile = Profile(name="own", schema=EnvelopeSchema)

    body = profile.render(Fault(GONE, "id-1", "It left."))

    assert body == b'{"error":{"reason":"It left.","errorCode":"vm_gone"}}'


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object, b"\xff", "\ud800"], ids=repr)
def test_own_schema_may_dump_what_is_no_json(value):
    schema = type("OddSchema", (Schema,), {"odd": fields.Function(lambda fault: value)})

    json.loads(Profile(name="own", schema=schema).render(Fault(GONE, "id-1", "It left.")))


def test_profiles_are_told_apart_by_being_there_and_not_by_what_they_say():
    given = {"name": "own", "schema": ProblemSchema}

    assert Profile(**given) != Profile(**given)


def test_statuses_that_are_collapsed_are_plain_numbers():
    collapse = {HTTPStatus.NOT_FOUND: HTTPStatus.BAD_REQUEST}

    kept = Profile(name="own", schema=FaultMessageSchema, collapse=collapse).collapse

    assert [type(each) for pair in kept.items() for each in pair] == [int, int]
