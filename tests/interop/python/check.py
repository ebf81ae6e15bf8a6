"""The official Python SDK against a real bridge: every view says what the service says, and what was forwarded equals what was
sent, point for point, by three transports.

    check.py --binary target/release/otel-bridge --work DIR
"""

import json
import pathlib
import sys
import time
import urllib.request

import peer
from bridge import Bridge
from items import items, read_witnessed
from prometheus_text import parse, pick
from sink import REQUESTS, GrpcSink, HttpSink
from verdict import Verdict

HERE = pathlib.Path(__file__).parent


def run_service(bridge, protocol, instance, work):
    """Starts the service and waits until it rests; the process, its facts, and the folder of its truth."""
    truth = work / f"truth-{instance}"
    port = bridge.grpc if protocol == "grpc" else bridge.http
    process, facts = peer.start([
        sys.executable, HERE / "service.py", "--protocol", protocol, "--endpoint", f"http://127.0.0.1:{port}",
        "--truth", truth, "--seconds", "8", "--instance", instance])
    return process, facts, truth


def first_event(bridge, path):
    """The data of the first event of a stream."""
    with urllib.request.urlopen(f"http://127.0.0.1:{bridge.pull}{path}", timeout=10) as stream:
        for line in stream:
            if line.startswith(b"data:"):
                return json.loads(line[5:])
    return None


def check_views(verdict, bridge, facts, instance):
    """Every view of the service at rest, against what the service itself says."""
    scope = f"?instance={instance}"
    bridge.await_snapshot()
    workers = bridge.json(f"/api/v1/workers{scope}&limit=100")
    rows = workers["items"]
    by_id = {row["name"]: row for row in rows}
    verdict.equal(f"{instance}: v1 lists the workers", sorted(by_id), sorted(facts["workers"]))
    text = parse(bridge.get(f"/metrics{scope}")[2])
    stats = bridge.json(f"/metrics/api/metrics/stats{scope}")
    event = first_event(bridge, f"/metrics/api/metrics/sse{scope}&stats=true")
    for worker, figures in facts["workers"].items():
        verdict.equal(f"{instance}: {worker} in v1", by_id[worker]["requests"], figures["requests"])
        verdict.equal(f"{instance}: {worker} in /metrics", pick(text, "worker_requests_total", worker=worker), [figures["requests"]])
        verdict.equal(f"{instance}: errors of {worker}", pick(text, "worker_errors_total", worker=worker), [figures["errors"]])
        for name, view in (("stats", stats), ("sse", event)):
            found = [row for row in view["workers"] if row["id"] == worker]
            verdict.equal(f"{instance}: {worker} in {name}", [row["requests"] for row in found], [figures["requests"]])
            verdict.check(f"{instance}: memory of {worker} in {name}", found[0]["memory"]["rss"] > 1_000_000, found)
            verdict.check(f"{instance}: {worker} rests in {name}", found[0]["state"] in ("idle", "ready"), found)
    summary = bridge.json(f"/metrics/api/metrics/{scope}")["pool"]
    verdict.equal(f"{instance}: pool summary", (summary["size"], summary["total"], summary["active"]), (4, 4, 0))
    plugin = parse(bridge.get(f"/metrics/api/metrics/prometheus{scope}")[2])
    verdict.equal(f"{instance}: plugin families", pick(plugin, "buntime_pool_size") + pick(plugin, "buntime_pool_total"), [4, 4])
    components = bridge.json(f"/components{scope}")
    detailed = bridge.json(f"/metrics/json{scope}")
    for name, processed in facts["processed"].items():
        errors = sum(facts["errors"][name].values())
        shown = components["components"][name]
        verdict.equal(f"{instance}: {name} in /components", (shown["items_processed"], shown["errors_encountered"]), (processed, errors))
        verdict.equal(f"{instance}: {name} in /metrics/json", detailed["detailed_components"][name]["items_processed"], processed)
        verdict.equal(f"{instance}: {name} in /metrics", pick(text, "component_items_processed", component=name), [processed])
        verdict.equal(f"{instance}: {name} is healthy", pick(text, "component_health", component=name), [1])
    breaker = components["circuit_breakers"]["task_store"]
    verdict.equal(f"{instance}: breaker", (breaker["state"], breaker["failure_count"]),
                  (facts["breaker"]["state"], facts["breaker"]["failures"]))
    verdict.check(f"{instance}: the breaker tripped", facts["breaker"]["transitions"] >= 3, facts["breaker"])
    transitions = bridge.json(f"/api/v1/breakers/upstream/transitions{scope}")
    listed = transitions["items"]
    verdict.check(f"{instance}: transitions with reasons", any("failures in a row" in (row.get("reason") or "") for row in listed), listed)
    health = bridge.json(f"/health{scope}")
    verdict.equal(f"{instance}: score is the same everywhere",
                  (health["health_score"], [health["health_score"]]),
                  (detailed["health_score"], pick(text, "system_health_score")))
    verdict.equal(f"{instance}: one trace a request", detailed["traces"]["total_traces"], facts["requests"])
    verdict.check(f"{instance}: a histogram is exposed", bool(pick(text, "checkout_request_duration_seconds_count")), "")
    target = pick(text, "target_info", job="shop/checkout", instance=instance)
    verdict.equal(f"{instance}: target_info", target, [1])


