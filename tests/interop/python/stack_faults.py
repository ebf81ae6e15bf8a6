"""What goes wrong on purpose: the Collector answers each code, is away, is slow; Tempo is away; a service is ill; the bridge refuses."""

import collections
import os
import signal
import time
import urllib.error
import urllib.request

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from items import items
from sink import GrpcSink
from stack_parts import until

BATCH = 5
# Conformance C1, C2, C16: again. The others are dropped and counted under a reason.
GRPC_AGAIN = ("CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS", "RETRY_INFO",
              "UNAUTHENTICATED", "PERMISSION_DENIED", "SLOW")
GRPC_DROPPED = ("UNKNOWN", "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "UNIMPLEMENTED", "INTERNAL",
                "RESOURCE_EXHAUSTED")
HTTP_AGAIN = (429, 502, 503, 504, 401, 403, 404, 413, "reset")
HTTP_DROPPED = (400, 405, 500, 501)


def post(stack, path, body):
    """The status of a request to the bridge."""
    request = urllib.request.Request(f"http://127.0.0.1:{stack.bridge.http}/v1/{path}", body, {"Content-Type": "application/x-protobuf"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def resource(group, instance):
    for key, value in (("service.name", "faults"), ("service.instance.id", instance)):
        group.resource.attributes.add(key=key).value.string_value = value


def send_logs(stack, instance, number=BATCH, filler=""):
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    resource(group, instance)
    records = group.scope_logs.add().log_records
    for at in range(number):
        record = records.add(time_unix_nano=time.time_ns())
        record.body.string_value = f"{instance} {at} {filler}"
    return request if post(stack, "logs", request.SerializeToString()) == 200 else None


def send_spans(stack, instance, number=BATCH):
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    resource(group, instance)
    spans = group.scope_spans.add().spans
    for _ in range(number):
        now = time.time_ns()
        span = spans.add(trace_id=os.urandom(16), span_id=os.urandom(8), name="fault", start_time_unix_nano=now, end_time_unix_nano=now + 1)
        # The Collector writes an empty status where there was none.
        span.status.SetInParent()
    return request if post(stack, "traces", request.SerializeToString()) == 200 else None


def is_empty(stack, destination, signal_name="logs"):
    return stack.figure("otel_bridge_queue_items", destination=destination, signal=signal_name) == 0


def strike(stack, proxy, destination, fault):
    """One batch whose first request is answered so; what was sent."""
    proxy.script.plan("logs", fault)
    sent = send_logs(stack, f"code-{destination}-{fault}")
    until(lambda: proxy.script.idle() and is_empty(stack, destination), 15, 0.05)
    return sent


def arrived(verdict, stack, door, name, sent):
    """Each of these logs is behind that door, once."""
    wanted = items("logs", sent)
    resources = {item[0] for item in wanted}

    def found():
        every = items("logs", stack.collector.written(door)["logs"])
        return collections.Counter({item: number for item, number in every.items() if item[0] in resources})

    until(lambda: found() == wanted, 20)
    missing, extra = wanted - found(), found() - wanted
    verdict.equal(f"{name}: {len(sent)} batches arrived whole and once (missing, extra)",
                  (sum(missing.values()), sum(extra.values())), (0, 0))


def check_codes(verdict, stack):
    for destination, proxy, door, again, dropped in (
            ("collector", stack.grpc, "grpc", GRPC_AGAIN, GRPC_DROPPED), ("collector-http", stack.http, "http", HTTP_AGAIN, HTTP_DROPPED)):
        until(lambda destination=destination: is_empty(stack, destination), 10)
        before = stack.figure("otel_bridge_retries_total", destination=destination, signal="logs")
        sent = [strike(stack, proxy, destination, fault) for fault in again]
        verdict.check(f"{destination}: every batch was taken", all(sent), sent.count(None))
        repeated = stack.figure("otel_bridge_retries_total", destination=destination, signal="logs") - before
        # 413 is no repeat: the request is halved.
        verdict.check(f"{destination}: repeats are counted", repeated >= len(again) - 1 - again.count(413), repeated)
        arrived(verdict, stack, door, f"{destination}: {', '.join(map(str, again))}", sent)
        lost = stack.figure("otel_bridge_dropped_items_total", destination=destination, signal="logs")
        verdict.equal(f"{destination}: nothing was dropped by these", lost, 0)
        for fault in dropped:
            before = stack.figure("otel_bridge_dropped_items_total", destination=destination, signal="logs")
            strike(stack, proxy, destination, fault)

            def dropped_now(destination=destination, before=before):
                return stack.figure("otel_bridge_dropped_items_total", destination=destination, signal="logs") - before

            until(lambda dropped_now=dropped_now: dropped_now() == BATCH, 5)
            verdict.equal(f"{destination}: {fault} drops that request, and counts it", dropped_now(), BATCH)
    unanswered = stack.figure("otel_bridge_unanswered_sends_total", destination="collector", signal="logs")
    verdict.check("a slow answer is counted as unanswered", unanswered >= 1, unanswered)
    strike(stack, stack.http, "collector-http", "partial")
    verdict.check("what a partial success rejects is counted", until(lambda: 1 == stack.figure(
        "otel_bridge_dropped_items_total", destination="collector-http", signal="logs", reason="rejected"), 5), "")
    arrived(verdict, stack, "http", "a page as answer", [strike(stack, stack.http, "collector-http", "html")])
    verdict.check("and counted as a warning", until(
        lambda: stack.figure("otel_bridge_delivery_warnings_total", destination="collector-http") == 1, 5), "")


def at_alertmanager(stack, name):
    return [alert for alert in stack.alertmanager.alerts() if alert["labels"]["alertname"] == name]


def check_away(verdict, stack):
    """The Collector is away: everything is kept, every view shows it, the alert arrives; it comes back: everything arrives."""
    stack.collector.stop()
    sent = [send_logs(stack, f"away-{number}", 20) for number in range(10)]
    verdict.check("the bridge takes everything meanwhile", all(sent), sent.count(None))
    verdict.check("what waits is in /metrics", until(
        lambda: stack.figure("otel_bridge_queue_items", destination="collector", signal="logs") == 200, 10), "")
    active = until(lambda: [alert for alert in stack.bridge.json("/alerts")["alerts"] if "collector" in alert["message"]], 10)
    verdict.check("/alerts tells of it", active, stack.bridge.json("/alerts")["alerts"])
    states = {row["name"]: row["state"] for row in stack.bridge.json("/api/v1/exporters")["items"]}
    verdict.check("/api/v1/exporters tells of it", states.get("collector") in ("retrying", "held"), states)
    verdict.check("/components tells of it", until(
        lambda: not stack.bridge.json("/components")["components"]["push-collector"]["is_healthy"], 5), "")
    status, _, text = stack.bridge.get("/readyz?verbose")
    verdict.check("/readyz warns, and stays 200", status == 200 and "collector" in text, text)
    verdict.check("Prometheus' alert arrives at Alertmanager", until(lambda: at_alertmanager(stack, "PushFailing"), 20), "")
    stack.collector.start()
    verdict.check("all of it is sent when it is back", until(
        lambda: is_empty(stack, "collector") and is_empty(stack, "collector-http"), 30), "")
    arrived(verdict, stack, "grpc", "after the outage", sent)

    stack.tempo.close()
    spans = send_spans(stack, "without-tempo", 50)
    verdict.check("without Tempo the spans wait in the bridge's queue", until(
        lambda: stack.figure("otel_bridge_queue_items", destination="collector", signal="traces") >= 50, 10), "")
    before = stack.tempo
    stack.tempo = GrpcSink(before.port)
    wanted = items("traces", [spans])
    verdict.check("and arrive there, once", until(
        lambda: items("traces", stack.tempo.kept.requests["traces"], "without-tempo") == wanted, 30), "")
    verdict.check("the alert ends in Prometheus", until(
        lambda: not stack.prometheus.query('ALERTS{alertname="PushFailing", component="push-collector"}'), 20), "")


def check_own_alerts(verdict, stack):
    """What `alerts.alertmanager` sends: every active alert of the bridge is at Alertmanager, beside those of Prometheus."""
    wanted = {alert["name"] for alert in stack.bridge.json("/api/v1/alerts?limit=1000")["items"]}

    def there():
        return {alert["labels"]["alertname"] for alert in stack.alertmanager.alerts()
                if f":{stack.prometheus.port}" not in alert["generatorURL"]}

    until(lambda: wanted <= there(), 30)
    verdict.check("the bridge's own alerts arrive at Alertmanager", wanted and wanted <= there(), wanted - there())


def check_illness(verdict, stack, patient):
    """A service that fails in every way that there is a built-in alert for; then it falls silent."""
    patient.stdin.write("sick\n")
    patient.stdin.flush()
    wanted = {"CriticalErrorRate", "CriticalMemoryUsage", "HighCpuUsage", "ComponentUnhealthy", "CircuitBreakerOpen",
              "CircuitBreakerHalfOpen"}

    def firing():
        return {labels["alertname"] for labels, _ in stack.prometheus.query('ALERTS{alertstate="firing", job="patient"}')}

    until(lambda: wanted <= firing(), 30)
    verdict.check("Prometheus' alerts of the ill service go off", wanted <= firing(), wanted - firing())
    verdict.check("and arrive at Alertmanager", until(lambda: all(at_alertmanager(stack, name) for name in wanted), 20),
                  [name for name in wanted if not at_alertmanager(stack, name)])
    own = stack.bridge.json("/api/v1/alerts?limit=1000")["items"]
    rules = {alert["name"] for alert in own}
    same = {"critical_error_rate", "critical_memory_usage", "high_cpu_usage", "component_unhealthy", "circuit_breaker_open",
            "circuit_breaker_half_open"}
    verdict.check("the bridge's own say the same", same <= rules, rules)
    check_own_alerts(verdict, stack)
    verdict.check("a saturated pool goes off after its 30 s, in both", until(
        lambda: "PoolSaturated" in firing()
        and "pool_saturated" in {alert["name"] for alert in stack.bridge.json("/api/v1/alerts?limit=1000")["items"]}, 45), "")
    patient.kill()
    verdict.check("a silent instance goes off", until(lambda: "InstanceStale" in firing(), 40), firing())


def check_bridge(verdict, stack):
    """What the bridge refuses, cannot show, or has no room for."""
    verdict.equal("a bad request is refused", post(stack, "traces", b"\xff\xff\xff"), 400)
    nameless = ExportMetricsServiceRequest()
    group = nameless.resource_metrics.add()
    resource(group, "nameless")
    group.scope_metrics.add().metrics.add().gauge.data_points.add(as_int=1, time_unix_nano=time.time_ns())
    verdict.equal("a metric without a name is taken", post(stack, "metrics", nameless.SerializeToString()), 200)
    wide = ExportMetricsServiceRequest()
    group = wide.resource_metrics.add()
    resource(group, "wide")
    point = group.scope_metrics.add().metrics.add(name="wide").gauge.data_points.add(as_int=1, time_unix_nano=time.time_ns())
    point.attributes.add(key="label").value.string_value = "x" * 3000
    verdict.equal("a label that is cut is taken", post(stack, "metrics", wide.SerializeToString()), 200)
    good = stack.bridge.config.read_text()
    stack.bridge.config.write_text("puhs: []\n")
    stack.bridge.process.send_signal(signal.SIGHUP)
    verdict.check("a refused configuration goes off", until(lambda: stack.prometheus.query('ALERTS{alertname="BridgeConfigRefused"}'), 10), "")
    stack.bridge.config.write_text(good)
    stack.bridge.process.send_signal(signal.SIGHUP)
    for number in range(90):
        send_logs(stack, f"fill-{number}", 1, os.urandom(6144).hex())
        if stack.figure("otel_bridge_dropped_items_total", destination="narrow") > 0:
            break
    for name in ("PushQueueFull", "BridgeDropsItems"):
        verdict.check(f"a full queue: {name} goes off", until(lambda name=name: stack.prometheus.query(
            f'ALERTS{{alertname="{name}", destination="narrow", alertstate="firing"}}'), 15), "")
