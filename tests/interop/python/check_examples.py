"""The examples that people copy, run: the multi-environment blueprint and the load balancer of the metrics endpoint's documentation (with a
real nginx), what the image runs, and the example service in Python.

    check_examples.py --binary target/release/otel-bridge --work DIR
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import yaml
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from bridge import Bridge, free_port
from prometheus_text import parse, pick
from stack_parts import Program, fetch, until
from verdict import Verdict

ROOT = pathlib.Path(__file__).resolve().parents[3]

# As printed. `location` belongs into a `server` block, and both names of the upstream must resolve before nginx starts.
PRINTED_NGINX = """
upstream app_servers {
    server app1:8000;
    server app2:8000;
}

# Health check configuration
location /health {
    proxy_pass http://localhost:9000/health;
    proxy_connect_timeout 1s;
    proxy_read_timeout 3s;
}
"""


def get(url):
    """Status and body; a refusal is a status too."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def tell(bridge, service, environment, state="running"):
    """One component of one service in that state."""
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    for key, value in (("service.name", service), ("service.instance.id", f"{service}-1"), ("deployment.environment.name", environment)):
        group.resource.attributes.add(key=key).value.string_value = value
    metric = group.scope_metrics.add().metrics.add(name="component.status", unit="1")
    metric.sum.aggregation_temporality = 2
    for name in ("running", "degraded", "failed"):
        point = metric.sum.data_points.add(time_unix_nano=time.time_ns(), as_int=int(name == state))
        point.attributes.add(key="component.name").value.string_value = service
        point.attributes.add(key="component.state").value.string_value = name
    headers = {"Content-Type": "application/x-protobuf"}
    sent = urllib.request.Request(f"http://127.0.0.1:{bridge.http}/v1/metrics", request.SerializeToString(), headers)
    urllib.request.urlopen(sent, timeout=10).close()


def blueprint(bridge, filters):
    """The printed blueprint: its ports are exchanged for free ones, the OTLP doors of the test stand beside `system`."""
    document = yaml.safe_load((ROOT / "tests/it/printed/multi_environment.yaml").read_text())
    ports = {}
    for component in document["system"]["components"]:
        if component["type"] == "MetricsEndpoint":
            ports[component["name"]] = component["config"]["port"] = free_port()
            if filters:
                component["config"]["filter"] = {"environment": component["name"].removesuffix("_metrics")}
    document["receive"] = {"otlp": {"grpc": {"address": f"127.0.0.1:{bridge.grpc}"}, "http": {"address": f"127.0.0.1:{bridge.http}"}}}
    bridge.config.write_text(yaml.safe_dump(document))
    bridge.pull = ports["production_metrics"]
    return ports


def check_environments(verdict, options, work):
    services = {"production": "shop", "staging": "shop-next", "development": "shop-try"}
    for filters in (False, True):
        bridge = Bridge(options.binary, work / f"environments-{filters}", [])
        ports = blueprint(bridge, filters)
        bridge.start()
        try:
            for environment, service in services.items():
                tell(bridge, service, environment, "failed" if environment == "staging" else "running")
            for environment, service in services.items():
                port = ports[f"{environment}_metrics"]

                def shown(port=port):
                    page = parse(get(f"http://127.0.0.1:{port}/metrics")[1])
                    return {name for name in services.values() if pick(page, "component_health", component=name)}

                wanted = {service} if filters else set(services.values())
                until(lambda shown=shown, wanted=wanted: shown() == wanted, 5)
                verdict.equal(f"{environment}, {'with filter' if filters else 'as printed'}: components", shown(), wanted)
                if filters:
                    status, body = get(f"http://127.0.0.1:{port}/health")
                    verdict.equal(f"{environment}: /health", (status, json.loads(body)["status"]),
                                  (503, "unhealthy") if environment == "staging" else (200, "healthy"))
        finally:
            verdict.equal("the bridge stops cleanly", bridge.stop(), 0)


