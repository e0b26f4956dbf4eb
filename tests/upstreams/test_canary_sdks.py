"""No logger of an SDK tells a secret at DEBUG, nor does what leaves the block."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hearing import hearing
from saying import saying

from flask_faultmap import DomainError
from flask_faultmap.upstreams import upstream

CANARY = "Canary7xTweet9Zq4Kb2"
BODY = json.dumps({"error": {"message": "no", "type": "t", "password": CANARY}, "token": CANARY}).encode()
HEADERS = {"Set_Cookie": f"session={CANARY}", "X_Token": CANARY, "Request_Id": "r1"}

# Some libraries leave a socket to the garbage collector when a call fails.
pytestmark = [
    pytest.mark.usefixtures("leaks"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def ask_openai(url: str) -> None:
    openai = pytest.importorskip("openai", reason="openai is not installed")
    with openai.OpenAI(
        base_url=url, api_key=f"sk-{CANARY}", max_retries=0, default_headers={"X-Api-Key": CANARY}
    ) as client:
        client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": f"password={CANARY}"}],
            extra_query={"token": CANARY},
            extra_body={"password": CANARY},
        )


def ask_stripe(url: str) -> None:
    stripe = pytest.importorskip("stripe", reason="stripe is not installed")
    client = stripe.StripeClient(
        f"sk_test_{CANARY}",
        base_addresses={"api": url},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=5),
    )
    client.v1.customers.create({"name": "x", "metadata": {"password": CANARY}})


def ask_boto3(url: str) -> None:
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    client = boto3.client(
        "sqs",
        endpoint_url=url,
        region_name="x",
        aws_access_key_id=f"AKIA{CANARY}",
        aws_secret_access_key=CANARY,
        aws_session_token=f"{CANARY}{CANARY}",
        config=pytest.importorskip("botocore.config").Config(retries={"max_attempts": 0}),
    )
    client.send_message(QueueUrl=f"{url}/q", MessageBody=f"password={CANARY}")


def ask_elasticsearch(url: str) -> None:
    library = pytest.importorskip("elasticsearch", reason="elasticsearch is not installed")
    with library.Elasticsearch(url, api_key=CANARY, max_retries=0) as client:
        client.index(index="boxes", document={"password": CANARY})


SDKS: dict[str, Callable[[str], None]] = {
    name.removeprefix("ask_"): ask for name, ask in list(globals().items()) if name.startswith("ask_")
}


@pytest.mark.parametrize("status", [401, 500])
@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.long
def test_no_logger_of_an_sdk_tells_a_secret(sdk: str, status: int) -> None:
    with (
        saying(status, BODY, **HEADERS) as url,
        hearing() as said,
        pytest.raises(DomainError) as caught,
        upstream("boxes", operation="create", unchecked=True),
    ):
        SDKS[sdk](url)

    error: Any = caught.value
    assert any(line.startswith("flask_faultmap.upstreams") for line in said)
    assert [line for line in said if CANARY in line] == []
    assert CANARY not in f"{error} {error!r} {error.extra_data} {error.context}"
