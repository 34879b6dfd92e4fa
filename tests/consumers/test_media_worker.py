"""Tests of relay/consumers/media_worker.py."""

import logging
import threading
from collections.abc import Iterator

import pytest

from relay.consumers.media_worker import MediaWorker


@pytest.fixture
def worker() -> Iterator[MediaWorker]:
    worker = MediaWorker(capacity=4)
    worker.start()
    yield worker
    worker.close()


def finish(worker: MediaWorker) -> None:
    """Wait until all jobs submitted so far are done."""
    done = threading.Event()
    assert worker.submit(done.set)
    assert done.wait(5)


def test_jobs_are_done_in_order_on_one_thread(worker: MediaWorker) -> None:
    """All of them on the same thread, which is not the caller's."""
    done: list[tuple[int, int]] = []
    for number in range(3):
        worker.submit(lambda n=number: done.append((n, threading.get_ident())))
    finish(worker)
    assert [number for number, _ in done] == [0, 1, 2]
    assert len({thread for _, thread in done}) == 1
    assert done[0][1] != threading.get_ident()


def test_a_job_that_fails_ends_nothing(
    worker: MediaWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged and counted, and the next one is done."""
    with caplog.at_level(logging.ERROR):
        worker.submit(lambda: 1 / 0)
        finish(worker)
    assert worker.jobs_failed == 1
    assert worker.alive
    assert "ZeroDivisionError" in caplog.text


def test_a_full_queue_refuses_and_counts(worker: MediaWorker) -> None:
    """Who submits is told at once and never waits."""
    busy, go_on = threading.Event(), threading.Event()

    def work() -> None:
        busy.set()
        go_on.wait(5)

    worker.submit(work)
    assert busy.wait(5)
    taken = [worker.submit(lambda: None) for _ in range(6)]
    assert taken == [True] * 4 + [False] * 2
    assert worker.queue_length == 4
    assert worker.jobs_dropped == 2
    go_on.set()


def test_a_worker_that_was_not_started_refuses() -> None:
    """It is not alive, and says so."""
    worker = MediaWorker()
    assert not worker.submit(lambda: None)
    assert not worker.alive
    assert worker.jobs_dropped == 1


def test_a_closed_worker_refuses(worker: MediaWorker) -> None:
    """Closing ends the thread, however often it is asked."""
    worker.close()
    worker.close()
    assert not worker.alive
    assert not worker.submit(lambda: None)


def test_closing_forgets_the_jobs_that_wait(worker: MediaWorker) -> None:
    """The job at hand is finished, even with a full queue behind it."""
    busy, go_on = threading.Event(), threading.Event()
    done: list[str] = []

    def work() -> None:
        busy.set()
        go_on.wait(5)
        done.append("at hand")

    worker.submit(work)
    assert busy.wait(5)
    for _ in range(4):
        worker.submit(lambda: done.append("waiting"))
    threading.Timer(0.05, go_on.set).start()
    worker.close()
    assert done == ["at hand"]
    assert not worker.alive
