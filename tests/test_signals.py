"""The signal: every receiver hears, and none can hurt the answer or the others."""

import asyncio
import logging
import sys
import threading

import pytest
from blinker import Namespace
from hypothesis import given
from hypothesis import strategies as st

from flask_faultmap import Category, Fault
from flask_faultmap.faults import Kind
from flask_faultmap.signals import Hearing, Sink, disconnect, fault_translated, notify


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


def tell(sender, run_async, payload):
    notify(Hearing().listeners(sender), sender, run_async, payload)


def raising(failure):
    def receive(sender, **payload):
        raise failure

    return receive


def messages(caplog):
    return [record.getMessage() for record in caplog.records]


def test_receiver_hears_the_sender_itself_and_every_keyword(sender, heard):
    tell(sender, run, {**NOT_FOUND, "later": "more"})

    assert heard == [(sender, {**NOT_FOUND, "later": "more"})]


def test_every_receiver_hears(sender, heard):
    more = []
    with fault_translated.connected_to(lambda sender, **payload: more.append(payload)):
        tell(sender, run, NOT_FOUND)

    assert [*more, *(payload for _, payload in heard)] == [NOT_FOUND, NOT_FOUND]


def test_receiver_of_one_sender_does_not_hear_another(heard):
    tell(Sender(), run, NOT_FOUND)

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
        tell(sender, run, NOT_FOUND)

    assert (len(heard), len(more)) == (1, 1)
    assert messages(caplog) == [f"The receiver {receive!r} of fault_translated failed: OSError"]
    (record,) = caplog.records
    assert (record.levelno, record.exc_info[0]) == (logging.ERROR, OSError)


