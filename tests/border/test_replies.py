"""Replies: status, headers and body of a fault, without a framework."""

import pytest
from marshmallow import Schema, fields

from flask_faultmap.border.replies import collect_headers, last_resort, render
from flask_faultmap.categories import Category
from flask_faultmap.faults import Fault, Kind, Violation
from flask_faultmap.http.headers import NEVER_GIVEN
from flask_faultmap.mapping.mapper import CompiledKind
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.profiles import BUILT_IN, FIRECRACKER, PROBLEM, ProblemSchema, Profile

SETTINGS = Settings(profile=PROBLEM)
ID = ("X-Request-ID", "id-00001")
NO_STORE = ("Cache-Control", "no-store")
CHALLENGE = ("WWW-Authenticate", 'Bearer realm="api"')
UNSENDABLE = ["a\r\nSet-Cookie: b=1", "a\nb", "a\x00", "a\x1f", "a\x7f", "\u20ac", "\ud800"]


class SlugSchema(Schema):
    """A shape of an app's own."""

    slug = fields.String(attribute="code")


class BrokenSchema(Schema):
    """Cannot be dumped."""

    def dump(self, *_, **__):
        raise OSError("secret")


def fails(fault):
    raise OSError("secret")


def kind_of(status):
    return Kind(category=Category.INTERNAL, code="own", title="Own", status=status, original_status=status)


def fault_of(status=410, **given):
    return Fault(kind_of(status), "id-00001", "It left.", **given)


def headers_of(status=410, *own, retry_after=None, **given):
    return collect_headers(SETTINGS, fault_of(status, retry_after=retry_after), own, **given)


def rendered(profile, status=410, *own, allow=None, **given):
    kind = kind_of(status)
    template = CompiledKind(kind, profile.template(kind))
    return render(SETTINGS, profile, template, fault_of(status, **given), own, allow)


def own_profile(**given):
    return Profile(**{"name": "own", "schema": ProblemSchema, **given})


@pytest.mark.parametrize(
    "profile", [*BUILT_IN, own_profile(schema=SlugSchema)], ids=lambda profile: profile.name
)
def test_reply_has_the_status_of_the_kind_and_the_bytes_of_the_profile(profile):
    reply = rendered(profile)

    assert (reply.status, reply.body) == (410, profile.render(fault_of()))
    assert reply.headers == (
        ("Content-Type", profile.media_type),
        ("Content-Length", str(len(reply.body))),
        ID,
        NO_STORE,
    )


@pytest.mark.parametrize(
    "given", [{"violations": (Violation(message="x"),)}, {"details": {"vm": 1}}, {"retry_after": 0}], ids=str
)
def test_what_no_blank_has_room_for_is_in_the_body_all_the_same(given):
    assert rendered(PROBLEM, **given).body == PROBLEM.render(fault_of(**given))


@pytest.mark.parametrize("text", ["caf\u00e9 \U0001f600", "\ud800"])
def test_length_is_counted_in_bytes(text):
    kind = kind_of(410)

    reply = render(
        SETTINGS, PROBLEM, CompiledKind(kind, PROBLEM.template(kind)), Fault(kind, "id-00001", text)
    )

    assert dict(reply.headers)["Content-Length"] == str(len(reply.body))


@pytest.mark.parametrize(
    "kept", [{"retry_after": 5}, {"status": 401}, {"status": 405, "allow": "GET"}, {"status": 410}], ids=str
)
@pytest.mark.parametrize("name", ["cache-control", "X-REQUEST-ID"])
def test_header_that_the_profile_drops_is_never_sent(name, kept):
    reply = rendered(own_profile(drop_headers=(name,)), **kept)

    assert name.lower() not in {sent.lower() for sent, _ in reply.headers}


def test_firecracker_sends_no_allow():
    reply = rendered(FIRECRACKER, 400, ("Allow", "GET"))

    assert "Allow" not in dict(reply.headers)


def test_405_that_is_not_collapsed_keeps_its_allow():
    reply = rendered(FIRECRACKER, 405, allow="GET")

    assert dict(reply.headers)["Allow"] == "GET"


