"""Who ships: one process of a host, and the next one when that ends; whatever the database raises."""

import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from trail_app import run_script

from flask_faultmap.sinks.trail.office import elect, has_real_threads, hold_office

HOLD = (
    "import sys; from pathlib import Path; from flask_faultmap.sinks.trail.office import elect\n"
    "office = elect(Path(sys.argv[1])); print(office is not None, flush=True); sys.stdin.read()"
)


class Ships:
    """Fails at its first try, and ends the shipping at its third."""

    def __init__(self, stop):
        self.tries = self.failures = self.closed = 0
        self._stop = stop

    def ship(self):
        self.tries += 1
        if self.tries == 1:
            raise ValueError("anything")
        if self.tries == 3:
            self._stop.set()
        return 0

    def tell_failure(self, exc):
        self.failures += 1

    def close(self):
        self.closed += 1


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def shipper(stop):
    return Ships(stop)


def test_failure_of_any_sort_is_told_and_tried_again(tmp_path, stop, shipper):
    hold_office(tmp_path, lambda: shipper, stop)

    assert (shipper.tries, shipper.failures, shipper.closed) == (3, 1, 1)


def test_office_of_a_folder_that_is_not_there_waits_for_it(tmp_path):
    class MakesTheFolder(threading.Event):
        def wait(self, timeout=None):
            (tmp_path / "later").mkdir(exist_ok=True)
            return self.is_set()

    stop = MakesTheFolder()
    shipper = Ships(stop)

    hold_office(tmp_path / "later", lambda: shipper, stop)

    assert shipper.closed == 1


def test_process_that_ends_while_it_waits_makes_no_shipper(tmp_path, stop, shipper):
    stop.set()

    hold_office(tmp_path / "nothing", lambda: shipper, stop)

    assert shipper.tries == 0


def test_office_is_held_by_one_process_and_is_free_when_that_is_killed(tmp_path):
    with run_script(HOLD, tmp_path, stdin=subprocess.PIPE) as other:
        assert other.stdout.readline() == "True\n"
        taken = elect(tmp_path)
        other.kill()
    free = elect(tmp_path)

    assert taken is None
    os.close(free)


@pytest.mark.parametrize(
    ("module", "question", "part"),
    [
        ("gevent.monkey", "is_module_patched", "threading"),
        ("eventlet.patcher", "is_monkey_patched", "thread"),
    ],
)
@pytest.mark.parametrize("is_patched", [True, False])
def test_threads_are_real_unless_they_were_patched(monkeypatch, module, question, part, is_patched):
    patcher = SimpleNamespace(**{question: lambda name: is_patched and name == part})
    monkeypatch.setitem(sys.modules, module, patcher)

    assert has_real_threads() is not is_patched
