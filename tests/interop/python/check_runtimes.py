"""What runtimes and libraries emit without knowing of the bridge becomes pools, breakers, workers and components: the real emitters push
OTLP, and what the bridge shows is what they were made to do.

    check_runtimes.py java|javascript|collector|rules --binary target/release/otel-bridge --work DIR [--collector otelcol-stack]
"""

import argparse
import json
import pathlib
import subprocess
import sys
import urllib.request

import yaml

from bridge import Bridge, free_port
from prometheus_text import parse, pick
from stack_parts import Program, until
from verdict import Verdict

INTEROP = pathlib.Path(__file__).resolve().parents[1]


def samples(bridge):
    return parse(bridge.get("/metrics")[2])


def figures(bridge, name, **labels):
    return pick(samples(bridge), name, **labels)


def pools(bridge):
    """{(service, pool): (size, active, idle, pending)}"""
    return {(row["service"], row["name"]): (row["size"], row["active"], row["idle"], row["pending"])
            for row in bridge.json("/api/v1/pools")["items"]}


def agree(verdict, name, read, wanted):
    until(lambda: read() == wanted, 15)
    verdict.equal(name, read(), wanted)


def check_java(verdict, options, work):
    """Resilience4j, HikariCP and executors by Micrometer; HikariCP by OpenTelemetry, with the old names and the stable ones."""
    for names in ("", "database"):
        bridge = Bridge(options.binary, work / f"java-{names}", [])
        bridge.start()
        process = subprocess.Popen(
            ["java", *([f"-Dotel.semconv-stability.opt-in={names}"] if names else []), "-cp",
             f"{INTEROP / 'java/target/service-1.jar'}:{INTEROP / 'java/target/lib'}/*", "interop.Runtimes",
             f"http://127.0.0.1:{bridge.http}", f"http://127.0.0.1:{bridge.grpc}", "java-1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            process.stdout.readline()
            family = "db.client.connection.*" if names else "db.client.connections.*"
            agree(verdict, f"{family}: the pool of HikariCP", lambda: pools(bridge).get(("instrumented", "invoices")), (4, 3, 1, 0))
            if names:
                continue
            agree(verdict, "hikaricp.connections.*: the pool", lambda: pools(bridge).get(("micrometer", "orders")), (5, 2, 3, 0))
            agree(verdict, "executor.*: size, active and waiting of a pool of threads",
                  lambda: [pools(bridge).get(("micrometer", "jobs"), (None,) * 4)[at] for at in (0, 1, 3)], [3, 2, 0])
            agree(verdict, "executor.*: its tasks", lambda: figures(bridge, "pool_requests_total", pool_name="jobs"), [20])
            agree(verdict, "executor.*: a fork-join pool", lambda: pools(bridge).get(("micrometer", "forks"), (None,) * 4)[:2], (2, 1))
            agree(verdict, "resilience4j.*: states", lambda: {
                name: figures(bridge, "circuit_breaker_state", component=name) for name in ("till", "shelf")}, {"till": [1], "shelf": [0]})
            agree(verdict, "resilience4j.*: calls", lambda: {
                outcome: figures(bridge, "circuit_breaker_calls_total", circuit_breaker_name="payments", outcome=outcome)
                for outcome in ("success", "failure", "rejected")}, {"success": [4], "failure": [6], "rejected": [3]})
            agree(verdict, "resilience4j.*: an open breaker is an alert", lambda: {
                alert["subject"] for alert in bridge.json("/api/v1/alerts")["items"] if alert["name"] == "circuit_breaker_open"}, {"payments"})

            def processor():
                page = samples(bridge)
                return [pick(page, name, job="micrometer") for name in ("process_cpu_utilization_ratio", "process_cpu_usage")]

            until(lambda: len(processor()[0]) == 1, 15)
            verdict.check("process.cpu.usage: the CPU of the instance", len(processor()[0]) == 1 and processor()[0] == processor()[1], processor())
            agree(verdict, "the series stay", lambda: figures(bridge, "hikaricp_connections_active", pool="orders"), [2])
        finally:
            process.communicate("\n", timeout=30)
            verdict.equal("the bridge stops cleanly", bridge.stop(), 0)


def check_javascript(verdict, options, work):
    """The process is the worker; its heap is the sum of the spaces."""
    bridge = Bridge(options.binary, work / "javascript", [])
    bridge.start()
    process = subprocess.Popen(
        ["node", INTEROP / "javascript/runtime.mjs", "--endpoint", f"http://127.0.0.1:{bridge.http}", "--instance", "node-1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        heap = json.loads(process.stdout.readline())["heap"]
        until(lambda: figures(bridge, "worker_memory_bytes", worker="node-1", type="heap_used"), 15)
        page = samples(bridge)
        shown = pick(page, "worker_memory_bytes", worker="node-1", app="node-runtime", type="heap_used")
        spaces = pick(page, "v8js_memory_heap_used_bytes", instance="node-1")
        verdict.check("v8js.memory.heap.used comes in spaces", len(spaces) > 3, spaces)
        verdict.equal("the worker's heap is their sum", shown, [sum(spaces)])
        verdict.check("and what the process itself says, nearly", shown and heap / 3 < shown[0] < heap * 3, (shown, heap))
        use = pick(page, "nodejs_eventloop_utilization_ratio", instance="node-1")
        verdict.check("nodejs.eventloop.utilization is a series", len(use) == 1 and 0 < use[0] <= 1, use)
        rows = [row["name"] for row in bridge.json("/api/v1/workers?limit=100")["items"] if row["service"] == "node-runtime"]
        verdict.equal("the worker is listed", rows, ["node-1"])
    finally:
        process.communicate("\n", timeout=30)
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)


def check_collector(verdict, options, work):
    """A Collector with a queue whose destination is away: its exporter fails as a component, its queue is a stream."""
    bridge = Bridge(options.binary, work / "bridge", [])
    bridge.start()
    health, http = free_port(), free_port()
    collector = Program(work / "collector", f"http://127.0.0.1:{health}/")
    (collector.folder / "config.yaml").write_text(yaml.safe_dump({
        "extensions": {"health_check": {"endpoint": f"127.0.0.1:{health}"}},
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{http}"}}}},
        "exporters": {"otlp_grpc/away": {"endpoint": f"127.0.0.1:{free_port()}", "tls": {"insecure": True},
                                    "retry_on_failure": {"initial_interval": "100ms"}, "sending_queue": {"num_consumers": 1}},
                      "otlp_grpc/dropping": {"endpoint": f"127.0.0.1:{free_port()}", "tls": {"insecure": True},
                                        "retry_on_failure": {"enabled": False}},
                      "debug": {}},
        "service": {
            "extensions": ["health_check"],
            "pipelines": {"logs": {"receivers": ["otlp"], "exporters": ["otlp_grpc/away", "otlp_grpc/dropping", "debug"]}},
            "telemetry": {"resource": {"attributes": [{"name": "service.name", "value": "gateway"}]},
                          "metrics": {"readers": [{"periodic": {"interval": 1000, "exporter": {"otlp": {
                              "protocol": "http/protobuf", "endpoint": f"http://127.0.0.1:{bridge.http}/v1/metrics"}}}}]}},
        }}))
    try:
        collector.start(pathlib.Path(options.collector).resolve(), f"--config={collector.folder / 'config.yaml'}")
        body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": str(at)}} for at in range(3)]}]}]})
        for _ in range(5):
            sent = urllib.request.Request(f"http://127.0.0.1:{http}/v1/logs", body.encode(), {"Content-Type": "application/json"})
            urllib.request.urlopen(sent, timeout=10).close()
        agree(verdict, "otelcol_exporter_sent_*: items of an exporter",
              lambda: figures(bridge, "component_items_processed", component="debug", job="gateway"), [15])
        agree(verdict, "otelcol_exporter_send_failed_*: errors of one that drops",
              lambda: figures(bridge, "component_errors_total", component="otlp_grpc/dropping", job="gateway"), [15])
        agree(verdict, "otelcol_exporter_queue_size: what waits is a stream", lambda: [
            row["queue_depth"] for row in bridge.json("/api/v1/streams")["items"] if row["name"] == "otlp_grpc/away"], [5])
    finally:
        collector.stop()
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)


def check_rules(verdict, options, work):
    """Rules of the configuration, as docs/mapping.md prints them, and one for a worker with a scale."""
    mappings = [
        {"metric": "shop.pool.*", "where": {"kind": "busy"}, "entity": "pool", "key": "pool.name", "labels": {"app": "shop.app"},
         "field": "active", "scale": 1, "aggregate": "last"},
        {"metric": "shop.breaker", "entity": "circuit_breaker", "key": {"resource": "service.name"}, "field": "state", "state": "shop.state"},
        {"metric": "shop.age", "entity": "worker", "key": "id", "field": "uptime", "scale": 0.001},
    ]
    bridge = Bridge(options.binary, work / "rules", [], {"mappings": mappings})
    bridge.start()

    def gauge(name, points):
        return {"name": name, "gauge": {"dataPoints": [
            {"asDouble": value, "attributes": [{"key": key, "value": {"stringValue": text}} for key, text in labels.items()]}
            for value, labels in points]}}

    try:
        body = {"resourceMetrics": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
            "scopeMetrics": [{"metrics": [
                gauge("shop.pool.connections", [(3, {"pool.name": "tills", "kind": "busy"}), (9, {"pool.name": "tills", "kind": "other"})]),
                gauge("shop.breaker", [(0, {"shop.state": "closed"}), (1, {"shop.state": "open"})]),
                gauge("shop.age", [(2500, {"id": "w-1"})]),
            ]}]}]}
        sent = urllib.request.Request(f"http://127.0.0.1:{bridge.http}/v1/metrics", json.dumps(body).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(sent, timeout=10).close()
        agree(verdict, "a rule with a glob and a condition", lambda: figures(bridge, "pool_active", pool="tills"), [3])
        agree(verdict, "a rule for a state set", lambda: figures(bridge, "circuit_breaker_state", component="shop"), [1])
        agree(verdict, "a rule with a scale", lambda: figures(bridge, "worker_uptime_seconds", worker="w-1"), [2.5])
    finally:
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)


def main():
    kinds = {"java": check_java, "javascript": check_javascript, "collector": check_collector, "rules": check_rules}
    arguments = argparse.ArgumentParser()
    arguments.add_argument("kind", choices=kinds)
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--work", required=True)
    arguments.add_argument("--collector")
    options = arguments.parse_args()
    verdict = Verdict()
    kinds[options.kind](verdict, options, pathlib.Path(options.work).resolve())
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
