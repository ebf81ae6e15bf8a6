"""A service that can be made ill: it tells by the official SDK whatever its state is. Lines on standard input: `sick`, `well`, `end`.
A second service in the same process, `idle`, never does anything.

    patient.py --endpoint URL --instance ID
"""

import argparse
import threading
import time

from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

POOL = {"pool.name": "beds"}
WORKER = {"worker.id": "nurse-1", "worker.app": "ward", **POOL}
STREAM = {"stream.name": "orders", "stream.from": "desk", "stream.to": "ward"}
COMPONENT_STATES = ("running", "degraded", "failed", "stopped", "starting")
BREAKER_STATES = ("closed", "open", "half_open")


class Patient:
    def __init__(self):
        self.is_sick = False
        self.items = self.errors = self.requests = self.messages = 0
        self.created = time.monotonic()

    def live(self):
        while True:
            time.sleep(0.1)
            self.messages += 1
            if self.is_sick:
                self.errors += 1
            else:
                self.items += 1
                self.requests += 1

    def instruments(self, meter):
        def tell(make, name, unit, read):
            make(name, [lambda _: read()], unit)

        def one(value, labels=None):
            return [Observation(value, labels or {})]

        def states(state, names, key, labels):
            return [Observation(int(name == state), {**labels, key: name}) for name in names]

        def pick(well, sick):
            return sick if self.is_sick else well

        gauge = meter.create_observable_gauge
        up_down = meter.create_observable_up_down_counter
        counter = meter.create_observable_counter
        tell(up_down, "pool.size", "{worker}", lambda: one(4, POOL))
        tell(up_down, "pool.worker.count", "{worker}", lambda: [
            Observation(pick(1, 4), {**POOL, "pool.worker.state": "active"}),
            Observation(pick(3, 0), {**POOL, "pool.worker.state": "idle"})])
        tell(up_down, "pool.pending_requests", "{request}", lambda: one(pick(0, 9), POOL))
        tell(counter, "pool.requests", "{request}", lambda: one(self.requests, POOL))
        tell(counter, "pool.errors", "{error}", lambda: one(self.errors, POOL))
        for name in ("created", "failed", "retired"):
            tell(counter, f"pool.workers.{name}", "{worker}", lambda: one(self.errors // 10, POOL))
        tell(up_down, "worker.status", "1", lambda: states(pick("idle", "active"), ("active", "idle"), "worker.state", WORKER))
        tell(counter, "worker.requests", "{request}", lambda: one(self.requests, WORKER))
        tell(counter, "worker.errors", "{error}", lambda: one(self.errors, WORKER))
        tell(gauge, "worker.uptime", "s", lambda: one(time.monotonic() - self.created, WORKER))
        tell(up_down, "component.status", "1", lambda: states(
            pick("running", "failed"), COMPONENT_STATES, "component.state", {"component.name": "heart"}))
        tell(counter, "component.items_processed", "{item}", lambda: one(self.items, {"component.name": "heart"}))
        tell(counter, "component.errors", "{error}", lambda: one(self.errors, {"component.name": "heart", "error.type": "Pain"}))
        tell(up_down, "circuit_breaker.status", "1", lambda: [
            point for name, ill in (("open-when-sick", "open"), ("half-open-when-sick", "half_open"))
            for point in states(pick("closed", ill), BREAKER_STATES, "circuit_breaker.state",
                                {"circuit_breaker.name": name, "component.name": name})])
        tell(up_down, "stream.active", "{stream}", lambda: one(1, STREAM))
        tell(up_down, "stream.queue_depth", "{message}", lambda: one(pick(2, 200), STREAM))
        tell(counter, "stream.messages", "{message}", lambda: one(self.messages, STREAM))
        tell(counter, "stream.backpressure_events", "{event}", lambda: one(self.errors, STREAM))
        tell(up_down, "process.memory.usage", "By", lambda: one(pick(100, 3000) * 1048576))
        tell(gauge, "process.cpu.utilization", "1", lambda: one(pick(0.1, 0.95)))
        tell(gauge, "process.uptime", "s", lambda: one(time.monotonic() - self.created))


def provider(endpoint, service, instance):
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=endpoint, insecure=True), export_interval_millis=1000)
    resource = Resource.create({"service.name": service, "service.instance.id": instance})
    return MeterProvider(resource=resource, metric_readers=[reader])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--endpoint", required=True)
    arguments.add_argument("--instance", required=True)
    options = arguments.parse_args()
    patient = Patient()
    threading.Thread(target=patient.live, daemon=True).start()
    meters = [provider(options.endpoint, "patient", options.instance), provider(options.endpoint, "idle", "idle-1")]
    patient.instruments(meters[0].get_meter("patient"))
    meters[1].get_meter("idle").create_observable_counter(
        "component.items_processed", [lambda _: [Observation(7, {"component.name": "stone"})]], "{item}")
    print("ready", flush=True)
    while (line := input()) != "end":
        patient.is_sick = line == "sick"
    for one in meters:
        one.shutdown()


if __name__ == "__main__":
    main()
