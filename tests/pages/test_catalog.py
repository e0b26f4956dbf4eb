"""The catalogue: every type leads to its page, and each page says what the app really sends."""

import json
import subprocess
import sys

import pytest
from flask import Blueprint, Flask
from flow_app import app_with, raising
from jsonschema import Draft202012Validator
from marshmallow import Schema, fields

from flask_faultmap import ConfigError, FaultMap, Profile, Rule
from flask_faultmap import errors as built_in
from flask_faultmap.contract import make_contract
from flask_faultmap.errors import DomainError, NotFoundError, UnavailableError
from flask_faultmap.http.statuses import STATUS_ERRORS
from flask_faultmap.mapping.settings import is_below
from flask_faultmap.pages import catalog
from flask_faultmap.pages.descriptions import answers_of, describe_all
from flask_faultmap.pages.markdown import write_index
from flask_faultmap.pages.members import find_member
from flask_faultmap.profiles import Envelope
from flask_faultmap.tools.cli import faults

MARKUP = "<script>alert(1)</script>&\"'"


class QuotaUsedUpError(built_in.ResourceExhaustedError):
    """The quota of the `tenant` is used up.

    It occurs when :class:`~shop.Machine` and ``disk`` are counted.

    Args:
        none: of the client's business.
    """

    code = "quota.json"
    client_action = "Free something."
    operator_action = "For operators only."
    since = "1.2"
    deprecated = "Use `limit_reached`."


class StaticError(NotFoundError):
    """It has the code of an address of the catalogue."""

    code = "static"


class EnvelopeSchema(Schema):
    class _Inner(Schema):
        code = fields.String(required=True)
        at = fields.DateTime(dump_default=None, allow_none=True)
        tags = fields.List(fields.List(fields.String()))
        share = fields.Float()
        exact = fields.Decimal()
        day = fields.Date()
        more = fields.Dict()
        whatever = fields.Raw()

    error = Envelope(_Inner, required=True)
    errors = Envelope(_Inner, many=True)
    message = fields.String(attribute="text", metadata={"description": "for people"})


class TreeSchema(Schema):
    code = fields.String()
    inner = fields.Nested(lambda: TreeSchema(), attribute="nothing")


ENVELOPE = Profile(name="envelope", schema=EnvelopeSchema)


def shop(*, prefix="/problems", app=None, **config):
    """Make an app with a catalogue, whose ``/fail/<code>`` raises the class of that code."""
    app = app_with(app=app, profiles=[ENVELOPE], **config)
    app.register_blueprint(catalog(), url_prefix=prefix)
    classes = {
        cls.code: cls for cls in (QuotaUsedUpError, StaticError, *vars(built_in).values()) if is_error(cls)
    }

    @app.get("/fail/<code>")
    @app.get("/v1/fail/<code>")
    def fail(code):
        raise classes[code]()

    return app


def is_error(cls):
    return isinstance(cls, type) and issubclass(cls, DomainError)


def page(app, path, accept=None):
    return app.test_client().get(path, headers={} if accept is None else {"Accept": accept})


def type_of(app, path="/fail/quota.json"):
    return app.test_client().get(path).get_json()["type"]


CODES = sorted({*(cls.code for cls in vars(built_in).values() if is_error(cls)), QuotaUsedUpError.code})


@pytest.mark.parametrize("code", CODES)
def test_type_that_is_sent_leads_to_the_page_of_its_code(code):
    app = shop()

    found = page(app, type_of(app, f"/fail/{code}"), "application/json")

    assert found.get_json()["code"] == code


@pytest.mark.long
@pytest.mark.parametrize("cls", STATUS_ERRORS, ids=lambda cls: str(cls.status))
def test_type_of_an_http_error_leads_to_its_page(cls):
    app = shop()

    found = page(app, f"/problems/{cls.code}", "application/json").get_json()

    assert found["statuses"] == {"problem": found["answers"][0]["status"]}
    assert found["meaning"]


