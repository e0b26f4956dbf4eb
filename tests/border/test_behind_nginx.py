"""Behind a real nginx: each line of the table in docs/how-to/deploy.md."""

import json
import os
import shutil
import socket
import subprocess
import time

import pytest
from servers import Server, free_port, serving

pytestmark = pytest.mark.long

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
CONFIG = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{app}; proxy_set_header X-Request-ID $request_id; }}
        location /impatient/ {{ proxy_pass http://127.0.0.1:{app}/; proxy_read_timeout 1s; }}
        location /dead/ {{ proxy_pass http://127.0.0.1:{dead}/; }}
        location /intercepted/ {{
            proxy_pass http://127.0.0.1:{app}/;
            proxy_intercept_errors on;
            error_page 404 = @own;
        }}
        location @own {{ return 404 "a page of nginx"; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def nginx(tmp_path_factory):
    if NGINX is None:
        pytest.skip("nginx is not installed")
    folder = tmp_path_factory.mktemp("nginx")
    with serving("dev server", "proxied_app:app", folder) as app:
        port = free_port()
        text = CONFIG.format(folder=folder, port=port, app=app.port, dead=free_port())
        (folder / "nginx.conf").write_text(text)
        process = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
        try:
            wait_until_it_listens(port)
            yield Server(port, folder / "error.log")
        finally:
            process.terminate()
            process.wait()


def wait_until_it_listens(port):
    for _ in range(1200):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx does not listen")


def read(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return int(status.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body.decode()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("/boxes", 404, "not_found"), ("/nope", 404, "unknown_path"), ("/crash", 500, "internal")],
)
def test_answer_of_the_app_passes_unchanged(nginx, path, status, code):
    seen, headers, body = read(nginx.ask(f"GET {path}"))

    assert (seen, json.loads(body)["code"]) == (status, code)
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"] == json.loads(body)["request_id"]


def test_id_is_that_of_nginx_also_where_the_client_sent_one(nginx):
    _, headers, _ = read(nginx.ask("GET /boxes\r\nX-Request-ID: of-the-client"))

    assert len(headers["x-request-id"]) == 32


def test_intercepting_nginx_sends_its_own_page(nginx):
    assert read(nginx.ask("GET /intercepted/boxes"))[2] == "a page of nginx"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /dead/boxes", 502),
        ("GET /impatient/slow", 504),
        ("POST /bodies\r\nContent-Length: 1048577", 413),
        ("GET /boxes\r\nno header", 400),
    ],
    ids=["app is down", "app is slow", "body over the default limit", "malformed header"],
)
def test_nginx_answers_in_html(nginx, head, status):
    seen, headers, _ = read(nginx.ask(head))

    assert (seen, headers["content-type"]) == (status, "text/html")


def test_item_of_a_stream_passes_before_the_next_is_made(nginx):
    with nginx.connect() as peer, peer.makefile("rb") as lines:
        peer.sendall(b"GET /events HTTP/1.0\r\nHost: x\r\n\r\n")
        first = next(line for line in lines if line.startswith(b"data:"))
        nginx.ask("POST /more\r\nContent-Length: 0")
        rest = [line for line in lines if line.startswith(b"data:")]

    assert first == b'data: {"number":1}\n'
    assert rest == [b'data: {"number":2}\n', b"data: {}\n"]