def test_headers_function_of_the_profile_is_given_the_fault():
    profile = own_profile(headers=lambda fault: {"X-Code": fault.code, "X-Status": str(fault.status)})

    assert rendered(profile).headers[2:] == (("X-Code", "own"), ("X-Status", "410"), ID, NO_STORE)


def test_headers_function_may_have_nothing_to_say():
    assert rendered(own_profile(headers=lambda fault: None)).headers[2:] == (ID, NO_STORE)


@pytest.mark.parametrize("given", [[("X-A", "b")], "X-A: b", 5], ids=repr)
def test_headers_function_that_gives_no_mapping_is_a_failure_for_the_last_resort(given):
    profile = own_profile(headers=lambda fault: given)

    with pytest.raises(AttributeError):
        rendered(profile)


@pytest.mark.parametrize("name", [5, None, b"X-A", "X A", "X-A:", "", "X-\u00e9", "X-A\r\n"], ids=repr)
def test_name_of_a_header_that_is_none_costs_that_header_alone(name):
    profile = own_profile(headers=lambda fault: {name: "x", "X-Fine": "y"})

    assert rendered(profile).headers[2:] == (("X-Fine", "y"), ID, NO_STORE)


def test_401_gets_the_challenge_of_the_app():
    assert headers_of(401) == (ID, NO_STORE, CHALLENGE)


@pytest.mark.parametrize("name", ["WWW-Authenticate", "www-authenticate"])
def test_401_keeps_its_own_challenges_each_in_its_line(name):
    own = ((name, "Bearer error=invalid_token"), (name, "Basic realm=x"))

    assert headers_of(401, *own) == (*own, ID, NO_STORE)


def test_401_whose_own_challenge_may_not_be_sent_gets_the_one_of_the_app():
    assert headers_of(401, ("WWW-Authenticate", "Bearer\r\nx")) == (ID, NO_STORE, CHALLENGE)


def test_other_statuses_get_no_challenge():
    assert headers_of(403) == (ID, NO_STORE)


@pytest.mark.parametrize("allow", ["GET, HEAD", ""])
def test_405_gets_the_methods_of_the_route(allow):
    assert headers_of(405, allow=allow) == (ID, NO_STORE, ("Allow", allow))


def test_405_keeps_its_own_methods():
    assert headers_of(405, ("allow", "PUT"), allow="GET") == (("allow", "PUT"), ID, NO_STORE)


@pytest.mark.parametrize(("status", "allow"), [(405, None), (404, "GET")], ids=["unknown", "collapsed"])
def test_methods_are_neither_made_up_nor_sent_without_need(status, allow):
    assert headers_of(status, allow=allow) == (ID, NO_STORE)


@pytest.mark.parametrize("seconds", [0, 1, 3600])
def test_retry_after_is_the_faults(seconds):
    assert headers_of(503, retry_after=seconds) == (ID, NO_STORE, ("Retry-After", str(seconds)))


@pytest.mark.parametrize(("own", "sent"), [("5", "5"), ("0", "0"), ("-5", "0"), ("1.2", "2"), (" 7 ", "7")])
def test_retry_after_of_the_error_itself_is_sent_in_whole_seconds(own, sent):
    assert dict(headers_of(503, ("retry-after", own)))["Retry-After"] == sent


def test_retry_after_of_the_fault_stands_over_every_other():
    sent = headers_of(429, ("retry-after", "9"), ("Retry-After", "8"), retry_after=0)

    assert sorted(sent) == sorted([("Retry-After", "0"), ID, NO_STORE])


@pytest.mark.parametrize("own", ["soon", "", "nan", "inf"])
def test_retry_after_that_is_no_time_is_not_sent(own):
    assert headers_of(503, ("Retry-After", own)) == (ID, NO_STORE)


@pytest.mark.parametrize("name", ["Cache-Control", "cache-control"])
def test_own_cache_control_is_kept(name):
    assert headers_of(410, (name, "max-age=60")) == ((name, "max-age=60"), ID)


