"""A service instrumented with the official SDK by the conventions of the bridge: a pool of processes, two components, a
circuit breaker before a flaky upstream, spans and logs. It pushes OTLP by gRPC or by HTTP, and writes every export request
that was accepted to a file, so that what arrives elsewhere can be compared with it, point for point.

    service.py --protocol grpc|http --endpoint URL --truth DIR --seconds 8 --instance ID
"""

import argparse
import json
import logging
import pathlib
import socket
import socketserver
import struct
import threading
import time

from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from breaker import Breaker
from worker_pool import Pool


def exporters(protocol, endpoint):
    """The three exporters of one transport."""
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        options = {"endpoint": endpoint, "insecure": True}
        return OTLPMetricExporter(**options), OTLPSpanExporter(**options), OTLPLogExporter(**options)
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    def options(signal):
        return {"endpoint": f"{endpoint}/v1/{signal}", "compression": Compression.Gzip}

    return OTLPMetricExporter(**options("metrics")), OTLPSpanExporter(**options("traces")), OTLPLogExporter(**options("logs"))


def witness(exporter, encode, path):
    """Makes the exporter append each accepted request to the file: four bytes of length, then the request."""
    export = exporter.export

    def witnessed(batch, *arguments, **named):
        body = encode(batch).SerializeToString()
        result = export(batch, *arguments, **named)
        if result.name == "SUCCESS":
            with open(path, "ab") as file:
                file.write(struct.pack(">I", len(body)) + body)
        return result

    exporter.export = witnessed
    return exporter