# A failed validation has violations, of which the page shows one.
@pytest.mark.parametrize("code", [code for code in CODES if code != "validation_failed"])
def test_example_is_what_the_app_sends(code):
    app = shop(FAULTMAP_SCOPES={"/v1": "envelope"})
    client = app.test_client()

    answers = page(app, f"/problems/{code}.json").get_json()["answers"]

    for path, told in zip(("/fail/", "/v1/fail/"), answers, strict=True):
        sent = client.get(path + code, headers={"X-Request-ID": told["example"]["headers"]["X-Request-ID"]})
        assert sent.text == told["example"]["body"]
        assert dict(sent.headers) == told["example"]["headers"]
        assert sent.status_code == told["status"]


@pytest.mark.long
@pytest.mark.parametrize("code", [*CODES, "validation_failed", "method_not_allowed"])
def test_example_fits_the_json_schema(code):
    answers = page(shop(FAULTMAP_SCOPES={"/v1": "envelope"}), f"/problems/{code}.json").get_json()["answers"]

    for answer in answers:
        Draft202012Validator.check_schema(answer["schema"])
        Draft202012Validator(answer["schema"]).validate(json.loads(answer["example"]["body"]))


def test_every_code_of_the_contract_but_the_reserved_has_a_page():
    app = shop()
    listed = page(app, "/problems/", "application/json").get_json()["errors"]

    codes = make_contract(app.extensions["faultmap"].mapper)["codes"]

    assert {each["code"] for each in listed} == {*codes} - {"static"}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("text/*", "text/html"),
        ("image/png", "text/html"),
        ("nonsense", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("text/markdown, */*;q=0.1", "text/markdown"),
        ("text/html;q=0.1, text/markdown", "text/markdown"),
    ],
)
@pytest.mark.parametrize("path", ["/problems/", "/problems/quota.json"])
def test_accept_chooses_the_form(path, accept, media_type):
    found = page(shop(), path, accept)

    assert (found.status_code, found.mimetype) == (200, media_type)
    assert found.headers["Vary"] == "Accept"


@pytest.mark.parametrize("suffix", [".json", ".md"])
def test_ending_chooses_the_form_and_an_exact_code_counts_more(suffix):
    app = shop()

    assert page(app, "/problems/quota.json").mimetype == "text/html"
    assert page(app, f"/problems/quota.json{suffix}", "text/html").mimetype != "text/html"


@pytest.mark.parametrize("path", ["nope", "nope.md", "static", "quota.json.xml", "%00", "x" * 300, "a b"])
def test_unknown_code_is_a_fault_in_the_scope_of_its_url(path):
    found = page(shop(FAULTMAP_SCOPES={"/problems": "fault_message"}), f"/problems/{path}")

    assert found.status_code in (400, 404)
    assert list(found.get_json()) == ["fault_message"]


def test_reserved_code_keeps_about_blank():
    assert type_of(shop(), "/fail/static") == "about:blank"


def test_code_outside_of_the_contract_keeps_about_blank():
    app = shop()
    error, known = NotFoundError(), NotFoundError()
    error.code, known.code = "made_up", "gone"
    app.add_url_rule("/made-up", view_func=raising(error), endpoint="made_up")
    app.add_url_rule("/gone", view_func=raising(known), endpoint="gone")

    assert type_of(app, "/made-up") == "about:blank"
    assert type_of(app, "/gone") == "/problems/gone"


def test_class_that_only_a_rule_knows_has_a_page():
    hidden = type("HiddenError", (NotFoundError,), {"__doc__": "Hidden."})
    app = Flask("shop")
    FaultMap(app, rules=[Rule(on=ZeroDivisionError, to=hidden)])
    app.register_blueprint(catalog(), url_prefix="/p")
    app.add_url_rule("/fail", view_func=raising(ZeroDivisionError))

    assert type_of(app, "/fail") == "/p/hidden"
    assert page(app, "/p/hidden").status_code == 200


@pytest.mark.parametrize("is_early", [True, False], ids=["before init_app", "after init_app"])
@pytest.mark.parametrize(
    ("root", "prefix", "base"),
    [
        (None, "/problems", "/problems/"),
        (None, "/v1/problems/", "/v1/problems/"),
        ("/shop", "/problems", "/shop/problems/"),
        ("/shop/", "/problems", "/shop/problems/"),
        (None, None, "/"),
    ],
)
def test_type_is_root_prefix_and_code(is_early, root, prefix, base):
    app = Flask("shop")
    app.config.update({} if root is None else {"APPLICATION_ROOT": root})
    steps = [lambda: app.register_blueprint(catalog(), url_prefix=prefix), lambda: FaultMap(app)]
    for step in steps if is_early else steps[::-1]:
        step()
    app.add_url_rule("/a/fail", view_func=raising(UnavailableError))

    assert type_of(app, "/a/fail") == base + "unavailable"


