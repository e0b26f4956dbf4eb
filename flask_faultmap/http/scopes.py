"""Which expression of the code a validator was handed, and what the names around it stand for."""

import ast
from collections.abc import Callable, Mapping
from contextlib import suppress
from inspect import getattr_static
from types import FrameType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from werkzeug.local import LocalProxy

from flask_faultmap.http.origins import PARSERS, READERS, frames_of
from flask_faultmap.http.parts import UNKNOWN
from flask_faultmap.http.written import INLINED, Written, call_at, written

ENTRIES = READERS | PARSERS | {("marshmallow.schema", "load"): "data"}

Frames = list[tuple[FrameType, int]]


class Scope(NamedTuple):
    """A function that ran: its text, its names, who handed it what, and the call in it that failed."""

    text: Written
    variables: tuple[str, ...]
    names: Mapping[str, Any]
    module: dict[str, Any]
    is_of_module: bool  # the object whose method it is
    find_argument: Callable[[str], "Given | None"]
    call: ast.Call | None

    def find(self, node: ast.AST) -> Any:
        """Give the object that a name or an attribute stands for, without running code; else UNKNOWN."""
        if isinstance(node, ast.Name):
            builtins = self.module.get("__builtins__", {})
            builtins = builtins if isinstance(builtins, dict) else vars(builtins)
            return self.names.get(node.id, self.module.get(node.id, builtins.get(node.id, UNKNOWN)))
        owner = self.find(node.value) if isinstance(node, ast.Attribute) else UNKNOWN
        if not isinstance(node, ast.Attribute) or owner is UNKNOWN or type(owner) is LocalProxy:
            return UNKNOWN
        found = getattr_static(owner, node.attr, UNKNOWN)
        if type(found) is staticmethod:
            return found.__func__
        if type(found) is classmethod:
            return MethodType(found.__func__, owner)
        is_method = type(found) is FunctionType and not issubclass(type(owner), ModuleType | type)
        return MethodType(found, owner) if is_method else found

    def is_global(self, node: ast.AST) -> bool:
        """Whether *node* is data of a module, or an attribute of an object that is."""
        while isinstance(node, ast.Attribute):
            node = node.value
        name = node.id if isinstance(node, ast.Name) else ""
        if self.is_of_module and [name] == self.text.parameters[:1]:
            return True
        return name in self.module and name not in self.names and name not in self.variables


class Given(NamedTuple):
    """An expression that was handed to a function, and the scope in which it stands."""

    node: ast.expr
    scope: Scope


def find_given(exc: BaseException) -> Given | None:
    """Give what the validator that raised *exc* was handed; None if that is not to be seen."""
    frames: Frames = []
    link = exc.__traceback__
    while link is not None:
        frames.append((link.tb_frame, link.tb_lasti))
        link = link.tb_next
    names = frames_of(exc)
    at = max((at for at, name in enumerate(names) if name in ENTRIES), default=0)
    while at and _package(names[at - 1]) == _package(names[at]):
        at -= 1
    scope = _scope_of(frames, at - 1) if at and names[at] in ENTRIES else None
    if scope is None or scope.call is None:
        return None
    name = ENTRIES[names[at]]
    if (
        name in ("data", "kwargs") and names[at][1] == "__init__"
    ):  # of a model, whose members are the keywords
        return None if scope.call.args else Given(members_of(scope.call), scope)
    return _argument(scope.call, name, 0, scope)


def scope_of_function(function: Any, call: ast.Call, caller: Scope) -> Scope | None:
    """Give the scope of a function of Python, or of a method, that *call* calls; None if it has no text."""
    plain, is_bound = _plain(function)
    text = None if plain is None else written(plain.__code__, plain.__globals__)
    if plain is None or text is None or text.is_generator:
        return None
    cells = {}
    for name, cell in zip(plain.__code__.co_freevars, plain.__closure__ or (), strict=True):
        with suppress(ValueError):  # not bound yet
            cells[name] = cell.cell_contents
    if is_bound and text.parameters:
        cells[text.parameters[0]] = function.__self__
    return Scope(
        text,
        plain.__code__.co_varnames,
        cells,
        plain.__globals__,
        isinstance(call.func, ast.Attribute) and is_bound and caller.is_global(call.func.value),
        lambda name: _find_argument(text, name, call, caller, is_bound=is_bound),
        None,
    )


def members_of(call: ast.Call) -> ast.Dict:
    """Give the object that is made of the arguments of *call*."""
    keys = [ast.Constant(each.arg) if each.arg else None for each in call.keywords]
    return ast.Dict(
        [*(None for _ in call.args), *keys], [*call.args, *(each.value for each in call.keywords)]
    )


def _scope_of(frames: Frames, at: int) -> Scope | None:
    frame, lasti = frames[at]
    end = call_at(frame.f_code, lasti)
    while at and frame.f_code.co_name in INLINED:
        at -= 1
        frame = frames[at][0]
    text = written(frame.f_code, frame.f_globals)
    call = None if text is None else text.calls.get(end)
    if text is None or call is None:
        return None

    def find_argument(name: str) -> Given | None:
        caller = _scope_of(frames, at - 1) if at else None
        if caller is None or caller.call is None:
            return None
        plain, is_bound = _plain(caller.find(caller.call.func))
        if plain is None or plain.__code__ is not frame.f_code:
            return None
        return _find_argument(text, name, caller.call, caller, is_bound=is_bound)

    return Scope(text, frame.f_code.co_varnames, frame.f_locals, frame.f_globals, False, find_argument, call)


def _find_argument(
    text: Written, name: str, call: ast.Call, caller: Scope, *, is_bound: bool
) -> Given | None:
    place = text.parameters.index(name) - is_bound if name in text.parameters else -1
    given = _argument(call, name, place, caller)
    default = text.defaults.get(name)
    is_plain = all(each.arg for each in call.keywords) and place >= len(call.args)
    return Given(default, caller) if not given and isinstance(default, ast.Constant) and is_plain else given


def _argument(call: ast.Call, name: str, place: int, scope: Scope) -> Given | None:
    """Give what *call* hands to a parameter by name or, unless it is negative, by *place*."""
    for each in call.keywords:
        if each.arg == name:
            return Given(each.value, scope)
    if not 0 <= place < len(call.args) or any(isinstance(each, ast.Starred) for each in call.args):
        return None
    return Given(call.args[place], scope)


def _plain(found: Any) -> tuple[FunctionType | None, bool]:
    """Give the function of Python that *found* is, and whether it is bound to an object."""
    if type(found) is MethodType and type(found.__func__) is FunctionType:
        return found.__func__, True
    return (found if type(found) is FunctionType else None), False


def _package(name: tuple[str, str]) -> str:
    return name[0].partition(".")[0]
