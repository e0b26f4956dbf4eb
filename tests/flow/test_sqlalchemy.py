"""Domain errors that SQLAlchemy wraps while it makes a statement."""

import weakref

import sqlalchemy as sa
from flow_app import app_with
from sqlalchemy.exc import IntegrityError, StatementError

from flask_faultmap import Rule
from flask_faultmap.errors import AlreadyExistsError, GoneError, InvalidArgumentError


class BadIsbnError(InvalidArgumentError):
    """The number is no ISBN."""


class Isbn(sa.types.TypeDecorator):
    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value == "broken":
            raise RuntimeError("a bug of the type")
        if not value.isdecimal():
            raise BadIsbnError(f"{value!r} is no ISBN")
        return value


books = sa.Table("books", sa.MetaData(), sa.Column("isbn", Isbn, primary_key=True))


def shop(**given):
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    books.metadata.create_all(engine)
    app = app_with(**given)
    weakref.finalize(app, engine.dispose)  # Python 3.13 warns of a connection that nobody closed

    @app.post("/books/<isbn>")
    def add(isbn):
        with engine.begin() as connection:
            connection.execute(books.insert(), [{"isbn": isbn}])
        return {}

    return app


def test_domain_error_of_a_type_is_answered_as_if_it_had_come_plainly():
    response = shop().test_client().post("/books/x1")

    assert (response.status_code, response.json["code"]) == (400, "bad_isbn")
    assert response.json["detail"] == "'x1' is no ISBN"
    assert "INSERT" not in response.text


def test_bug_of_a_type_stays_a_bug():
    response = shop().test_client().post("/books/broken")

    assert (response.status_code, response.json["code"]) == (500, "internal")


def test_rule_of_the_app_on_a_drivers_error_counts_as_before():
    client = shop(rules=[Rule(on=IntegrityError, to=AlreadyExistsError)]).test_client()

    statuses = [client.post("/books/1").status_code for _ in range(2)]

    assert statuses == [200, 409]


def test_rule_of_the_app_on_the_wrapper_goes_first():
    client = shop(rules=[Rule(on=StatementError, to=GoneError)]).test_client()

    assert client.post("/books/x1").status_code == 410
