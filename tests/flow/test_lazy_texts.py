"""Lazy strings: spoken when the answer is made, in the language of its request."""

from collections import UserString

import pytest
from babel.support import LazyProxy
from flask import Flask, abort, request
from flask_babel import Babel, lazy_gettext
from flow_app import answer_to, app_raising, app_with

from flask_faultmap import DomainError, FaultMap, Profile, Rule, fault_translated
from flask_faultmap.errors import (
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
    ValidationFailedError,
)
from flask_faultmap.profiles.profile import FaultMessageSchema
from flask_faultmap.texts import text_of

WORDS = {"de": {"No box": "Keine Kiste"}}


class Lazy:
    """As speaklater and Django make them: a text by ``str`` alone, counted."""

    def __init__(self, text):
        self.text = text
        self.calls = 0

    def __str__(self):
        self.calls += 1
        if isinstance(self.text, Exception):
            raise self.text
        return WORDS.get(request.headers.get("Accept-Language"), {}).get(self.text, self.text)


def made(base=DomainError, **members):
    return type("NoBoxError", (base,), members)


def raised(make):
    app = Flask("shop")
    app.add_url_rule("/fail", view_func=make)
    return app_with(app=app, FAULTMAP_PROFILE="fault_message").test_client()


def text_in(client, language):
    return client.get("/fail", headers={"Accept-Language": language}).json["fault_message"]


def fail(exc):
    raise exc


NO_BOX = Lazy("No box")
TITLED = made(title=NO_BOX)
WAYS = {
    "title": lambda: fail(TITLED()),
    "title of what is not exposed": lambda: fail(made(PermissionDeniedError, title=NO_BOX)()),
    "public of the class": lambda: fail(made(public=NO_BOX)()),
    "public of the raise": lambda: fail(UnavailableError("x", public=NO_BOX)),
    "message": lambda: fail(NotFoundError(NO_BOX)),
    "abort": lambda: abort(404, NO_BOX),
    "abort of a status that collapses": lambda: abort(422, NO_BOX),
    "user string": lambda: fail(
        DomainError(
            public=UserString(
                WORDS["de"]["No box"] if request.headers["Accept-Language"] == "de" else "No box"
            )
        )
    ),
    "babel": lambda: fail(DomainError(public=LazyProxy(str, NO_BOX, enable_cache=False))),
}


@pytest.mark.parametrize("way", WAYS)
def test_text_is_in_the_language_of_its_own_request(way):
    client = raised(WAYS[way])

    seen = [text_in(client, language) for language in ("en", "de", "en", "de")]

    assert seen == ["No box", "Keine Kiste", "No box", "Keine Kiste"]


@pytest.mark.parametrize("profile", ["problem", "fault_message"])
@pytest.mark.parametrize("name", ["title", "public"])
def test_text_is_spoken_once_per_answer(name, profile):
    lazy = Lazy("No box")

    answer_to(made(**{name: lazy})(), FAULTMAP_PROFILE=profile, FAULTMAP_TYPE_BASE="https://e.example/")

    assert lazy.calls == 1


class KeyUnknownError(Exception):
    """What a rule knows."""


WORDED = Profile(
    "worded", FaultMessageSchema, wording={"not_found": "Nothing here.", "validation_failed": "Wrong."}
)
RAISES = {
    "exposed": NotFoundError,
    "hidden": PermissionDeniedError,
    "with a text of its class": ValidationFailedError,
}


@pytest.fixture
def listening():
    """Read the text of what is answered, as two sinks do."""

    def read(sender, *, exception, error, **_):
        read.texts += [text_of(exception), text_of(error)]

    read.texts = []
    with fault_translated.connected_to(read):
        yield read.texts


