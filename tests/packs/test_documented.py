"""Every entry of every pack stands in the reference, with its status."""

from pathlib import Path

import pytest

from flask_faultmap.mapping.settings import STATUSES
from flask_faultmap.packs import botocore, grpc, jwt_extended, redis, sqlalchemy

PAGE = (Path(__file__).parents[2] / "docs/reference/packs.md").read_text()
TABLES = [
    sqlalchemy.BY_SQLSTATE,
    sqlalchemy.BY_SQLITE_NAME,
    redis.BY_CLASS,
    redis.BY_TEXT,
    botocore.BY_CODE,
    botocore.BY_CLASS,
    grpc.BY_CODE,
]
ENTRIES = [(key, cls) for table in TABLES for key, cls in table.items()]


@pytest.mark.parametrize(("key", "cls"), ENTRIES, ids=[key for key, _ in ENTRIES])
def test_entry_stands_in_the_reference(key, cls):
    lines = [line for line in PAGE.splitlines() if f"`{key}`" in line and line.startswith("|")]

    assert any(f"| `{cls.__name__}` | {STATUSES[cls.category]} |" in line for line in lines)


@pytest.mark.parametrize(("name", "cls"), jwt_extended.BY_CLASS.items(), ids=jwt_extended.BY_CLASS)
def test_token_error_stands_in_the_reference(name, cls):
    assert f"| `{name}` | `{cls.code}` | {cls.public} |" in PAGE