def check_forwarded(verdict, sinks, truth, instance, signals=tuple(REQUESTS), least=20):
    """What arrived at each sink equals what the SDK sent, item for item; more than `least` items of each signal."""
    for signal in signals:
        sent = items(signal, read_witnessed(truth / f"{signal}.bin", REQUESTS[signal]), instance)
        verdict.check(f"{instance}: {signal} were sent", sum(sent.values()) > least, sum(sent.values()))
        for name, sink in sinks.items():
            deadline = time.monotonic() + 15
            while True:
                with sink.kept.lock:
                    arrived = items(signal, sink.kept.requests[signal], instance)
                if arrived == sent or time.monotonic() > deadline:
                    break
                time.sleep(0.2)
            missing, extra = sum((sent - arrived).values()), sum((arrived - sent).values())
            verdict.equal(f"{instance}: {sum(sent.values())} {signal} at {name} (missing, extra)", (missing, extra), (0, 0))


def check_books(verdict, bridge):
    """received + recovered = delivered + queued + Σ dropped, for every destination and signal."""
    deadline = time.monotonic() + 15
    while True:
        samples = parse(bridge.get("/metrics")[2])
        rows = []
        for signal in REQUESTS:
            received = sum(pick(samples, "otel_bridge_received_items_total", signal=signal))
            for destination in ("grpc", "http", "json"):
                def of(name):
                    return sum(pick(samples, f"otel_bridge_{name}", destination=destination, signal=signal))
                out = of("delivered_items_total") + of("queue_items") + of("dropped_items_total")
                rows.append((signal, destination, received + of("recovered_items_total"), out))
        if all(wanted == found for _, _, wanted, found in rows) or time.monotonic() > deadline:
            break
        time.sleep(0.3)
    for signal, destination, wanted, found in rows:
        verdict.equal(f"books of {destination}, {signal}", found, wanted)


def main():
    options = peer.options()
    work = options.work
    verdict = Verdict()
    sinks = {"grpc": GrpcSink(), "http": HttpSink(), "json": HttpSink()}
    queue = {"queue": {"directory": str(work / "queue")}}
    push = [
        {"name": "grpc", "endpoint": f"http://127.0.0.1:{sinks['grpc'].port}", "protocol": "grpc", "compression": "gzip", **queue},
        {"name": "http", "endpoint": f"http://127.0.0.1:{sinks['http'].port}", "protocol": "http/protobuf", "compression": "none", **queue},
        {"name": "json", "endpoint": f"http://127.0.0.1:{sinks['json'].port}", "protocol": "http/json", "compression": "gzip", **queue},
    ]
    bridge = Bridge(options.binary, work / "bridge", push)
    bridge.start()
    try:
        for protocol, instance in (("grpc", "checkout-grpc"), ("http", "checkout-http")):
            process, facts, truth = run_service(bridge, protocol, instance, work)
            try:
                check_views(verdict, bridge, facts, instance)
            finally:
                peer.end(process)
            check_forwarded(verdict, sinks, truth, instance)
        own = items("metrics", sinks["grpc"].kept.requests["metrics"])
        verdict.check("the bridge's own metrics are pushed", any(b"otel-bridge" in item[0] for item in own), "")
        check_books(verdict, bridge)
    finally:
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)
        for sink in sinks.values():
            sink.close()
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
