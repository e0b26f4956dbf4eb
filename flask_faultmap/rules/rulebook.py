"""The first map, compiled: which row decides about an exception."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from flask_faultmap.errors import DomainError
from flask_faultmap.redaction.redacting import redact
from flask_faultmap.rules.matching import MissingError, Text, causes, look_up
from flask_faultmap.rules.rule import Rule, resolve

logger: logging.Logger = logging.getLogger("flask_faultmap")

NO_MARKERS = "the text has not all markers"


class Decision(NamedTuple):  # made for each fault, and in half the time of a frozen dataclass
    """What an exception means to the domain, and the row that said so (None: it was a domain error)."""

    error: DomainError
    rule: Rule | None = None

    @property
    def rule_name(self) -> str | None:
        """What the log and the signal call the row."""
        return None if self.rule is None else str(self.rule)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one row said of one exception: why not, or its domain error."""

    rule: Rule
    subject: BaseException
    error: DomainError | None
    reason: str


def itself(exc: DomainError) -> DomainError:
    """A domain error needs no translation."""
    return exc


def leaves_decide(_: object) -> None:
    """A group is what its leaves are, which the mapper asks; this row names the class."""


ITSELF = Rule(on=DomainError, translate=itself)
GROUP = Rule(on=ExceptionGroup, translate=leaves_decide)


class Row:
    """One rule, ready to be asked."""

    __slots__ = ("_cause", "_marker", "_markers", "_table", "_targets", "_where", "order", "rule")

    def __init__(self, rule: Rule, order: int, *, is_ours: bool) -> None:
        self.rule: Rule = rule
        # Within one class: where or table first, then cause, then text, then the app's, then as written.
        self.order: tuple[bool, bool, bool, bool, int] = (
            not (rule.where or rule.table),
            rule.cause is None,
            not rule.text,
            is_ours,
            order,
        )
        self._where = tuple((rule.where or {}).items())
        self._table = rule.table
        self._cause: Any = rule.cause
        self._markers = tuple(marker.casefold() for marker in rule.text)
        self._marker = self._markers[0] if self._markers else None
        self._targets: Any = rule.to

    def judge(self, exc: BaseException, text_of: Callable[[], Text]) -> DomainError | str:
        """Give the domain error of *exc*, or the reason why the row does not count.

        Whatever an attribute, a translator or a constructor raises is such a reason, and logged.
        """
        try:
            return self._judge(exc, text_of)
        except Exception as problem:  # a border: conditions and outcomes run foreign code
            reason = f"raised {type(problem).__name__}"
            if not isinstance(problem, MissingError):
                logger.warning("The row %s does not count: it %s", self.rule, reason, exc_info=problem)
            return reason

    def is_surely_out(self, text_of: Callable[[], Text]) -> bool:
        """Whether the text lacks a marker at all: nearly always so, and a tenth of what judging costs."""
        try:
            return self._marker is not None and self._marker not in text_of().whole
        except Exception:  # a border: `__str__` runs foreign code; judging will say so
            return False

    def _judge(self, exc: BaseException, text_of: Callable[[], Text]) -> DomainError | str:
        if self._markers and not text_of().has_all(self._markers):
            return NO_MARKERS
        for path, wanted in self._where:
            if look_up(exc, path) != wanted:
                return f"{path} is another"
        target = self._targets
        if self._table is not None:
            target = target.get(look_up(exc, self._table))
            if target is None:
                return f"the table has no row for this {self._table}"
        if self._cause is not None and not any(isinstance(link, self._cause) for link in causes(exc)):
            return "no such cause"
        if target is not None:
            return self._make(target, exc)
        return self._translated(exc)

    def _make(self, target: type[DomainError], exc: BaseException) -> DomainError:
        rule, text = self.rule, str(exc)
        public = rule.message or (redact(text) if rule.expose else "") or target.public or target.title
        return target(text, public=public)

    def _translated(self, exc: BaseException) -> DomainError | str:
        error = self.rule.translate(exc)  # type: ignore[misc]  # a rule without `to` has one
        if error is None:
            return "the function said: not mine"
        if not isinstance(error, DomainError):
            raise TypeError(f"translate gave a {type(error).__name__}; it must give a DomainError or None")
        return error


