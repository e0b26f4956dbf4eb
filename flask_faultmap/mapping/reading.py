"""How ``app.config`` becomes the settings: read once, every mistake in one error."""

import re
from ast import literal_eval
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask_faultmap.categories import Category
from flask_faultmap.defining import code_text
from flask_faultmap.errors import ConfigError, DomainError
from flask_faultmap.http.headers import why_no_id
from flask_faultmap.mapping.settings import PREFIX, STATUS_WORD, STATUSES, Mode, Modes, Scopes, Settings
from flask_faultmap.mapping.spellings import joined, spelling, word_meant
from flask_faultmap.near_miss import near_miss
from flask_faultmap.profiles.profile import TOKEN, Profile, is_error_status
from flask_faultmap.texts import LEVELS, level_number

NAME = PREFIX.rstrip("_")
TRAIL = "FAULTMAP_TRAIL_"  # the audit trail reads these itself
Read = TypeVar("Read")
CLASSES = ("4xx", "5xx")  # of statuses
NO_SLASH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")  # of a prefix, all but the slash it begins with
NO_CODE = re.compile("[0-9]+|[0-9]xx", re.IGNORECASE)


def read_settings(
    config: Mapping[str, Any], profiles: Mapping[str, Profile], codes: Iterable[str] = ()
) -> Settings:
    """Read the ``FAULTMAP_…`` keys of *config*.

    Args:
        profiles: all that ``PROFILE`` and ``SCOPES`` may name, by name.
        codes: the codes that ``STATUSES`` and ``LOG_LEVELS`` may name besides categories.

    Raises:
        ConfigError: one for all mistakes, with key, value, what is allowed and the near miss.
    """
    reader = _Reader(profiles, {*Category, *codes, *_walk_codes(DomainError)})
    known: dict[str, Any] = {}
    ours = (key for key in config if isinstance(key, str) and key.startswith(PREFIX))
    for key in sorted(key for key in ours if not key.startswith(TRAIL)):
        name = key.removeprefix(PREFIX)
        read = getattr(reader, f"read_{name.lower()}", None) if name.isupper() else None
        if read is None:
            allowed = sorted(
                PREFIX + method.removeprefix("read_").upper()
                for method in dir(reader)
                if method.startswith("read_")
            )
            reader.mistakes.append(f"{key} is no setting{near_miss(key.upper(), allowed)}")
        else:
            try:
                known[name.lower()] = read(key, config[key])
            except Exception as exc:  # a border: the value's own methods may raise anything
                reader.mistakes.append(f"{key} cannot be read: {type(exc).__name__} was raised by its value")
    if isinstance(config.get(NAME), Mapping):  # a table of TOML, or two underscores in the environment
        told = ", ".join(f"{PREFIX}{str(key).upper()}" for key in config[NAME]) or f"{PREFIX}PROFILE"
        reader.mistakes.append(f"{NAME} is no setting; each is a key of its own: {told}")
    if reader.mistakes:
        raise ConfigError("\n".join(reader.mistakes))
    known.setdefault("profile", profiles["problem"])
    return Settings(**known)


def _walk_codes(cls: type[DomainError]) -> Iterator[str]:
    yield code_text(cls.code) or DomainError.code  # of a property: only its instances know
    for subclass in cls.__subclasses__():
        yield from _walk_codes(subclass)


