"""The worker: order, newest wins, cancelling, errors, stopping."""

import threading
import time

import pytest

from sam2_notebook.widgets.worker import Priority, Worker


class Gate:
    """Holds a worker until opened, and lists what was done."""

    def __init__(self, worker: Worker) -> None:
        self.done: list[object] = []
        self._open, self.closed = threading.Event(), threading.Event()
        self.worker = worker
        worker.submit("gate", "gate", self._hold)
        assert self.closed.wait(10)

    def _hold(self) -> None:
        self.closed.set()
        self._open.wait(10)

    def job(self, what: object):
        return lambda: self.done.append(what)

    def finish(self) -> list[object]:
        end = threading.Event()
        self.worker.submit("gate", "end", end.set, Priority.ENCODE)
        self._open.set()
        assert end.wait(10)
        return self.done


@pytest.fixture
def gate():
    worker = Worker("test")
    yield Gate(worker)
    worker.stop()


def test_urgent_jobs_go_first_and_equals_in_order(gate: Gate) -> None:
    gate.worker.submit("a", 1, gate.job("encode"), Priority.ENCODE)
    for i in range(3):
        gate.worker.submit("a", f"click {i}", gate.job(i))
    assert gate.finish() == [0, 1, 2, "encode"]


def test_of_the_jobs_with_one_key_the_newest_is_done_in_the_place_of_the_first(gate: Gate) -> None:
    for i in range(1000):
        gate.worker.submit("a", "object 1", gate.job(i))
        if i == 0:
            gate.worker.submit("a", "object 2", gate.job("other"))
    assert gate.worker.backlog == 2
    assert gate.finish() == [999, "other"]


def test_owners_do_not_share_keys(gate: Gate) -> None:
    gate.worker.submit("a", 1, gate.job("a"))
    gate.worker.submit("b", 1, gate.job("b"))
    assert gate.finish() == ["a", "b"]


def test_cancelling_drops_what_waits_for_one_owner(gate: Gate) -> None:
    gate.worker.submit("a", 1, gate.job("a"))
    gate.worker.submit("b", 1, gate.job("b"))
    assert gate.worker.is_busy("a")
    gate.worker.cancel("a")
    assert not gate.worker.is_busy("a")
    assert gate.finish() == ["b"]


def test_the_thread_survives_an_error(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args.exc_type))

    def fail() -> None:
        raise SystemExit

    gate.worker.submit("a", 1, fail)
    gate.worker.submit("a", 2, gate.job("after"))
    assert gate.finish() == ["after"]
    assert seen == [SystemExit]


def test_stopping_waits_for_what_runs_but_not_for_ever() -> None:
    worker = Worker("test")
    begun, release, done = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        release.wait(10)
        done.set()

    worker.submit("a", 1, slow)
    assert begun.wait(10)
    start = time.monotonic()
    worker.stop(seconds=0.05)
    assert time.monotonic() - start < 5
    assert not done.is_set()
    release.set()
    worker.stop(seconds=10)
    assert done.is_set()
    worker.submit("a", 2, slow)
    assert worker.backlog == 0
