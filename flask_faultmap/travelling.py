"""How an error keeps all its state on its way through pickle, copy and a pool of processes.

Its class may have slots, be a dataclass or of attrs, frozen or not: not all is in ``__dict__``.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import BuiltinFunctionType, MemberDescriptorType
from typing import Any, TypeVar

BY_INTERPRETER = frozenset({"__cause__", "__context__", "__traceback__", "__suppress_context__", "__notes__"})
Made = TypeVar("Made", bound=BaseException)
State = tuple[dict[str, Any], dict[str, Any]]  # attributes, and what stands outside of them


def reduce(exc: BaseException) -> tuple[Any, ...]:
    """Give what ``__reduce__`` returns: all state of *exc*, without a call of its class's ``__init__``."""
    members = {}
    for name, member in _list_members(type(exc)).items():
        with suppress(AttributeError):  # a slot that was never filled
            value = member.__get__(exc, type(exc))
            if value is not None or not is_of_python(member):
                members[name] = value
    # What a group holds is given to it when it is made, and never set.
    made_of = (exc.message, exc.exceptions) if isinstance(exc, BaseExceptionGroup) else ()
    return _rebuild, (type(exc), exc.args, made_of), (exc.__dict__.copy(), members)


def make_bare(cls: type[Made], *made_of: Any) -> Made:
    """Make an error of *cls* by Python's own ``__new__``, past any ``__new__`` and ``__init__`` of the app.

    It is that of the class which gives *cls* its layout in memory; Python allows no other one.
    """
    _let_interpreter_write(cls)
    if issubclass(cls, BaseExceptionGroup) and not made_of:  # which cannot be empty
        made_of = ("", (Exception(),))
    place: Any = cls
    while not isinstance(vars(place).get("__new__"), BuiltinFunctionType):
        place = place.__base__
    made: Made = vars(place)["__new__"](cls, *made_of)
    return made


def _rebuild(cls: type[BaseException], args: tuple[Any, ...], made_of: tuple[Any, ...] = ()) -> BaseException:
    exc = make_bare(cls, *made_of)
    vars(BaseException)["args"].__set__(exc, args)  # where the class is frozen too
    # On the instance it counts before the one of a class, which attrs and dataclasses write for slots,
    # and which knows only theirs.
    exc.__dict__["__setstate__"] = partial(_restore, exc)
    return exc


def _restore(exc: BaseException, state: State) -> None:
    """Set all state of *exc*, also where the class is frozen."""
    attributes, members = state
    del exc.__dict__["__setstate__"]
    exc.__dict__.update(attributes)
    known = _list_members(type(exc))
    for name, value in members.items():
        with suppress(AttributeError, TypeError, KeyError):  # one that only C may write, or no longer there
            known[name].__set__(exc, value)


def _list_members(cls: type) -> dict[str, MemberDescriptorType]:
    """Give what a class keeps outside of ``__dict__``: slots, and what built-in exceptions have in C."""
    return {
        name: member
        for place in reversed(cls.__mro__)
        if place is not BaseException
        for name, member in vars(place).items()
        if isinstance(member, MemberDescriptorType)
    }


def is_of_python(member: MemberDescriptorType) -> bool:
    """Say whether *member* is one of a built-in exception, which is None until it is set."""
    return member.__objclass__.__module__ == "builtins"


def thawing(new: Callable[..., Any]) -> Callable[..., Any]:
    """Look at a class when its first error is made: only then it is known whether it is frozen."""

    def __new__(cls: type[BaseException], *args: Any, **kwargs: Any) -> Any:  # noqa: N807
        _let_interpreter_write(cls)
        return new(cls, *args, **kwargs)

    return __new__


def _let_interpreter_write(cls: type[BaseException]) -> None:
    """Let pools of processes and contextlib set the traceback and the cause of a frozen dataclass.

    The classes of attrs allow it by themselves.
    """
    params = getattr(cls, "__dataclass_params__", None)
    refuse = cls.__setattr__
    if params is None or not params.frozen or getattr(refuse, "lets_interpreter_write", False):
        return

    def write(self: BaseException, name: str, value: Any) -> None:
        if name in BY_INTERPRETER:
            BaseException.__setattr__(self, name, value)
        else:
            refuse(self, name, value)

    write.lets_interpreter_write = True  # type: ignore[attr-defined]
    cls.__setattr__ = write  # type: ignore[method-assign,assignment]
