"""What a recorded fact expects of an answer, member by member; an unknown member is an error."""

import json
from typing import Any

from vectors_of import Outcome


def check(expect: dict[str, Any], outcome: Outcome) -> None:
    """Compare *outcome* with all that the vector expects."""
    for member, wanted in expect.items():
        CHECKS[member](wanted, outcome)


def check_status(wanted: int | str | list[int], outcome: Outcome) -> None:
    status = outcome.response.status_code
    if wanted == "4xx":
        assert 400 <= status <= 499
    else:
        assert status in (wanted if isinstance(wanted, list) else [wanted])


def check_body(wanted: Any, outcome: Outcome) -> None:
    if wanted is None:
        assert outcome.response.data == b""
    else:
        assert outcome.response.get_json() == wanted


def check_headers(wanted: dict[str, str], outcome: Outcome) -> None:
    assert {name: outcome.response.headers.get(name) for name in wanted} == wanted


def check_log(wanted: str | dict[str, str], outcome: Outcome) -> None:
    """Compare the level alone: what the boundary writes is the same for every app."""
    level = wanted if isinstance(wanted, str) else wanted["level"]
    levels = [name.lower() for name, _ in outcome.levels]
    assert levels == ([] if level == "none" else [level])


def check_text_in(wanted: str | list[str], outcome: Outcome) -> None:
    text = outcome.response.get_data(as_text=True).lower()
    assert any(part.lower() in text for part in ([wanted] if isinstance(wanted, str) else wanted))


def check_text_not_in(wanted: list[str], outcome: Outcome) -> None:
    text = outcome.response.get_data(as_text=True).lower()
    assert [part for part in wanted if part in text] == []


def check_fault_message(wanted: str, outcome: Outcome) -> None:
    assert json.loads(outcome.response.data) == {"fault_message": wanted}


def check_in_fault_message(wanted: str, outcome: Outcome) -> None:
    body = json.loads(outcome.response.data)
    assert [*body] == ["fault_message"]
    assert wanted in body["fault_message"]


def check_never(wanted: str, outcome: Outcome) -> None:
    assert wanted == "5xx"
    assert outcome.response.status_code < 500


CHECKS = {
    "status": check_status,
    "body": check_body,
    "headers": check_headers,
    "log": check_log,
    "body_contains": check_text_in,
    "body_contains_any": check_text_in,
    "message_not_contains": check_text_not_in,
    "fault_message": check_fault_message,
    "fault_message_contains": check_in_fault_message,
    "never": check_never,
    "xfail": lambda wanted, outcome: None,  # what the recorded server does instead
}