def check_load_balancer(verdict, options, work):
    bridge = Bridge(options.binary, work / "balanced", [])
    bridge.start()
    port = free_port()
    snippet = PRINTED_NGINX.replace("localhost:9000", f"localhost:{bridge.pull}")
    for name in ("app1:8000", "app2:8000"):
        snippet = snippet.replace(name, f"127.0.0.1:{free_port()}")
    upstream, location = snippet.split("# Health check configuration")
    nginx = Program(work / "nginx", f"http://127.0.0.1:{port}/ready")
    (nginx.folder / "nginx.conf").write_text(
        f"pid {nginx.folder}/pid;\nerror_log stderr;\ndaemon off;\n{'user root;' if os.getuid() == 0 else ''}\nevents {{}}\n"
        f"http {{\naccess_log off;\n"
        + "".join(f"{kind}_temp_path {nginx.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + f"{upstream}\nserver {{\nlisten 127.0.0.1:{port};\nlocation /ready {{ return 200; }}\n{location}\n}}\n}}\n")
    try:
        nginx.start("nginx", "-c", nginx.folder / "nginx.conf", "-e", "stderr")
        tell(bridge, "shop", "production")

        def through():
            status, body = get(f"http://127.0.0.1:{port}/health")
            return status, json.loads(body).get("status") if body.startswith("{") else None

        verdict.check("through nginx: healthy", until(lambda: through() == (200, "healthy"), 5), through())
        keys = set(json.loads(fetch(f"http://127.0.0.1:{port}/health")))
        verdict.check("through nginx: the printed keys", {"status", "health_score", "uptime_seconds", "components", "timestamp"} <= keys, keys)
        tell(bridge, "shop", "production", "failed")
        verdict.check("through nginx: unhealthy", until(lambda: through() == (503, "unhealthy"), 5), through())
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)
        verdict.equal("through nginx: no bridge", through()[0], 502)
    finally:
        nginx.stop()
        bridge.stop()


def check_image(verdict, options, work):
    """The image's configuration, command and health check, without the image: only ports and folders are exchanged."""
    bridge = Bridge(options.binary, work / "image", [])
    text = (ROOT / "collector-config/otel-bridge-container.yaml").read_text()
    for shipped, port in (("4317", bridge.grpc), ("4318", bridge.http), ("9000", bridge.pull)):
        text = text.replace(f"0.0.0.0:{shipped}", f"127.0.0.1:{port}")
    bridge.config.write_text(text)
    dockerfile = (ROOT / "Dockerfile").read_text()
    health = json.loads(dockerfile.split("HEALTHCHECK")[1].split("CMD", 1)[1].splitlines()[0])
    entry, command = (json.loads(dockerfile.split(f"\n{word} ")[1].splitlines()[0]) for word in ("ENTRYPOINT", "CMD"))
    verdict.equal("the image starts the program with its file", [*entry, *command],
                  ["/usr/local/bin/otel-bridge", "serve", "--config", "/etc/otel-bridge/config.yaml"])
    probe = [bridge.binary, *health[1:-1], health[-1].replace("9000", str(bridge.pull))]
    verdict.check("its health check fails before it runs", subprocess.run(probe, check=False, capture_output=True).returncode == 1, probe)
    bridge.start()
    try:
        verdict.equal("its health check holds", subprocess.run(probe, check=False).returncode, 0)
        pushed = bridge.json("/api/v1/exporters")["items"]
        verdict.equal("it pushes nowhere without a destination", pushed, [])
    finally:
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)


def check_python_service(verdict, options, work):
    bridge = Bridge(options.binary, work / "service", [])
    bridge.start()
    environment = {
        "PATH": os.environ["PATH"], "OTEL_SERVICE_NAME": "hashing", "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{bridge.grpc}",
        "OTEL_METRIC_EXPORT_INTERVAL": "500", "OTEL_BSP_SCHEDULE_DELAY": "300", "OTEL_BLRP_SCHEDULE_DELAY": "300"}
    process = subprocess.Popen([sys.executable, ROOT / "examples/python/service.py"], env=environment)
    try:
        def page():
            return parse(bridge.get("/metrics?service=hashing")[2])

        until(lambda: sum(pick(page(), "component_items_processed", component="hasher")) >= 5, 30)
        pool = bridge.json("/metrics/api/metrics/?service=hashing")["pool"]
        verdict.equal("the example's pool", (pool["size"], pool["total"]), (4, 4))
        process.send_signal(signal.SIGTERM)
        verdict.equal("the example stops cleanly", process.wait(20), 0)

        def counts():
            samples = page()
            return (sum(pick(samples, "worker_requests_total")),
                    sum(pick(samples, "component_items_processed")) + sum(pick(samples, "component_errors_total")))

        verdict.check("its workers did what its component counted", until(lambda: counts()[0] == counts()[1] >= 5, 5), counts())
        verdict.check("its traces and logs came", until(lambda: all(
            sum(pick(parse(bridge.get("/metrics")[2]), "otel_bridge_received_items_total", receiver="grpc", signal=name)) >= 5
            for name in ("traces", "logs")), 5), "")
    finally:
        process.kill()
        verdict.equal("the bridge stops cleanly", bridge.stop(), 0)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--work", required=True)
    options = arguments.parse_args()
    work = pathlib.Path(options.work).resolve()
    verdict = Verdict()
    check_environments(verdict, options, work)
    check_load_balancer(verdict, options, work)
    check_image(verdict, options, work)
    check_python_service(verdict, options, work)
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
