"""Which hosts can be asked for: the same for every client, and for a redirect."""

from urllib.parse import quote

import pytest
from client_calls import PLAIN
from hypothesis import given
from hypothesis import strategies as st
from saying import saying

from flask_faultmap.upstreams import UpstreamRedirectError, UpstreamUsageError
from flask_faultmap.upstreams.hosts import can_be_asked_for, has_a_host

# Some libraries leave a socket to the garbage collector when a call fails.
pytestmark = [
    pytest.mark.usefixtures("leaks"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
BLANKS = (
    "a b.example",
    " a.example",
    "a.example ",
    "a\x01b",
    "a\0b",
    "a\x7fb",
    "a\xa0b",
    "a\u3000b",
    "\0",
)
LABELS = ("a..b", ".a", "..", ".", "x" * 64 + ".example", "☃" * 70, ".".join(["x" * 60] * 5), "x" * 600)
SIGNS = ("a%20b", "a%00b", "a%zz", "a<b", "a>b", "a|b", "a^b", "a{b}", "a`b", 'a"b')
NUMBERS = ("256.256.256.256", "1.2.3.4.5", "1.2.3.999")
IMPOSSIBLE = (*BLANKS, *LABELS, *SIGNS, *NUMBERS)
# The system cuts a port to 16 bits, so that one above may be somebody else's; nobody listens at 1.
PORTS = ("65537", "65536", "-1", "abc", "1 2")
POSSIBLE = (
    "a_b.invalid",
    "-a.invalid",
    "ünï.invalid",
    "xn--mnchen-3ya.invalid",
    "a.invalid.",
    "x" * 63,
)


@pytest.mark.long
@pytest.mark.parametrize("host", IMPOSSIBLE)
@pytest.mark.parametrize("client", PLAIN)
def test_a_host_that_nobody_can_be_asked_for_is_our_usage(client: str, host: str) -> None:
    error = PLAIN[client]("POST", f"http://{host}/")

    assert type(error) is UpstreamUsageError
    assert (error.applied, error.retryable) == (False, False)


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("client", PLAIN)
def test_a_port_that_cannot_be_is_our_usage(client: str, port: str) -> None:
    error = PLAIN[client]("POST", f"http://127.0.0.1:{port}/")

    assert type(error) is UpstreamUsageError
    assert (error.applied, error.retryable) == (False, False)


@pytest.mark.parametrize(
    "url", ["http://", "http:///x", "http://[::1/", "http://[zz]/", "nothing://h/", "http:"]
)
@pytest.mark.parametrize("client", PLAIN)
def test_what_is_no_url_is_our_usage(client: str, url: str) -> None:
    error = PLAIN[client]("POST", url)

    assert type(error) is UpstreamUsageError
    assert (error.applied, error.retryable) == (False, False)


@pytest.mark.parametrize("host", POSSIBLE)
def test_a_host_that_may_be_is_none_of_our_usage(host: str) -> None:
    assert can_be_asked_for(host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "::1", "[::1]", "fe80::1%eth0", "1.2.3.4"]
)
def test_an_address_is_a_host(host: str) -> None:
    assert can_be_asked_for(host, 80)


@pytest.mark.parametrize("host", ["1::2::3", "fe80::1%eth0 x", "h:abc"])
def test_what_is_no_address_is_no_host(host: str) -> None:
    assert not can_be_asked_for(host)


@pytest.mark.long
@pytest.mark.parametrize("host", [host for host in IMPOSSIBLE if host.isprintable() and host.isascii()])
@pytest.mark.parametrize("client", PLAIN)
def test_a_redirect_to_such_a_host_is_the_service_s_fault(client: str, host: str) -> None:
    with saying(302, Location=f"http://{host}/") as url:
        error = PLAIN[client]("POST", url)

    assert type(error) is UpstreamRedirectError
    assert (error.applied, error.retryable) == (None, False)


@given(st.text(max_size=80))
def test_a_host_that_can_be_asked_for_has_no_blank_and_is_encoded(host: str) -> None:
    if can_be_asked_for(host):
        assert not set(host) & set(" \t\r\n\0<>%")
        assert host.encode("idna")


@given(st.text(max_size=80))
def test_any_text_is_read_as_a_url_or_not(text: str) -> None:
    assert has_a_host(f"http://{quote(text, safe='')}/x") in (True, False)
    assert has_a_host(text) in (True, False)
