"""The signal: every receiver hears, and none can hurt the answer or the others."""

import asyncio
import logging
import sys
import threading

import pytest
from blinker import Namespace

from flask_faultmap import Category, Fault
from flask_faultmap.faults import Kind
from flask_faultmap.signals import disconnect, fault_translated, is_heard_from, notify


def payload(category, status):
    """Tell of a fault, as real as those that receivers for all apps hear beside ours."""
    kind = Kind(category=category, code=category, title="x", status=status, original_status=status)
    return {"fault": Fault(kind, "id-of-a-test", "what is missing"), "status": status}


NOT_FOUND = payload(Category.NOT_FOUND, 404)
GONE = payload(Category.GONE, 410)


class Sender:
    """Stands for an app."""


@pytest.fixture
def sender():
    return Sender()


@pytest.fixture
def heard(sender):
    """Connect a receiver, and give what it hears."""
    told = []

    def receive(sender, **payload):
        told.append((sender, payload))

    with fault_translated.connected_to(receive, sender=sender):
        yield told


def run(receiver):
    """Do what ``Flask.ensure_sync`` does."""
    return lambda *args, **payload: asyncio.run(receiver(*args, **payload))


def raising(failure):
    def receive(sender, **payload):
        raise failure

    return receive


def messages(caplog):
    return [record.getMessage() for record in caplog.records]


def test_receiver_hears_the_sender_itself_and_every_keyword(sender, heard):
    notify(sender, run, {**NOT_FOUND, "later": "more"})

    assert heard == [(sender, {**NOT_FOUND, "later": "more"})]


def test_every_receiver_hears(sender, heard):
    more = []
    with fault_translated.connected_to(lambda sender, **payload: more.append(payload)):
        notify(sender, run, NOT_FOUND)

    assert [*more, *(payload for _, payload in heard)] == [NOT_FOUND, NOT_FOUND]


def test_receiver_of_one_sender_does_not_hear_another(heard):
    notify(Sender(), run, NOT_FOUND)

    assert heard == []


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_receiver_that_raises_is_logged_and_hurts_nobody(is_async, sender, heard, caplog):
    async def receive_later(sender, **payload):
        raise OSError("secret")

    receive = receive_later if is_async else raising(OSError("secret"))
    more = []

    with (
        fault_translated.connected_to(receive, sender=sender),
        fault_translated.connected_to(lambda sender, **payload: more.append(payload), sender=sender),
    ):
        notify(sender, run, NOT_FOUND)

    assert (len(heard), len(more)) == (1, 1)
    assert messages(caplog) == [f"The receiver {receive!r} of fault_translated failed: OSError"]
    (record,) = caplog.records
    assert (record.levelno, record.exc_info[0]) == (logging.ERROR, OSError)


def test_receiver_that_cannot_be_called_so_is_logged(sender, heard, caplog):
    def receive(sender):
        """Take no keywords, which is a mistake of its author."""

    with fault_translated.connected_to(receive, sender=sender):
        notify(sender, run, NOT_FOUND)

    assert len(heard) == 1
    assert messages(caplog) == [f"The receiver {receive!r} of fault_translated failed: TypeError"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_a_process_is_not_held_up(failure, sender, caplog):
    with fault_translated.connected_to(raising(failure), sender=sender), pytest.raises(failure):
        notify(sender, run, NOT_FOUND)

    assert caplog.records == []


def test_async_receivers_are_run_to_their_end(sender):
    told = []

    async def receive(sender, **payload):
        await asyncio.sleep(0)
        told.append((sender, payload))

    with fault_translated.connected_to(receive, sender=sender):
        notify(sender, run, NOT_FOUND)

    assert told == [(sender, NOT_FOUND)]


def test_receiver_that_is_not_async_is_called_as_it_is(sender, heard):
    notify(sender, raising(AssertionError("asked")), NOT_FOUND)

    assert len(heard) == 1


def test_async_receiver_that_cannot_be_run_here_is_logged(sender, heard, caplog):
    async def receive(sender, **payload):
        """Never get this far."""

    def refuse(receiver):
        raise RuntimeError("Install Flask with the 'async' extra in order to use async views.")

    with fault_translated.connected_to(receive, sender=sender):
        notify(sender, refuse, NOT_FOUND)

    assert len(heard) == 1
    assert messages(caplog) == [f"The receiver {receive!r} of fault_translated failed: RuntimeError"]


def test_muted_signal_tells_nobody(sender, heard):
    with fault_translated.muted():
        notify(sender, run, NOT_FOUND)
    notify(sender, run, GONE)

    assert heard == [(sender, GONE)]


def test_receiver_may_leave_while_it_is_told(sender, heard):
    more = []

    def hear_once(sender, **payload):
        more.append(payload)
        fault_translated.disconnect(hear_once, sender)

    fault_translated.connect(hear_once, sender)
    notify(sender, run, NOT_FOUND)
    notify(sender, run, GONE)

    assert more == [NOT_FOUND]
    assert len(heard) == 2


def test_receiver_that_is_gone_is_not_told(sender, heard):
    def receive(sender, **payload):
        raise AssertionError("called")

    fault_translated.connect(receive, sender)
    del receive
    notify(sender, run, NOT_FOUND)

    assert len(heard) == 1


def test_signal_says_what_it_tells():
    assert all(
        f"``{word}``" in fault_translated.__doc__
        for word in ("fault", "exception", "error", "status", "original_status", "rule")
    )


def keep(sender, **_):
    pass


def test_taking_a_receiver_away_while_others_connect_harms_nobody():
    signal, stop = Namespace().signal("busy"), threading.Event()
    senders = [Sender() for _ in range(3_000)]
    for sender in senders:
        signal.connect(keep, sender=sender)

    def connect_more():
        while not stop.is_set():
            senders.append(Sender())
            signal.connect(keep, sender=senders[-1])

    thread, interval = threading.Thread(target=connect_more), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        for _ in range(50):
            heard = []
            receiver = heard.append
            signal.connect(receiver, sender=senders[0], weak=False)
            disconnect(signal, receiver)
            signal.send(senders[0])
            assert heard == []
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(interval)


@pytest.fixture
def unheard(monkeypatch):
    """Give a signal to which no other test of the process listens."""
    signal = Namespace().signal("unheard")
    monkeypatch.setattr("flask_faultmap.signals.fault_translated", signal)
    return signal


def test_receiver_of_one_sender_costs_no_other(sender, unheard):
    def receive(sender, **payload):
        pass

    assert not is_heard_from(sender)
    with unheard.connected_to(receive, sender=sender):
        assert is_heard_from(sender)
        assert not is_heard_from(Sender())


def test_receiver_of_all_hears_every_sender(sender, unheard):
    def receive(sender, **payload):
        pass

    with unheard.connected_to(receive):
        assert is_heard_from(sender)
