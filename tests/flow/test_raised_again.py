"""One exception instance that is raised again and again: no record grows, and no traceback in memory."""

import copy
import gc
import logging
import pickle
import traceback

import pytest
from flask import Flask

from flask_faultmap import FaultMap, Rule
from flask_faultmap.errors import UnavailableError
from flask_faultmap.raises import MAX_LINKS

KEPT = ValueError("kept by a module")
DOWN = UnavailableError("kept too")
BUG = KeyError("kept bug")
UNTOLD = ValueError("kept, and in no record")
GROUP = ExceptionGroup("kept group", [DOWN, UnavailableError("second")])


def bare():
    raise DOWN


def bug():
    raise BUG


def cause():
    try:
        raise KEPT
    except ValueError as exc:
        raise UnavailableError("fresh") from exc


def context():
    try:
        raise KEPT
    except ValueError:
        raise UnavailableError("fresh")  # the context is what is tried


def both():
    try:
        raise KEPT
    except ValueError as exc:
        raise DOWN from exc


def cause_of_bug():
    try:
        raise KEPT
    except ValueError as exc:
        raise BUG from exc


def raised(exc):
    try:
        raise exc
    except Exception as raised_exc:
        return raised_exc


def group():
    raise ExceptionGroup("fresh group", [raised(DOWN), raised(UnavailableError("other"))])


def kept_group():
    for member in GROUP.exceptions:
        raised(member)
    raise GROUP


def foreign():
    raise KEPT


def kept_context():
    try:
        raise UNTOLD
    except ValueError:
        raise UnavailableError("fresh") from None


def run(view, times=6, rules=()):
    """Give the texts of the records of each of the requests."""
    app, texts = Flask("raised_again"), []
    FaultMap(app, rules=rules)
    app.add_url_rule("/", view_func=lambda: view())
    handler = logging.Handler()
    handler.emit = lambda record: texts.append(logging.Formatter("%(name)s").format(record))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        for _ in range(times):
            app.test_client().get("/")
        return texts
    finally:
        root.removeHandler(handler)


def reported(faults, view):
    try:
        view()
    except Exception as exc:
        faults.report(exc)
        raise


VIEWS = [bare, bug, cause, context, both, cause_of_bug, group, kept_group, foreign]


@pytest.mark.parametrize("view", [*VIEWS, kept_context], ids=lambda view: view.__name__)
def test_records_are_alike(view):
    rules = [Rule(on=ValueError, to=UnavailableError)] if view is foreign else []

    texts = run(view, rules=rules)

    assert len(texts) >= 6
    assert "Traceback" in texts[-1]
    assert len(set(texts)) == 1


@pytest.mark.long
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_memory_holds_no_frames_of_earlier_raises(view):
    run(view, times=8)
    gc.collect()

    for kept in (KEPT, DOWN, BUG, GROUP):
        assert len(traceback.extract_tb(kept.__traceback__)) < 8


@pytest.mark.parametrize("view", [bare, bug, cause])
def test_what_was_reported_and_let_through_keeps_the_stack_of_its_origin(view):
    app, texts = Flask("let_through"), []
    faults = FaultMap(app)
    app.add_url_rule("/", view_func=lambda: reported(faults, view))
    handler = logging.Handler()
    handler.emit = lambda record: texts.append(logging.Formatter().format(record))
    logging.getLogger().addHandler(handler)
    try:
        for _ in range(3):
            app.test_client().get("/")
    finally:
        logging.getLogger().removeHandler(handler)

    answers = [text for text in texts if not text.startswith("reported")]
    assert len(answers) >= 3
    assert all(f"in {view.__name__}\n" in text for text in answers)


def test_a_group_of_thousands_is_read_in_part():
    error = UnavailableError("fresh")
    error.__cause__ = ExceptionGroup("many", [ValueError(number) for number in range(5 * MAX_LINKS)])

    def view():
        raise error

    assert len(set(run(view))) == 1


def test_nothing_of_a_traceback_is_kept_that_the_app_has_cleared():
    error = UnavailableError("kept and cleared")

    def view():
        raise error

    run(view, times=1)
    error.__traceback__ = None
    gc.collect()

    held = [found for found in gc.get_referents(error.__dict__) if hasattr(found, "tb_frame")]
    assert held == []
    assert len(set(run(view))) == 1


def test_what_was_told_travels_and_copies_as_before():
    error = UnavailableError("kept and sent")

    def view():
        raise error

    run(view, times=1)

    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert twin.args == error.args
