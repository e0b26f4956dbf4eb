"""The pack for botocore: its real client against a server on loopback that answers as AWS does."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config

from flask_faultmap import FaultMap
from flask_faultmap.packs import BOTOCORE
from flask_faultmap.packs.botocore import BY_CLASS, BY_CODE

FAULTS = FaultMap(rules=BOTOCORE)
SECRET = "arn:aws:iam::1:user/ann"
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=30, read_timeout=1)


class Aws(BaseHTTPRequestHandler):
    def do_GET(self):
        status, code = self.path.rpartition("/")[2].partition("?")[0].split("-")
        body = f"<Error><Code>{code}</Code><Message>{SECRET}</Message></Error>".encode()
        if code == "hang":
            self.server.hanging.wait()
            return
        self.send_response(int(status))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def s3():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Aws)
    server.hanging = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield client_at(f"http://127.0.0.1:{server.server_port}")
    server.hanging.set()
    server.shutdown()
    server.server_close()


def client_at(url):
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-west-1"}
    return boto3.client("s3", endpoint_url=url, config=ONCE, **keys)


def fault_of(client, key):
    with pytest.raises(Exception, match=r".") as raised:
        client.get_object(Bucket="b", Key=key)
    return FAULTS.describe(raised.value)


@pytest.mark.parametrize(
    ("key", "status", "retryable"),
    [
        ("404-NoSuchKey", 404, False),
        ("412-PreconditionFailed", 400, False),
        ("409-OperationAborted", 409, True),
        ("503-SlowDown", 503, True),
        ("429-ThrottlingException", 503, True),
        ("500-InternalError", 502, True),
        ("400-RequestTimeout", 504, True),
        ("403-AccessDenied", 500, False),
        ("403-SignatureDoesNotMatch", 500, False),
        ("400-ExpiredToken", 500, False),
        ("400-MalformedXML", 500, False),
        ("404-NoSuchBucket", 500, False),
    ],
)
def test_code_of_the_answer_decides(s3, key, status, retryable):
    fault = fault_of(s3, key)

    assert (fault.status, fault.retryable) == (status, retryable)
    assert SECRET not in repr(fault)


def test_answer_that_does_not_come_is_a_deadline(s3):
    assert fault_of(s3, "200-hang").status == 504


def test_endpoint_that_refuses_is_unavailable():
    assert fault_of(client_at("http://127.0.0.1:1"), "x").status == 503


def test_missing_credentials_are_ours():
    client = boto3.client("s3", endpoint_url="http://127.0.0.1:1", region_name="eu-west-1", config=ONCE)
    client._request_signer._credentials = None

    assert fault_of(client, "x").status == 500


@pytest.mark.parametrize("name", BY_CLASS)
def test_every_class_exists(name):
    assert issubclass(getattr(botocore.exceptions, name), Exception)


def test_no_refusal_of_our_credentials_is_the_clients():
    assert {cls.category for code, cls in BY_CODE.items() if "Denied" in code or "Token" in code} == {
        "internal"
    }
