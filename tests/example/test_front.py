"""The first page of the example app, its catalogue, and its console behind a demo login."""

import re

import pytest

from example_app import create_app
from example_app.rooms import close_rooms


@pytest.fixture
def client(tmp_path):
    config = {"FAULTMAP_TRAIL_FOLDER": str(tmp_path), "FAULTMAP_TRAIL_URL": f"sqlite:///{tmp_path}/faults.db"}
    app = create_app({**config, "FAULTMAP_TRAIL_SHIP": False})
    yield app.test_client()
    close_rooms(app)


def test_first_page_leads_to_catalogue_and_console(client):
    links = re.findall('href="([^"]+)"', client.get("/").text)

    assert {"/problems/", "/ops/faults/", "/break"} <= {*links}


def test_failure_leads_to_its_page_and_its_fault(client):
    failed = client.get("/break").get_json()
    client.post("/ops/login")

    page = client.get(failed["type"])
    fault = client.get(f"/ops/faults/faults?id={failed['request_id']}", follow_redirects=True)

    assert page.status_code == 200
    assert "TimeoutError" in fault.text
    assert "password=demo" not in fault.text


def test_console_sends_a_stranger_to_the_demo_login(client):
    answer = client.get("/ops/faults/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/ops/login")
    assert "Enter as an operator" in client.get("/ops/login").text


def test_login_leads_to_the_console(client):
    answer = client.post("/ops/login", follow_redirects=True)

    assert answer.request.path == "/ops/faults/"
    assert answer.status_code == 200


def test_every_code_of_the_example_has_a_page(client):
    listed = client.get("/problems/", headers={"Accept": "application/json"}).get_json()["errors"]

    assert {client.get(f"/problems/{each['code']}").status_code for each in listed} == {200}


def test_prometheus_reads_how_often_what_failed(client):
    before = failures(client)

    client.get("/break")

    assert failures(client) == before + 1


def failures(client):
    lines = re.findall(r"^faultmap_faults_total{(.*)} (.+)$", client.get("/metrics").text, re.MULTILINE)
    return sum(float(count) for labels, count in lines if 'route="/break"' in labels)
