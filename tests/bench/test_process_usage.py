"""What Linux counts of a process."""

import mmap
import os
import subprocess
import sys
import threading

from bench.process_usage import Usage, cpu_ms_per_s, with_children


def test_work_is_counted_on_every_thread():
    """A thread that works is part of its process."""
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            sum(range(1000))

    before = Usage.of(os.getpid())
    thread = threading.Thread(target=work)
    thread.start()
    while Usage.of(os.getpid()).cpu_s - before.cpu_s < 0.05:
        pass
    during = Usage.of(os.getpid())
    done.set()
    thread.join()
    assert during.threads == before.threads + 1
    assert during.cpu_s > before.cpu_s


def test_memory_that_is_used_is_counted():
    """In kB: ten megabytes more are seen as that."""
    before = Usage.of(os.getpid())
    ballast = mmap.mmap(-1, 10_000_000)  # never from memory that was used and is free
    ballast.write(bytes(len(ballast)))
    grown_kb = Usage.of(os.getpid()).resident_kb - before.resident_kb
    assert 9_000 < grown_kb < 30_000
    ballast.close()


def test_a_rate_is_per_second_that_went_by():
    """Half a second of CPU in two seconds is 250 ms/s."""
    before = Usage(at=10.0, cpu_s=1.0, resident_kb=0, threads=1)
    after = Usage(at=12.0, cpu_s=1.5, resident_kb=0, threads=1)
    assert cpu_ms_per_s(before, after) == 250.0


def test_children_belong_to_their_process():
    """As long as they are there."""
    sleeper = [sys.executable, "-c", "input()"]
    with subprocess.Popen(sleeper, stdin=subprocess.PIPE) as child:
        assert child.pid in with_children(os.getpid())
        assert with_children(child.pid) == [child.pid]
