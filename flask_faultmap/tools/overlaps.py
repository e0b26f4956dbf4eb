"""Which rules of the first map stand in each other's way, and which text rules are doubtful."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_faultmap.errors import DomainError
from flask_faultmap.rules.matching import Text
from flask_faultmap.rules.rule import Rule, name_of

WORD = re.compile(r"[^\W_]+")
ABSENT = object()


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One way in which a rule can win: with a table there is one for each of its values.

    Args:
        to: None if a function decides, which may say "not mine".
        where: the rule's, and the value of its table.
    """

    rule: Rule
    to: type[DomainError] | None
    where: Mapping[str, Any]

    def __str__(self) -> str:
        if self.rule.table is None:
            return f"the rule {self.rule}"
        return f"{self.rule.table}={name_of(self.where[self.rule.table])} of the rule {self.rule}"


def dead_cases(rules: Iterable[Rule]) -> Iterator[tuple[Case, Case]]:
    """Find what can never win, and what wins in its place.

    Args:
        rules: in the order in which they are asked, class by class.
    """
    asked: dict[object, list[Case]] = {}
    for rule in rules:
        before = asked.setdefault(rule.on, [])
        cases = [] if rule.is_built_in else cases_of(rule)
        for case in cases:
            winner = next((earlier for earlier in before if _always_wins(earlier, case)), None)
            if winner is not None:
                yield case, winner
        before.extend(cases)


def covered_texts(rules: Iterable[Rule]) -> dict[Rule, Rule]:
    """Find the text rules that a typed rule covers: the source tells by a value what they guess by a text.

    That is so when both lead to the same error, the text rule does not keep to other values than the typed
    rule has, and has no wording of its own.
    """
    known = [case for rule in rules for case in cases_of(rule)]
    typed = [case for case in known if case.where and not case.rule.text]
    pairs = ((case, other) for case in known if case.rule.text for other in typed if _covers(other, case))
    return {case.rule: other.rule for case, other in pairs}


def is_too_broad(rule: Rule) -> bool:
    """Whether the text that *rule* asks for is in too many texts.

    Two words are the least; three for a class of Python itself, which every library raises.
    """
    if not rule.text or rule.where or rule.cause:
        return False
    words = sum(len(WORD.findall(marker)) for marker in rule.text)
    return words < (3 if getattr(rule.on, "__module__", "") == "builtins" else 2)


def cases_of(rule: Rule) -> list[Case]:
    """List the ways in which *rule* can win."""
    where = rule.where or {}
    if isinstance(rule.to, Mapping) and rule.table is not None:
        return [Case(rule, to, {**where, rule.table: value}) for value, to in rule.to.items()]
    return [Case(rule, rule.to, where)]  # type: ignore[arg-type]  # no mapping without a table


def _always_wins(earlier: Case, later: Case) -> bool:
    """Whether *earlier* counts for every exception that *later* could count for."""
    first, second = earlier.rule, later.rule
    if earlier.to is None or (second.wrapped and not first.wrapped):
        return False
    if any(later.where.get(path, ABSENT) != value for path, value in earlier.where.items()):
        return False
    if first.cause is not None and not _is_kind_of(second.cause, first.cause):
        return False
    texts = [Text(marker) for marker in second.text]
    return all(any(text.has_all((marker.casefold(),)) for text in texts) for marker in first.text)


def _covers(typed: Case, text: Case) -> bool:
    if text.to is None or typed.to is not text.to or not _is_kind_of(text.rule.on, typed.rule.on):
        return False
    if any(text.where.get(path, value) != value for path, value in typed.where.items()):
        return False
    return text.rule.message in (None, typed.rule.message)


def _is_kind_of(cls: object, other: object) -> bool:
    return isinstance(cls, type) and isinstance(other, type) and issubclass(cls, other)
