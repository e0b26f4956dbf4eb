"""Trails for the tests: in a folder of their own, on SQLite and on PostgreSQL."""

import pytest
from postgres import postgres_server


@pytest.fixture(scope="session")
def postgres():
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """Give the URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'faults.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def postgres_url(request, postgres):
    """Give the URL of an empty database of PostgreSQL."""
    from psycopg import connect

    name = f"t{abs(hash(request.node.nodeid))}"
    with connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return postgres.url.replace("/postgres?", f"/{name}?")
