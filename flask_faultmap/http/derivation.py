"""Whose an expression of the code is: made of the request, the app's own, or not known for sure.

It is the client's if it is made of the request and of constants alone, by operators and by functions that do
nothing else; it is the app's if it is made of constants and of global data. Functions of the app are followed
to what they return. No code is run.
"""

import ast
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from itertools import takewhile
from types import ModuleType
from typing import Any

from werkzeug.local import LocalProxy
from werkzeug.wrappers import Request

from flask_faultmap.http.documents import Path
from flask_faultmap.http.likeness import is_same
from flask_faultmap.http.parts import UNKNOWN, Parts
from flask_faultmap.http.scopes import Given, Scope, members_of, scope_of_function
from flask_faultmap.http.whose import (
    APP,
    CONSTANT,
    HARMLESS,
    KEEPING,
    NOTHING,
    PLAIN,
    PURE,
    READ,
    SAME,
    UNSURE,
    Made,
    Whose,
    choose,
    combine,
)
from flask_faultmap.http.written import EACH

MAX_STEPS = 500  # of one walk through the code
MAX_DEPTH = 50
MAX_CALLS = 8  # one inside the other

CHANGED = "changed"  # in the memo: whether the app changed its JSON


def derive(given: Given, path: Path, parts: Parts, request: Request, *, is_missing: bool) -> Made:
    """Say whose that is to which *path* leads in what was *given*; its last step may be missing there."""
    made = UNSURE
    with suppress(RecursionError):
        made = _Reading(parts, request, is_missing=is_missing).read(given.node, path, given.scope)
    return made._replace(steps=tuple(takewhile(lambda step: step is not EACH, made.steps)))


