"""The whole stack on the loopback: what a service says is followed through every hop; then the Collector and the service are made ill,
and every view, rule and dashboard has to show it.

    check_stack.py --binary target/release/otel-bridge --collector otelcol-stack --work DIR
"""

import argparse
import atexit
import pathlib
import signal
import subprocess
import sys
import time

import yaml

import stack_faults
import stack_queries
from bridge import Bridge, free_port
from check import check_views, run_service
from fault_proxy import GrpcProxy, HttpProxy
from items import items, read_witnessed
from prometheus_text import parse, pick
from sink import REQUESTS, GrpcSink
from stack_parts import SHIPPED, Alertmanager, Collector, Prometheus, until
from stack_values import check_scraped, check_written
from verdict import Verdict

HERE = pathlib.Path(__file__).parent


class Stack:
    """Everything, started in the order of docker-compose.yml."""

    def __init__(self, options, work):
        self.work = work
        self.begun = time.time()
        self.tempo = GrpcSink()
        self.alertmanager = Alertmanager(work)
        shipped = yaml.safe_load((SHIPPED / "otel-bridge-stack.yaml").read_text())
        # The doors first: Prometheus and the Collector must know where the bridge will be.
        self.bridge = Bridge(options.binary, work / "bridge", [])
        self.prometheus = Prometheus(work, self.bridge.pull, self.alertmanager.port)
        self.collector = Collector(options.collector, work, self.tempo.port, self.prometheus.port, self.bridge.http)
        self.grpc = GrpcProxy(self.collector.grpc)
        self.http = HttpProxy(self.collector.http)
        self.bridge.write(self.push(shipped["push"][0]), {
            "alerts": {"alertmanager": f"http://127.0.0.1:{self.alertmanager.port}"}, "links": shipped["links"]})
        atexit.register(self.bridge.stop)
        self.bridge.start()

    def push(self, shipped):
        """The shipped destination in front of the proxy; beside it one by HTTP, and one that is never reached, with little room."""
        queue = {"directory": str(self.work / "queue")}
        fast = {"timeout": "1500ms", "retry": {"initial": "50ms", "max": "300ms"}}
        return [
            {**shipped, **fast, "endpoint": f"http://127.0.0.1:{self.grpc.port}", "queue": {**shipped["queue"], **queue}},
            {"name": "collector-http", "endpoint": f"http://127.0.0.1:{self.http.port}", "protocol": "http/protobuf", "compression": "none",
             "signals": ["traces", "logs"], "queue": queue, **fast},
            {"name": "narrow", "endpoint": f"http://127.0.0.1:{free_port()}", "signals": ["logs"],
             "queue": {**queue, "bytes_max": "1MiB", "on_full": "drop_newest"}},
        ]

    def samples(self):
        return parse(self.bridge.get("/metrics")[2])

    def figure(self, name, **labels):
        return sum(pick(self.samples(), name, **labels))

    def close(self):
        for program in (self.collector, self.prometheus, self.alertmanager):
            program.stop()
        self.grpc.close()
        self.http.close()
        self.tempo.close()


def equal_items(verdict, name, sent, read):
    """Waits until the same items have arrived, each as often as it was sent."""
    until(lambda: read() == sent, 20)
    arrived = read()
    verdict.equal(f"{sum(sent.values())} {name} (missing, extra)",
                  (sum((sent - arrived).values()), sum((arrived - sent).values())), (0, 0))


def check_hops(verdict, stack, truth, instance):
    """Traces and logs at the Collector's file and at Tempo's place, metrics at its file: what the SDK sent, item for item."""
    for name, kind in REQUESTS.items():
        sent = items(name, read_witnessed(truth / f"{name}.bin", kind), instance)
        verdict.check(f"{name} were sent", sum(sent.values()) > 20, sum(sent.values()))
        equal_items(verdict, f"{name} behind the Collector", sent,
                    lambda name=name: items(name, stack.collector.written("grpc")[name], instance))
        if name != "metrics":
            equal_items(verdict, f"{name} behind its HTTP door", sent,
                        lambda name=name: items(name, stack.collector.written("http")[name], instance))
    sent = items("traces", read_witnessed(truth / "traces.bin", REQUESTS["traces"]), instance)
    equal_items(verdict, "spans at Tempo's place", sent, lambda: items("traces", stack.tempo.kept.requests["traces"], instance))


def start_patient(stack):
    process = subprocess.Popen(
        [sys.executable, HERE / "patient.py", "--endpoint", f"http://127.0.0.1:{stack.bridge.grpc}", "--instance", "patient-1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process


def check_targets(verdict, stack):
    """Every scrape job of the shipped file is up."""
    jobs = [job["job_name"] for job in yaml.safe_load((SHIPPED / "prometheus.yml").read_text())["scrape_configs"]]
    for job in jobs:
        up = until(lambda job=job: stack.prometheus.query(f'up{{job="{job}"}} == 1'), 10)
        verdict.check(f"the target {job} is up", len(up or []) == 1, up)


def check_collector_as_seen(verdict, stack):
    """The Collector's own telemetry: a service among services, each exporter a component."""
    shown = until(lambda: {name for name in stack.bridge.json("/components?service=collector")["components"]} or None, 15)
    wanted = {"otlp_grpc/tempo", "prometheus_remote_write", "debug/logs"}
    verdict.check("the Collector's exporters are components", wanted <= (shown or set()), shown)
    sent = stack.prometheus.query('component_items_processed{job="collector", component="otlp_grpc/tempo"} > 0')
    verdict.check("with the spans that they sent", len(sent) == 1, sent)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--collector", required=True)
    arguments.add_argument("--work", required=True)
    options = arguments.parse_args()
    work = pathlib.Path(options.work).resolve()
    verdict = Verdict()
    # An interrupted check takes its programs with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    stack = Stack(options, work)
    patient = start_patient(stack)
    try:
        check_targets(verdict, stack)
        service, facts, truth = run_service(stack.bridge, "grpc", "checkout-1", work)
        check_views(verdict, stack.bridge, facts, "checkout-1")
        check_scraped(verdict, stack, truth, "checkout-1", facts)
        service.communicate("\n", timeout=30)
        check_written(verdict, stack, truth, "checkout-1")
        check_hops(verdict, stack, truth, "checkout-1")
        check_collector_as_seen(verdict, stack)
        stack_faults.check_codes(verdict, stack)
        stack_faults.check_away(verdict, stack)
        stack_faults.check_illness(verdict, stack, patient)
        stack_faults.check_bridge(verdict, stack)
        verdict.equal("the bridge stops cleanly", stack.bridge.stop(), 0)
        stack_queries.check_rules(verdict, stack)
        stack_queries.check_dashboards(verdict, stack)
    finally:
        patient.kill()
        stack.bridge.stop()
        stack.close()
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
