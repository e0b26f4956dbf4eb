"""The table of HTTP statuses: what each means to the domain."""

import logging
import re
from http import HTTPStatus

import pytest

from flask_faultmap.categories import Category
from flask_faultmap.errors import DomainError
from flask_faultmap.http.statuses import (
    RENAMED,
    STATUS_ERRORS,
    STATUS_LINES,
    MalformedJsonError,
    MissingFieldError,
    RequestInvalidError,
    UnknownPathError,
    UntrustedHostError,
    class_of_status,
    phrase,
)

SPECIAL = (MalformedJsonError, MissingFieldError, RequestInvalidError, UnknownPathError, UntrustedHostError)
EACH_STATUS_ERROR = pytest.mark.parametrize(
    "cls", [*STATUS_ERRORS, *SPECIAL], ids=lambda cls: f"{cls.status} {cls.code}"
)
EACH_STATUS = pytest.mark.parametrize("status", range(400, 600))

# Where the domain has a word of its own, the code is that; elsewhere it is the phrase in snake case.
WORDS_OF_THE_DOMAIN = {
    400: "invalid_argument",
    401: "unauthenticated",
    403: "permission_denied",
    413: "payload_too_large",
    418: "im_a_teapot",
    422: "unprocessable",
    500: "internal",
    501: "unimplemented",
    503: "unavailable",
    504: "deadline_exceeded",
}
CATEGORIES = {
    Category.UNAUTHENTICATED: {401, 407, 511},
    Category.FAILED_PRECONDITION: {402, 412, 423, 424, 426, 428},
    Category.PERMISSION_DENIED: {403, 451},
    Category.NOT_FOUND: {404},
    Category.ABORTED: {409, 425},
    Category.GONE: {410},
    Category.PAYLOAD_TOO_LARGE: {413},
    Category.UNPROCESSABLE: {422},
    Category.RESOURCE_EXHAUSTED: {429},
    Category.UNIMPLEMENTED: {501, 505},
    Category.BAD_GATEWAY: {502},
    Category.UNAVAILABLE: {503, 507},
    Category.DEADLINE_EXCEEDED: {504},
}
LOGGED = {
    Category.PERMISSION_DENIED: logging.WARNING,
    Category.INTERNAL: logging.ERROR,
    Category.BAD_GATEWAY: logging.ERROR,
    Category.UNAVAILABLE: logging.ERROR,
    Category.DEADLINE_EXCEEDED: logging.ERROR,
}
NAMED = {cls.status for cls in STATUS_ERRORS}


def snake_case(words):
    return re.sub(r"[^a-z]+", "_", words.lower())


@EACH_STATUS
def test_code_is_the_word_of_the_domain_or_the_phrase_or_the_one_of_the_class(status):
    otherwise = snake_case(phrase(status)) if status in NAMED else WORDS_OF_THE_DOMAIN[status // 100 * 100]

    assert class_of_status(status).code == WORDS_OF_THE_DOMAIN.get(status, otherwise)


@EACH_STATUS
def test_category_is_the_one_of_the_table_or_of_the_class(status):
    of_the_class = Category.INVALID_ARGUMENT if status < 500 else Category.INTERNAL
    expected = next((word for word, statuses in CATEGORIES.items() if status in statuses), of_the_class)

    assert class_of_status(status).category is expected


@pytest.mark.parametrize(
    "status", [*range(405, 409), 411, 412, *range(415, 419), *range(423, 427), 428, 431, 451, 505]
)
def test_status_that_the_docs_name_has_a_rule_of_its_own(status):
    assert class_of_status(status).status == status


def test_there_is_one_rule_for_each_status():
    assert len(STATUS_ERRORS) == len(NAMED)


def test_no_two_rule_share_a_code():
    codes = [cls.code for cls in (*STATUS_ERRORS, *SPECIAL)]

    assert sorted(codes) == sorted({*codes})


@EACH_STATUS_ERROR
def test_class_is_worded_for_clients_and_never_exposes_its_message(cls):
    assert re.fullmatch("[a-z]+(_[a-z]+)*", cls.code)
    assert cls.title == phrase(cls.status)
    assert cls.expose is False
    assert cls.public is None or re.fullmatch(r"[A-Z][^<>{}]+\.", cls.public)


@EACH_STATUS_ERROR
def test_class_is_logged_if_its_category_is(cls):
    assert cls.log_level == LOGGED.get(cls.category)


@EACH_STATUS_ERROR
def test_what_may_succeed_later_is_what_is_down_slow_early_or_too_often(cls):
    assert cls.retryable is (cls.status in {425, 429, 502, 503, 504, 507})


@EACH_STATUS_ERROR
def test_class_is_a_class_with_a_name_of_its_own(cls):
    assert issubclass(cls, DomainError)
    assert (cls.__module__, cls.__doc__) == ("flask_faultmap.http.statuses", f"HTTP {cls.status}.")
    assert cls.__name__ == f"Http{cls.code.title().replace('_', '')}Error"


@pytest.mark.parametrize(
    "status", [status for status in HTTPStatus if status >= 400 and status not in RENAMED]
)
def test_phrase_is_the_standards(status):
    assert phrase(status) == status.phrase


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (413, "Content Too Large"),
        (414, "URI Too Long"),
        (416, "Range Not Satisfiable"),
        (422, "Unprocessable Content"),
    ],
)
def test_phrase_is_the_one_of_rfc_9110_in_every_python(status, words):
    assert phrase(status) == words


@pytest.mark.parametrize(
    ("status", "words"),
    [(419, "Client Error"), (499, "Client Error"), (509, "Server Error"), (599, "Server Error")],
)
def test_phrase_of_a_status_that_no_standard_knows_is_its_class(status, words):
    assert phrase(status) == words


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (404, "404 NOT FOUND"),
        (413, "413 CONTENT TOO LARGE"),
        (422, "422 UNPROCESSABLE CONTENT"),
        (499, "499 CLIENT ERROR"),
        (503, "503 SERVICE UNAVAILABLE"),
        (599, "599 SERVER ERROR"),
    ],
)
def test_status_line_has_the_phrase_of_the_standard(status, line):
    assert STATUS_LINES[status] == line


def test_every_error_status_has_a_line():
    assert list(STATUS_LINES) == list(range(400, 600))
