"""HTTP errors through Flask: status, headers and wording of each, as RFC 9110 has them."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, abort, request, send_file
from flow_app import answer_to, app_raising, app_with, raising
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    LengthRequired,
    MethodNotAllowed,
    NotFound,
    RequestedRangeNotSatisfiable,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    default_exceptions,
)
from werkzeug.routing import Rule

from flask_faultmap.errors import (
    InvalidArgumentError,
    NotFoundError,
    PayloadTooLargeError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
)
from flask_faultmap.http.statuses import phrase

UNKNOWN_TO_ABORT = (402, 407, 425, 426, 449, 499, 506, 507, 508, 510, 511, 520, 599)
STATUSES = [status for status in default_exceptions if status >= 400] + [*UNKNOWN_TO_ABORT]
EACH = pytest.mark.parametrize("status", STATUSES)
EACH_4XX = pytest.mark.parametrize("status", [status for status in STATUSES if status < 500])
EACH_5XX = pytest.mark.parametrize("status", [status for status in STATUSES if status >= 500])


def error_of(status, **given):
    cls = default_exceptions.get(status) or type(f"Http{status}", (HTTPException,), {"code": status})
    return cls(**given)


def with_headers(status, *headers):
    members = {"code": status, "get_headers": lambda self, environ, scope=None: [*headers]}
    return type("OwnHeaders", (HTTPException,), members)()


@EACH
def test_status_is_exactly_the_errors(status):
    response = answer_to(error_of(status))

    assert (response.status_code, response.json["status"]) == (status, status)


@EACH
def test_status_line_has_the_phrase_of_the_standard(status):
    assert answer_to(error_of(status)).status == f"{status} {phrase(status).upper()}"


@EACH
def test_error_is_never_html(status):
    response = answer_to(error_of(status))

    assert response.content_type == "application/problem+json"
    assert "<" not in response.text


@pytest.mark.parametrize("code", [0x3E7, 600, -1, "404", 404.0, True], ids=repr)
def test_code_that_is_no_status_is_never_sent(code):
    response = answer_to(type("Odd", (HTTPException,), {"code": code})("secret"))

    assert response.status_code == 500
    assert response.json["code"] == "internal"
    assert "secret" not in response.text


@pytest.mark.parametrize("cls", [HTTPException, type("Codeless", (HTTPException,), {})])
def test_error_with_neither_code_nor_response_is_an_opaque_500_and_logged(cls, caplog):
    response = answer_to(cls("secret"))

    assert (response.status_code, response.json["code"]) == (500, "internal")
    assert "secret" not in response.text
    assert [(record.name, record.levelname) for record in caplog.records] == [("shop.faultmap", "ERROR")]


class OwnFlask(Flask):
    """An app that hands HTTP errors on in its own way, with a signature of its own."""

    def handle_http_exception(self, error, /):
        error.description = f"by the app: {error.description}"
        return super().handle_http_exception(error)


def test_apps_own_handling_of_http_errors_still_runs():
    response = answer_to(NotFound("x"), app=OwnFlask("shop"))

    assert response.json["detail"] == "by the app: x"


def test_own_handling_that_was_put_on_the_app_itself_still_runs():
    app = Flask("shop")
    handle = app.handle_http_exception
    app.handle_http_exception = lambda error: handle(NotFound(f"by the app: {error.description}"))

    response = answer_to(NotFound("x"), app=app)

    assert response.json["detail"] == "by the app: x"


def test_codeless_error_may_be_handed_over_by_keyword():
    app = app_with()

    with app.test_request_context("/x"):
        response = app.handle_http_exception(e=HTTPException("secret"))

    assert response.status_code == 500


@EACH
def test_wording_is_not_werkzeugs(status):
    error = error_of(status)

    response = answer_to(error)

    assert error.description is None or error.description not in response.text


@EACH_4XX
def test_text_given_to_abort_is_kept_below_500(status):
    failure = error_of(status, description="Ask the <owner>.")

    assert answer_to(failure).json["detail"] == "Ask the <owner>."


@EACH_5XX
def test_text_given_to_abort_is_not_sent_from_500_on(status):
    assert "secret" not in answer_to(error_of(status, description="secret")).text


@pytest.mark.parametrize("description", [{"secret": 1}, ["secret"], b"secret", 5, object], ids=repr)
def test_description_that_is_no_text_is_not_sent(description):
    response = answer_to(NotFound(description))

    assert response.status_code == 404
    assert "detail" not in response.json
    assert "secret" not in response.text


def test_text_of_an_apps_own_class_is_not_taken_for_werkzeugs():
    payment_required = type("PaymentRequired", (HTTPException,), {"code": 402, "description": "Pay first."})

    assert answer_to(payment_required()).status_code == 402


@pytest.mark.skipif("TRUSTED_HOSTS" not in Flask.default_config, reason="Flask 3.0 has no TRUSTED_HOSTS")
def test_host_that_is_not_trusted_is_not_repeated():
    app = app_with(TRUSTED_HOSTS=["good.example"])

    response = app.test_client().get("/", headers={"Host": "evil.example"})

    assert (response.status_code, response.json["code"]) == (400, "untrusted_host")
    assert "evil" not in response.text


def test_body_over_the_limit_is_a_413():
    app = app_with(MAX_CONTENT_LENGTH=3)
    app.add_url_rule("/form", view_func=lambda: request.get_data(), methods=["POST"])

    response = app.test_client().post("/form", data="four")

    assert (response.status_code, response.json["code"]) == (413, "payload_too_large")


def test_url_that_no_route_matches_is_told_from_a_missing_thing():
    client = app_raising(NotFound()).test_client()

    assert client.get("/fail").json["code"] == "not_found"
    assert client.get("/nowhere").json["code"] == "unknown_path"


def test_missing_static_file_is_a_missing_thing():
    response = app_with().test_client().get("/static/none.css")

    assert (response.status_code, response.json["code"]) == (404, "not_found")


def test_file_that_cannot_be_sent_is_an_opaque_500():
    app = app_with()
    app.add_url_rule("/file", view_func=lambda: send_file("/no/such/secret.txt"))

    response = app.test_client().get("/file")

    assert response.status_code == 500
    assert "secret" not in response.text


def test_unknown_method_is_a_405():
    response = app_raising(NotFound()).test_client().open("/fail", method="FOO")

    assert (response.status_code, response.json["code"]) == (405, "method_not_allowed")


@EACH
def test_errors_are_not_stored_by_caches(status):
    assert answer_to(error_of(status)).headers["Cache-Control"] == "no-store"


def test_errors_own_cache_control_is_kept():
    response = answer_to(with_headers(404, ("cache-control", "max-age=60")))

    assert response.headers.getlist("Cache-Control") == ["max-age=60"]


@pytest.mark.parametrize(
    "failure", [Unauthorized(), UnauthenticatedError("x"), with_headers(401)], ids=["http", "domain", "own"]
)
def test_401_always_carries_a_challenge(failure):
    assert answer_to(failure).headers.getlist("WWW-Authenticate") == ['Bearer realm="api"']


def test_challenge_is_the_apps_choice():
    response = answer_to(Unauthorized(), FAULTMAP_AUTH_CHALLENGE='Basic realm="shop"')

    assert response.headers["WWW-Authenticate"] == 'Basic realm="shop"'


def test_challenges_of_the_error_itself_are_kept_each_in_its_line():
    own = [WWWAuthenticate("bearer", {"error": "invalid_token"}), WWWAuthenticate("basic", {"realm": "x"})]

    response = answer_to(Unauthorized(www_authenticate=own))

    assert response.headers.getlist("WWW-Authenticate") == ["Bearer error=invalid_token", "Basic realm=x"]


@pytest.mark.parametrize(
    ("failure", "config"),
    [
        (MethodNotAllowed(), {}),
        (MethodNotAllowed([]), {}),
        (with_headers(405), {}),
        (InvalidArgumentError("x"), {"FAULTMAP_STATUSES": {"invalid_argument": 405}}),
    ],
    ids=["abort", "empty", "own", "domain"],
)
def test_405_without_allow_takes_it_from_the_route(failure, config):
    assert answer_to(failure, **config).headers["Allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(
    "failure", [MethodNotAllowed(["PUT"]), with_headers(405, ("Allow", "PUT"))], ids=["werkzeug", "own"]
)
def test_405_keeps_its_own_allow(failure):
    assert answer_to(failure).headers.getlist("Allow") == ["PUT"]


def test_405_of_the_routing_names_what_is_allowed():
    response = app_raising(NotFound()).test_client().delete("/fail")

    assert set(response.allow) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_405_without_any_route_has_an_empty_allow():
    app = app_with()
    app.before_request(lambda: abort(405))

    assert app.test_client().get("/nowhere").headers["Allow"] == ""


def test_range_that_cannot_be_served_names_the_length():
    response = answer_to(RequestedRangeNotSatisfiable(length=10))

    assert (response.status_code, response.headers["Content-Range"]) == (416, "bytes */10")


@EACH
def test_no_other_error_has_a_content_range(status):
    assert "Content-Range" not in answer_to(error_of(status)).headers


@EACH
def test_no_error_sends_what_belongs_to_the_server(status):
    assert not {"Connection", "Transfer-Encoding", "Upgrade"} & {*answer_to(error_of(status)).headers.keys()}


def test_415_for_a_wrong_media_type_does_not_name_encodings():
    app = app_with()
    app.add_url_rule("/json", view_func=lambda: request.json, methods=["POST"])

    response = app.test_client().post("/json", data="x", content_type="text/plain")

    assert (response.status_code, response.json["code"]) == (415, "unsupported_media_type")
    assert "Accept-Encoding" not in response.headers


def test_headers_that_the_answer_itself_decides_are_not_taken_from_an_error():
    own = [("Content-Type", "text/html"), ("content-length", "5"), ("Content-Encoding", "gzip")]

    response = answer_to(with_headers(404, *own, ("Link", "</x>"), ("Link", "</y>")))

    assert response.content_type == "application/problem+json"
    assert response.content_length == len(response.data)
    assert "Content-Encoding" not in response.headers
    assert response.headers.getlist("Link") == ["</x>", "</y>"]


@pytest.mark.parametrize(
    "header",
    [
        ("X-Own", "a\r\nSet-Cookie: b=1"),
        ("X-Own", "a\x00"),
        ("X-Own", "a\x7f"),
        ("X-Own", "\u20ac"),
        ("X-Own", 5),
        ("X Own", "a"),
        ("X-Own:", "a"),
        ("", "a"),
    ],
    ids=repr,
)
def test_header_that_no_server_may_send_is_dropped(header):
    response = answer_to(with_headers(404, header, ("X-Fine", "\u00e9")))

    assert response.status_code == 404
    assert response.headers["X-Fine"] == "\u00e9"
    assert {*response.headers.keys()} == {
        "Content-Type",
        "Content-Length",
        "X-Fine",
        "X-Request-ID",
        "Cache-Control",
    }


def test_headers_of_an_error_may_depend_on_the_request():
    def get_headers(self, environ, scope=None):
        return [("X-Asked", environ["PATH_INFO"])]

    response = answer_to(type("Asks", (HTTPException,), {"code": 404, "get_headers": get_headers})())

    assert (response.status_code, response.headers["X-Asked"]) == (404, "/fail")


def test_error_whose_headers_fail_keeps_its_status(caplog):
    failure = type("Fails", (HTTPException,), {"code": 404, "get_headers": raising(OSError("no store"))})()

    response = answer_to(failure)

    assert (response.status_code, response.json["code"]) == (404, "not_found")
    assert [record.exc_info[0] for record in caplog.records] == [OSError]


@pytest.mark.parametrize("headers", [None, 5, [("X-Own",)], [(5, "x")]], ids=repr)
def test_error_whose_headers_are_none_keeps_its_status(headers):
    failure = type("Odd", (HTTPException,), {"code": 404, "get_headers": lambda self, *_: headers})()

    assert answer_to(failure).status_code == 404


SOON = timedelta(seconds=90)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (30, "30"),
        (0, "0"),
        (-5, "0"),
        (1.5, "2"),
        (timedelta(seconds=10), "10"),
        (timedelta(milliseconds=1), "1"),
        ("7", "7"),
    ],
    ids=repr,
)
@pytest.mark.parametrize(
    "cls", [TooManyRequests, ServiceUnavailable, ResourceExhaustedError, UnavailableError]
)
def test_retry_after_is_a_whole_number_of_seconds(cls, given, sent):
    response = answer_to(cls(retry_after=given))

    assert response.headers.getlist("Retry-After") == [sent]
    assert response.json["retry_after"] == int(sent)


@pytest.mark.parametrize("zone", [UTC, None])
def test_retry_after_a_moment_is_sent_in_seconds(zone):
    when = datetime.now(UTC).replace(tzinfo=zone) + SOON

    assert 1 <= int(answer_to(TooManyRequests(retry_after=when)).headers["Retry-After"]) <= 90


@pytest.mark.parametrize("given", ["soon", float("nan"), float("inf"), "1\r\nX-Own: 1", object], ids=str)
@pytest.mark.parametrize("cls", [TooManyRequests, ResourceExhaustedError])
def test_retry_after_that_is_no_time_is_not_sent(cls, given):
    response = answer_to(cls(retry_after=given))

    assert response.status_code == 429
    assert "Retry-After" not in response.headers
    assert "retry_after" not in response.json


@pytest.mark.parametrize(
    "failure",
    [PayloadTooLargeError("x", retry_after=5), with_headers(413, ("Retry-After", "5"))],
    ids=["domain", "http"],
)
def test_413_carries_retry_after_when_it_is_known(failure):
    response = answer_to(failure)

    assert (response.status_code, response.headers["Retry-After"]) == (413, "5")


def test_retry_after_that_an_error_sends_as_a_header_alone_is_in_the_body_too():
    response = answer_to(with_headers(503, ("retry-after", "4.2")))

    assert response.headers.getlist("Retry-After") == ["5"]
    assert response.json["retry_after"] == 5


@EACH
def test_no_retry_after_is_made_up(status):
    assert "Retry-After" not in answer_to(error_of(status)).headers


@pytest.mark.parametrize("failure", [NotFoundError("x"), NotFound("x"), BadRequest("x"), LengthRequired("x")])
def test_client_errors_are_never_errors_in_the_log(failure, caplog):
    answer_to(failure)

    assert caplog.records == []


@pytest.mark.usefixtures("no_collection")
def test_deep_json_of_another_source_is_an_unhandled_error():
    app = app_with(PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/json", view_func=lambda: json.loads("[" * 100_000))
    app.add_url_rule("/endless", view_func=endless, methods=["POST"])

    client = app.test_client()

    assert client.get("/json").status_code == 500
    assert client.post("/endless", json=[]).status_code == 500


def endless():
    request.get_json()
    return endless()


def test_plain_request_to_a_websocket_route_is_told_so():
    app = app_with()
    app.url_map.add(Rule("/feed", endpoint="feed", websocket=True))

    response = app.test_client().get("/feed")

    assert (response.status_code, response.json["code"]) == (400, "websocket_expected")
    assert response.json["detail"] == "This address is for WebSocket connections."


class BoxErrorFirst(NotFoundError, NotFound):
    """A domain error, and werkzeug's for those who catch that."""