class _Reading:
    """One walk through the code."""

    def __init__(self, parts: Parts, request: Request, *, is_missing: bool) -> None:
        self._parts = parts
        self._request = request
        self._is_missing = is_missing
        self._steps = self._depth = 0
        self._active: set[tuple[int, str]] = set()
        self._followed: list[ast.Call] = []

    def read(self, node: ast.AST, path: Path, scope: Scope) -> Made:
        self._steps += 1
        if self._steps > MAX_STEPS or self._depth == MAX_DEPTH:
            return UNSURE
        self._depth += 1
        made = self._read(node, path, scope)
        self._depth -= 1
        return made

    def _read(self, node: ast.AST, path: Path, scope: Scope) -> Made:
        match node:
            case ast.Constant(value):
                return CONSTANT if value else NOTHING
            case ast.Name():
                return self._read_name(node, path, scope)
            case ast.Attribute():
                return self._read_attribute(node, path, scope)
            case ast.Subscript(owner, key):  # whatever the key is, the member is whose the object is
                step = key.value if isinstance(key, ast.Constant) else EACH
                return self.read(owner, (step, *path), scope)
            case ast.Call():
                return self._read_call(node, path, scope)
            case ast.Dict():
                return self._read_members(node, path, scope)
            case ast.BinOp(left, ast.BitOr(), right) if path:
                return self._read_members(ast.Dict([None, None], [left, right]), path, scope)
            case ast.List(items) | ast.Tuple(items) | ast.Set(items):
                return self._read_items(items, path, scope)
            case ast.ListComp(item) | ast.SetComp(item) | ast.GeneratorExp(item):
                return self.read(item, path[1:], scope)
            case ast.DictComp(key, value):
                return combine([self.read(value, path[1:], scope), self.read(key, (), scope)])
            case ast.BoolOp(_, values):
                return choose([self.read(value, path, scope) for value in values])
            case ast.IfExp(_, value, other):
                return choose([self.read(value, path, scope), self.read(other, path, scope)])
            case ast.Await(value) | ast.Starred(value) | ast.NamedExpr(_, value) | ast.FormattedValue(value):
                return self.read(value, path, scope)
            case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.JoinedStr() | ast.Slice():
                inner = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
                return combine([self.read(each, (), scope) for each in inner])
            case ast.AugAssign(_, _, value):
                return combine([SAME, self.read(value, (), scope)])
        return UNSURE

    def _read_name(self, node: ast.Name, path: Path, scope: Scope) -> Made:
        name, text = node.id, scope.text
        bound = text.bound.get(name, [])
        is_parameter = name in text.parameters or name in text.keywords
        if not is_parameter and not bound:
            return UNSURE if name in scope.variables else self._read_object(scope.find(node))
        if (id(text), name) in self._active:
            return SAME
        self._active.add((id(text), name))
        found = [self.read(value, (*steps, *path), scope) for value, steps in bound]
        if is_parameter:
            found.append(self._read_parameter(name, path, scope))
        found += self._read_changes(name, path, scope)
        self._active.discard((id(text), name))
        return choose(found)

    def _read_parameter(self, name: str, path: Path, scope: Scope) -> Made:
        if scope.call is not None:
            value = scope.names.get(name, UNKNOWN)
            in_path = getattr(self._request, "view_args", None) or {}
            if name in in_path and in_path[name] is value:
                return Made(Whose.CLIENT, "path", (name,))
            if value is not UNKNOWN and value is self._parts.held:
                return self._read_part("get_json", path)
        given = scope.find_argument(name)
        return UNSURE if given is None else self.read(given.node, path, given.scope)

    def _read_changes(self, name: str, path: Path, scope: Scope) -> Iterator[Made]:
        """Say whose that is which the function put into the object of *name*."""
        if scope.call is not None and type(scope.names.get(name, UNKNOWN)) in PLAIN:
            return
        for key, item in scope.text.items.get(name, ()):
            is_other = isinstance(key, ast.Constant) and path and path[0] not in (key.value, EACH)
            if is_other or (item is None and not self._is_missing):
                continue
            is_read = path and key is not None
            yield self.read(item, path[1:], scope) if is_read and item is not None else UNSURE
        for call in scope.text.handed_to.get(name, ()):
            is_read = call is scope.call or any(call is each for each in self._followed)
            if not is_read and not self._is_one_of(HARMLESS, call.func, scope):
                yield UNSURE

    def _read_object(self, found: Any) -> Made:
        if type(found) in PLAIN:
            return CONSTANT if found else NOTHING
        if issubclass(type(found), dict | list | tuple | set | frozenset) or type(found).__module__ == "os":
            return APP
        return CONSTANT if id(found) in PURE or issubclass(type(found), Enum) else UNSURE

    def _read_attribute(self, node: ast.Attribute, path: Path, scope: Scope) -> Made:
        if self._is_request(scope.find(node.value)):
            return self._read_part(node.attr, path)
        if scope.is_global(node) or issubclass(type(scope.find(node.value)), ModuleType):
            return self._read_object(scope.find(node))
        made = self.read(node.value, path, scope)
        return made if made.whose is Whose.CLIENT else UNSURE

    def _read_part(self, name: str, path: Path) -> Made:
        if name not in READ or (name in ("json", "get_json") and self._is_changed()):
            return UNSURE
        return Made(Whose.CLIENT, READ[name], path)

    def _is_changed(self) -> bool:
        """Whether the app changed the JSON that it was given; asked once, since that may be large."""
        sent, held, memo = self._parts.sent, self._parts.held, self._parts.memo
        if CHANGED not in memo:
            memo[CHANGED] = UNKNOWN not in (sent, held) and not is_same(sent, held)
        return bool(memo[CHANGED])

    def _read_items(self, items: list[ast.expr], path: Path, scope: Scope) -> Made:
        is_spread = any(isinstance(each, ast.Starred) for each in items)
        if path and type(path[0]) is int and path[0] < len(items) and not is_spread:
            return self.read(items[path[0]], path[1:], scope)
        found = [self.read(each, path[1:], scope) for each in items]
        return choose(found) if path or not found else combine(found)

    def _read_members(self, node: ast.Dict, path: Path, scope: Scope) -> Made:
        """Say whose the member of an object is to which *path* leads, or all of the object."""
        found = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None or not path:
                found.append(self.read(value, path, scope))
            elif not isinstance(key, ast.Constant):
                found.append(UNSURE)
            elif key.value == path[0]:
                found = [self.read(value, path[1:], scope)]
        return choose(found) if path or not found else combine(found)

    def _read_call(self, node: ast.Call, path: Path, scope: Scope) -> Made:
        function = scope.find(node.func)
        given = [*node.args, *(each.value for each in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            made = self._read_method(node, node.func.value, node.func.attr, path, scope)
            if made is not None:
                return made
        if function is os.getenv:
            return APP
        if function is dict:
            return self._read_members(members_of(node), path, scope)
        if any(function is each for each in KEEPING) and given:
            first, *rest = given
            return combine([self.read(first, path, scope), *(self.read(each, (), scope) for each in rest)])
        if function is json.dumps or self._is_one_of(PURE, node.func, scope):
            made = combine([self.read(each, (), scope) for each in given])
            is_text = made.whose is Whose.CLIENT and function is json.dumps  # which the client did not send
            return UNSURE if is_text else made
        inner = scope_of_function(function, node, scope)
        if inner is None or len(self._followed) == MAX_CALLS:
            return UNSURE
        self._followed.append(node)
        made = choose([self.read(each, path, inner) for each in inner.text.returned])
        self._followed.pop()
        return made

    def _read_method(
        self, node: ast.Call, owner: ast.expr, name: str, path: Path, scope: Scope
    ) -> Made | None:
        """Say whose the result of a method is; None if it is none of the client's data or of a text."""
        if self._is_request(scope.find(owner)):
            return self._read_part(name, path)
        others = [*node.args, *(each.value for each in node.keywords)]
        if isinstance(owner, ast.Constant | ast.JoinedStr):
            return combine([self.read(each, (), scope) for each in (owner, *others)])
        default: list[ast.expr] = []
        if name in ("get", "pop", "getlist") and others and isinstance(others[0], ast.Constant):
            path = (others[0].value, *path)
            default = [each.value for each in node.keywords if each.arg == "default"] or node.args[1:2]
        made = self.read(owner, path, scope)
        if made.whose not in (Whose.CLIENT, Whose.APP) or (made is APP and name != "get"):
            return None
        rest = [self.read(each, (), scope) for each in others if each not in default and made is not APP]
        return combine([choose([made, *(self.read(each, (), scope) for each in default)]), *rest])

    def _is_one_of(self, functions: frozenset[int], node: ast.expr, scope: Scope) -> bool:
        """Whether *node* is one of *functions*, or a method of one that is a class."""
        owner = node.value if isinstance(node, ast.Attribute) else node
        return id(scope.find(node)) in functions or id(scope.find(owner)) in functions

    def _is_request(self, found: Any) -> bool:
        if type(found) is LocalProxy:
            with suppress(RuntimeError):  # of another context
                found = found._get_current_object()
        return found is self._request
