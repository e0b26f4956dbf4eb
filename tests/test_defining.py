"""What the definition of an error class says: place by place, and checked when the class is made."""

import enum
import logging
from dataclasses import dataclass
from http import HTTPStatus

import pytest
from flow_app import answer_to, app_raising
from hypothesis import given
from hypothesis import strategies as st

from flask_faultmap import errors
from flask_faultmap.categories import TRAITS, Category
from flask_faultmap.errors import DomainError
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.occurrences import is_hiding
from flask_faultmap.mapping.settings import STATUSES, Settings
from flask_faultmap.profiles.profile import FAULT_MESSAGE, PROBLEM, Profile
from flask_faultmap.upstreams.errors import UpstreamConnectionError, UpstreamError, UpstreamReadTimeoutError

DSN = "postgresql://app:hunter2@db-7/shop"
HIDING = [status for status in range(400, 600) if is_hiding(status)]


class Codes(enum.Enum):
    GONE = "box_gone"
    NUMBER = 7


class Quiet(DomainError):
    log_level = None


class Spoken:
    expose = True


def made(name="MadeError", *bases, **members):
    return type(name, bases or (DomainError,), members)


def described(error, **settings):
    return Mapper((), {}, Settings(profile=FAULT_MESSAGE, **settings)).describe(error)


def test_category_brings_all_that_the_class_does_not_say():
    cls = made("StoreDown", category="unavailable")

    assert (cls.expose, cls.log_level, cls.retryable) == (False, logging.ERROR, True)


def test_mixin_says_one_thing_and_the_class_behind_it_the_rest():
    cls = made("Down", Quiet, errors.UnavailableError)

    assert (cls.category, cls.log_level, cls.retryable) == (Category.UNAVAILABLE, None, True)


@pytest.mark.parametrize("bases", [(Spoken, errors.UnavailableError), (errors.UnavailableError, Spoken)])
def test_mixin_that_is_no_error_counts_by_its_place(bases):
    assert made("Down", *bases).expose is (bases[0] is Spoken)


def test_nearer_category_counts_more_than_a_further_word():
    cls = made("Down", made("Loud", log_level="CRITICAL", retryable=False), category="unavailable")

    assert (cls.log_level, cls.retryable) == (logging.ERROR, True)


def test_category_of_one_raise_brings_what_follows_from_it():
    error = DomainError(DSN)
    error.category = "unavailable"

    fault = described(error)

    assert (fault.text, fault.level, fault.retryable) == ("Service unavailable", logging.ERROR, True)


def test_table_never_exposes_what_a_class_of_the_app_hides():
    hidden = made("Hidden", expose=False)

    assert made("Child", hidden, category="not_found").expose is False


@given(st.sampled_from(Category), st.sampled_from(HIDING))
def test_no_setting_shows_the_text_of_a_hiding_status(category, status):
    cls = made("StoreDown", category=category)

    assert DSN not in described(cls(DSN), statuses={**STATUSES, category: status}).text
    assert DSN not in described(cls(DSN), statuses={**STATUSES, "store_down": status}).text


@given(st.sampled_from(Category), st.sampled_from(HIDING))
def test_no_profile_shows_the_text_in_a_hiding_status(category, status):
    cls = made("StoreDown", category=category)
    collapse = dict.fromkeys(range(400, 600), status)
    profile = Profile("collapsing", FAULT_MESSAGE.schema, collapse=collapse)

    fault = Mapper((), {}, Settings(profile=profile)).describe(cls(DSN))

    assert fault.status == status
    assert DSN not in fault.text


@pytest.mark.parametrize("status", [403, 503])
def test_class_that_exposes_itself_is_believed(status):
    error = made("Told", expose=True)("say this")

    assert described(error, statuses={**STATUSES, "told": status}).text == "say this"


def test_raise_that_exposes_itself_is_believed():
    error = errors.UnavailableError("back at noon")
    error.expose = True

    assert described(error).text == "back at noon"


def test_view_that_raises_a_dsn_below_a_category_tells_none_of_it():
    response = answer_to(made("StoreDown", category="unavailable")(DSN))

    assert response.status_code == 503
    assert "hunter2" not in response.text