def test_catalogue_of_a_nested_blueprint_counts_with_its_full_prefix():
    app, outer = app_with(), Blueprint("api", "api", url_prefix="/api")
    outer.register_blueprint(catalog(), url_prefix="/problems")
    app.register_blueprint(outer, url_prefix="/v2")
    app.add_url_rule("/fail", view_func=raising(UnavailableError))

    assert type_of(app, "/fail") == "/v2/problems/unavailable"
    assert page(app, "/v2/problems/unavailable").status_code == 200


def test_first_of_two_catalogues_names_the_types():
    app = shop()
    app.register_blueprint(catalog(name="second"), url_prefix="/second")

    assert type_of(app) == "/problems/quota.json"
    assert page(app, "/second/quota.json").status_code == 200


def test_last_resort_has_the_type_too():
    app = shop()

    assert b"/problems/internal" in app.extensions["faultmap"].last_resorts["problem"].body


def test_links_follow_the_proxy_and_the_type_does_not():
    app = shop()

    found = app.test_client().get("/problems/gone", base_url="http://evil.example/behind")

    assert 'href="/behind/problems/"' in found.text
    assert "evil.example" not in found.text
    assert "<code>/problems/gone</code>" in found.text


def test_type_base_counts_more_and_check_says_where_it_leads():
    app = shop(FAULTMAP_TYPE_BASE="https://errors.example.com/")

    told = app.test_cli_runner().invoke(faults, ["check"]).output

    assert type_of(app) == "https://errors.example.com/quota.json"
    assert "types-elsewhere: FAULTMAP_TYPE_BASE: the type https://errors.example.com/uncategorized" in told


def test_check_is_content_with_a_type_base_that_leads_to_the_catalogue():
    app = shop(FAULTMAP_TYPE_BASE="https://shop.example.com/problems/")

    assert "types-elsewhere" not in app.test_cli_runner().invoke(faults, ["check"]).output


def test_check_says_that_types_lead_to_the_catalogue():
    told = shop().test_cli_runner().invoke(faults, ["check"]).output

    assert "Types lead to the catalogue (/problems/uncategorized)" in told


def test_settings_are_not_said_to_be_late(caplog):
    page(shop(), "/fail/gone")

    assert "came after FaultMap" not in caplog.text


def test_operator_action_is_not_published():
    app = shop()

    told = [page(app, f"/problems/quota.json{suffix}").text for suffix in ("", ".json", ".md")]

    assert "For operators only" not in "".join(told)
    assert all("Free something" in each for each in told)


def test_docstring_becomes_meaning_and_occasion_without_marks():
    told = page(shop(), "/problems/quota.json.json").get_json()

    assert told["meaning"] == "The quota of the `tenant` is used up."
    assert told["occurs"] == ["It occurs when `Machine` and `disk` are counted."]


@pytest.mark.parametrize(("words", "count"), [("quota", 1), ("QUOTA tenant", 1), ("no such thing", 0)])
def test_index_is_searched_by_words(words, count):
    found = page(shop(), f"/problems/?q={words}").text

    assert found.count('href="/problems/quota.json"') == count


def test_index_is_narrowed_by_category():
    found = page(shop(), "/problems/?category=resource_exhausted").text

    assert 'href="/problems/quota.json"' in found
    assert 'href="/problems/gone"' not in found


def test_list_has_no_heading_without_errors():
    app = shop()
    general = [each for each in describe_all(app.extensions["faultmap"].mapper) if each.is_built_in]

    assert "## Errors of this service" not in write_index("shop", general)


@pytest.mark.parametrize("members", [{}, {"__doc__": "SilentError(field: int)"}])
def test_class_without_words_has_those_of_its_base(members):
    cls = type("SilentError", (NotFoundError,), members)
    app = app_with(rules=[Rule(on=ZeroDivisionError, to=cls)])
    app.register_blueprint(catalog(), url_prefix="/p")

    assert page(app, "/p/silent.json").get_json()["meaning"] == NotFoundError.__doc__


