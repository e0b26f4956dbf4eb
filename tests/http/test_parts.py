"""What the code of a request has looked at."""

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from flask_faultmap.http.parts import HeaderValues, parts_of

NAMES = st.sampled_from(["X-Tenant", "x-tenant", "X_Tenant", "Accept", "A-B-C"])


@given(st.lists(st.tuples(NAMES, st.sampled_from(["1", "2", ""])), max_size=4))
def test_headers_are_known_by_both_spellings(headers):
    request = Request(EnvironBuilder(headers=headers).get_environ())

    values = HeaderValues(request.headers)

    spelt = [(each(name.lower()), value) for name, value in request.headers for each in (str, underscored)]
    assert dict(values) == {name: [value for other, value in spelt if other == name] for name, _ in spelt}
    assert len(values) == len({name for name, _ in spelt})


def underscored(name):
    return name.replace("-", "_")


def test_no_request_has_no_parts():
    assert parts_of(None).named == ()
    assert not parts_of(None).sources
