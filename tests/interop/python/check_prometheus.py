"""A real Prometheus scrapes the bridge on both of its Prometheus routes while a service pushes: the targets are up, nothing is warned
of in its log, what it stored is what the bridge says, and `promtool check metrics` finds nothing but the printed names."""

import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import peer
from bridge import Bridge, free_port
from check import run_service
from prometheus_text import parse, pick
from verdict import Verdict

# Names that the specification prints, against Prometheus' own advice.
EXEMPT = {
    "system_memory_usage_mb", "system_uptime_seconds", "system_cpu_usage_percent", "component_items_processed",
    "active_traces_total", "active_spans_total", "system_alerts_total", "buntime_pool_total",
}


def query(port, expression):
    address = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(expression)}"
    with urllib.request.urlopen(address, timeout=5) as answer:
        return json.load(answer)["data"]["result"]


def start_prometheus(work, bridge):
    port = free_port()
    config = work / "prometheus.yml"
    config.write_text(json.dumps({
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {"job_name": "bridge", "honor_labels": True, "metrics_path": "/metrics",
             "static_configs": [{"targets": [f"127.0.0.1:{bridge.pull}"]}]},
            {"job_name": "pool", "metrics_path": "/metrics/api/metrics/prometheus",
             "static_configs": [{"targets": [f"127.0.0.1:{bridge.pull}"]}]},
        ],
    }))
    log = open(work / "prometheus.log", "wb")
    process = subprocess.Popen(
        ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={work / 'tsdb'}", f"--web.listen-address=127.0.0.1:{port}"],
        stdout=log, stderr=log)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1).close()
            return process, port
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("Prometheus was not ready in 20 s")


def stored_items(port):
    """What Prometheus has of the service's components."""
    rows = query(port, "component_items_processed")
    return {row["metric"]["component"]: float(row["value"][1]) for row in rows if row["metric"].get("job") == "shop/checkout"}


def await_stored(port, facts):
    """Waits for the scrape that saw the service at rest; whether it ever came is judged by the checks after it."""
    deadline = time.monotonic() + 20
    while stored_items(port) != facts["processed"] and time.monotonic() < deadline:
        time.sleep(0.2)


def lint(verdict, text, name):
    """`promtool check metrics`: every finding must be about a printed name."""
    result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    findings = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
    verdict.check(f"promtool parses {name}", result.returncode in (0, 3), findings)
    strange = [line for line in findings if line.split(" ")[0] not in EXEMPT]
    verdict.equal(f"promtool finds nothing in {name} but printed names", strange, [])


def main():
    options = peer.options()
    work = options.work
    verdict = Verdict()
    bridge = Bridge(options.binary, work / "bridge", [])
    bridge.start()
    prometheus, port = start_prometheus(work, bridge)
    try:
        service, facts, _ = run_service(bridge, "http", "checkout-1", work)
        await_stored(port, facts)
        for job in ("bridge", "pool"):
            up = query(port, f'up{{job="{job}"}}')
            verdict.equal(f"the target {job} is up", [row["value"][1] for row in up], ["1"])
        text = bridge.get("/metrics")[2]
        samples = parse(text)
        verdict.equal("Prometheus stored what the service counted", stored_items(port), facts["processed"])
        size = query(port, "buntime_pool_size")
        verdict.equal("the plugin's families", [float(row["value"][1]) for row in size], pick(parse(
            bridge.get("/metrics/api/metrics/prometheus")[2]), "buntime_pool_size"))
        health = query(port, "system_health_score")
        verdict.equal("the score", [float(row["value"][1]) for row in health], pick(samples, "system_health_score"))
        lint(verdict, text, "/metrics")
        lint(verdict, bridge.get("/metrics/api/metrics/prometheus")[2], "the plugin's route")
        peer.end(service)
    finally:
        prometheus.terminate()
        prometheus.wait(20)
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)
    log = (work / "prometheus.log").read_text(errors="replace")
    # Prometheus 3 writes the levels in capitals.
    lines = [line for line in log.splitlines() if "scrape" in line.lower()]
    warned = [line for line in lines if "level=warn" in line.lower() or "level=error" in line.lower()]
    verdict.equal("Prometheus warned of nothing", warned, [])
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
