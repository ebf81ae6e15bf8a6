"""The official Java SDK against a real bridge, by gRPC with gzip."""

import pathlib
import sys

import peer
from bridge import Bridge
from check import check_forwarded
from prometheus_text import parse, pick
from sink import HttpSink
from verdict import Verdict

JAVA = pathlib.Path(__file__).parent.parent / "java" / "target"


def main():
    options = peer.options()
    work = options.work
    verdict = Verdict()
    sink = HttpSink()
    push = [{"name": "http", "endpoint": f"http://127.0.0.1:{sink.port}", "protocol": "http/protobuf", "compression": "gzip",
             "queue": {"directory": str(work / "queue")}}]
    bridge = Bridge(options.binary, work / "bridge", push)
    bridge.start()
    try:
        truth = work / "truth"
        process, facts = peer.start([
            "java", "-cp", f"{JAVA / 'service-1.jar'}:{JAVA / 'lib'}/*", "interop.Service", f"http://127.0.0.1:{bridge.grpc}", truth,
            "billing-1"])
        bridge.await_snapshot()
        text = parse(bridge.get("/metrics?service=billing")[2])
        pool = bridge.json("/metrics/api/metrics/?service=billing")["pool"]
        verdict.equal("pool", (pool["size"], pool["active"]), (3, 0))
        verdict.equal("requests of the pool", pick(text, "pool_requests_total", pool_name="billing"), [facts["tasks"]])
        verdict.equal("items in /metrics", pick(text, "component_items_processed", component="invoices"), [facts["tasks"]])
        shown = bridge.json("/components?service=billing")["components"]["invoices"]
        verdict.equal("items in /components", shown["items_processed"], facts["tasks"])
        traces = bridge.json("/metrics/json?service=billing")["traces"]
        verdict.equal("traces", traces["total_traces"], facts["tasks"])
        peer.end(process)
        check_forwarded(verdict, {"http": sink}, truth, "billing-1", ("metrics", "traces"), least=5)
    finally:
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)
        sink.close()
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