@pytest.mark.parametrize(
    ("name", "code", "title"),
    [
        ("OutOfStockError", None, "Out of stock"),
        ("VMNotFoundError", None, "Vm not found"),
        ("XError", "OUT_OF_STOCK", "Out of stock"),
        ("XError", "vm.not-found:late", "Vm not found late"),
        ("XError", Codes.GONE, "Box gone"),
    ],
)
def test_title_is_the_code_in_words(name, code, title):
    assert made(name, **({} if code is None else {"code": code})).title == title


def test_title_that_a_class_of_the_app_states_is_inherited():
    assert made("Child", made("Parent", title="No more boxes")).title == "No more boxes"


@pytest.mark.parametrize("category", [each for each in Category if not TRAITS[each].expose])
def test_made_title_is_never_the_text_of_what_is_not_exposed(category):
    fault = described(made("PostgresPrimaryDownError", category=category)(DSN))

    assert "ostgres" not in fault.text


def test_code_of_one_raise_has_its_own_words_as_title():
    error = made("Made", category="permission_denied")()
    error.code = "vault_is_sealed"

    fault = described(error)

    assert (fault.title, fault.text) == ("Vault is sealed", "Permission denied")


@pytest.mark.parametrize("code", ["two words", "ü", "-x", "x" * 65, "a/b", "a\n", Codes.NUMBER])
def test_code_that_is_no_slug_is_refused(code):
    with pytest.raises(TypeError, match=r"MadeError\.code is "):
        made(code=code)


@pytest.mark.parametrize("name", ["ÜberlastError", "__", "日本Error", "X" * 70])
def test_class_name_that_gives_no_slug_is_refused_with_an_example(name):
    with pytest.raises(TypeError, match=r"made of the name of the class.*such as 'out_of_stock'"):
        made(name)


@pytest.mark.parametrize("code", [Codes.GONE, enum.StrEnum("Words", {"A": "box_gone"}).A, "box_gone"])
def test_member_of_an_enum_is_a_code_by_its_value(code):
    cls = made(code=code)

    assert cls.code is code
    assert described(cls()).code == "box_gone"


def test_code_of_one_raise_may_be_a_member_of_an_enum():
    error = DomainError()
    error.code = Codes.GONE

    assert described(error).code == "box_gone"


@pytest.mark.parametrize("code", [404, HTTPStatus.NOT_FOUND])
def test_code_that_is_a_status_is_refused_with_the_setting(code):
    with pytest.raises(TypeError, match=r"code is 404; .*'out_of_stock'.*FAULTMAP_STATUSES = {code: 404}"):
        made(code=code)


@pytest.mark.parametrize("name", ["expose", "retryable"])
@pytest.mark.parametrize("value", ["no", "false", "", 0, 1, None, []])
def test_flag_that_is_no_bool_is_refused(name, value):
    with pytest.raises(TypeError, match=rf"MadeError\.{name} is .*; it must be True or False"):
        made(**{name: value})


@pytest.mark.parametrize("level", ["loud", "30", b"INFO", 3.5, True, [], "NOTSET"])
def test_level_that_is_none_is_refused(level):
    with pytest.raises(TypeError, match=r"MadeError\.log_level is .*; allowed: CRITICAL, .*, a number, None"):
        made(log_level=level)


@pytest.mark.parametrize("category", ["UNAVAILABLE", "unavailible", "Unavailable"])
def test_category_that_is_misspelt_is_told_with_the_right_one(category):
    with pytest.raises(TypeError, match=r"Did you mean 'unavailable'\?"):
        made(category=category)


def test_attributes_that_only_an_instance_knows_are_allowed():
    cls = made(**dict.fromkeys(("expose", "retryable", "log_level"), property(lambda self: None)))

    assert (cls().expose, cls().retryable, cls().log_level) == (None, None, None)


def test_category_of_one_raise_may_be_a_member_of_another_enum():
    error = errors.NotFoundError(DSN)
    error.category = enum.Enum("Kinds", {"A": "unavailable"}).A

    fault = described(error)

    assert (fault.text, fault.level, fault.retryable) == ("Service unavailable", logging.ERROR, True)


