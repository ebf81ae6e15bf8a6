"""Every point that the SDK sent last, value for value in Prometheus, by both ways: scraped from the bridge, and written by the Collector."""

import re

from items import read_witnessed
from sink import REQUESTS
from stack_parts import until

UNITS = {"s": "seconds", "By": "bytes"}


def flat(name):
    return re.sub(r"[^a-zA-Z0-9_]+", "_", name)


def series_name(metric):
    """The OpenTelemetry rules for Prometheus names, as far as this service needs them."""
    kind = metric.WhichOneof("data")
    name, unit = flat(metric.name), UNITS.get(metric.unit)
    if unit and not name.endswith(unit):
        name += f"_{unit}"
    if kind == "gauge" and metric.unit == "1":
        name += "_ratio"
    if kind == "sum" and metric.sum.is_monotonic:
        name += "_total"
    return name


def last_points(requests):
    """(series name, labels, number) of the last value of every stream; a histogram counts by its `_count` and `_sum`."""
    found = {}
    for request in requests:
        for group in request.resource_metrics:
            for scope in group.scope_metrics:
                for metric in scope.metrics:
                    kind = metric.WhichOneof("data")
                    for point in getattr(metric, kind).data_points:
                        labels = tuple(sorted((
                            *((flat(a.key), a.value.string_value) for a in point.attributes),
                            ("otel_scope_name", scope.scope.name),
                            *((("otel_scope_version", scope.scope.version),) if scope.scope.version else ()))))
                        name = series_name(metric)
                        if kind == "histogram":
                            found[f"{name}_count", labels] = float(point.count)
                            found[f"{name}_sum", labels] = point.sum
                        else:
                            found[name, labels] = float(getattr(point, point.WhichOneof("value")))
    return found


def rows_of(prometheus, selector):
    return {(labels.pop("__name__"), tuple(sorted(labels.items()))): value for labels, value in prometheus.query(selector)}


def check_written(verdict, stack, truth, instance, job="shop/checkout"):
    """By the Collector: every point under the prefix `otlp_`, with the labels of its attributes and its scope, and no more."""
    points = last_points(read_witnessed(truth / "metrics.bin", REQUESTS["metrics"]))
    around = (("instance", instance), ("job", job), ("source", "collector"))
    wanted = {(f"otlp_{name}", tuple(sorted((*labels, *around)))): value for (name, labels), value in points.items()}

    def read():
        found = rows_of(stack.prometheus, f'{{__name__=~"otlp_.+", job="{job}", instance="{instance}"}}')
        return {key: value for key, value in found.items() if not key[0].endswith("_bucket") and key[0] != "otlp_target_info"}

    until(lambda: read() == wanted, 20)
    found = read()
    verdict.check("the Collector wrote what the SDK sent: points", len(wanted) > 40, len(wanted))
    verdict.equal(f"{len(wanted)} values in Prometheus by the Collector (differences)",
                  sorted(set(found.items()) ^ set(wanted.items()))[:6], [])


# Instruments of entities and the families that the bridge prints for them: name, and the labels that name the entity.
PRINTED = {
    "component_items_processed_total": ("component_items_processed", {"component_name": "component"}),
    "component_last_activity_seconds": ("component_last_activity_seconds", {"component_name": "component_name"}),
    "worker_requests_total": ("worker_requests_total", {"worker_id": "worker", "pool_name": "pool", "worker_app": "app"}),
    "worker_errors_total": ("worker_errors_total", {"worker_id": "worker", "pool_name": "pool", "worker_app": "app"}),
    "worker_memory_usage_bytes": ("worker_memory_bytes", {"worker_id": "worker", "pool_name": "pool", "worker_app": "app",
                                                          "worker_memory_type": "type"}),
    "pool_size": ("pool_size", {"pool_name": "pool"}),
    "pool_pending_requests": ("pool_pending_requests", {"pool_name": "pool_name"}),
    "pool_requests_total": ("pool_requests_total", {"pool_name": "pool_name"}),
    "circuit_breaker_failures_total": ("circuit_breaker_failures_total", {"circuit_breaker_name": "circuit_breaker_name"}),
    "circuit_breaker_calls_total": ("circuit_breaker_calls_total", {"circuit_breaker_name": "circuit_breaker_name", "outcome": "outcome"}),
    "checkout_request_duration_seconds_count": ("checkout_request_duration_seconds_count", {"route": "route"}),
    "checkout_request_duration_seconds_sum": ("checkout_request_duration_seconds_sum", {"route": "route"}),
}


def check_scraped(verdict, stack, truth, instance, facts, job="shop/checkout"):
    """By the scrape: the same numbers, under the names that the bridge prints."""
    points = last_points(read_witnessed(truth / "metrics.bin", REQUESTS["metrics"]))
    compared = 0
    differences = []
    for (name, labels), value in points.items():
        if name not in PRINTED:
            continue
        family, renamed = PRINTED[name]
        where = ", ".join(f'{renamed[key]}="{text}"' for key, text in labels if key in renamed)
        selector = f'{family}{{job="{job}", instance="{instance}", {where}}}'
        until(lambda selector=selector, value=value: [row[1] for row in stack.prometheus.query(selector)] == [value], 5)
        found = [row[1] for row in stack.prometheus.query(selector)]
        compared += 1
        if found != [value]:
            differences.append((selector, found, value))
    verdict.check("the scrape has the entities of the SDK: points", compared > 20, compared)
    verdict.equal(f"{compared} values in Prometheus by the scrape (differences)", differences[:6], [])
    errors = {name: float(sum(kinds.values())) for name, kinds in facts["errors"].items() if kinds}
    found = {labels["component"]: value for labels, value in stack.prometheus.query(
        f'component_errors_total{{job="{job}", instance="{instance}"}}')}
    verdict.equal("errors in Prometheus by the scrape", found, errors)
