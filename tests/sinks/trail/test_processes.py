"""Processes that fork, die, outlive each other, or run no threads: each fault has its row, once."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from servers import serving
from trail_app import (
    entries_of,
    fail_with,
    journal_of,
    run_script,
    run_shipper,
    ship,
    shipping_app,
    trail_app,
    wait_until,
)

from flask_faultmap.sinks.trail.office import elect

APP = "from pathlib import Path\nfrom trail_app import trail_app\napp = trail_app(Path(__file__).parent{})\n"
BEGIN = "import ctypes, os, sys, threading, time; from pathlib import Path; from trail_app import *\n"
FORK_BY_LIBC = """
app = trail_app(Path(sys.argv[1]))
fail_with(app, "before")
child = ctypes.PyDLL(None).fork()  # none of Python's hooks runs
if child == 0:
    fail_with(app, "child")
    os._exit(0)
os.waitpid(child, 0)
fail_with(app, "after")
"""
FORK_IN_THE_MIDST = """
app = trail_app(Path(sys.argv[1]))
fail_with(app, "child")  # or a fork in the midst of an import hangs, as Python's own locks of modules are
threads = [threading.Thread(target=fail_with, args=(app, *["thread"] * 50)) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(10):
    child = os.fork()
    if child == 0:
        fail_with(app, "child")
        os._exit(0)
    os.waitpid(child, 0)
for thread in threads:
    thread.join()
"""
OUTLIVED = """
app = trail_app(Path(sys.argv[1]), FAULTMAP_TRAIL_SHIP=True)
fail_with(app, "parent")
wait_until(lambda: (journal_of(app) / "shipped.json").exists())
if os.fork() == 0:
    print("forked", flush=True)
    sys.stdin.read()
    fail_with(app, "child")
    os._exit(0)
time.sleep(600)
"""


def texts_of(app):
    return sorted(entry.text for entry in entries_of(app))


@pytest.mark.parametrize(
    ("script", "texts"),
    [(FORK_BY_LIBC, ["after", "before", "child"]), (FORK_IN_THE_MIDST, ["child"] * 11 + ["thread"] * 150)],
    ids=["by libc", "while threads write"],
)
def test_child_that_is_forked_by_whatever_means_writes_a_file_of_its_own(tmp_path, script, texts):
    with run_script(BEGIN + script, tmp_path) as done:
        assert done.wait() == 0

    app = trail_app(tmp_path)
    assert ship(app) == len(texts)
    assert texts_of(app) == texts
    assert [*journal_of(app).glob("*.log")] == []


def test_process_with_another_id_lets_go_of_the_segment_that_it_inherited(tmp_path, monkeypatch):
    app = trail_app(tmp_path)
    fail_with(app, "parent")
    monkeypatch.setattr(os, "getpid", lambda: 1)
    fail_with(app, "child")

    ship(app)

    assert len([*journal_of(app).glob("*.log")]) == 1  # nobody holds the parent's any more
    assert texts_of(app) == ["child", "parent"]


def test_child_that_outlives_its_parent_keeps_neither_the_office_nor_any_fault(tmp_path):
    app = trail_app(tmp_path)
    with run_script(BEGIN + OUTLIVED, tmp_path, stdin=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == "forked\n"
        parent.kill()
        parent.wait()
        ship(app)
        shipped = texts_of(app)
        office = elect(journal_of(app))
        parent.stdin.close()
        parent.stdout.read()  # ends with the child
    ship(app)

    assert shipped == ["parent"]
    assert office is not None
    os.close(office)
    assert texts_of(app) == ["child", "parent"]
    assert [*journal_of(app).glob("*.log")] == []


@pytest.mark.long
def test_shipper_that_is_killed_is_followed_by_the_one_that_waits(tmp_path):
    (tmp_path / "app.py").write_text(APP.format(""))
    app = trail_app(tmp_path)
    told = journal_of(app) / "shipped.json"
    first = run_shipper(tmp_path)
    wait_until(told.exists)
    second = run_shipper(tmp_path)
    first.kill()
    first.wait()

    ids = fail_with(app, "one", "two")

    wait_until(lambda: len(entries_of(app)) == 2 and rows_of(tmp_path) == 2)
    second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0
    assert {entry.request_id for entry in entries_of(app)} == set(ids)


@pytest.mark.long
def test_gevent_worker_leaves_shipping_to_a_process_of_its_own(tmp_path):
    (tmp_path / "app.py").write_text(APP.format(", FAULTMAP_TRAIL_SHIP=True"))
    with serving("gunicorn gevent", "app:app", tmp_path) as server:
        answers = [server.ask(f"GET /fail/{number}") for number in range(5)]
        told = server.wait_for_log("flask faults trail ship")
        waiting = rows_of(tmp_path)
        shipper = run_shipper(tmp_path)
        wait_until(lambda: rows_of(tmp_path) == 5)
        shipper.send_signal(signal.SIGTERM)

        assert shipper.wait(60) == 0
    assert all(answer.startswith(b"HTTP/1.1 503") for answer in answers)
    assert told.count("ships from no gevent or eventlet worker") == 1
    assert waiting == 0


def test_worker_without_real_threads_says_once_who_has_to_ship(tmp_path, monkeypatch, caplog):
    patched = SimpleNamespace(is_module_patched=lambda name: name == "threading")
    monkeypatch.setitem(sys.modules, "gevent.monkey", patched)
    with shipping_app(tmp_path) as app:
        fail_with(app, "one", "two")

    assert caplog.text.count("run: flask faults trail ship") == 1
    assert not (journal_of(app) / "shipper.lock").exists()


def rows_of(folder: Path) -> int:
    from trail_proof import read_ids

    return len(read_ids(folder, ""))


def refuse_threads(*_):
    raise RuntimeError("can't start new thread")


def test_process_that_may_start_no_thread_answers_as_without_the_trail(tmp_path, monkeypatch, caplog):
    app = trail_app(tmp_path, FAULTMAP_TRAIL_SHIP=True)
    app.add_url_rule("/fine", view_func=lambda: "fine")
    monkeypatch.setattr(threading.Thread, "start", refuse_threads)

    assert app.test_client().get("/fine").status_code == 200
    ids = fail_with(app, "one", "two")

    assert caplog.text.count("cannot start its thread (can't start new thread)") == 1
    assert {entry.request_id for entry in entries_of(app)} == set(ids)
