"""What is doubtful about an app's map: the findings of ``flask faults check``."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask

from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.border.extension import TYPES
from flask_faultmap.border.other_handlers import other_handlers
from flask_faultmap.border.replies import collect_headers
from flask_faultmap.categories import Category
from flask_faultmap.contract.entries import (
    Entry,
    classes_of,
    entries_of,
    entry_of,
    path_of,
    profiles_in_use,
    specimen_of,
)
from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Fault
from flask_faultmap.http.statuses import FrameworkError
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.occurrences import code_of, is_exposed, is_hiding
from flask_faultmap.mapping.settings import STATUS_WORD, Settings
from flask_faultmap.near_miss import near_miss
from flask_faultmap.profiles.profile import Profile
from flask_faultmap.rules.rule import Rule
from flask_faultmap.tools.overlaps import covered_texts, dead_cases, is_too_broad


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is doubtful: which check says so, where it is, what it is, and what to do."""

    check: str
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.check}: {self.where}: {self.what}; {self.remedy}"


def check_app(app: Flask) -> list[Finding]:
    """Look at everything that an app's map promises by itself."""
    mapper = boundary_of(app).mapper
    rules = mapper.book.rules
    entries = entries_of(mapper)
    return [
        *_find_shadowing_handlers(app),
        *_find_dead_rules(rules),
        *_find_doubtful_texts(rules),
        *_find_shared_codes(entries),
        *_find_undocumented_codes(mapper),
        *_find_missing_challenges(mapper, entries),
        *_find_exposed_refusals(entries),
        *_find_unknown_words(mapper.settings, entries),
        *_find_idle_statuses(mapper.settings, entries),
        *_find_types_elsewhere(app, mapper),
    ]


def types_of(app: Flask) -> str | None:
    """Give the problem type of an error that no class says more of, if a catalogue of the app has a page."""
    mapper = boundary_of(app).mapper
    if mapper.settings.type_base is not None or TYPES not in app.extensions:
        return None
    return mapper.compiled_kind(DomainError(), None).kind.type


def _find_shadowing_handlers(app: Flask) -> Iterator[Finding]:
    found = other_handlers(app)
    for other in found:
        if other.is_finding:
            yield Finding(
                check="shadowing-handler",
                where=f"app {app.name}",
                what=str(other),
                remedy=f"take it out, or keep it: FAULTMAP_HANDLERS_KEPT = [{other.name!r}]",
            )
    kept = boundary_of(app).mapper.settings.handlers_kept
    for name in sorted(kept - {other.name for other in found}):
        miss = near_miss(name, [other.name for other in found])
        yield Finding(
            check="unknown-handler",
            where="FAULTMAP_HANDLERS_KEPT",
            what=f"no error handler of the app is {name}{miss}",
            remedy="take the name out, or write it as `flask faults list` does",
        )


def _find_dead_rules(rules: Iterable[Rule]) -> Iterator[Finding]:
    for case, winner in dead_cases(rules):
        yield Finding(
            check="dead-rule",
            where=str(case),
            what=f"it can never win, since {winner} always does",
            remedy="move it before that one, or take it out",
        )


def _find_doubtful_texts(rules: Iterable[Rule]) -> Iterator[Finding]:
    rules = [rule for rule in rules if rule.pack is None]  # the texts of a pack are not the app's
    for rule, typed in covered_texts(rules).items():
        yield Finding(
            check="needless-text",
            where=f"the rule {rule}",
            what=f"the rule {typed} tells the same by a value",
            remedy="take the text rule out, or narrow it with where= to the values that tell nothing",
        )
    for rule in rules:
        if is_too_broad(rule):
            yield Finding(
                check="broad-text",
                where=f"the rule {rule}",
                what="many other texts have this too",
                remedy="give more markers, or narrow it with where= or cause=",
            )


def _find_shared_codes(entries: Iterable[Entry]) -> Iterator[Finding]:
    """A client cannot tell classes apart that share a code, so they must be kin and have one status.

    An app may take the code of a built-in class for its own, if the status is the same.
    """
    first: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda entry: not entry.is_built_in):  # which nobody can change
        known = first.setdefault(entry.kind.code, entry)
        if known.is_built_in and entry.is_built_in:
            continue
        is_kin = issubclass(entry.cls, known.cls) or known.is_built_in or entry.is_built_in
        if not is_kin or known.kind.status != entry.kind.status:
            yield Finding(
                check="duplicate-code",
                where=entry.path,
                what=f"its code {known.kind.code!r} (status {entry.kind.status}) belongs to {known.path} "
                f"(status {known.kind.status}) as well",
                remedy="give one of them another code",
            )


