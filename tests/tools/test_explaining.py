"""How an exception is made for ``flask faults explain``, and what is said of it."""

import re

import pytest
from flow_app import app_with, raising

from flask_faultmap import Rule
from flask_faultmap.errors import GoneError, NotFoundError
from flask_faultmap.tools.explaining import explain_exception, make_exception

HERE = __name__


class PlainError(Exception):
    pass


class NothingError(Exception):
    def __init__(self):
        super().__init__("made without a word")


class WantingError(Exception):
    def __init__(self, box, *, size):
        self.box, self.size = box, size


class FailingError(Exception):
    def __init__(self, *given):
        raise RuntimeError("no database")


class MuteError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class UnmakeableError(Exception):
    def __new__(cls, box):
        raise RuntimeError("no box")


class Outer:
    class InnerError(Exception):
        pass


MADE = {
    "with the text": ("PlainError", "dry", "Made as PlainError('dry')."),
    "without a text": ("PlainError", None, "Made as PlainError()."),
    "with an empty text": ("PlainError", "", "Made as PlainError('')."),
    "inside a class": ("Outer.InnerError", "dry", "Made as InnerError('dry')."),
    "without arguments": (
        "NothingError",
        "dry",
        "Made without arguments, so the text is not in it: NothingError('dry') raised TypeError: "
        "NothingError.__init__() takes 1 positional argument but 2 were given",
    ),
    "that wants arguments": (
        "WantingError",
        "dry",
        "Made with the text for each argument: WantingError('dry') raised TypeError: "
        "WantingError.__init__() missing 1 required keyword-only argument: 'size'",
    ),
    "that fails": (
        "FailingError",
        None,
        "Made without its __init__, so rules may miss attributes: FailingError() raised RuntimeError: "
        "no database",
    ),
}


@pytest.mark.parametrize(("name", "text", "how"), MADE.values(), ids=MADE)
def test_exception_is_made_by_the_first_way_that_works(name, text, how):
    exc, told = make_exception(f"{HERE}:{name}", text)

    assert (type(exc).__qualname__, told) == (name, how)


def test_class_may_be_written_with_a_dot():
    exc, _ = make_exception("sqlite3.OperationalError", "locked")

    assert repr(exc) == "OperationalError('locked')"


MODULES = {
    "failing_module": "raise RuntimeError('no database')",
    "leaving_module": "import sys; sys.exit(0)",
    "wanting_module": "import no_such_module_at_all",
}
REFUSED = {
    "failing_module:X": "'failing_module:X' cannot be imported: RuntimeError: no database",
    "leaving_module:X": "'leaving_module:X' cannot be imported: SystemExit: 0",
    "wanting_module:X": "cannot be imported: ModuleNotFoundError: No module named 'no_such_module_at_all'",
    "sqlite33:X": "No module named 'sqlite33'. Did you mean 'sqlite3'?",
    f"{HERE}:PlaneError": "has no attribute 'PlaneError'. Did you mean 'PlainError'?",
    f"{HERE}:MODULES": f"'{HERE}:MODULES' is no exception class; write package.module:Class",
    f"{HERE}:Outer": f"'{HERE}:Outer' is no exception class",
    HERE: f"'{HERE}' is no exception class",
    f"{HERE}.PlaneError": "has no attribute 'PlaneError'",
    "builtins:KeyboardInterrupt": "is no Exception: Flask hands none of these to handlers",
    f"{HERE}:UnmakeableError": "can be made: UnmakeableError('x') raised RuntimeError: no box",
    "KeyError": "No module named 'KeyError'. Did you mean 'builtins:KeyError'?",
    "": "'' cannot be imported: ValueError",
    ":": "':' cannot be imported: ValueError",
    "a b:c": "'a b:c' cannot be imported: ValueError",
    "x" * 5000: "cannot be imported: ModuleNotFoundError",
}


@pytest.fixture
def modules(tmp_path, monkeypatch):
    for name, source in MODULES.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("modules")
@pytest.mark.parametrize(("path", "complaint"), REFUSED.items(), ids=lambda value: value[:40])
def test_what_is_no_exception_class_is_refused_in_words(path, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        make_exception(path, "x")


def explained(exc, **given):
    return [*explain_exception(app_with(**given), exc)]


def test_statuses_of_other_profiles_are_told_where_they_differ():
    scopes = {"/fc": "firecracker", "/old": "fault_message"}

    assert explained(GoneError("box"), FAULTMAP_SCOPES=scopes) == [
        "GoneError: box\n  + DomainError -> itself: decides\n  = 410 gone (gone): box",
        "  = 400 in the profile 'firecracker'",
    ]


def test_exception_that_no_rule_knows_is_told_as_unhandled():
    assert explained(PlainError("dry")) == [
        "PlainError: dry\n  - no rule knows it: an unhandled error, which Flask logs\n"
        "  = 500 internal (internal): Internal server error"
    ]


def test_exception_without_words_is_explained():
    (told,) = explained(MuteError("dry"), rules=[Rule(on=MuteError, text="no water", to=NotFoundError)])

    assert "- MuteError where text='no water' -> NotFoundError: raised RuntimeError" in told
    assert "= 500 internal" in told


def test_rule_is_asked_once(caplog):
    rule = Rule(on=PlainError, translate=raising(RuntimeError("no database")))

    explained(PlainError("dry"), rules=[rule])

    assert [record.getMessage() for record in caplog.records] == [
        "The rule PlainError -> fail does not count: it raised RuntimeError"
    ]


def test_group_is_told_by_its_gravest_leaf():
    (told,) = explained(ExceptionGroup("two", [NotFoundError("box"), GoneError("disk")]))

    assert told.splitlines()[1:] == [
        "  - ExceptionGroup -> leaves_decide: the function said: not mine",
        "  + all that the group holds is known: the gravest decides",
        "  = 404 not_found (not_found): box",
    ]


def test_group_with_an_unknown_leaf_is_unhandled():
    (told,) = explained(ExceptionGroup("two", [NotFoundError("box"), KeyError()]))

    assert told.splitlines()[2:] == [
        "  - no rule knows it: an unhandled error, which Flask logs",
        "  = 500 internal (internal): Internal server error",
    ]


def test_statuses_below_prefixes_with_another_compatibility_mode_are_told():
    modes = {"/v1": True}

    assert explained(NotFoundError("box"), FAULTMAP_COMPATIBILITY_MODE=modes) == [
        "NotFoundError: box\n  + DomainError -> itself: decides\n  = 404 not_found (not_found): box",
        "  = 400 below /v1",
    ]