class RuleBook:
    """All rows of one map, in the order in which they are asked.

    Args:
        rules: the app's rows.
        ours: built-in rows, asked after the app's rows of the same class.
    """

    def __init__(self, rules: Iterable[Rule], ours: Iterable[Rule] = ()) -> None:
        self.missing: list[Rule] = []  # rows of packages that are not installed
        self._rows: dict[type, tuple[Row, ...]] = {}
        self._plans: WeakKeyDictionary[type, tuple[Row, ...]] = WeakKeyDictionary()
        rows: dict[type, list[Row]] = {}
        for is_ours, given in ((False, rules), (True, (*ours, ITSELF, GROUP))):
            for order, rule in enumerate(given):
                known = resolve(rule)
                if known is None:
                    self.missing.append(rule)
                    continue
                row = Row(known, order, is_ours=is_ours)
                rows.setdefault(known.on, []).append(row)  # type: ignore[arg-type]  # resolved
        for cls, found in rows.items():
            self._rows[cls] = tuple(sorted(found, key=lambda row: row.order))
        self._names_domain_errors = self.names_more_than(ITSELF)
        self.has_wrapped: bool = any(row.rule.wrapped for found in rows.values() for row in found)
        self._last = tuple(row for row in self._rows.get(Exception, ()) if row.rule.is_bare)

    @property
    def rules(self) -> list[Rule]:
        """All rows that are installed, class by class, in the order in which they are asked."""
        return [row.rule for found in self._rows.values() for row in found]

    @property
    def classes(self) -> list[type[Exception]]:
        """The classes that rows name."""
        return list(self._rows)

    def names_more_than(self, rule: Rule) -> bool:
        """Say whether there is another row for the class of *rule* or one below it."""
        cls: Any = rule.on
        return any(
            issubclass(known, cls) and any(row.rule is not rule for row in found)
            for known, found in self._rows.items()
        )

    def decide(self, exc: BaseException) -> Decision | None:
        """Give the decision of the first row that counts; None if no row knows *exc*."""
        if not self._names_domain_errors and isinstance(exc, DomainError):
            return Decision(exc)
        plan = self._plan(type(exc))
        if not (plan or self._last or self.has_wrapped):  # as with most bugs
            return None
        for row, subject, text_of in self._candidates(exc, plan):
            if row.is_surely_out(text_of):
                continue
            error = row.judge(subject, text_of)
            if isinstance(error, DomainError):
                return Decision(error, None if row.rule is ITSELF else row.rule)
        return None

    def verdicts(self, exc: BaseException) -> Iterator[Verdict]:
        """Say what each row says of *exc*, in order, up to the one that decides."""
        for row, subject, text_of in self._candidates(exc, self._plan(type(exc))):
            said = row.judge(subject, text_of)
            if isinstance(said, DomainError):
                yield Verdict(row.rule, subject, said, "decides")
                return
            yield Verdict(row.rule, subject, None, said)

    def _candidates(
        self, exc: BaseException, plan: tuple[Row, ...]
    ) -> Iterator[tuple[Row, BaseException, Callable[[], Text]]]:
        text_of = _reader(exc)
        for row in plan:
            yield row, exc, text_of
        if self.has_wrapped:
            for link in causes(exc):
                read_link = _reader(link)
                for row in self._plan(type(link)):
                    if row.rule.wrapped:
                        yield row, link, read_link
        if isinstance(exc, Exception):
            for row in self._last:
                yield row, exc, text_of

    def _plan(self, cls: type) -> tuple[Row, ...]:
        """The rows of the classes in the MRO of *cls*, nearest first, without bare rows on Exception."""
        plan = self._plans.get(cls)
        if plan is None:
            found = (row for parent in cls.__mro__ for row in self._rows.get(parent, ()))
            plan = tuple(row for row in found if row not in self._last)
            self._plans[cls] = plan
        return plan


def _reader(exc: BaseException) -> Callable[[], Text]:
    """Read and fold the text of *exc* once, when the first row asks for it."""
    read: list[Text] = []

    def text_of() -> Text:
        if not read:
            read.append(Text(str(exc)))
        return read[0]

    return text_of
