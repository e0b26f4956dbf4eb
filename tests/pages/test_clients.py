"""A client that knows of a service what the Markdown of its catalogue says, and nothing else."""

import json
import re
import time
from dataclasses import dataclass
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from servers import serving

pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Facts:
    """What one page says: how an answer is known below a prefix, and what to do about it."""

    code: str
    status: int
    member: str
    is_retryable: bool
    fields: str | None  # the member that says which fields are wrong

    @classmethod
    def read(cls, page, where):
        """Read the facts out of a page, and the part about the answers *where* the client asks."""
        head, *answers = re.split(r"^## Answer with .*$", page, flags=re.MULTILINE)
        (answer,) = (each for each in answers if f"- where: {where}\n" in each)
        member, code = re.search(r"the member `(.+)` is `(.+)`", answer).groups()
        assert code == re.search(r"^- code: `(.+)`$", head, re.MULTILINE)[1]
        fields = re.search(r"^\| `(\S+\[\]\.pointer)` \|", answer, re.MULTILINE)
        return cls(
            code=code,
            status=int(re.search(r"^- status: (\d+)$", answer, re.MULTILINE)[1]),
            member=member,
            is_retryable="- retryable: yes" in head,
            fields=fields and fields[1],
        )

    def fits(self, status, body):
        return status == self.status and list(values_of(body, self.member)) == [self.code]


def values_of(body, path):
    """Give the values of a member, as the table of a page writes it: ``errors[].pointer``."""
    name, _, rest = path.partition(".")
    inner = body.get(name.removesuffix("[]"))
    for each in inner if name.endswith("[]") else [inner]:
        yield from values_of(each, rest) if rest else [each]


class Client:
    """Sends a request until it is answered, as the pages ask."""

    def __init__(self, base, where, path, codes):
        self.url, self.waited = base + path, []
        self.known = [Facts.read(fetch(f"{base}/problems/{code}.md"), where) for code in codes]

    def start(self, **machine):
        for _ in range(5):
            status, headers, body = post(self.url, machine)
            if status < 400:
                return body
            (facts,) = (each for each in self.known if each.fits(status, body))
            if not facts.is_retryable:
                return facts.code, sorted(values_of(body, facts.fields)) if "errors" in body else None
            self.waited.append(int(headers["Retry-After"]))
            time.sleep(self.waited[-1])
        return None


def fetch(url):
    with urlopen(url) as answer:
        return answer.read().decode()


def post(url, data):
    request = Request(url, json.dumps(data).encode(), {"Content-Type": "application/json"})
    try:
        answer = urlopen(request)
    except HTTPError as exc:
        answer = exc
    with answer:
        return answer.status, answer.headers, json.load(answer)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with serving("waitress", "pages_for_clients:app", tmp_path_factory.mktemp("machines")) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("where", "path"),
    [("everywhere else", "/machines"), ("below `/old`", "/old/machines")],
    ids=["new", "old"],
)
def test_client_that_has_read_the_pages_alone_does_what_each_error_asks(base, where, path):
    client = Client(base, where, path, ["pool_warming", "validation_failed", "badge_taken"])

    assert client.start(badge="second", cores=2) == {"badge": "second", "tries": 3}
    assert client.waited == [1, 1]
    assert client.start(badge="first", cores=2) == ("badge_taken", None)


def test_client_learns_which_fields_are_wrong(base):
    client = Client(base, "everywhere else", "/machines", ["validation_failed"])

    assert client.start(cores="two") == ("validation_failed", ["#/badge", "#/cores"])