class _Reader:
    """One method for each setting; mistakes are collected."""

    def __init__(self, profiles: Mapping[str, Profile], words: set[str]) -> None:
        self.mistakes: list[str] = []
        self._profiles = profiles
        self._words = words

    def _note_mistake(self, key: str, value: object, allowed: str, miss: str = "") -> None:
        told = f"{key} is {value!r}; allowed: {allowed}"
        self.mistakes.append(told + (miss or spelling(value, lambda meant: self._try(key, meant))))

    def _try(self, key: str, meant: Any) -> Any:
        """Read *meant* in place of the value at *key*: ``FAULTMAP_STATUSES['gone']``, say.

        Raises:
            ValueError: it is wrong too, or what is wrong is no value, but a key.
        """
        name, _, word = key.partition("[")
        trial = _Reader(self._profiles, self._words)
        read = getattr(trial, f"read_{name.removeprefix(PREFIX).lower()}", None)
        if read is None:
            raise ValueError(key)
        setting = read(name, {literal_eval(word.removesuffix("]")): meant} if word else meant)
        if trial.mistakes:
            raise ValueError(meant)
        return setting

    def read_profile(self, key: str, value: Any) -> Profile | None:
        names = sorted(self._profiles)
        if not isinstance(value, str) or value not in self._profiles:
            self._note_mistake(key, value, ", ".join(map(repr, names)), near_miss(value, names))
            return None
        return self._profiles[value]

    def read_compatibility_mode(self, key: str, value: Any) -> Mode | Modes:
        if not isinstance(value, Mapping):
            return self._read_mode(key, value)
        return tuple(self._read_prefixes(key, value, self._read_mode))

    def _read_mode(self, key: str, value: Any) -> bool | None:
        if value is not None and not isinstance(value, bool):
            allowed = "True, False, None, or a mapping of URL prefixes to these, such as {'/v1': True}"
            self._note_mistake(key, value, allowed)
        return value if isinstance(value, bool) else None

    def _read_prefixes(
        self, key: str, value: Mapping[Any, Any], read: Callable[[str, Any], Read]
    ) -> list[tuple[str, Read]]:
        """Read what stands below URL prefixes, the longest first."""
        found: dict[str, Read] = {}
        for prefix, each in value.items():
            if not isinstance(prefix, str) or not prefix.startswith("/") or "*" in prefix or "<" in prefix:
                told = isinstance(prefix, str) and NO_SLASH.fullmatch(prefix)
                self._note_mistake(
                    f"A prefix in {key}",
                    prefix,
                    "a text that begins with '/', without '*' or '<…>'",
                    f". Did you mean {'/' + prefix!r}?" if told else "",
                )
                continue
            trimmed = prefix.rstrip("/")
            if trimmed in found:
                self._note_mistake(
                    f"A prefix in {key}", prefix, "each prefix once, with or without a '/' at its end"
                )
            found[trimmed] = read(f"{key}[{prefix!r}]", each)
        return sorted(found.items(), key=lambda scope: -len(scope[0]))

    def read_scopes(self, key: str, value: Any) -> Scopes:
        if not isinstance(value, Mapping):
            allowed = "a mapping of URL prefixes to profile names or None, such as {'/api': 'problem'}"
            self._note_mistake(key, value, allowed)
            return ()
        return tuple(self._read_prefixes(key, value, self._read_scope))

    def _read_scope(self, key: str, name: Any) -> Profile | None:
        return None if name is None or name is False else self.read_profile(key, name)

    def read_statuses(self, key: str, value: Any) -> Mapping[str, int]:
        if not isinstance(value, Mapping):
            self._note_mistake(
                key, value, "a mapping of categories or codes to statuses, such as {'not_found': 410}"
            )
            return STATUSES
        statuses = {_word(word): status for word, status in value.items()}
        for word, status in statuses.items():
            self._check_word(key, word, "a category or a code")
            if not is_error_status(status):
                self._note_mistake(
                    f"{key}[{word!r}]", status, "a status from 400 to 599", joined(word, status)
                )
        return {**STATUSES, **{word: _number(status) for word, status in statuses.items()}}

    def read_validation_status(self, key: str, value: Any) -> int | None:
        if value is None or value is False:
            return None
        if not is_error_status(value):
            self._note_mistake(key, value, "a status from 400 to 599, or None")
        return _number(value) if isinstance(value, int) else None

    def read_validation_errors(self, key: str, value: Any) -> str:
        if value not in ("request", "all"):
            self._note_mistake(key, value, "'request', 'all'", near_miss(value, ["request", "all"]))
        return str(value)

    def read_handlers_kept(self, key: str, value: Any) -> frozenset[str]:
        if not isinstance(value, list | tuple | set | frozenset):
            self._note_mistake(key, value, "a list of names as `flask faults list` prints them")
            return frozenset()
        for name in value:
            if not isinstance(name, str) or "." not in name:
                self._note_mistake(f"A name in {key}", name, "a name as `flask faults list` prints it")
            elif "<lambda>" in name:
                self._note_mistake(f"A name in {key}", name, "the name of a function; a lambda has none")
        return frozenset(name for name in value if isinstance(name, str))

    def read_log_levels(self, key: str, value: Any) -> Mapping[str, int | None]:
        levels: dict[str, int | None] = {}
        if not isinstance(value, Mapping):
            self._note_mistake(
                key,
                value,
                "a mapping of codes, categories, statuses or '5xx' to levels, such as {'5xx': 'ERROR'}",
            )
            return levels
        for word, level in ((_word(word), level) for word, level in value.items()):
            if str(word) in levels:
                self._note_mistake(f"A key in {key}", word, "each key once, as a number or as a text")
            if not STATUS_WORD.fullmatch(str(word)):
                allowed = "a category, a code, a status from 400 to 599, '4xx' or '5xx'"
                self._check_word(key, word, allowed, CLASSES)
            try:
                levels[str(word)] = level_number(None if level is False else level)
            except ValueError:
                names = sorted(LEVELS)
                miss = joined(word, level) or (near_miss(level, names) if isinstance(level, str) else "")
                self._note_mistake(f"{key}[{word!r}]", level, f"{', '.join(names)}, a number, None", miss)
        return levels

    def read_request_id_header(self, key: str, value: Any) -> str:
        if not (isinstance(value, str) and TOKEN.fullmatch(value)):
            self._note_mistake(key, value, "the name of a header")
            return ""
        name = str.__str__(value)
        reason = why_no_id(name)
        if reason is not None:
            self._note_mistake(key, name, f"a header for ids alone, such as 'X-Request-ID'; {name} {reason}")
        return name

    def read_auth_challenge(self, key: str, value: Any) -> str:
        if not (isinstance(value, str) and value.strip() and value.isascii() and value.isprintable()):
            self._note_mistake(
                key, value, "a challenge as in WWW-Authenticate, such as 'Bearer realm=\"api\"'"
            )
        return str(value)

    def read_type_base(self, key: str, value: Any) -> str | None:
        if value is None or value is False:
            return None
        if not (
            isinstance(value, str)
            and value.isascii()
            and value.isprintable()
            and " " not in value
            and _is_uri(value)
        ):
            self._note_mistake(key, value, "a URI prefix such as 'https://errors.example.com/', or None")
        return str(value)

    def _check_word(self, key: str, word: object, allowed: str, more: Iterable[str] = ()) -> None:
        """A number is no code; another word may be one, of a class that is not imported yet."""
        if word in self._words:
            return
        meant = word_meant(word, {*self._words, *more})
        if meant or code_text(word) is None or NO_CODE.fullmatch(str(word)):
            self._note_mistake(f"A key in {key}", word, allowed, meant)
            return
        miss = get_close_matches(str(word), list(Category), 1, 0.85)
        if miss and abs(len(miss[0]) - len(str(word))) <= 1:
            self._note_mistake(f"A key in {key}", word, allowed, f". Did you mean {str(miss[0])!r}?")


def _number(status: Any) -> Any:
    """Give a status as a plain int: ``HTTPStatus.GONE`` is one with a text of its own."""
    return int.__int__(status) if isinstance(status, int) else status


def _word(key: Any) -> Any:
    """Give the code that a member of an enum stands for."""
    return code_text(key) or key if isinstance(key, Enum) else key


def late_changes(config: Mapping[str, Any], profiles: Mapping[str, Profile], settings: Settings) -> list[str]:
    """Name the keys of *config* that are others than when *settings* were read of it, in words if wrong."""
    told: list[str] = []
    names = {PREFIX + each.name.upper(): each.name for each in fields(Settings)}
    late = (key for key in config if isinstance(key, str) and key.startswith(PREFIX))
    for key in dict.fromkeys((*names, *sorted(late))):
        try:
            now = read_settings({key: config[key]} if key in config else {}, profiles)
        except ConfigError as exc:
            told += str(exc).splitlines()
            continue
        if key in names and getattr(now, names[key]) != getattr(settings, names[key]):
            told.append(key)
    return told


def _is_uri(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme) or value.startswith("/")
