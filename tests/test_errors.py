"""Domain errors: every class, category and default of the table, and what an author may get wrong."""

import copy
import logging
import pickle
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

import pytest

from flask_faultmap import errors
from flask_faultmap.categories import Category
from flask_faultmap.defining import snake_case
from flask_faultmap.errors import ConfigError, DomainError
from flask_faultmap.faults import Violation

# Each class of the contract: category, what it exposes, its log level, whether a retry makes sense.
CLASSES = {
    Category.UNCATEGORIZED: (errors.DomainError, True, logging.WARNING, False),
    Category.INVALID_ARGUMENT: (errors.InvalidArgumentError, True, None, False),
    Category.FAILED_PRECONDITION: (errors.FailedPreconditionError, True, None, False),
    Category.UNAUTHENTICATED: (errors.UnauthenticatedError, False, None, False),
    Category.PERMISSION_DENIED: (errors.PermissionDeniedError, False, logging.WARNING, False),
    Category.NOT_FOUND: (errors.NotFoundError, True, None, False),
    Category.ALREADY_EXISTS: (errors.AlreadyExistsError, True, None, False),
    Category.ABORTED: (errors.AbortedError, True, None, True),
    Category.GONE: (errors.GoneError, True, None, False),
    Category.PAYLOAD_TOO_LARGE: (errors.PayloadTooLargeError, True, None, False),
    Category.UNPROCESSABLE: (errors.UnprocessableError, True, None, False),
    Category.RESOURCE_EXHAUSTED: (errors.ResourceExhaustedError, True, None, True),
    Category.INTERNAL: (errors.InternalError, False, logging.ERROR, False),
    Category.UNIMPLEMENTED: (errors.UnimplementedError, True, None, False),
    Category.BAD_GATEWAY: (errors.BadGatewayError, False, logging.ERROR, True),
    Category.UNAVAILABLE: (errors.UnavailableError, False, logging.ERROR, True),
    Category.DEADLINE_EXCEEDED: (errors.DeadlineExceededError, False, logging.ERROR, True),
}


class QuotaError(errors.ResourceExhaustedError):
    """An `__init__` of its own, which no unpickler could guess."""

    def __init__(self, limit: int, *, tenant: str) -> None:
        super().__init__(f"at most {limit} machines", context={"tenant": tenant}, retry_after=30)
        self.limit = limit


class VMNotFoundError(errors.NotFoundError):
    code = "vm_gone"


class SnapshotNotFoundError(VMNotFoundError):
    pass


@dataclass
class DiskFullError(errors.FailedPreconditionError):
    free: int = 0


@pytest.mark.parametrize("category", Category)
def test_each_category_has_its_class_with_the_same_word_as_code(category):
    cls, *_ = CLASSES[category]

    assert (cls.category, cls.code) == (category, category.value)


@pytest.mark.parametrize("category", Category)
def test_each_class_has_the_defaults_of_the_table(category):
    cls, exposes, level, retryable = CLASSES[category]

    assert (cls.expose, cls.log_level, cls.retryable) == (exposes, level, retryable)


@pytest.mark.parametrize("category", Category)
def test_each_class_has_a_title_of_its_own_and_asks_for_no_retry_at_a_time(category):
    cls, *_ = CLASSES[category]
    others = {other.title for name, (other, *_) in CLASSES.items() if name is not category}

    assert cls.title
    assert cls.title not in others
    assert cls.retry_after is None


def test_every_class_of_the_module_is_in_the_table():
    tree = {DomainError, *DomainError.__subclasses__()}

    assert {cls for cls in tree if cls.__module__ == errors.__name__} == {cls for cls, *_ in CLASSES.values()}


def test_only_a_passed_deadline_has_a_public_text_by_default():
    spoken = {category for category, (cls, *_) in CLASSES.items() if cls.public is not None}

    assert spoken == {Category.DEADLINE_EXCEEDED}
    assert "may still complete" in errors.DeadlineExceededError.public
    assert "retry with the same idempotency key" in errors.DeadlineExceededError.public


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NotFoundError", "not_found"),
        ("VMNotFoundError", "vm_not_found"),
        ("HTTPError", "http"),
        ("BoxIsBusy", "box_is_busy"),
        ("Disk2FullError", "disk2_full"),
        ("_PrivateError", "private"),
        ("Error", "error"),
        ("ErrorInParserError", "error_in_parser"),
        ("ÜberlastError", "überlast"),
    ],
)
def test_code_is_the_class_name_in_snake_case_without_error(name, code):
    assert snake_case(name) == code


def test_subclass_without_a_code_gets_its_own():
    assert QuotaError.code == "quota"


def test_subclass_of_a_class_with_a_code_gets_its_own():
    assert (VMNotFoundError.code, SnapshotNotFoundError.code) == ("vm_gone", "snapshot_not_found")


def test_subclass_inherits_what_its_kind_means():
    assert SnapshotNotFoundError.category is Category.NOT_FOUND
    assert SnapshotNotFoundError.log_level is None
    assert SnapshotNotFoundError.title == "Snapshot not found"


def test_category_may_be_written_as_its_word():
    word = type("WordError", (DomainError,), {"category": "gone"})

    assert word.category is Category.GONE


@pytest.mark.parametrize("category", ["gonne", "", b"gone", None, 404, 4.5])
def test_class_with_an_unknown_category_is_refused_with_what_is_allowed(category):
    with pytest.raises(
        TypeError, match=r"BadError\.category is .*; allowed: aborted, already_exists, .*gone"
    ):
        type("BadError", (DomainError,), {"category": category})


