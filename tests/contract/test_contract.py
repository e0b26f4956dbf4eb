"""What an app promises its clients, as one document."""

import json

import pytest
from flow_app import app_with
from marshmallow import Schema, fields

from flask_faultmap import Profile, Rule
from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.contract.contract import make_contract, members_of, read_contract, write_contract
from flask_faultmap.contract.entries import classes_of, entry_of
from flask_faultmap.errors import Category, DomainError, InternalError, NotFoundError, UnavailableError
from flask_faultmap.http.statuses import FrameworkError
from flask_faultmap.profiles import FaultMessageSchema, ProblemSchema


class LockerError(DomainError):
    """A locker cannot be used."""

    category = Category.ABORTED
    title = "Locker in use"
    retryable = True


class LockerGoneError(NotFoundError):
    """A locker is not there; a client is told what it knows already."""

    code = "not_found"
    title = "No such locker"


class ChangingCodeError(DomainError):
    """Each raise has another code."""

    code = property(lambda self: self.args[0])


class ChangingTitleError(DomainError):
    """Each raise has another title."""

    title = property(lambda self: self.args[0])


class ChangingCategoryError(DomainError):
    """Each raise has another category."""

    category = property(lambda self: self.args[0])


class Untranslated:
    def __str__(self):
        raise LookupError("no request, and so no language")


class UntranslatedError(NotFoundError):
    title = Untranslated()


class NewOfItsOwnError(NotFoundError):
    def __new__(cls, box):
        return super().__new__(cls)


class SeveralFailedError(NotFoundError, ExceptionGroup):
    pass


class NodeSchema(Schema):
    """An error inside an error."""

    reason = fields.String(data_key="why")
    inner = fields.Nested(lambda: NodeSchema())


class TreeSchema(Schema):
    """Every way to nest."""

    errors = fields.List(fields.Nested(NodeSchema))
    others = fields.Nested(NodeSchema, many=True)
    names = fields.List(fields.List(fields.String()))
    secret = fields.String(load_only=True)


TREE = Profile(name="tree", schema=TreeSchema)


def mapper_of(**given):
    return boundary_of(app_with(**given)).mapper


def contract_of(**given):
    return make_contract(mapper_of(**given))


def test_contract_tells_of_a_code_what_a_client_may_see():
    contract = contract_of(FAULTMAP_SCOPES={"/fc": "firecracker"})

    assert contract["codes"]["locker"] == {
        "category": "aborted",
        "title": "Locker in use",
        "retryable": True,
        "statuses": {"problem": 409, "firecracker": 400},
    }


def test_contract_tells_statuses_as_the_app_sets_them():
    contract = contract_of(FAULTMAP_STATUSES={"locker": 423})

    assert contract["codes"]["locker"]["statuses"] == {"problem": 423}


@pytest.mark.parametrize(
    ("code", "status"),
    [("unknown_path", 404), ("method_not_allowed", 405), ("internal", 500), ("uncategorized", 400)],
)
def test_contract_has_what_is_built_in(code, status):
    assert contract_of()["codes"][code]["statuses"] == {"problem": status}


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("untranslated", "Untranslated"),
        ("new_of_its_own", "New of its own"),
        ("several_failed", "Several failed"),
    ],
)
def test_contract_has_classes_that_cannot_be_made_or_translated_here(code, title):
    assert contract_of()["codes"][code]["title"] == title


def test_base_of_the_http_errors_is_no_part_of_the_contract():
    assert FrameworkError not in classes_of(mapper_of())


def test_class_that_nobody_can_import_is_no_part_of_the_contract():
    class HiddenError(NotFoundError):
        pass

    assert HiddenError not in classes_of(mapper_of())


def test_class_that_a_rule_names_is_part_of_the_contract_wherever_it_is_made():
    class HiddenError(NotFoundError):
        pass

    mapper = mapper_of(rules=[Rule(on=KeyError, to=HiddenError)])

    assert HiddenError in classes_of(mapper)


def test_first_of_a_line_speaks_for_a_shared_code():
    contract = contract_of()

    assert contract["codes"]["not_found"]["title"] == NotFoundError.title


