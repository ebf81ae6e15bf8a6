#!/usr/bin/env python3
"""Pushes pools, workers, components, breakers, streams and spans by OTLP/HTTP JSON, with nothing but the standard library.

  generator.py --endpoint http://127.0.0.1:4318 --workers 10000 --share 0.3 --seconds 60 [--hostile]

Every second a share of the workers moves. Numbers come from a seeded generator, so that two runs look alike.
"""
import argparse
import json
import math
import random
import time
import urllib.error
import urllib.request

POOLS = ["checkout", "images", "search", "mail"]
APPS = ["shop", "media", "index", "notify"]
COMPONENTS = [("gateway", "http"), ("task_api", "http"), ("task_store", "database"), ("scheduler", "cron"), ("mailer", "smtp"), ("indexer", "batch")]
EDGES = [("gateway", "task_api"), ("task_api", "task_store"), ("task_api", "scheduler"), ("scheduler", "mailer"), ("scheduler", "indexer"), ("indexer", "task_store")]
BREAKERS = [("payments", "task_api"), ("postgres", "task_store"), ("smtp-relay", "mailer"), ("recommendations", "gateway"), ("geocoder", "gateway"), ("thumbnails", "indexer")]
STATES = ["creating", "ready", "active", "idle", "terminated"]


def attributes(**pairs):
    return [{"key": key.replace("__", "."), "value": {"stringValue": str(value)}} for key, value in pairs.items()]


def post(endpoint, signal, body):
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{endpoint}/v1/{signal}", data=data, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            response.read()
    except (urllib.error.URLError, OSError):
        # The bridge may be gone for a while: the next export tells the same counters.
        pass


class Batch:
    """The points of one export, by metric."""

    def __init__(self, start, now):
        self.start, self.now, self.metrics = str(start), str(now), {}

    def add(self, name, value, pairs, kind):
        point = {"timeUnixNano": self.now, "attributes": pairs}
        point["asDouble" if isinstance(value, float) else "asInt"] = value if isinstance(value, float) else str(value)
        if kind != "gauge":
            point["startTimeUnixNano"] = self.start
        self.metrics.setdefault((name, kind), []).append(point)

    def body(self, resource):
        def metric(key):
            (name, kind), points = key
            data = {"dataPoints": points}
            if kind != "gauge":
                data |= {"aggregationTemporality": 2, "isMonotonic": kind == "counter"}
            return {"name": name, ("gauge" if kind == "gauge" else "sum"): data}

        metrics = [metric(one) for one in self.metrics.items()]
        return {"resourceMetrics": [{"resource": {"attributes": resource}, "scopeMetrics": [{"scope": {"name": "load"}, "metrics": metrics}]}]}