def test_llms_txt_lists_every_page():
    app = shop()
    found = page(app, "/problems/llms.txt")

    assert found.mimetype == "text/plain"
    assert "- [quota.json](quota.json.md): The quota of the `tenant` is used up." in found.text


@pytest.mark.parametrize("path", ["/problems/?q=%3Cscript%3E&category=%22%3E", "/problems/marked"])
def test_foreign_text_is_escaped_even_if_the_app_does_not_escape(path):
    cls = type(
        "MarkedError",
        (NotFoundError,),
        {"__doc__": MARKUP, "title": MARKUP, "client_action": MARKUP, "since": MARKUP, "deprecated": MARKUP},
    )
    app = Flask(MARKUP)
    app.jinja_env.autoescape = False
    app.jinja_env.variable_start_string = "[["
    FaultMap(app, rules=[Rule(on=ZeroDivisionError, to=cls)])
    app.register_blueprint(catalog(), url_prefix="/problems")

    found = page(app, path).text

    assert "<script" not in found
    assert "&lt;script&gt;" in found


PLACES = ["/", "/gone", "/gone.md", "/gone.json", "/llms.txt", "/static/faults.css", "/nope", "/no/such"]


@pytest.mark.parametrize("path", PLACES)
def test_every_answer_is_locked_down(path):
    with page(shop(), f"/problems{path}") as found:
        headers = found.headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_stylesheet_of_the_app_takes_the_place_of_ours():
    app = app_with()
    app.register_blueprint(catalog(stylesheet="/static/own.css"), url_prefix="/p")

    assert '<link rel="stylesheet" href="/static/own.css">' in page(app, "/p/gone").text


@pytest.mark.parametrize("stylesheet", ["https://cdn.example/x.css", "//cdn.example/x.css", "x.css", 5])
def test_stylesheet_of_another_server_is_refused(stylesheet):
    with pytest.raises(ConfigError, match="must be a path on the same server"):
        catalog(stylesheet=stylesheet)


def test_template_of_the_app_takes_the_place_of_ours(tmp_path):
    (tmp_path / "faultmap").mkdir()
    (tmp_path / "faultmap" / "catalog_page.html").write_text("ours: {{ told.code }}")
    app = shop(app=Flask("shop", template_folder=str(tmp_path)))

    assert page(app, "/problems/gone").text == "ours: gone"
    assert "<h1>Errors of shop</h1>" in page(app, "/problems/").text


def test_schema_that_nests_itself_is_described():
    tree = Profile(name="tree", schema=TreeSchema)
    app = app_with(profiles=[tree], FAULTMAP_PROFILE="tree")
    app.register_blueprint(catalog(), url_prefix="/p")

    schema = page(app, "/p/gone.json").get_json()["answers"][0]["schema"]

    assert schema["properties"]["inner"] == {"type": "object"}


def test_body_is_shown_with_line_breaks():
    app = shop()
    answer = answers_of(app.extensions["faultmap"].mapper, "gone")[0]

    assert json.loads(answer.shown) == json.loads(answer.body)


def test_catalogue_loads_no_database_library():
    code = "import sys, flask_faultmap.pages; print('sqlalchemy' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_page_says_where_a_profile_answers_and_how_a_program_knows_the_error():
    app = shop(FAULTMAP_SCOPES={"/v1": "envelope", "/old": "fault_message"})

    told = page(app, "/problems/quota.json.md").text

    assert "- where: everywhere else\n- status: 429\n" in told
    assert "- where: below `/v1`\n" in told
    assert "- how to know it: the member `code` is `quota.json`" in told
    assert "- how to know it: the member `error.code` is `quota.json`" in told
    assert "- how to know it: by the status and the text; the body does not have the code" in told
    assert "- request id, for a report: the header `X-Request-ID`" in told


