"""What does an operator ask for? The filters of a list, as they stand in the URL."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_faultmap.sinks.trail.entries import Filters
from flask_faultmap.sinks.trail.histograms import LONGEST

WINDOWS: dict[str, tuple[timedelta | None, str]] = {
    "1h": (timedelta(hours=1), "last hour"),
    "6h": (timedelta(hours=6), "last 6 hours"),
    "24h": (timedelta(hours=24), "last 24 hours"),
    "7d": (timedelta(days=7), "last 7 days"),
    "all": (None, "any time"),
}
DEFAULT_WINDOW = "24h"
TEXTS = {"code": "code", "group": "fingerprint", "route": "route", "user": "user_id", "blame": "blame"}
MOST = 512  # characters of a filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The filters, as :class:`Filters` and as parameters of a URL; *notices* say what did not count."""

    filters: Filters
    window: str
    parameters: Mapping[str, str]
    notices: tuple[str, ...] = field(default=())

    @property
    def picture_span(self) -> tuple[datetime, datetime]:
        """The time that a picture of it shows: at most 7 days, up to the end of what is asked for."""
        until = self.filters.until or datetime.now(UTC)
        since = self.filters.since or until - LONGEST
        if since >= until:
            since = until - timedelta(hours=1)
        return max(since, until - LONGEST), until


def read_question(arguments: Mapping[str, str], now: datetime) -> Question:
    """Read the parameters of a URL; what makes no sense is left out, and told."""
    given = {name: _clean(value) for name, value in arguments.items() if _clean(value)}
    notices: list[str] = []
    wanted: dict[str, Any] = {TEXTS[name]: given[name] for name in TEXTS if name in given}
    if "id" in given:
        wanted["request_id"] = given["id"]
    if "status" in given:
        if given["status"].isascii() and given["status"].isdecimal() and len(given["status"]) == 3:
            wanted["status"] = int(given["status"])
        else:
            notices.append("The status must be a number such as 503; it was left out.")
            del given["status"]
    since, until = (_read_time(given, name, notices) for name in ("since", "until"))
    is_exact = since is not None or until is not None
    window = given.get("window", "all" if "id" in given or "group" in given or is_exact else DEFAULT_WINDOW)
    if window not in WINDOWS:
        notices.append("That window of time is not known; the last 24 hours are shown.")
        window = given["window"] = DEFAULT_WINDOW
    span = WINDOWS[window][0]
    if since is None and span is not None:
        since = (until or now) - span
    filters = Filters(**wanted, since=since, until=until)
    names = ("id", *TEXTS, "status", "since", "until", "window")
    parameters = {name: given[name] for name in names if name in given}
    asked = Question(filters=filters, window=window, parameters=parameters, notices=tuple(notices))
    return _narrow(asked, now)


def _narrow(asked: Question, now: datetime) -> Question:
    """Look for what no index helps to find in the last 7 days at most, so that an answer comes soon."""
    filters = asked.filters
    others = (filters.status, filters.route, filters.user_id, filters.blame)
    if filters.request_id is not None or not any(each is not None for each in others):
        return asked
    least = (filters.until or now) - LONGEST
    if filters.since is not None and filters.since >= least:
        return asked
    told = "Status, route, user and blame are looked for in 7 days at most."
    return replace(asked, filters=replace(filters, since=least), notices=(*asked.notices, told))


def _clean(value: str) -> str:
    return value.replace("\0", "").strip()[:MOST]


def _read_time(given: dict[str, str], name: str, notices: list[str]) -> datetime | None:
    if name not in given:
        return None
    try:
        moment = datetime.fromisoformat(given[name].replace(" ", "+"))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if not 1971 <= moment.year <= 9000:
            raise ValueError(moment)
    except (ValueError, OverflowError):
        notices.append(f"The time in {name!r} is none; write it as 2030-12-31T23:59. It was left out.")
        del given[name]
        return None
    return moment
