"""State of an error that is not in its `__dict__`: it survives pickle, copy and a pool of processes."""

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import FrozenInstanceError, dataclass

import attrs
import pytest

from flask_faultmap.errors import DomainError, NotFoundError


@dataclass
class PlainError(DomainError):
    item: str
    left: int = 0


@dataclass(frozen=True)
class FrozenError(DomainError):
    item: str
    left: int = 0


@dataclass(slots=True)
class SlottedError(DomainError):
    item: str
    left: int = 0


@dataclass(slots=True, frozen=True)
class FrozenSlottedError(DomainError):
    item: str
    left: int = 0


@attrs.define
class AttrsError(DomainError):
    item: str
    left: int = 0


@attrs.frozen
class FrozenAttrsError(DomainError):
    item: str
    left: int = 0


@attrs.define(slots=False)
class AttrsDictError(DomainError):
    item: str
    left: int = 0


class SlotsError(NotFoundError):
    __slots__ = ("__hidden", "empty", "item", "left")

    def __init__(self, item, left):
        super().__init__(f"{item}: {left}")
        self.item, self.left, self.__hidden = item, left, "kept"

    def hidden(self):
        return self.__hidden


class FileError(DomainError, OSError):
    def __init__(self, item, left):
        super().__init__("no file")
        self.item, self.left, self.errno = item, left, 2


class BackwardsFileError(OSError, DomainError):
    def __init__(self, item, left):
        OSError.__init__(self, 2, "No such file", item)
        self.item, self.left = item, left


class NewError(DomainError):
    def __new__(cls, item, left):
        made = super().__new__(cls)
        made.item = item
        return made

    def __init__(self, item, left):
        super().__init__(f"{item}: {left}")
        self.left = left


class BatchError(DomainError, ExceptionGroup):
    def __new__(cls, item, left):
        return super().__new__(cls, item, [ValueError(left)])

    def __init__(self, item, left):
        super().__init__(item)
        self.item, self.left = item, left


CLASSES = pytest.mark.parametrize(
    "cls",
    [
        PlainError,
        FrozenError,
        SlottedError,
        FrozenSlottedError,
        AttrsError,
        FrozenAttrsError,
        AttrsDictError,
        SlotsError,
        FileError,
        BackwardsFileError,
        NewError,
        BatchError,
    ],
)
TRIPS = pytest.mark.parametrize(
    "trip",
    [
        lambda exc: pickle.loads(pickle.dumps(exc)),
        copy.copy,
        copy.deepcopy,
        lambda exc: copy.copy(copy.copy(exc)),
    ],
    ids=["pickle", "copy", "deepcopy", "twice"],
)


def failing(cls):
    raise cls("bolt", 3) from ValueError("cause")


@TRIPS
@CLASSES
def test_error_brings_all_its_state(cls, trip):
    exc = cls("bolt", 3)
    vars(exc)["public"] = "No bolts"
    exc.add_note("seen by the scheduler")

    back = trip(exc)

    assert (type(back), back.args, back.item, back.left) == (cls, exc.args, "bolt", 3)
    assert (back.public, back.__notes__, vars(back)) == ("No bolts", exc.__notes__, vars(exc))
    assert (str(back), repr(back)) == (str(exc), repr(exc))


@TRIPS
def test_slots_with_private_names_and_empty_ones_come_as_they_are(trip):
    back = trip(SlotsError("bolt", 3))

    assert back.hidden() == "kept"
    assert not hasattr(back, "empty")


@TRIPS
def test_what_a_built_in_exception_keeps_in_c_comes_too(trip):
    assert trip(FileError("bolt", 3)).errno == 2


@TRIPS
def test_group_that_is_an_error_brings_what_it_holds(trip):
    back = trip(BatchError("bolt", 3))

    assert [(type(exc), exc.args) for exc in back.exceptions] == [(ValueError, (3,))]


@TRIPS
def test_error_that_holds_itself_comes_whole(trip):
    exc = NotFoundError("round", context={})
    exc.context["me"] = exc

    back = trip(exc)

    assert back.context["me"].args == ("round",)


@CLASSES
def test_cause_survives_raise_from(cls):
    with pytest.raises(cls) as raised:
        failing(cls)

    assert isinstance(raised.value.__cause__, ValueError)


def test_errors_come_back_from_a_pool_of_processes():
    classes = CLASSES.args[1]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        futures = [pool.submit(failing, cls) for cls in classes]
        seen = [future.exception() for future in futures]

    assert [(type(exc), exc.item, exc.left) for exc in seen] == [(cls, "bolt", 3) for cls in classes]


def test_frozen_error_stays_frozen_for_everybody_else():
    back = pickle.loads(pickle.dumps(FrozenError("bolt")))

    with pytest.raises(FrozenInstanceError):
        back.item = "nut"