def test_receiver_that_cannot_be_called_so_is_logged(sender, heard, caplog):
    def receive(sender):
        """Take no keywords, which is a mistake of its author."""

    with fault_translated.connected_to(receive, sender=sender):
        tell(sender, run, NOT_FOUND)

    assert len(heard) == 1
    assert messages(caplog) == [f"The receiver {receive!r} of fault_translated failed: TypeError"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_a_process_is_not_held_up(failure, sender, caplog):
    with fault_translated.connected_to(raising(failure), sender=sender), pytest.raises(failure):
        tell(sender, run, NOT_FOUND)

    assert caplog.records == []


def test_async_receivers_are_run_to_their_end(sender):
    told = []

    async def receive(sender, **payload):
        await asyncio.sleep(0)
        told.append((sender, payload))

    with fault_translated.connected_to(receive, sender=sender):
        tell(sender, run, NOT_FOUND)

    assert told == [(sender, NOT_FOUND)]


def test_receiver_that_is_not_async_is_called_as_it_is(sender, heard):
    tell(sender, raising(AssertionError("asked")), NOT_FOUND)

    assert len(heard) == 1


def test_async_receiver_that_cannot_be_run_here_is_logged(sender, heard, caplog):
    async def receive(sender, **payload):
        """Never get this far."""

    def refuse(receiver):
        raise RuntimeError("Install Flask with the 'async' extra in order to use async views.")

    with fault_translated.connected_to(receive, sender=sender):
        tell(sender, refuse, NOT_FOUND)

    assert len(heard) == 1
    assert messages(caplog) == [f"The receiver {receive!r} of fault_translated failed: RuntimeError"]


def test_muted_signal_tells_nobody(sender, heard):
    with fault_translated.muted():
        tell(sender, run, NOT_FOUND)
    tell(sender, run, GONE)

    assert heard == [(sender, GONE)]


def test_receiver_may_leave_while_it_is_told(sender, heard):
    more = []

    def hear_once(sender, **payload):
        more.append(payload)
        fault_translated.disconnect(hear_once, sender)

    fault_translated.connect(hear_once, sender)
    tell(sender, run, NOT_FOUND)
    tell(sender, run, GONE)

    assert more == [NOT_FOUND]
    assert len(heard) == 2


def test_receiver_that_is_gone_is_not_told(sender, heard):
    def receive(sender, **payload):
        raise AssertionError("called")

    fault_translated.connect(receive, sender)
    del receive
    tell(sender, run, NOT_FOUND)

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


def hear(sender, **payload):
    """Do nothing with it."""


class Office:
    """Has a receiver that is a method, and one that no weak reference can hold."""

    __slots__ = ("__weakref__",)

    def hear(self, sender, **payload):
        """Do nothing with it."""


class Deaf:
    __slots__ = ()

    def __call__(self, sender, **payload):
        """Do nothing with it."""


def receivers_of(hearing, sender):
    return [found for each in hearing.listeners(sender) if (found := each()) is not None]


def heard_by(hearing, sender):
    """Name the receivers that we connect here; other tests of the process may have connected more."""
    return [each for each in receivers_of(hearing, sender) if each in (hear, OFFICE.hear, DEAF)]


OFFICE, DEAF = Office(), Deaf()


@pytest.mark.parametrize("of_all", [False, True], ids=["of one sender", "of all"])
@pytest.mark.parametrize(
    ("receiver", "weak"),
    [(hear, True), (hear, False), (OFFICE.hear, True), (OFFICE.hear, False), (DEAF, False)],
)
def test_who_listens_is_known_after_each_change(receiver, weak, of_all, sender):
    hearing, other = Hearing(), Hearing()
    assert heard_by(hearing, sender) == []

    fault_translated.connect(receiver, **({} if of_all else {"sender": sender}), weak=weak)
    assert heard_by(hearing, sender) == [receiver]
    assert heard_by(hearing, sender) == [receiver]  # nobody was asked
    assert heard_by(other, Sender()) == ([receiver] if of_all else [])

    fault_translated.disconnect(receiver, **({} if of_all else {"sender": sender}))
    assert heard_by(hearing, sender) == []


@given(
    st.lists(
        st.tuples(st.sampled_from(["connect", "disconnect", "die", "ask"]), st.integers(0, 2), st.booleans()),
        max_size=30,
    )
)
def test_who_listens_is_what_blinker_says(steps):
    sender, hearing = Sender(), Hearing()
    offices = [Office() for _ in range(3)]
    for what, number, of_all in steps:
        given_sender = {} if of_all else {"sender": sender}
        if what == "connect":
            fault_translated.connect(offices[number].hear, **given_sender)
        elif what == "disconnect":
            fault_translated.disconnect(offices[number].hear, **given_sender)
        elif what == "die":
            offices[number] = Office()
        assert set(receivers_of(hearing, sender)) == set(fault_translated.receivers_for(sender))


def test_who_listens_is_right_while_others_connect():
    sender, hearing = Sender(), Hearing()
    stop, interval = threading.Event(), sys.getswitchinterval()

    def connect_more():
        while not stop.is_set():
            fault_translated.connect(hear, sender=Sender())

    threads = [threading.Thread(target=connect_more) for _ in range(2)]
    sys.setswitchinterval(1e-6)
    for thread in threads:
        thread.start()
    try:
        for _ in range(300):
            fault_translated.connect(OFFICE.hear, sender=sender)
            assert OFFICE.hear in receivers_of(hearing, sender)
            disconnect(fault_translated, OFFICE.hear)  # blinker's own fails while others connect
            assert OFFICE.hear not in receivers_of(hearing, sender)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)


def test_receiver_that_is_gone_since_it_was_found_is_not_told(sender, heard):
    def leave(sender, **payload):
        raise AssertionError("called")

    fault_translated.connect(leave, sender)
    listeners = Hearing().listeners(sender)
    del leave
    notify(listeners, sender, run, NOT_FOUND)

    assert len(listeners) >= 2
    assert len(heard) == 1


class Broken(Sink):
    what = "broken sink"

    def receive(self, sender, told):
        raise OSError(told["status"])


def test_sink_that_fails_is_logged_once(sender, heard, caplog):
    sender.name = "store"
    sink = Broken()
    with fault_translated.connected_to(sink, sender=sender):
        tell(sender, run, NOT_FOUND)
        tell(sender, run, GONE)

    assert len(heard) == 2
    assert messages(caplog) == ["The broken sink failed; further failures of it are not logged"]
    (record,) = caplog.records
    assert (record.name, record.levelno, record.exc_info[0]) == ("store.faultmap", logging.ERROR, OSError)


def test_sink_is_a_receiver_as_every_other(sender):
    with fault_translated.connected_to(Broken(), sender=sender), pytest.raises(OSError, match="404"):
        fault_translated.send(sender, **NOT_FOUND)
