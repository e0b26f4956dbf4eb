"""What the code of a frame says: its function, and the call that it is in, as they are written."""

import ast
import linecache
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from types import CodeType
from typing import Any

MAX_FUNCTIONS = 512  # that are kept
MAX_TEXT = 1_000_000  # characters of a file

EACH: Any = object()  # a step to any one item of a list, or member of an object
INLINED = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})  # have a frame before 3.12
# Methods that change a dict, a list or a set.
CHANGING = {"add", "append", "clear", "discard", "extend", "insert", "popitem", "poplist", "remove"} | {
    *("reverse", "setdefault", "setlist", "setlistdefault", "sort", "update")
}

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Written:
    """One function: what each of its names is bound to, and what else it does with that."""

    def __init__(self, node: Function) -> None:
        self.parameters: list[str] = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
        self.keywords: list[str] = [each.arg for each in node.args.kwonlyargs]
        self.defaults: dict[str, ast.expr] = dict(
            zip(self.parameters[::-1], node.args.defaults[::-1], strict=False)
        )
        self.defaults |= {
            name: value for name, value in zip(self.keywords, node.args.kw_defaults, strict=True) if value
        }
        # Expressions by name, each with the steps to what the name means.
        self.bound: defaultdict[str, list[tuple[ast.AST, tuple[Any, ...]]]] = defaultdict(list)
        # By name: the keys whose values were set to an expression, or taken out (None).
        self.items: defaultdict[str, list[tuple[ast.AST | None, ast.AST | None]]] = defaultdict(list)
        self.handed_to: defaultdict[str, list[ast.Call]] = defaultdict(list)
        self.returned: list[ast.expr] = []
        self.calls: dict[tuple[int | None, int | None], ast.Call] = {}
        self.is_generator: bool = False
        if isinstance(node, ast.Lambda):
            self.returned.append(node.body)
        for each in _walk(node):
            self._note(each)

    def _note(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets, value):
                for target in targets:
                    self._bind(target, value)
            case ast.AnnAssign(target, _, ast.expr() as value) | ast.NamedExpr(target, value):
                self._bind(target, value)
            case ast.AugAssign(target):
                self._bind(target, node)
            case ast.For(target, value) | ast.AsyncFor(target, value) | ast.comprehension(target, value):
                self._bind(target, value, EACH)
            case ast.withitem(value, ast.expr() as target):  # a file is what it opens
                self._bind(target, value)
            case ast.Delete(targets):
                for target in targets:
                    self._bind(target, None)
            case ast.Return(ast.expr() as value):
                self.returned.append(value)
            case ast.Yield() | ast.YieldFrom():
                self.is_generator = True
            case ast.Call():
                self._note_call(node)

    def _bind(self, target: ast.AST, value: ast.AST | None, *steps: Any) -> None:
        match target:
            case ast.Name(name) if value is not None:
                self.bound[name].append((value, steps))
            case ast.Tuple(targets) | ast.List(targets):
                for inner in targets:
                    self._bind(inner, value, EACH, *steps)
            case ast.Subscript(ast.Name(name), key):
                self.items[name].append((key, value))
            case ast.Subscript(owner) | ast.Attribute(owner) | ast.Starred(owner):
                for each in ast.walk(owner):
                    if isinstance(each, ast.Name):
                        self.items[each.id].append((None, target))

    def _note_call(self, call: ast.Call) -> None:
        self.calls[call.end_lineno, call.end_col_offset] = call
        match call:
            case ast.Call(ast.Attribute(ast.Name(name), "pop"), [key, *_]):
                self.items[name].append((key, None))
            case ast.Call(ast.Attribute(owner, method)) if method in CHANGING:
                for each in ast.walk(owner):
                    if isinstance(each, ast.Name):
                        self.items[each.id].append((None, call))
        for given in (*call.args, *(named.value for named in call.keywords if named.arg is not None)):
            if isinstance(given, ast.Name):
                self.handed_to[given.id].append(call)


def call_at(code: CodeType, lasti: int) -> tuple[int | None, int | None]:
    """Give the line and the column at which the call ends that *code* is in."""
    _, line, _, column = next(islice(code.co_positions(), lasti // 2, None), (None,) * 4)
    return line, column


def written(code: CodeType, module: dict[str, Any]) -> Written | None:
    """Give the function of *code* in *module*; None if its text is not to be had, or is another by now."""
    linecache.lazycache(code.co_filename, module)
    return _written(code, code.co_filename)


@lru_cache(MAX_FUNCTIONS)
def _written(code: CodeType, file: str) -> Written | None:  # the same code may stand in several files
    text = "".join(linecache.getlines(file))
    if len(text) > MAX_TEXT:
        return None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    places = [place for place in code.co_positions() if None not in place and place[2] != place[3]]
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, Function) and _starts_as(node, code) and _holds(node, places)
    ]
    return Written(found[-1]) if found else None  # the innermost, of several on a line


def _starts_as(node: Function, code: CodeType) -> bool:
    lines = [node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))]
    return getattr(node, "name", "<lambda>") == code.co_name and min(lines) == code.co_firstlineno


def _holds(node: Function, places: list[Any]) -> bool:
    start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    return all(
        start <= (line, column) and (end_line, end_column) <= end
        for line, end_line, column, end_column in places
        if isinstance(node, ast.Lambda)
    )


def _walk(function: Function) -> Iterator[ast.AST]:
    """Walk through *function*, but not through the functions and classes in it."""
    body = function.body
    left: list[ast.AST] = [body] if isinstance(body, ast.expr) else [*body]
    for node in left:
        yield node
        if not isinstance(node, Function | ast.ClassDef):
            left += ast.iter_child_nodes(node)