class BoxErrorAtServer(UnavailableError, ServiceUnavailable):
    """One whose message is private."""


@pytest.mark.parametrize("place", ["view", "after_request"])
@pytest.mark.parametrize("config", [{}, {"TRAP_HTTP_EXCEPTIONS": True}], ids=["usual", "trapped"])
@pytest.mark.parametrize(
    ("cls", "status", "detail"),
    [
        (BoxErrorFirst, 404, "No box b1"),
        (BoxErrorAtServer, 503, None),
    ],
)
def test_class_that_is_both_is_answered_as_a_domain_error(cls, status, detail, config, place):
    app = app_with(**config)
    app.add_url_rule("/fail", view_func=raising(cls("No box b1")) if place == "view" else lambda: "")
    if place == "after_request":
        app.after_request(raising(cls("No box b1")))

    response = app.test_client().get("/fail")

    assert response.status_code == status
    assert (response.json["code"], response.json.get("detail")) == (cls.code, detail)


@pytest.mark.parametrize("base", [NotFound, type("OwnNotFound", (NotFound,), {}), HTTPException])
def test_class_that_is_an_http_error_first_is_refused_in_words(base):
    with pytest.raises(TypeError, match=rf"the base {base.__name__}, an HTTP error, first; put the domain"):
        type("HTTPFirst", (base, NotFoundError), {})


def test_class_that_is_both_keeps_its_message_in_args():
    assert (BoxErrorFirst("No box").args, str(BoxErrorFirst("No box"))) == (("No box",), "No box")