@pytest.mark.parametrize("cls", [ChangingCodeError, ChangingTitleError, ChangingCategoryError])
def test_class_that_only_its_instances_know_has_no_entry(cls):
    assert entry_of(mapper_of(), cls) is None


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ({}, ["problem"]),
        ({"PROFILE": "firecracker"}, ["firecracker"]),
        (
            {"SCOPES": {"/b": "firecracker", "/a": "fault_message"}},
            ["problem", "fault_message", "firecracker"],
        ),
        ({"SCOPES": {"/": "firecracker"}}, ["firecracker"]),
        ({"SCOPES": {"/": None, "/a": "firecracker"}}, ["firecracker"]),
        ({"SCOPES": {"/": None}}, ["problem"]),
    ],
    ids=["default", "setting", "scopes", "scope of everything", "scope without a profile", "no profile"],
)
def test_contract_has_the_profiles_that_are_in_use(config, names):
    contract = contract_of(**{f"FAULTMAP_{key}": value for key, value in config.items()})

    assert list(contract["profiles"]) == names
    assert list(contract["codes"]["locker"]["statuses"]) == names


def test_contract_tells_media_type_and_members_of_a_profile():
    contract = contract_of(FAULTMAP_PROFILE="fault_message")

    assert contract["profiles"] == {
        "fault_message": {"media_type": "application/json", "members": ["fault_message"]}
    }


@pytest.mark.parametrize(
    ("schema", "members"),
    [
        (FaultMessageSchema, {"fault_message"}),
        (
            TreeSchema,
            {
                *("errors", "errors[].why", "errors[].inner", "errors[].inner.why", "errors[].inner.inner"),
                *("others", "others[].why", "others[].inner", "others[].inner.why", "others[].inner.inner"),
                "names",
            },
        ),
    ],
)
def test_members_are_named_with_their_way(schema, members):
    assert {*members_of(schema())} == members


def test_members_of_violations_are_part_of_problem():
    assert {"errors", "errors[].pointer", "errors[].detail"} <= {*members_of(ProblemSchema())}


def test_same_promises_give_the_same_bytes():
    rules = [Rule(on=KeyError, to=InternalError), Rule(on=OSError, to=UnavailableError)]
    scopes = {"/a": "firecracker", "/tree": "tree"}
    backwards = dict(reversed(scopes.items()))

    one = contract_of(rules=rules, profiles=[TREE], FAULTMAP_SCOPES=scopes)
    other = contract_of(rules=rules[::-1], profiles=[TREE], FAULTMAP_SCOPES=backwards)

    assert write_contract(one) == write_contract(other)
    assert list(json.loads(write_contract(one))["codes"]) == sorted(one["codes"])


def test_contract_is_read_back_as_far_as_it_binds():
    contract = contract_of()

    read = read_contract(write_contract(contract))

    assert read["profiles"] == contract["profiles"]
    assert read["codes"]["locker"] == {"statuses": {"problem": 409}}


def test_contract_of_a_later_version_may_tell_more():
    later = {"version": 1, "codes": {}, "profiles": {}, "made_by": "3.0"}

    assert read_contract(json.dumps(later)) == {"version": 1, "codes": {}, "profiles": {}}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "it is not JSON"),
        (b"\xff\xfe{", "it is not JSON"),
        ('{"version": 1,', "it is not JSON"),
        ("[" * 100_000, "it is nested too deep"),
        ("[]", "it is no contract"),
        ('{"version": 1, "codes": {}}', "it is no contract: .*profiles"),
        ('{"version": 2, "codes": {}, "profiles": {}}', "it is no contract: .*version"),
        ('{"version": 1, "profiles": {}, "codes": {"gone": {"statuses": {"problem": "high"}}}}', "gone"),
    ],
    ids=["empty", "not UTF-8", "cut off", "too deep", "a list", "incomplete", "other version", "wrong type"],
)
@pytest.mark.usefixtures("no_collection")
def test_what_is_no_contract_is_refused_in_words(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        read_contract(text)