PLACES = [  # the settings, and of each answer: its profile, the places below which it is given, its status
    ({"MODE": {"/v1": True}}, [("problem", (), 404), ("problem", ("/v1",), 400)]),
    ({"MODE": {"/": True, "/v2": False}}, [("problem", (), 400), ("problem", ("/v2",), 404)]),
    (
        {"MODE": {"/v1": True, "/v1/new": None, "/v1/old": True}},
        [("problem", ("/", "/v1/new"), 404), ("problem", ("/v1",), 400)],
    ),
    (
        {"MODE": {"/v1": True}, "SCOPES": {"/v1": "fault_message"}},
        [("problem", (), 404), ("fault_message", ("/v1",), 400)],
    ),
    (
        {"MODE": {"/v1/old": False}, "SCOPES": {"/v1": "fault_message"}},
        [("problem", (), 404), ("fault_message", ("/v1",), 400), ("fault_message", ("/v1/old",), 404)],
    ),
    (
        {"MODE": {"/v1": True}, "SCOPES": {"/": "envelope"}},
        [("envelope", ("/",), 404), ("envelope", ("/v1",), 400)],
    ),
    ({"MODE": {"/v1": True}, "SCOPES": {"/v1": None}}, [("problem", (), 404)]),
    ({"MODE": True}, [("problem", (), 400)]),
]


@pytest.mark.parametrize(("given", "told"), PLACES)
def test_page_has_an_answer_for_each_place_with_a_status_of_its_own(given, told):
    app = shop(FAULTMAP_COMPATIBILITY_MODE=given["MODE"], FAULTMAP_SCOPES=given.get("SCOPES", {}))

    answers = answers_of(app.extensions["faultmap"].mapper, "not_found")

    assert [(each.profile, each.below, each.status) for each in answers] == told


def test_page_of_a_code_that_no_mode_changes_has_one_answer():
    app = shop(FAULTMAP_COMPATIBILITY_MODE={"/v1": True})

    assert len(answers_of(app.extensions["faultmap"].mapper, "gone")) == 1


@pytest.mark.long
@pytest.mark.parametrize("place", ["/a", "/v1/a", "/v1/old/a", "/v1/new/a", "/v2/a", "/v10/a"])
@pytest.mark.parametrize("given", [given for given, _ in PLACES])
def test_page_tells_of_each_place_what_is_sent_there(given, place):
    app = shop(FAULTMAP_COMPATIBILITY_MODE=given["MODE"], FAULTMAP_SCOPES=given.get("SCOPES", {}))
    answers = answers_of(app.extensions["faultmap"].mapper, "not_found")
    told = {prefix.rstrip("/"): answer for answer in answers for prefix in answer.below or ("/",)}

    sent = app.test_client().get(f"{place}/nowhere")

    near = told[max((prefix for prefix in told if is_below(place, prefix)), key=len)]
    is_flask_s_own = sent.mimetype == "text/html"
    assert is_flask_s_own or (sent.status_code, sent.content_type) == (near.status, near.media_type)


def test_page_of_an_app_whose_answers_are_all_flask_s_own_has_no_answer():
    app = shop(FAULTMAP_SCOPES={"/": None})

    assert answers_of(app.extensions["faultmap"].mapper, "not_found") == ()
    assert "not_found" in page(app, "/problems/not_found.md").text


def test_page_asks_for_no_request_id_that_is_not_sent():
    bare = Profile(name="bare", schema=EnvelopeSchema, drop_headers=("X-Request-ID",))
    app = app_with(profiles=[bare], FAULTMAP_PROFILE="bare")
    app.register_blueprint(catalog(), url_prefix="/problems")

    told = page(app, "/problems/unavailable.md").text

    assert "- how to know it: " in told
    assert "request id, for a report" not in told


def test_page_of_one_profile_answers_everywhere():
    assert "- where: everywhere\n" in page(shop(), "/problems/quota.json.md").text


def test_page_of_a_built_in_class_has_nothing_for_those_who_raise_it():
    assert "raise" not in page(shop(), "/problems/validation_failed.md").text


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"code": "x"}, "code"),
        ({"a": 1, "error": {"code": "x"}}, "error.code"),
        ({"errors": [{"no": 1}, {"code": "x"}]}, "errors[].code"),
        ([{"code": "x"}], "[].code"),
        ({"code": "xy"}, None),
        ("x", None),
    ],
)
def test_member_that_has_the_code_is_found_where_it_is(body, path):
    assert find_member(body, "x") == path
