"""Was another request sent before the one that failed? The client library's own frames tell.

No library keeps on its exceptions that it followed a redirect, and the service may have done the work before.
"""

from types import FrameType

HISTORIES = {  # the call that follows redirects, and what it has there once an answer came
    "requests.sessions:SessionRedirectMixin.resolve_redirects": "hist",
    "httpx._client:Client._send_handling_redirects": "response",
    "httpx._client:AsyncClient._send_handling_redirects": "response",
    "httpx2._client:Client._send_handling_redirects": "response",
    "httpx2._client:AsyncClient._send_handling_redirects": "response",
    "aiohttp.client:ClientSession._request": "history",
}


def follows_another(exc: BaseException) -> bool:
    """Whether *exc* was raised while a redirect was being followed."""
    traceback = exc.__traceback__
    while traceback is not None:
        if _has_an_answer(traceback.tb_frame):
            return True
        traceback = traceback.tb_next
    return False


def _has_an_answer(frame: FrameType) -> bool:
    name = f"{frame.f_globals.get('__name__', '')}:{frame.f_code.co_qualname}"
    return name in HISTORIES and frame.f_locals.get(HISTORIES[name]) not in (None, [], ())
