"""grpcurl against the bridge, with nothing but reflection: it lists every service, describes each with its comments, exports a metric,
gets the snapshot that the JSON route shows, and watches."""

import argparse
import json
import pathlib
import subprocess
import sys
import time

from bridge import Bridge
from verdict import Verdict

SERVICES = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "opentelemetry.proto.collector.logs.v1.LogsService",
    "opentelemetry.proto.collector.metrics.v1.MetricsService",
    "opentelemetry.proto.collector.trace.v1.TraceService",
    "otel_bridge.v1.Bridge",
]

METRICS = {"resourceMetrics": [{
    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
    "scopeMetrics": [{"metrics": [{"name": "component.items_processed", "sum": {
        "aggregationTemporality": "AGGREGATION_TEMPORALITY_CUMULATIVE", "isMonotonic": True, "dataPoints": [
            {"asInt": "7", "attributes": [{"key": "component.name", "value": {"stringValue": "cart"}}]}]}}]}]}]}


def options():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--grpcurl", required=True)
    arguments.add_argument("--work", required=True, type=lambda path: pathlib.Path(path).resolve())
    return arguments.parse_args()


class Grpcurl:
    def __init__(self, program, port):
        self.program, self.address = program, f"127.0.0.1:{port}"

    def run(self, *arguments, before=()):
        command = [self.program, "-plaintext", *before, self.address, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def call(self, method, message, *more):
        result = self.run(method, before=["-d", json.dumps(message), "-emit-defaults", *more])
        return json.loads(result.stdout) if result.returncode == 0 else result.stderr


def same_snapshot(bridge, grpcurl):
    """The snapshot over both ways, of one id: it is asked again until none was taken between the two."""
    for _ in range(50):
        before = bridge.json("/api/v1/snapshot")
        message = grpcurl.call("otel_bridge.v1.Bridge/GetSnapshot", {})
        if before["snapshot_id"] == int(message["snapshotId"]) and bridge.json("/api/v1/snapshot") == before:
            return before, message
        time.sleep(0.05)
    raise RuntimeError("no two answers of one snapshot")


def check_snapshot(verdict, bridge, grpcurl):
    document, message = same_snapshot(bridge, grpcurl)
    figures = lambda rows, items: {row["name"]: (row["status"], int(row[items]), row["errors"]) for row in rows}
    found, wanted = figures(message["components"], "itemsProcessed"), figures(document["components"], "items_processed")
    verdict.equal("GetSnapshot: the components of JSON", {name: (status, items, int(errors)) for name, (status, items, errors)
                                                          in found.items()}, wanted)
    verdict.equal("GetSnapshot: what was exported", found["cart"][1], 7)
    for field, name in [("healthScore", "health_score"), ("itemsPerSecond", "items_per_second"), ("errorRate", "error_rate")]:
        verdict.equal(f"GetSnapshot: {name}", message["system"][field], document["system"][name])
    one = grpcurl.call("otel_bridge.v1.Bridge/GetSnapshot", {"service": "shop"})
    verdict.equal("GetSnapshot: a filter", [row["name"] for row in one["services"]], ["shop"])
    refused = grpcurl.call("otel_bridge.v1.Bridge/GetSnapshot", {"topics": ["nope"]})
    verdict.check("GetSnapshot: an unknown topic", "InvalidArgument" in str(refused), refused)


def main():
    wanted = options()
    verdict = Verdict()
    bridge = Bridge(wanted.binary, wanted.work / "bridge", [])
    bridge.start()
    grpcurl = Grpcurl(wanted.grpcurl, bridge.grpc)
    try:
        listed = grpcurl.run("list")
        verdict.equal("list", sorted(listed.stdout.split()), SERVICES)
        for service in SERVICES:
            described = grpcurl.run("describe", service)
            verdict.check(f"describe {service}", described.returncode == 0 and "rpc" in described.stdout, described)
        worker = grpcurl.run("describe", "otel_bridge.v1.Worker").stdout
        verdict.check("describe tells units", "Resident memory in bytes" in worker, worker)
        health = grpcurl.call("grpc.health.v1.Health/Check", {})
        verdict.equal("health", health, {"status": "SERVING"})
        exported = grpcurl.call("opentelemetry.proto.collector.metrics.v1.MetricsService/Export", METRICS)
        verdict.check("an export", isinstance(exported, dict), exported)
        bridge.await_snapshot()
        check_snapshot(verdict, bridge, grpcurl)
        watched = grpcurl.run("otel_bridge.v1.Bridge/Watch", before=["-d", '{"topics":["components"]}', "-max-time", "2"])
        verdict.check("Watch begins with a snapshot", '"snapshot": {' in watched.stdout and '"cart"' in watched.stdout, watched)
    finally:
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