class Fleet:
    def __init__(self, options):
        self.random = random.Random(7)
        self.options = options
        self.start = time.time_ns()
        self.workers = [self.worker(number) for number in range(options.workers)]
        self.items = {name: [0, 0] for name, _ in COMPONENTS}
        self.calls = {name: [0, 0, 0] for name, _ in BREAKERS}
        self.breakers = {name: "closed" for name, _ in BREAKERS}
        self.failures = {name: 0 for name, _ in BREAKERS}
        self.messages = {edge: 0 for edge in EDGES}

    def worker(self, number):
        place = number % len(POOLS)
        name = f"{POOLS[place]}-{number:05d}"
        app = APPS[place]
        if self.options.hostile and number < 4:
            name = ["<img src=x onerror=alert(1)>", "\u202eevil\u202d-rtl", "w" * 2000, "'\"><script>alert(2)</script>"][number]
            app = ["<b>bold</b>", "\u0645\u0631\u062d\u0628\u0627", "a" * 2000, "line\nbreak\ttab"][number]
        return {"id": name, "app": app, "pool": POOLS[place], "state": "idle", "requests": number % 97, "errors": 0,
                "rss": 40e6 + self.random.random() * 60e6, "born": time.time() - self.random.random() * 9000, "speed": self.random.random() ** 2 * 20}

    def tick(self, seconds):
        """Moves a share of the workers; gives those to tell of."""
        everyone = self.workers
        moving = everyone if seconds == 0 else self.random.sample(everyone, int(len(everyone) * self.options.share))
        busy = 0.45 + 0.35 * math.sin(seconds / 23)
        for worker in moving:
            chance = self.random.random()
            worker["state"] = "active" if chance < busy else "idle" if chance < 0.97 else "creating" if chance < 0.985 else "terminated"
            if worker["state"] in ("active", "idle"):
                worker["requests"] += int(worker["speed"] * self.random.random() / max(self.options.share, 0.1)) + 1
                worker["errors"] += 1 if self.random.random() < (0.4 if worker["speed"] > 19 else 0.01) else 0
                worker["rss"] = max(20e6, worker["rss"] + self.random.gauss(0, 1.5e6))
        # Those that stand still are told each five seconds, so that they are not taken for gone.
        known = {id(worker) for worker in moving}
        return moving + [worker for number, worker in enumerate(everyone) if number % 5 == seconds % 5 and id(worker) not in known]

    def worker_points(self, batch, workers):
        for worker in workers:
            pairs = attributes(worker__id=worker["id"], worker__app=worker["app"], pool__name=worker["pool"])
            for state in STATES:
                batch.add("worker.status", int(state == worker["state"]), pairs + attributes(worker__state=state), "updown")
            batch.add("worker.requests", worker["requests"], pairs, "counter")
            batch.add("worker.errors", worker["errors"], pairs, "counter")
            batch.add("worker.uptime", time.time() - worker["born"], pairs, "gauge")
            batch.add("worker.memory.usage", int(worker["rss"]), pairs + attributes(worker__memory__type="rss"), "updown")
            batch.add("worker.memory.usage", int(worker["rss"] * 0.6), pairs + attributes(worker__memory__type="heap_used"), "updown")

    def system_points(self, batch, seconds):
        for place, pool in enumerate(POOLS):
            pairs = attributes(pool__name=pool)
            batch.add("pool.size", max(1, len(self.workers) // len(POOLS) + 4), pairs, "updown")
            batch.add("pool.pending_requests", max(0, int(9 * math.sin(seconds / 17 + place))), pairs, "updown")
        for place, (name, kind) in enumerate(COMPONENTS):
            step = int((40 + 30 * math.sin(seconds / (9 + place))) * (1 + place))
            self.items[name][0] += step
            self.items[name][1] += int(step * (0.06 if name == "mailer" else 0.002) + self.random.random() * 0.6)
            pairs = attributes(component__name=name, component__type=kind)
            state = "degraded" if name == "mailer" else "running"
            for one in ("running", "degraded", "failed", "stopped", "starting"):
                batch.add("component.status", int(one == state), pairs + attributes(component__state=one), "updown")
            batch.add("component.items_processed", self.items[name][0], pairs, "counter")
            batch.add("component.errors", self.items[name][1], pairs + attributes(error__type="timeout"), "counter")
            batch.add("component.last_activity", time.time() - self.random.random(), pairs, "gauge")
        batch.add("process.memory.usage", int(412e6 + 40e6 * math.sin(seconds / 40)), [], "updown")
        batch.add("process.cpu.utilization", 0.34 + 0.2 * math.sin(seconds / 31), [], "gauge")
        self.breaker_points(batch, seconds)
        for source, target in EDGES:
            self.messages[(source, target)] += 5 + int(20 * self.random.random())
            pairs = attributes(stream__name=f"{source}-{target}", stream__from=source, stream__to=target)
            batch.add("stream.active", 1 + int(3 * self.random.random()), pairs, "updown")
            batch.add("stream.queue_depth", int(8 * self.random.random()), pairs, "updown")
            batch.add("stream.messages", self.messages[(source, target)], pairs, "counter")
            batch.add("stream.backpressure_events", seconds // 20, pairs, "counter")

    def breaker_points(self, batch, seconds):
        cycle = {"payments": (40, 12, 6), "smtp-relay": (30, 8, 5)}
        for name, component in BREAKERS:
            if name in cycle:
                period, is_open, half = cycle[name]
                place = (seconds + 14) % period
                self.breakers[name] = "open" if place < is_open else "half_open" if place < is_open + half else "closed"
            if name == "geocoder":
                self.breakers[name] = "open"
            state, calls = self.breakers[name], self.calls[name]
            calls[0] += 0 if state == "open" else 3 if state == "half_open" else 30
            calls[1] += 1 if state == "half_open" else int(self.random.random() * 1.3)
            calls[2] += 30 if state == "open" else 0
            pairs = attributes(circuit_breaker__name=name, component__name=component)
            for one in ("closed", "open", "half_open"):
                batch.add("circuit_breaker.status", int(one == state), pairs + attributes(circuit_breaker__state=one), "updown")
            batch.add("circuit_breaker.last_failure", time.time() - (seconds % 37), pairs, "gauge")
            batch.add("circuit_breaker.failures", calls[1], pairs, "counter")
            for outcome, count in zip(("success", "failure", "rejected"), calls):
                batch.add("circuit_breaker.calls", count, pairs + attributes(outcome=outcome), "counter")

    def logs(self, resource):
        text = "<script>alert(3)</script> " + "x" * 9_970 if self.options.hostile else "connection reset by peer (smtp relay 10.4.2.1:25)"
        record = {"timeUnixNano": str(time.time_ns()), "eventName": "component.error", "severityNumber": 17,
                  "attributes": attributes(component__name="mailer", error__type="timeout", exception__message=text)}
        return {"resourceLogs": [{"resource": {"attributes": resource}, "scopeLogs": [{"scope": {"name": "load"}, "logRecords": [record]}]}]}

    def spans(self, resource, seconds):
        def span(number):
            now = time.time_ns()
            is_slow, is_failed = number == 0 and seconds % 4 == 0, number == 1 and seconds % 5 == 0
            took = int((1.5 + self.random.random()) * 1e9) if is_slow else int(self.random.random() * 5e7)
            name = ["GET /checkout", "POST /orders", "render thumbnail", "SELECT orders"][number % 4]
            if self.options.hostile and is_failed:
                name = "<svg onload=alert(4)>"
            one = {"traceId": f"{self.random.getrandbits(128):032x}", "spanId": f"{self.random.getrandbits(64):016x}", "name": name, "kind": 2,
                   "startTimeUnixNano": str(now - took), "endTimeUnixNano": str(now), "status": {}}
            if is_failed:
                one["status"] = {"code": 2, "message": "upstream answered 502"}
            return one

        spans = [span(number) for number in range(12)]
        return {"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [{"scope": {"name": "load"}, "spans": spans}]}]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", default="http://127.0.0.1:4318")
    parser.add_argument("--workers", type=int, default=120)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--hostile", action="store_true")
    options = parser.parse_args()
    fleet = Fleet(options)
    resource = attributes(service__name="shop", service__instance__id="shop-1", service__version="2.4.0", deployment__environment__name="production")
    began = time.monotonic()
    for seconds in range(options.seconds):
        told = fleet.tick(seconds)
        for first in range(0, len(told), 2_000):
            batch = Batch(fleet.start, time.time_ns())
            fleet.worker_points(batch, told[first:first + 2_000])
            post(options.endpoint, "metrics", batch.body(resource))
        batch = Batch(fleet.start, time.time_ns())
        fleet.system_points(batch, seconds)
        post(options.endpoint, "metrics", batch.body(resource))
        post(options.endpoint, "traces", fleet.spans(resource, seconds))
        if seconds % 10 == 0:
            post(options.endpoint, "logs", fleet.logs(resource))
        if seconds == 0:
            print("ready", flush=True)
        time.sleep(max(0.0, began + seconds + 1 - time.monotonic()))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
