"""Can a host be asked for at all? One that cannot is in no name server, and a mistake in a URL.

Some client libraries refuse such a URL, and some report the host as unknown.
"""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

LONGEST = 253  # characters of a name, RFC 1035, section 2.3.4
# What RFC 3986, section 3.2.2 allows without a percent sign, which no name server takes.
NAME = re.compile(r"[\w!$&'()*+,;=~-]+(?:\.[\w!$&'()*+,;=~-]+)*\.?", re.ASCII)


def can_be_asked_for(host: str, port: int | None = None) -> bool:
    """Whether *host* is an address, or a name that a name server may know, and *port* is one."""
    if port is not None and port not in range(65_536):
        return False
    if ":" in host:
        return _is_address(host)
    if len(host) > 2 * LONGEST:  # the codec takes quadratic time
        return False
    try:
        name = host.encode("idna").decode()
    except UnicodeError:
        return False
    return (
        len(name.rstrip(".")) <= LONGEST
        and NAME.fullmatch(name) is not None
        and (not name.rpartition(".")[2].isdecimal() or _is_old_address(name))
    )


def has_a_host(url: str) -> bool:
    """Whether host and port of *url* can be asked for; a relative one needs none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return can_be_asked_for(host, port) if host else not (parts.netloc or parts.scheme)


def _is_address(host: str) -> bool:
    address, _, zone = host.strip("[]").partition("%")
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return not re.search(r"[\s\x00-\x1f\x7f]", zone)


def _is_old_address(name: str) -> bool:
    """Whether *name* is an address of IPv4, in any of the ways that it may be written."""
    try:
        socket.inet_aton(name)
    except OSError:
        return False
    return True
