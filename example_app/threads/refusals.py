"""What a provider's refusal means: its status first, and its body where the status is not enough."""

import math
import re
import time
from email.message import Message
from email.utils import parsedate_to_datetime
from enum import Enum, auto


class Refusal(Enum):
    """Why a model's provider did not answer."""

    CONTEXT = auto()
    QUOTA = auto()
    AUTH = auto()
    RATE = auto()
    MODEL = auto()
    DOWN = auto()
    OTHER = auto()


CONTEXT = re.compile(r"context[ _]length|maximum context|too many tokens", re.IGNORECASE)
QUOTA = re.compile(
    r"insufficient[ _]quota|quota exceeded|billing|payment required|credit balance", re.IGNORECASE
)
MODEL = re.compile(
    r"model[ _]not[ _]found|model\b.{0,80}\b(does not exist|not available|not found)", re.IGNORECASE
)


def sort_refusal(status: int, body: str) -> Refusal:
    """Say what a provider's answer of *status* with *body* means; the first that fits decides."""
    if status == 413 or (status == 400 and CONTEXT.search(body)):
        return Refusal.CONTEXT
    if status == 402 or (status in (400, 403, 429) and QUOTA.search(body)):
        return Refusal.QUOTA
    if status in (401, 403):
        return Refusal.AUTH
    if status == 429:
        return Refusal.RATE
    if status in (400, 404) and MODEL.search(body):
        return Refusal.MODEL
    if status in (408, 425) or status >= 500:
        return Refusal.DOWN
    return Refusal.OTHER


def read_wait(headers: Message) -> float | None:
    """Read how many seconds to wait: from ``retry-after-ms``, or ``Retry-After`` as seconds or a date."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    given = headers.get("Retry-After")
    seconds = _number(given)
    if seconds is not None or given is None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(given).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