@pytest.mark.parametrize("profile", ["problem", "fault_message", "worded"])
@pytest.mark.parametrize("cls", RAISES.values(), ids=RAISES)
def test_message_is_spoken_once_per_answer_by_all_who_tell_it(cls, profile, listening, caplog):
    lazy = Lazy("No box")
    client = app_raising(
        cls(lazy), profiles=[WORDED], FAULTMAP_PROFILE=profile, FAULTMAP_LOG_LEVELS={"4xx": "INFO"}
    ).test_client()
    caplog.set_level("INFO")

    for language in ("de", "en"):  # an exception that is kept is spoken anew in each request
        client.get("/fail", headers={"Accept-Language": language})

    assert listening == ["Keine Kiste", "Keine Kiste", "No box", "No box"]
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["Keine Kiste", "No box"]
    assert lazy.calls == 2


def test_message_of_what_a_rule_knows_is_spoken_once_to_decide_and_once_to_tell(listening, caplog):
    lazy = Lazy("No box")
    caplog.set_level("INFO")

    answer_to(KeyUnknownError(lazy), rules=[Rule(on=KeyUnknownError, to=NotFoundError)])

    assert (listening, lazy.calls) == (["No box", "No box"], 2)


def test_message_of_a_report_is_spoken_once(listening, caplog):
    lazy = Lazy("No box")
    app = Flask("shop")
    faultmap = FaultMap(app)
    caplog.set_level("INFO")

    with app.test_request_context():
        faultmap.report(NotFoundError(lazy))

    assert (listening, lazy.calls) == (["No box", "No box"], 1)


def test_message_that_cannot_be_spoken_is_tried_once(listening, caplog):
    lazy = Lazy(RuntimeError("no catalogue"))

    answer_to(NotFoundError(lazy), FAULTMAP_LOG_LEVELS={"4xx": "INFO"})

    assert (listening, lazy.calls) == (["NotFoundError", "NotFoundError"], 1)


@pytest.mark.parametrize("name", ["title", "public"])
def test_translation_that_fails_gives_the_plain_title(name):
    lazy = Lazy(RuntimeError("no catalogue"))

    response = answer_to(made(**{name: lazy})(), FAULTMAP_PROFILE="fault_message")

    assert (response.status_code, response.json) == (400, {"fault_message": "No box"})


def test_translation_that_fails_tells_no_code_of_what_is_hidden():
    lazy = Lazy(RuntimeError("no catalogue"))

    response = answer_to(made(PermissionDeniedError, title=lazy)(), FAULTMAP_PROFILE="fault_message")

    assert response.json == {"fault_message": "Permission denied"}


@pytest.mark.parametrize(
    "given", [ValueError("secret"), 7, b"secret", ["secret"], {"a": 1}, object(), ValueError]
)
def test_description_that_is_no_text_is_not_sent(given):
    client = raised(lambda: abort(400, given))

    assert client.get("/fail").json == {"fault_message": "The request could not be understood."}


@pytest.mark.parametrize("title", [object(), ["a"], ValueError("a"), None, 7, b"a"])
def test_title_that_nobody_can_speak_is_refused(title):
    with pytest.raises(TypeError, match=r"NoBoxError\.title is "):
        made(title=title)


def test_flask_babel_speaks_each_answer_in_its_request_s_language(tmp_path):
    app = Flask("shop")
    Babel(app, locale_selector=lambda: request.headers["Accept-Language"])
    FaultMap(app)
    text = lazy_gettext("No box")
    app.add_url_rule(
        "/fail", view_func=lambda: fail(DomainError(public=text, details={"hint": text, "other": object()}))
    )
    catalogue(tmp_path, app)
    client = app.test_client()

    seen = [
        client.get("/fail", headers={"Accept-Language": language}).json for language in ("en", "de", "en")
    ]

    assert [(each["detail"], each["hint"]) for each in seen] == [
        ("No box", "No box"),
        ("Keine Kiste", "Keine Kiste"),
        ("No box", "No box"),
    ]
    assert "other" not in seen[0]


def catalogue(folder, app):
    """Compile German words to where Flask-Babel finds them."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    words = Catalog(locale="de")
    words.add("No box", "Keine Kiste")
    where = folder / "de" / "LC_MESSAGES"
    where.mkdir(parents=True)
    with (where / "messages.mo").open("wb") as file:
        write_mo(file, words)
    app.extensions["babel"].translation_directories = [str(folder)]