@pytest.mark.parametrize("level", ["WARNIN", "", "NOTSET"])
def test_class_whose_log_level_is_no_level_is_refused(level):
    with pytest.raises(TypeError, match=rf"BadError\.log_level is '{level}'; allowed: CRITICAL, DEBUG, "):
        type("BadError", (DomainError,), {"log_level": level})


@pytest.mark.parametrize("name", ["code", "title"])
@pytest.mark.parametrize("value", [None, 7, b"gone", 1.5])
def test_class_whose_code_or_title_is_no_text_is_refused(name, value):
    with pytest.raises(TypeError, match=rf"BadError\.{name} is .*; it must be a str"):
        type("BadError", (DomainError,), {name: value})


@pytest.mark.parametrize("name", ["code", "title"])
def test_class_whose_code_or_title_is_empty_is_refused(name):
    with pytest.raises(TypeError, match=rf"BadError\.{name} is empty; give it a text"):
        type("BadError", (DomainError,), {name: ""})


def test_class_whose_name_gives_no_code_is_refused():
    with pytest.raises(TypeError, match=r"__\.code is ''"):
        type("__", (DomainError,), {})


def test_message_is_the_technical_text_and_kept_in_args():
    exc = DomainError("box 'b1' is gone")

    assert (str(exc), exc.args) == ("box 'b1' is gone", ("box 'b1' is gone",))


def test_error_can_be_raised_without_a_word():
    exc = errors.NotFoundError()

    assert str(exc) == ""
    assert (exc.public, exc.retry_after, exc.violations) == (None, None, ())
    assert (dict(exc.details), dict(exc.context)) == ({}, {})


def test_keyword_arguments_stay_attributes():
    violation = Violation(message="too small", pointer="#/size")

    exc = DomainError(
        "text",
        public="for you",
        details={"box": "b1"},
        violations=[violation],
        retry_after=timedelta(seconds=3),
        context={"user": 7},
    )

    assert (exc.public, exc.details, exc.violations) == ("for you", {"box": "b1"}, (violation,))
    assert (exc.retry_after, exc.context) == (timedelta(seconds=3), {"user": 7})


def test_arguments_but_the_message_go_by_keyword_only():
    with pytest.raises(TypeError):
        DomainError("text", "for you")


def test_violation_may_stand_alone():
    exc = DomainError(violations=Violation(message="a"))

    assert exc.violations == (Violation(message="a"),)


def test_violations_may_come_from_a_generator():
    exc = DomainError(violations=(Violation(message=text) for text in ("a", "b")))

    assert [violation.message for violation in exc.violations] == ["a", "b"]


@pytest.mark.parametrize("value", [0, "", {}], ids=repr)
@pytest.mark.parametrize("name", ["public", "retry_after", "details", "context"])
def test_empty_value_counts_more_than_the_class_attribute(name, value):
    cls = type("FullError", (DomainError,), {name: "of the class"})

    exc = cls("text", **{name: value})

    assert getattr(exc, name) == value


@pytest.mark.parametrize("name", ["public", "retry_after", "details", "violations", "context"])
def test_class_attribute_stands_for_what_a_raise_leaves_out(name):
    cls = type("FullError", (DomainError,), {name: "of the class"})

    assert getattr(cls("text"), name) == "of the class"


def test_one_raise_may_set_an_attribute_for_itself():
    exc = errors.InternalError("text")
    exc.log_level = None

    assert (exc.log_level, errors.InternalError.log_level) == (None, logging.ERROR)


def test_what_all_errors_share_cannot_be_changed():
    assert isinstance(DomainError.details, MappingProxyType)
    assert isinstance(DomainError.context, MappingProxyType)


def brought_back_by_pickle(exc):
    return pickle.loads(pickle.dumps(exc))


TRIPS = pytest.mark.parametrize(
    "trip", [brought_back_by_pickle, copy.copy, copy.deepcopy], ids=["pickle", "copy", "deepcopy"]
)


@TRIPS
@pytest.mark.parametrize("category", Category)
def test_error_survives_the_trip_with_all_its_attributes(trip, category):
    cls, *_ = CLASSES[category]
    violation = Violation(message="bad", name="page", source="query")
    exc = cls(
        "text", public="p", details={"a": [1]}, violations=[violation], retry_after=1.5, context={"u": 1}
    )

    back = trip(exc)

    assert (type(back), back.args, back.__dict__) == (cls, exc.args, exc.__dict__)
    assert back is not exc


@TRIPS
def test_subclass_with_an_init_of_its_own_survives_the_trip(trip):
    exc = QuotaError(5, tenant="t1")
    exc.add_note("seen by the scheduler")

    back = trip(exc)

    assert (type(back), str(back), back.limit, back.retry_after) == (QuotaError, "at most 5 machines", 5, 30)
    assert (back.context, back.__notes__) == ({"tenant": "t1"}, ["seen by the scheduler"])


@TRIPS
def test_dataclass_that_is_an_error_survives_the_trip(trip):
    back = trip(DiskFullError(free=3))

    assert (type(back), back.free, back.code) == (DiskFullError, 3, "disk_full")


def test_cause_survives_raise_from():
    cause = OSError("disk")

    with pytest.raises(QuotaError) as raised:
        raise QuotaError(1, tenant="t") from cause

    assert raised.value.__cause__ is cause


def test_config_error_is_a_value_error_and_no_domain_error():
    assert issubclass(ConfigError, ValueError)
    assert not issubclass(ConfigError, DomainError)


def test_import_of_errors_brings_in_no_framework():
    script = (
        "import sys, flask_faultmap.errors\n"
        "print(*sorted({'flask', 'werkzeug', 'marshmallow', 'blinker'} & sys.modules.keys()))"
    )

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20)

    assert (run.stdout.strip(), run.stderr) == ("", "")