def _find_undocumented_codes(mapper: Mapper) -> Iterator[Finding]:
    for cls in classes_of(mapper):
        if issubclass(cls, FrameworkError):
            continue
        wrong = _find_documentation_mistake(mapper, cls)
        if wrong is not None:
            yield Finding(check="undocumented-code", where=path_of(cls), what=wrong[0], remedy=wrong[1])


def _find_documentation_mistake(mapper: Mapper, cls: type[DomainError]) -> tuple[str, str] | None:
    if entry_of(mapper, cls) is None:
        return (
            "only its instances know what they tell a client",
            "make code, title and category class attributes",
        )
    if not (cls.__dict__.get("__doc__") or "").strip():
        return f"nothing says what the code {code_of(cls)!r} means", "give the class a docstring"
    if code_of(cls) == DomainError.code and cls is not DomainError:
        return f"the code {cls.code!r} tells a client nothing", "give the class a code of its own"
    return None


def _find_exposed_refusals(entries: Iterable[Entry]) -> Iterator[Finding]:
    """Look for classes that show the text of an answer that should tell little."""
    for entry in entries:
        specimen, known = specimen_of(entry.cls), (entry.kind.original_status, *entry.statuses.values())
        status = next((each for each in known if is_hiding(each)), None)
        if status is not None and not entry.is_built_in and is_exposed(specimen, status):
            yield Finding(
                check="exposed-refusal",
                where=entry.path,
                what=f"it shows its message to the client in a {status}",
                remedy="give it a public text in place of expose = True, unless no message is private",
            )


def _find_unknown_words(settings: Settings, entries: Iterable[Entry]) -> Iterator[Finding]:
    """Look for settings of a code that no class has: of one that was renamed, or never imported."""
    codes = {*Category, *(entry.kind.code for entry in entries)}
    for key, words in (
        ("FAULTMAP_STATUSES", settings.statuses),
        ("FAULTMAP_LOG_LEVELS", settings.log_levels),
    ):
        for word in sorted(words):
            if word not in codes and not STATUS_WORD.fullmatch(word):
                yield Finding(
                    check="unknown-code",
                    where=f"{key}[{word!r}]",
                    what="no error class of the app has this code",
                    remedy=f"take it out, or import the class that has it{near_miss(word, codes)}",
                )


def _find_idle_statuses(settings: Settings, entries: Iterable[Entry]) -> Iterator[Finding]:
    """Look for statuses of codes that only HTTP errors have: ``abort(405)`` stays a 405."""
    of_http = {entry.kind.code for entry in entries if issubclass(entry.cls, FrameworkError)}
    others = {*Category, *(entry.kind.code for entry in entries if not issubclass(entry.cls, FrameworkError))}
    for word in sorted(of_http.intersection(settings.statuses) - others):
        yield Finding(
            check="idle-status",
            where=f"FAULTMAP_STATUSES[{word!r}]",
            what="it has no effect, since HTTP errors keep the status that they are raised with",
            remedy="take it out, or let collapse of a profile change that status",
        )


def _find_types_elsewhere(app: Flask, mapper: Mapper) -> Iterator[Finding]:
    """Look whether ``FAULTMAP_TYPE_BASE`` names other pages than the catalogue that the app has."""
    base, make = mapper.settings.type_base, app.extensions.get(TYPES)
    if base is None or make is None:
        return
    code = DomainError.code
    page = make(app)(mapper, DomainError, code)
    if urlsplit(base + code).path != page:
        yield Finding(
            check="types-elsewhere",
            where="FAULTMAP_TYPE_BASE",
            what=f"the type {base + code} is no page of the app's catalogue, which has {page}",
            remedy="take the setting out, or let its path be that of the catalogue",
        )


def _find_missing_challenges(mapper: Mapper, entries: Iterable[Entry]) -> Iterator[Finding]:
    """A 401 must say how to authenticate (RFC 9110, section 11.6.1): build one, and look."""
    for name, profile in profiles_in_use(mapper.settings).items():
        refused = next((entry for entry in entries if entry.statuses[name] == 401), None)
        if refused is not None and not _has_challenge(mapper, profile, refused.cls):
            yield Finding(
                check="missing-challenge",
                where=f"the profile {name!r}",
                what=f"a 401, of {refused.path} for one, has no WWW-Authenticate",
                remedy="let drop_headers and headers of the profile leave it alone, or collapse 401",
            )


def _has_challenge(mapper: Mapper, profile: Profile, cls: type[DomainError]) -> bool:
    kind = mapper.compiled_kind(specimen_of(cls), profile).kind
    fault = Fault(kind, "check-without-request", kind.title)
    try:
        more = profile.headers(fault) if profile.headers is not None else {}
    except Exception:  # a border: it is the app's function, and the last resort would answer
        return False
    sent = collect_headers(mapper.settings, fault, (), None, more, profile.drop_headers)
    return any(name.lower() == "www-authenticate" and value.strip() for name, value in sent)
