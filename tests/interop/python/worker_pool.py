"""A real pool of worker processes: each hashes what it is given, and says what memory it has."""

import hashlib
import multiprocessing
import os
import queue
import threading
import time


def work(connection):
    """The worker process: answers each task with a digest, or with an error for a task that cannot be done."""
    while True:
        task = connection.recv()
        if task is None:
            return
        if task["rounds"] < 0:
            connection.send({"error": "a task needs a number of rounds"})
            continue
        digest = b"seed"
        for _ in range(task["rounds"]):
            digest = hashlib.sha256(digest).digest()
        connection.send({"digest": digest.hex()})


class Worker:
    """One worker process and what is known of it; only its own thread writes."""

    def __init__(self, number):
        self.id = f"worker-{number}"
        self.state = "creating"
        self.requests = 0
        self.errors = 0
        self.created = time.monotonic()
        self.ours, theirs = multiprocessing.get_context("spawn").Pipe()
        self.process = multiprocessing.get_context("spawn").Process(target=work, args=(theirs,), daemon=True)
        self.process.start()
        self.state = "ready"

    def rss(self):
        """Resident memory in bytes, as the kernel says."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def run(self, task):
        self.state = "active"
        self.ours.send(task)
        answer = self.ours.recv()
        self.requests += 1
        self.errors += "error" in answer
        self.state = "idle"
        return answer


class Pool:
    """A bounded set of workers that take tasks from one queue."""

    def __init__(self, size):
        self.size = size
        self.tasks = queue.Queue()
        self.workers = [Worker(number) for number in range(size)]
        self.threads = [threading.Thread(target=self._serve, args=(worker,)) for worker in self.workers]
        for thread in self.threads:
            thread.start()

    def _serve(self, worker):
        while (entry := self.tasks.get()) is not None:
            task, done = entry
            done(worker.run(task))
        worker.ours.send(None)
        worker.process.join()
        worker.state = "terminated"

    def submit(self, task, done):
        self.tasks.put((task, done))

    def count(self, *states):
        return sum(worker.state in states for worker in self.workers)

    def close(self):
        for _ in self.threads:
            self.tasks.put(None)
        for thread in self.threads:
            thread.join()