def test_id_is_the_one_of_the_fault_whatever_the_error_says():
    settings = Settings(profile=PROBLEM, request_id_header="X-Trace")

    sent = collect_headers(settings, fault_of(), (("x-trace", "mine"), ("X-Request-ID", "other")))

    assert sent == (("X-Trace", "id-00001"), ("X-Request-ID", "other"), NO_STORE)


@pytest.mark.parametrize("name", ["WWW-Authenticate", "Set-Cookie", "Link"])
def test_header_that_is_there_twice_is_sent_twice(name):
    own = ((name, "a"), ("X-Between", "b"), (name.lower(), "c"))

    assert headers_of(403, *own) == (own[0], own[2], own[1], ID, NO_STORE)


@pytest.mark.parametrize("name", sorted(NEVER_GIVEN))
def test_header_that_is_about_another_body_is_not_kept(name):
    assert headers_of(410, (name, "x"), (name.title(), "y"), more={name.upper(): "z"}) == (ID, NO_STORE)


@pytest.mark.parametrize("value", UNSENDABLE, ids=ascii)
def test_value_that_no_server_may_send_is_dropped_and_told(value, caplog):
    assert headers_of(410, ("X-Own", value), more={"X-More": value}) == (ID, NO_STORE)
    assert [record.getMessage() for record in caplog.records] == [
        f"The header {name} was dropped: its value has characters that no header may have"
        for name in ("X-Own", "X-More")
    ]


@pytest.mark.parametrize("value", [5, None, b"x", ["x"]], ids=repr)
def test_value_that_is_no_text_is_dropped(value):
    assert headers_of(410, ("X-Own", value)) == (ID, NO_STORE)


@pytest.mark.parametrize("value", ["", "a b\tc", "\u00e9", "~"], ids=ascii)
def test_value_that_may_be_sent_is_kept(value):
    assert headers_of(410, ("X-Own", value)) == (("X-Own", value), ID, NO_STORE)


@pytest.mark.parametrize("profile", BUILT_IN, ids=lambda profile: profile.name)
def test_last_resort_has_the_shape_of_the_profile_and_no_id(profile):
    reply = last_resort(SETTINGS, profile, kind_of(500))

    assert (reply.status, reply.body) == (500, profile.render(Fault(kind_of(500), "", "Own")))
    assert reply.headers == (
        ("Content-Type", profile.media_type),
        ("Content-Length", str(len(reply.body))),
        NO_STORE,
    )


def test_last_resort_of_a_schema_that_raises_is_a_problem_and_told(caplog):
    profile = own_profile(schema=BrokenSchema, media_type="application/vnd.own+json")

    reply = last_resort(SETTINGS, profile, kind_of(500))

    assert reply == last_resort(SETTINGS, PROBLEM, kind_of(500))
    assert [record.getMessage() for record in caplog.records] == [
        "The profile 'own' cannot render an internal error; 'problem' stands in for it"
    ]


def test_last_resort_has_the_headers_of_the_profile():
    profile = own_profile(
        headers=lambda fault: {"X-Code": fault.code, "X-Bad": "\n"}, drop_headers=("Cache-Control",)
    )

    assert last_resort(SETTINGS, profile, kind_of(500)).headers[2:] == (("X-Code", "own"),)


@pytest.mark.parametrize("headers", [fails, lambda fault: 5], ids=["raises", "no mapping"])
def test_last_resort_goes_without_headers_that_fail(headers, caplog):
    reply = last_resort(SETTINGS, own_profile(headers=headers), kind_of(500))

    assert reply.headers[2:] == (NO_STORE,)
    assert [record.getMessage() for record in caplog.records] == [
        "The headers of the profile 'own' fail; the last resort goes without"
    ]


@pytest.mark.parametrize(("status", "more"), [(401, (NO_STORE, CHALLENGE)), (503, (NO_STORE,))])
def test_last_resort_has_what_its_status_asks_for(status, more):
    assert last_resort(SETTINGS, PROBLEM, kind_of(status)).headers[2:] == more


def test_value_of_a_subclass_of_str_is_sent_as_a_plain_one():
    class Text(str):
        __slots__ = ()

    sent = headers_of(410, (Text("X-Own"), Text("a")), more={Text("X-More"): Text("b")})

    assert {type(word) for pair in sent for word in pair} == {str}