class Upstream(socketserver.ThreadingTCPServer):
    """Answers `ok`, or closes the connection while it is broken."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        self.broken = False
        upstream = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                if not upstream.broken:
                    self.request.sendall(b"ok")

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def ask(self):
        with socket.create_connection(self.server_address, timeout=1) as connection:
            if connection.recv(2) != b"ok":
                raise ConnectionResetError("upstream closed the connection")
            return "ok"


class Service:
    def __init__(self, options):
        self.requests = 0
        resource = Resource.create({
            "service.name": "checkout",
            "service.namespace": "shop",
            "service.instance.id": options.instance,
            "deployment.environment.name": "production",
        })
        truth = pathlib.Path(options.truth)
        truth.mkdir(parents=True, exist_ok=True)
        metrics, spans, logs = exporters(options.protocol, options.endpoint)
        witness(metrics, encode_metrics, truth / "metrics.bin")
        witness(spans, encode_spans, truth / "traces.bin")
        witness(logs, encode_logs, truth / "logs.bin")
        reader = PeriodicExportingMetricReader(metrics, export_interval_millis=1000)
        self.meters = MeterProvider(resource=resource, metric_readers=[reader])
        self.tracers = TracerProvider(resource=resource)
        self.tracers.add_span_processor(BatchSpanProcessor(spans, schedule_delay_millis=500))
        self.loggers = LoggerProvider(resource=resource)
        self.loggers.add_log_record_processor(BatchLogRecordProcessor(logs, schedule_delay_millis=500))
        self.tracer = self.tracers.get_tracer("checkout")
        self.events = self.loggers.get_logger("checkout.events")
        self.log = logging.getLogger("checkout")
        self.log.setLevel(logging.INFO)
        self.log.addHandler(LoggingHandler(logger_provider=self.loggers))
        self.upstream = Upstream()
        self.breaker = Breaker(self.transition)
        self.pool = Pool(size=4)
        self.processed = {"task_api": 0, "task_store": 0}
        self.errors = {"task_api": {}, "task_store": {}}
        self.activity = {}
        self.lock = threading.Lock()
        self.instruments(self.meters.get_meter("checkout", "1.2.3"))

    def transition(self, before, after, reason):
        self.events.emit(
            timestamp=time.time_ns(), severity_number=SeverityNumber.WARN, event_name="circuit_breaker.transition",
            attributes={"circuit_breaker.name": "upstream", "from": before, "to": after, "reason": reason})

    def instruments(self, meter):
        def per_worker(read):
            return lambda _: [Observation(read(worker), labels(worker)) for worker in self.pool.workers]

        def labels(worker, **more):
            return {"worker.id": worker.id, "worker.app": "checkout", "pool.name": "requests", **more}

        def status(_):
            states = ("creating", "ready", "active", "idle", "terminated")
            return [Observation(int(worker.state == state), labels(worker, **{"worker.state": state}))
                    for worker in self.pool.workers for state in states]

        def counts(_):
            pool = {"pool.name": "requests"}
            shown = {"active": ("active",), "idle": ("idle", "ready"), "creating": ("creating",)}
            return [Observation(self.pool.count(*states), {**pool, "pool.worker.state": name}) for name, states in shown.items()]

        def breaker(_):
            name = {"circuit_breaker.name": "upstream", "component.name": "task_store"}
            return [Observation(int(self.breaker.state == state), {**name, "circuit_breaker.state": state})
                    for state in Breaker.STATES]

        def components(_):
            return [Observation(int(state == "running"), {"component.name": name, "component.type": kind, "component.state": state})
                    for name, kind in (("task_api", "http"), ("task_store", "store"))
                    for state in ("running", "degraded", "failed", "stopped", "starting")]

        pool = {"pool.name": "requests"}
        name = {"circuit_breaker.name": "upstream"}
        up_down = meter.create_observable_up_down_counter
        counter = meter.create_observable_counter
        gauge = meter.create_observable_gauge
        up_down("pool.size", [lambda _: [Observation(self.pool.size, pool)]], "{worker}")
        up_down("pool.worker.count", [counts], "{worker}")
        up_down("pool.pending_requests", [lambda _: [Observation(self.pool.tasks.qsize(), pool)]], "{request}")
        counter("pool.requests", [lambda _: [Observation(sum(w.requests for w in self.pool.workers), pool)]], "{request}")
        up_down("worker.status", [status], "1")
        counter("worker.requests", [per_worker(lambda worker: worker.requests)], "{request}")
        counter("worker.errors", [per_worker(lambda worker: worker.errors)], "{error}")
        gauge("worker.uptime", [per_worker(lambda worker: time.monotonic() - worker.created)], "s")
        up_down("worker.memory.usage", [lambda _: [
            Observation(worker.rss(), labels(worker, **{"worker.memory.type": "rss"}))
            for worker in self.pool.workers if worker.process.is_alive()]], "By")
        up_down("component.status", [components], "1")
        counter("component.items_processed", [lambda _: [
            Observation(count, {"component.name": component}) for component, count in self.processed.items()]], "{item}")
        counter("component.errors", [lambda _: [
            Observation(count, {"component.name": component, "error.type": kind})
            for component, kinds in self.errors.items() for kind, count in kinds.items()]], "{error}")
        gauge("component.last_activity", [lambda _: [
            Observation(at, {"component.name": component}) for component, at in self.activity.items()]], "s")
        up_down("circuit_breaker.status", [breaker], "1")
        counter("circuit_breaker.failures", [lambda _: [Observation(self.breaker.failures, name)]], "{failure}")
        counter("circuit_breaker.transitions", [lambda _: [Observation(self.breaker.transitions, name)]], "{transition}")
        counter("circuit_breaker.calls", [lambda _: [
            Observation(count, {**name, "outcome": outcome}) for outcome, count in self.breaker.calls.items()]], "{call}")
        gauge("circuit_breaker.last_failure", [
            lambda _: [Observation(self.breaker.last_failure, name)] if self.breaker.last_failure else []], "s")
        self.duration = meter.create_histogram("checkout.request.duration", "s", "Time of one request")

    def done(self, component, kind):
        with self.lock:
            self.activity[component] = time.time()
            if kind is None:
                self.processed[component] += 1
            else:
                self.errors[component][kind] = self.errors[component].get(kind, 0) + 1

    def request(self, number):
        begun = time.monotonic()
        with self.tracer.start_as_current_span("POST /checkout", attributes={"number": number}) as span:
            finished = threading.Event()

            def answered(answer):
                self.done("task_api", "ValueError" if "error" in answer else None)
                finished.set()

            self.pool.submit({"rounds": -1 if number % 10 == 7 else 20_000}, answered)
            with self.tracer.start_as_current_span("store"):
                stored = self.breaker.call(self.upstream.ask)
                self.done("task_store", None if stored else "UpstreamError")
            finished.wait(5)
            if number % 10 == 7:
                span.set_status(trace.StatusCode.ERROR, "the worker refused the task")
                self.log.error("request %d failed", number, extra={"number": number})
            else:
                self.log.info("request %d done", number)
        self.duration.record(time.monotonic() - begun, {"route": "/checkout"})

    def run(self, seconds):
        """Works for that long, and until the breaker has opened, failed a probe, and closed again. The upstream breaks at the
        tenth request and is whole after the failed probe, so that a slow machine sees the same."""
        started = time.monotonic()
        while (now := time.monotonic() - started) < seconds or (self.breaker.transitions < 5 and now < 60):
            self.upstream.broken = self.requests >= 10 and self.breaker.transitions < 3
            self.request(self.requests)
            self.requests += 1
            time.sleep(0.02)

    def facts(self):
        workers = {worker.id: {"requests": worker.requests, "errors": worker.errors} for worker in self.pool.workers}
        return {
            "requests": self.requests, "workers": workers, "processed": self.processed, "errors": self.errors,
            "breaker": {"state": self.breaker.state, "failures": self.breaker.failures,
                        "transitions": self.breaker.transitions, "calls": self.breaker.calls},
        }

    def rest(self):
        """Everything is told, nothing moves any longer."""
        self.meters.force_flush()
        self.tracers.force_flush()
        self.loggers.force_flush()

    def close(self):
        self.meters.shutdown()
        self.tracers.shutdown()
        self.loggers.shutdown()
        self.pool.close()
        self.upstream.shutdown()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--protocol", choices=("grpc", "http"), required=True)
    arguments.add_argument("--endpoint", required=True)
    arguments.add_argument("--truth", required=True)
    arguments.add_argument("--seconds", type=float, default=8)
    arguments.add_argument("--instance", default="checkout-1")
    options = arguments.parse_args()
    service = Service(options)
    service.run(options.seconds)
    service.rest()
    # One line says that it rests, and what is true; the reader answers with a line when it has looked at the views.
    print(json.dumps(service.facts()), flush=True)
    try:
        input()
    finally:
        service.close()


if __name__ == "__main__":
    main()
