"""The official Java SDK against a real bridge, by gRPC with gzip."""

import argparse
import json
import pathlib
import subprocess
import sys
import time

from bridge import Bridge
from items import items, read_witnessed
from prometheus_text import parse, pick
from sink import REQUESTS, HttpSink
from verdict import Verdict

JAVA = pathlib.Path(__file__).parent.parent / "java" / "target"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--work", required=True)
    options = arguments.parse_args()
    work = pathlib.Path(options.work).resolve()
    verdict = Verdict()
    sink = HttpSink()
    push = [{"name": "http", "endpoint": f"http://127.0.0.1:{sink.port}", "protocol": "http/protobuf", "compression": "gzip",
             "queue": {"directory": str(work / "queue")}}]
    bridge = Bridge(options.binary, work / "bridge", push)
    bridge.start()
    try:
        truth = work / "truth"
        process = subprocess.Popen(
            ["java", "-cp", f"{JAVA / 'service-1.jar'}:{JAVA / 'lib'}/*", "interop.Service",
             f"http://127.0.0.1:{bridge.grpc}", truth, "billing-1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        facts = json.loads(process.stdout.readline())
        time.sleep(0.6)
        text = parse(bridge.get("/metrics?service=billing")[2])
        pool = bridge.json("/metrics/api/metrics/?service=billing")["pool"]
        verdict.equal("pool", (pool["size"], pool["active"]), (3, 0))
        verdict.equal("requests of the pool", pick(text, "pool_requests_total", pool_name="billing"), [facts["tasks"]])
        verdict.equal("items in /metrics", pick(text, "component_items_processed", component="invoices"), [facts["tasks"]])
        shown = bridge.json("/components?service=billing")["components"]["invoices"]
        verdict.equal("items in /components", shown["items_processed"], facts["tasks"])
        traces = bridge.json("/metrics/json?service=billing")["traces"]
        verdict.equal("traces", traces["total_traces"], facts["tasks"])
        process.communicate("\n", timeout=30)
        for signal in ("metrics", "traces"):
            sent = items(signal, read_witnessed(truth / f"{signal}.bin", REQUESTS[signal]))
            deadline = time.monotonic() + 15
            while (arrived := items(signal, sink.kept.requests[signal], "billing-1")) != sent and time.monotonic() < deadline:
                time.sleep(0.2)
            verdict.check(f"{signal} were sent", sum(sent.values()) > 5, sum(sent.values()))
            verdict.equal(f"{sum(sent.values())} {signal} (missing, extra)",
                          (sum((sent - arrived).values()), sum((arrived - sent).values())), (0, 0))
    finally:
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)
        sink.close()
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
