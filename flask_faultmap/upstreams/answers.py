"""What did a service answer? One face for the responses of all client libraries.

No client library is imported by us: a response is told by the name of its class.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from flask_faultmap.upstreams.exchanges import sent

CHUNK = 8_192


class Answer:
    """A response of requests; the base of the others.

    Attributes:
        response: what the client library gave.
        status: of HTTP.
        decodes: whether the library has taken the content coding off what :meth:`chunks` gives.
    """

    status_attribute = "status_code"
    kept_attribute = "_content"
    must_be_awaited = False
    decodes = False

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status: int = getattr(response, self.status_attribute)

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return 200 <= self.status < 300

    def request(self) -> tuple[str | None, str | None]:
        """Give method and path of the request, where the library tells."""
        return sent(getattr(self.response, "request", None), self.response.url)

    def header(self, name: str) -> str | None:
        """Give the value of a header, whatever the case of its name; of several, all, with commas."""
        value = self.response.headers.get(name)
        return value if isinstance(value, str) else None

    def whole(self) -> bytes:
        """Read all of the body."""
        body: bytes = self.response.content
        return body

    async def awhole(self) -> bytes:
        """Read all of the body, without blocking the loop where the library can."""
        return self.whole()

    def kept(self) -> bytes | None:
        """Give the body if the library has read it; decoded."""
        body = getattr(self.response, self.kept_attribute, None)
        return body if isinstance(body, bytes) else None

    def chunks(self, most: int) -> Iterator[bytes]:
        """Give what was not read of the body, in pieces as they come; *most* bytes if it can end there."""
        raw = answer_of(self.response.raw)
        yield from self.response.iter_content(CHUNK) if raw is None else raw.chunks(most)

    async def achunks(self, most: int) -> AsyncIterator[bytes]:
        """Do what :meth:`chunks` does, without blocking the loop where the library can."""
        for chunk in self.chunks(most):
            yield chunk

    def decoded(self) -> Iterator[bytes]:
        """Give the body in pieces as they come, with the content coding taken off."""
        raw = answer_of(self.response.raw)
        kept = self.kept()
        if kept is not None:
            yield kept
        elif raw is None:
            yield from self.response.iter_content(CHUNK)
        else:
            yield from raw.decoded()

    async def adecoded(self) -> AsyncIterator[bytes]:
        """Do what :meth:`decoded` does, without blocking the loop where the library can."""
        for chunk in self.decoded():
            yield chunk

    def close(self) -> None:
        """Give up the connection, with what was not read of it."""
        self.response.close()

    async def aclose(self) -> None:
        """Give up the connection, without blocking the loop where the library can."""
        self.close()


class HttpxAnswer(Answer):
    """A response of httpx, of its sync or its async client."""

    def request(self) -> tuple[str | None, str | None]:
        """Give method and path of the request; a response made by hand has none."""
        return sent(getattr(self.response, "_request", None), None)

    def whole(self) -> bytes:
        """Read all of the body."""
        body: bytes = self.response.read()
        return body

    async def awhole(self) -> bytes:
        """Read all of the body."""
        body: bytes = await self.response.aread()
        return body

    def chunks(self, most: int) -> Iterator[bytes]:
        """Give what was not read of the body."""
        yield from self.response.iter_raw()

    async def achunks(self, most: int) -> AsyncIterator[bytes]:
        """Give what was not read of the body."""
        async for chunk in self.response.aiter_raw():
            yield chunk

    def decoded(self) -> Iterator[bytes]:
        """Give the body in pieces as they come, decoded."""
        yield from self.response.iter_bytes()

    async def adecoded(self) -> AsyncIterator[bytes]:
        """Give the body in pieces as they come, decoded."""
        async for chunk in self.response.aiter_bytes():
            yield chunk

    async def aclose(self) -> None:
        """Give up the connection."""
        await self.response.aclose()


class Urllib3Answer(Answer):
    """A response of urllib3, which does not tell the method."""

    status_attribute = "status"
    kept_attribute = "_body"

    def whole(self) -> bytes:
        """Read all of the body."""
        body: bytes = self.response.data
        return body

    def chunks(self, most: int) -> Iterator[bytes]:
        """Give what was not read of the body; ``stream()`` would wait until it has a piece of full size."""
        while most > 0 and (chunk := self.response.read1(min(most, CHUNK), decode_content=False)):
            most -= len(chunk)
            yield chunk

    def decoded(self) -> Iterator[bytes]:
        """Give the body in pieces as they come, decoded."""
        kept = self.kept()
        if kept is not None:
            yield kept
            return
        while chunk := self.response.read1(CHUNK, decode_content=True):
            yield chunk


class AiohttpAnswer(Answer):
    """A response of aiohttp, whose body must be awaited."""

    status_attribute = "status"
    kept_attribute = "_body"
    must_be_awaited = True
    decodes = True  # and no more at once than it is asked for

    def request(self) -> tuple[str | None, str | None]:
        """Give method and path of the request."""
        return sent(self.response, None)

    def header(self, name: str) -> str | None:
        """Give the values of a header, with commas."""
        return ", ".join(self.response.headers.getall(name, ())) or None

    async def awhole(self) -> bytes:
        """Read all of the body."""
        body: bytes = await self.response.read()
        return body

    async def achunks(self, most: int) -> AsyncIterator[bytes]:
        """Give what was not read of the body."""
        async for chunk in self.response.content.iter_chunked(CHUNK):
            yield chunk

    async def adecoded(self) -> AsyncIterator[bytes]:
        """Give the body in pieces as they come, decoded."""
        async for chunk in self.response.content.iter_any():
            yield chunk


class StandardAnswer(Answer):
    """A response of ``urllib.request``, which tells no method; or its HTTPError, which is one too."""

    status_attribute = "status"

    def request(self) -> tuple[str | None, str | None]:
        """Give the path of the request."""
        return sent(None, getattr(self.response, "url", None))

    def whole(self) -> bytes:
        """Read all of the body."""
        body: bytes = self.response.read()
        return body

    def header(self, name: str) -> str | None:
        """Give the values of a header, with commas."""
        return ", ".join(self.response.headers.get_all(name, ())) or None

    def chunks(self, most: int) -> Iterator[bytes]:
        """Give what was not read of the body."""
        while most > 0 and (chunk := self.response.read1(min(most, CHUNK))):
            most -= len(chunk)
            yield chunk

    def decoded(self) -> Iterator[bytes]:
        """Give the body in pieces as they come; this library knows no content coding."""
        while chunk := self.response.read1(CHUNK):
            yield chunk


LIBRARIES: dict[str, type[Answer]] = {
    "requests.models.Response": Answer,
    "niquests.models.Response": Answer,
    "httpx.Response": HttpxAnswer,
    "httpx2.Response": HttpxAnswer,
    "urllib3.response.BaseHTTPResponse": Urllib3Answer,
    "aiohttp.client_reqrep.ClientResponse": AiohttpAnswer,
    "urllib.error.HTTPError": StandardAnswer,
    "http.client.HTTPResponse": StandardAnswer,
}


def answer_of(response: object) -> Answer | None:
    """Give the answer that *response* is, or None if it is not one of a client library."""
    for cls in type(response).__mro__:
        library = LIBRARIES.get(f"{cls.__module__}.{cls.__qualname__}")
        if library is not None and isinstance(getattr(response, library.status_attribute), int):
            return library(response)
    return None
