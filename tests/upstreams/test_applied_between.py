"""Is it true that nothing was applied where code inside the library's call had tried before?"""

import pytest
from counting import counting
from hidden_tries import HIDDEN, PATHS

from flask_faultmap.upstreams import UpstreamError

# Some libraries leave a socket to the garbage collector when a call fails.
pytestmark = [
    pytest.mark.usefixtures("leaks"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_was_counted_before_a_hidden_try_is_not_said_to_be_undone(hidden: str, path: str) -> None:
    with counting() as server, pytest.raises(UpstreamError) as caught:
        HIDDEN[hidden](f"{server.url}/{path}")

    assert server.has_done_something()
    assert caught.value.applied is not False
    assert not caught.value.retryable
