"""Faults: what a client may see, as records that never change."""

import copy
import pickle
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from flask_faultmap.categories import Category
from flask_faultmap.faults import Fault, Kind, Violation

KIND = Kind(
    category=Category.NOT_FOUND,
    code="box_not_found",
    title="Not found",
    status=400,
    original_status=404,
    type="https://errors.example.com/box_not_found",
    level=30,
    retryable=True,
)


@pytest.mark.parametrize("name", [field.name for field in fields(Kind)])
def test_fault_says_all_that_its_kind_says(name):
    fault = Fault(KIND, "id-of-request", "Box 'b1' not found")

    assert getattr(fault, name) == getattr(KIND, name)


def test_fault_of_few_words_has_nothing_more_to_say():
    fault = Fault(KIND, "id-of-request", "text")

    assert (fault.violations, fault.details, fault.retry_after) == ((), {}, None)


def test_kind_is_blank_unlogged_and_final_by_default():
    kind = Kind(category=Category.GONE, code="gone", title="Gone", status=410, original_status=410)

    assert (kind.type, kind.level, kind.retryable) == ("about:blank", None, False)


def test_violation_speaks_of_the_body_by_default():
    violation = Violation(message="too small")

    assert (violation.source, violation.code) == ("body", "invalid")
    assert (violation.pointer, violation.name) == (None, None)


RECORDS = [KIND, Fault(KIND, "i", "t", details={"a": 1}, retry_after=3), Violation(message="m")]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_is_frozen(record):
    name = fields(record)[0].name

    with pytest.raises(FrozenInstanceError):
        setattr(record, name, "other")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_has_no_room_for_more(record):
    assert not hasattr(record, "__dict__")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_survives_pickle_and_copy(record):
    assert pickle.loads(pickle.dumps(record)) == record
    assert copy.deepcopy(record) == record


def test_fault_is_changed_by_replace():
    fault = Fault(KIND, "id-of-request", "text")

    other = replace(fault, text="another")

    assert (other.text, other.id, fault.text) == ("another", "id-of-request", "text")


def test_fault_has_no_place_for_an_exception():
    names = {field.name for field in fields(Fault)}

    assert names == {"kind", "id", "text", "violations", "details", "retry_after"}
