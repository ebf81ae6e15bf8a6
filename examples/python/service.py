"""A service with a pool of worker processes, instrumented with nothing but the official SDK. It hashes until SIGTERM, and pushes what
its pool, its workers and its one component do, its traces and its logs, to where the usual variables say:

    pip install -r requirements.txt
    OTEL_SERVICE_NAME=hashing OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317 python service.py
"""

import concurrent.futures
import hashlib
import logging
import multiprocessing
import os
import random
import resource
import signal
import threading
import time

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

SIZE = 4
POOL = {"pool.name": "hashing"}
COMPONENT = {"component.name": "hasher", "component.type": "cpu"}


def work(connection):
    """The worker process: a digest for each number of rounds; a negative number is an order that it cannot carry out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while (rounds := connection.recv()) is not None:
        digest = b"seed"
        for _ in range(rounds):
            digest = hashlib.sha256(digest).digest()
        connection.send(digest.hex() if rounds >= 0 else None)


class Worker:
    """One process, and what is known of it."""

    def __init__(self, number):
        self.labels = {"worker.id": f"hasher-{number}", "worker.app": "hashing", **POOL}
        self.state = "ready"
        self.requests = self.errors = 0
        self.created = time.monotonic()
        context = multiprocessing.get_context("spawn")
        self.ours, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs,), daemon=True)
        self.process.start()

    def run(self, rounds):
        self.state = "active"
        self.ours.send(rounds)
        digest = self.ours.recv()
        self.requests += 1
        self.errors += digest is None
        self.state = "idle"
        return digest

    def resident(self):
        """Resident memory in bytes, as the kernel says; 0 when the process has ended."""
        try:
            with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
                return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0


class Service:
    def __init__(self):
        self.workers = [Worker(number) for number in range(SIZE)]
        self.free = list(self.workers)
        self.waiting = 0
        self.changed = threading.Condition()
        self.last_activity = time.time()
        self.meters = MeterProvider(metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())])
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self.loggers = LoggerProvider()
        self.loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
        metrics.set_meter_provider(self.meters)
        trace.set_tracer_provider(self.tracers)
        self.log = logging.getLogger("hashing")
        self.log.setLevel(logging.INFO)
        self.log.addHandler(LoggingHandler(logger_provider=self.loggers))
        self.tracer = trace.get_tracer("hashing")
        self.instruments(metrics.get_meter("hashing"))

    def instruments(self, meter):
        """The instruments that docs/mapping.md names, read when the SDK exports."""
        def each(read, **more):
            return [lambda _: [Observation(read(worker), {**worker.labels, **more}) for worker in self.workers]]

        def states(_):
            return [Observation(int(worker.state == state), {**worker.labels, "worker.state": state})
                    for worker in self.workers for state in ("creating", "ready", "active", "idle", "terminated")]

        def processor(_):
            used = resource.getrusage(resource.RUSAGE_SELF)
            now = time.monotonic()
            seconds = used.ru_utime + used.ru_stime
            before, self.processor = self.processor, (seconds, now)
            return [Observation((seconds - before[0]) / max(now - before[1], 0.001) / os.cpu_count())]

        self.processor = (0.0, time.monotonic())
        started = time.monotonic()
        up_down, counter, gauge = (meter.create_observable_up_down_counter, meter.create_observable_counter,
                                   meter.create_observable_gauge)
        up_down("pool.size", [lambda _: [Observation(SIZE, POOL)]], "{worker}")
        up_down("pool.pending_requests", [lambda _: [Observation(self.waiting, POOL)]], "{request}")
        up_down("worker.status", [states], "1")
        counter("worker.requests", each(lambda worker: worker.requests), "{request}")
        counter("worker.errors", each(lambda worker: worker.errors), "{error}")
        gauge("worker.uptime", each(lambda worker: time.monotonic() - worker.created), "s")
        up_down("worker.memory.usage", each(Worker.resident, **{"worker.memory.type": "rss"}), "By")
        up_down("component.status", [lambda _: [
            Observation(int(state == "running"), {**COMPONENT, "component.state": state})
            for state in ("running", "degraded", "failed", "stopped", "starting")]], "1")
        gauge("component.last_activity", [lambda _: [Observation(self.last_activity, COMPONENT)]], "s")
        gauge("process.cpu.utilization", [processor], "1")
        up_down("process.memory.usage", [
            lambda _: [Observation(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)]], "By")
        gauge("process.uptime", [lambda _: [Observation(time.monotonic() - started)]], "s")
        self.items = meter.create_counter("component.items_processed", "{item}")
        self.errors = meter.create_counter("component.errors", "{error}")
        self.duration = meter.create_histogram("component.process.duration", "s")

    def take(self):
        with self.changed:
            self.waiting += 1
            self.changed.wait_for(lambda: self.free)
            self.waiting -= 1
            return self.free.pop(0)

    def give_back(self, worker):
        with self.changed:
            self.free.append(worker)
            self.changed.notify()

    def request(self, rounds):
        begun = time.monotonic()
        with self.tracer.start_as_current_span("hash", attributes={"rounds": rounds}) as span:
            worker = self.take()
            try:
                digest = worker.run(rounds)
            finally:
                self.give_back(worker)
            self.last_activity = time.time()
            if digest is None:
                span.set_status(trace.StatusCode.ERROR, "rounds below zero")
                self.errors.add(1, {**COMPONENT, "error.type": "ValueError"})
                self.log.error("cannot hash %d rounds", rounds)
            else:
                self.items.add(1, COMPONENT)
                self.log.info("hashed %d rounds", rounds)
        self.duration.record(time.monotonic() - begun, COMPONENT)

    def run(self, stopped):
        """Five or so requests a second, in waves; every fiftieth is one that fails."""
        with concurrent.futures.ThreadPoolExecutor(2 * SIZE) as senders:
            while not stopped.wait(random.expovariate(5)):
                senders.submit(self.request, -1 if random.random() < 0.02 else random.randint(20_000, 150_000))

    def close(self):
        for worker in self.workers:
            worker.ours.send(None)
            worker.process.join(5)
            worker.state = "terminated"
        for provider in (self.meters, self.tracers, self.loggers):
            provider.shutdown()


def main():
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    service = Service()
    service.run(stopped)
    service.close()


if __name__ == "__main__":
    main()
