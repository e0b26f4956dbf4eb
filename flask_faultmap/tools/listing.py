"""What ``flask faults list`` shows: every rule, every error class with its statuses, every profile."""

import shutil
import textwrap
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from flask import Flask

from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.border.other_handlers import OtherHandler, other_handlers
from flask_faultmap.contract.entries import Entry, entries_of, path_of, profiles_in_use, views_of
from flask_faultmap.mapping.occurrences import code_of
from flask_faultmap.profiles.profile import Profile
from flask_faultmap.rules.rule import Rule, name_of
from flask_faultmap.tools.overlaps import covered_texts

WIDTH = 100  # where no terminal says how wide it is


def list_as_data(app: Flask) -> dict[str, Any]:
    """Give all rules and error classes, the built-in ones too, as one JSON value."""
    mapper = boundary_of(app).mapper
    covered = covered_texts(mapper.book.rules)
    rules = [(rule, True) for rule in mapper.book.rules] + [(rule, False) for rule in mapper.book.missing]
    return {
        "rules": [{**_tell_rule(rule, covered), "installed": installed} for rule, installed in rules],
        "errors": [_tell_error(entry) for entry in entries_of(mapper)],
        "handlers": [_tell_handler(other) for other in other_handlers(app)],
        "profiles": [
            {"name": name, "compiled": profile.obstacle is None, "obstacle": profile.obstacle}
            for name, profile in profiles_in_use(mapper.settings).items()
        ],
    }


def _tell_rule(rule: Rule, covered: Mapping[Rule, Rule]) -> dict[str, Any]:
    return {
        "rule": str(rule),
        "on": path_of(rule.on) if isinstance(rule.on, type) else rule.on,
        "outcomes": {path_of(cls): code_of(cls) for cls in rule.outcomes},
        "built_in": rule.is_built_in,
        "pack": rule.pack,
        "covered_by": str(covered[rule]) if rule in covered else None,
    }


def _tell_error(entry: Entry) -> dict[str, Any]:
    return {
        "class": entry.path,
        "code": entry.kind.code,
        "category": str(entry.kind.category),
        "title": entry.kind.title,
        "retryable": entry.kind.retryable,
        "status": entry.kind.status,
        "statuses": dict(entry.statuses),
        "built_in": entry.is_built_in,
    }


def _tell_handler(other: OtherHandler) -> dict[str, Any]:
    return {
        "handler": other.name,
        "for": other.subject,
        "blueprint": other.blueprint,
        "takes": other.takes,
        "kept": other.is_kept,
    }


def list_as_text(app: Flask, *, everything: bool) -> Iterator[str]:
    """Give the same as lines for people; the built-in ones only if *everything* is asked for."""
    mapper = boundary_of(app).mapper
    rules = [rule for rule in mapper.book.rules if everything or not rule.is_built_in]
    missing = [rule for rule in mapper.book.missing if everything or not rule.is_built_in]
    named = {outcome for rule in rules for outcome in rule.outcomes}
    known = entries_of(mapper)
    entries = [entry for entry in known if everything or not entry.is_built_in or entry.cls in named]
    yield "RULES, class by class in the order in which they are asked"
    yield ""
    yield from _list_packs(rules, missing, covered_texts(mapper.book.rules))
    yield ""
    yield "ERRORS, with the status that each profile sends"
    yield ""
    yield from _list_errors(entries, [name for name, _, _ in views_of(mapper.settings)])
    if len(entries) < len(known):
        yield ""
        yield f"{len(known) - len(entries)} built-in errors are left out; --all shows them."
    yield ""
    yield "PROFILES in use, and how their bodies are made"
    yield ""
    for name, profile in profiles_in_use(mapper.settings).items():
        yield from _wrap("  ", f"{name}: {_say_how(profile)}")
    yield from _list_handlers(other_handlers(app))


def _list_handlers(others: list[OtherHandler]) -> Iterator[str]:
    """Nothing at all for the many apps without handlers of their own."""
    if not others:
        return
    yield ""
    yield "OTHER ERROR HANDLERS of the app (! takes what the map would answer, = kept on purpose)"
    yield ""
    for other in others:
        mark = "! " if other.is_finding else "= " if other.is_kept else "  "
        place = f" in the blueprint {other.blueprint!r}" if other.blueprint is not None else ""
        yield from _wrap(mark, f"{other.name} for {other.subject}{place}")


def _say_how(profile: Profile) -> str:
    obstacle = profile.obstacle
    return "compiled" if obstacle is None else f"not compiled, but dumped for each answer: {obstacle}"


def _list_packs(rules: list[Rule], missing: list[Rule], covered: Mapping[Rule, Rule]) -> Iterator[str]:
    """Give the app's own rules, then those of each pack under its name."""
    packs = dict.fromkeys(rule.pack for rule in (*rules, *missing) if rule.pack is not None)
    for pack in (None, *packs):
        if pack is not None:
            yield ""
            yield f"pack {pack}"
        yield from _list_rules(
            [rule for rule in rules if rule.pack == pack],
            [rule for rule in missing if rule.pack == pack],
            covered,
        )


def _list_rules(rules: list[Rule], missing: list[Rule], covered: Mapping[Rule, Rule]) -> Iterator[str]:
    if not (rules or missing):
        yield "  (none of the app's own)"
    for rule in rules:
        yield from _wrap("~ " if rule in covered else "  ", str(rule))
        if isinstance(rule.to, Mapping):
            for value, cls in rule.to.items():
                yield from _wrap("    ", f"{name_of(value)} -> {cls.__name__}")
        if rule in covered:
            yield from _wrap("    ", f"a typed rule tells the same: {covered[rule]}")
    for rule in missing:
        yield from _wrap("x ", f"{rule} (not installed)")


def _list_errors(entries: list[Entry], profiles: list[str]) -> Iterator[str]:
    columns: dict[tuple[int, ...], list[str]] = {}  # profiles with the same statuses share one
    for name in profiles:
        columns.setdefault(tuple(entry.statuses[name] for entry in entries), []).append(name)
    code_width = max(len(word) for word in ("CODE", *(entry.kind.code for entry in entries)))
    category_width = max(len(word) for word in ("CATEGORY", *(entry.kind.category for entry in entries)))
    for at, names in enumerate(columns.values()):
        yield "  " + "|   " * at + ", ".join(names)
    yield "  " + "|   " * len(columns) + f"{'CODE':{code_width}}  {'CATEGORY':{category_width}}  CLASS"
    shown = sorted(entries, key=lambda entry: (entry.is_built_in, entry.cls.__module__, entry.kind.code))
    for module, group in groupby(shown, key=lambda entry: entry.cls.__module__):
        yield module
        for entry in group:
            statuses = " ".join(str(entry.statuses[names[0]]) for names in columns.values())
            kind = entry.kind
            yield (
                f"  {statuses} {kind.code:{code_width}}  {kind.category:{category_width}}  "
                f"{entry.cls.__qualname__}"
            )


def _wrap(mark: str, text: str) -> list[str]:
    width = shutil.get_terminal_size((WIDTH, 0)).columns
    indent = " " * (len(mark) + 4)
    return textwrap.wrap(
        text,
        width,
        initial_indent=mark,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
