"""The official JavaScript SDK against a real bridge: OTLP/HTTP as protobuf with cumulative values, and as JSON with deltas."""

import pathlib
import sys

import peer
from bridge import Bridge
from check import check_forwarded
from prometheus_text import parse, pick
from sink import GrpcSink
from verdict import Verdict

SERVICE = pathlib.Path(__file__).parent.parent / "javascript" / "service.mjs"


def run_service(bridge, protocol, instance, work):
    truth = work / f"truth-{instance}"
    process, facts = peer.start([
        "node", SERVICE, "--protocol", protocol, "--endpoint", f"http://127.0.0.1:{bridge.http}", "--truth", truth, "--instance", instance])
    return process, facts, truth


def check_views(verdict, bridge, facts, instance):
    bridge.await_snapshot()
    scope = f"?instance={instance}"
    stats = bridge.json(f"/metrics/api/metrics/stats{scope}")
    text = parse(bridge.get(f"/metrics{scope}")[2])
    found = {row["id"]: row for row in stats["workers"]}
    verdict.equal(f"{instance}: workers", sorted(found), sorted(facts["workers"]))
    for worker, figures in facts["workers"].items():
        verdict.equal(f"{instance}: {worker} in stats", found[worker]["requests"], figures["requests"])
        verdict.equal(f"{instance}: {worker} in /metrics", pick(text, "worker_requests_total", worker=worker), [figures["requests"]])
        verdict.check(f"{instance}: heap of {worker}", found[worker]["memory"]["heapUsed"] > 100_000, found[worker])
    component = bridge.json(f"/components{scope}")["components"]["renderer"]
    verdict.equal(f"{instance}: items", component["items_processed"], facts["processed"])
    verdict.equal(f"{instance}: histogram", pick(text, "render_duration_seconds_count"), [facts["processed"]])


def main():
    options = peer.options()
    work = options.work
    verdict = Verdict()
    sink = GrpcSink()
    push = [{"name": "grpc", "endpoint": f"http://127.0.0.1:{sink.port}", "protocol": "grpc", "compression": "gzip",
             "queue": {"directory": str(work / "queue")}}]
    bridge = Bridge(options.binary, work / "bridge", push)
    bridge.start()
    try:
        for protocol, instance in (("proto", "render-proto"), ("json", "render-json")):
            process, facts, truth = run_service(bridge, protocol, instance, work)
            try:
                check_views(verdict, bridge, facts, instance)
            finally:
                peer.end(process)
            check_forwarded(verdict, {"grpc": sink}, truth, instance)
    finally:
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)
        sink.close()
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