@pytest.mark.parametrize("category", [enum.Enum("Kinds", {"A": "gone"}).A, "gone", Category.GONE])
def test_category_may_be_a_member_of_another_enum(category):
    assert made(category=category).category is Category.GONE


def test_category_that_only_an_instance_knows_is_asked_there():
    cls = made("Late", category=property(lambda self: self.args[0]))

    assert described(cls("unavailable")).status == 503
    assert (cls("unavailable").expose, cls("gone").expose) == (False, True)
    assert cls.expose is False


@pytest.mark.parametrize("status", [409, HTTPStatus.CONFLICT, 599])
def test_status_of_a_class_is_refused_with_a_hint(status):
    hint = rf"MadeError\.status is {int(status)}; .*FAULTMAP_STATUSES = {{'made': {int(status)}}}"

    with pytest.raises(TypeError, match=hint):
        made(status=status)


def test_status_of_a_mixin_is_refused_too():
    with pytest.raises(TypeError, match="FAULTMAP_STATUSES"):
        made("MadeError", type("Teapot", (), {"status": 418}), DomainError)


@pytest.mark.parametrize("uri", ["https://errors.example.com/made", "urn:made", "tag:x,2026:made"])
def test_type_of_a_class_is_refused_with_a_hint(uri):
    with pytest.raises(TypeError, match=r"MadeError\.type is .*FAULTMAP_TYPE_BASE.*FAULTMAP_STATUSES"):
        made(type=uri)


@pytest.mark.parametrize("status", ["pending", True, 7, 1000])
def test_status_that_is_no_http_status_is_the_domain_s_own(status):
    assert made(status=status, type="disk").status == status


def test_field_of_a_dataclass_may_be_called_status():
    @dataclass
    class JobFailedError(DomainError):
        status: str
        type: str = "batch"

    assert described(JobFailedError("halted")).code == "job_failed"


@pytest.mark.parametrize(
    "bases", [(DomainError, KeyError), (KeyError, DomainError), (DomainError, LookupError)]
)
def test_class_that_looks_like_a_key_error_quotes_nothing(bases):
    assert str(made("MissingError", *bases)("no box 'b1'")) == "no box 'b1'"


@pytest.mark.parametrize("applied", [True, False, None])
@pytest.mark.parametrize("permanent", [True, False])
@pytest.mark.parametrize("base", [UpstreamError, UpstreamConnectionError, UpstreamReadTimeoutError])
def test_retry_below_an_upstream_follows_from_what_is_known(base, applied, permanent):
    error = made("PeerError", base, category="unavailable", applied=applied, permanent=permanent)()

    assert error.retryable is (applied is False and not permanent)


def test_what_a_class_below_an_upstream_states_counts_more():
    assert made("PeerError", UpstreamError, retryable=True)().retryable is True


def test_documentation_of_a_class_is_empty_until_it_is_written():
    names = ("client_action", "operator_action", "since", "deprecated", "audit")

    assert [getattr(DomainError, name) for name in names] == [None, None, None, None, False]


def test_built_in_classes_state_nothing_but_their_category_and_public_text():
    stated = {
        name
        for cls in DomainError.__subclasses__()
        if cls.__module__ == errors.__name__
        for name in cls._stated
    }

    assert stated == {"category"}


def test_title_of_the_app_is_told_below_problem_with_a_type_base():
    app = app_raising(made("OutOfStockError")(), FAULTMAP_TYPE_BASE="https://e.example/")

    assert app.test_client().get("/fail").json["title"] == "Out of stock"
    assert PROBLEM.name == "problem"


def test_category_of_one_raise_below_an_upstream_leaves_its_retry_to_what_is_known():
    error = made("PeerError", UpstreamError, applied=False)()
    error.category = "internal"

    assert described(error).retryable is True


def test_code_that_only_an_instance_knows_gives_the_plain_title():
    assert made(code=property(lambda self: "late")).title == "Bad request"


def test_member_of_an_enum_is_a_text_by_its_value():
    text = enum.Enum("Texts", {"A": "No box"}).A

    assert described(DomainError(public=text)).text == "No box"
