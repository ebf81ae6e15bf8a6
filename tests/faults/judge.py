"""Faults, judged by exact accounting: what was acknowledged is delivered, what is delivered was issued, and the books agree.

    judge.py --binary target/release/otel-bridge --work DIR --kills 20 [--only hostile]
"""

import argparse
import http.client
import pathlib
import random
import resource
import sys
import time

from bridge import Bridge
from destination import Destination
from generator import Load
from hostile import hostile
from prometheus_text import parse, pick
from verdict import Verdict


def books(bridge):
    """received + recovered, and delivered + queued + dropped, of the metrics at the destination."""
    samples = parse(bridge.get("/metrics")[2])

    def of(name):
        return sum(pick(samples, f"otel_bridge_{name}", destination="sink", signal="metrics"))

    taken = sum(pick(samples, "otel_bridge_received_items_total", signal="metrics")) + of("recovered_items_total")
    return taken, of("delivered_items_total") + of("queue_items") + of("dropped_items_total")


def check_books(verdict, name, bridge):
    """The two sides are read in one scrape; it is tried for some seconds, since a scrape may fall between two entries."""
    deadline = time.monotonic() + 10
    while (found := books(bridge)) and found[0] != found[1] and time.monotonic() < deadline:
        time.sleep(0.2)
    verdict.equal(f"{name}: the books agree", *found)


def bridge_to(options, name, destination, **queue):
    push = [{"name": "sink", "endpoint": f"http://127.0.0.1:{destination.port}", "protocol": "http/protobuf", "timeout": "1s",
             "retry": {"initial": "50ms", "max": "500ms"},
             "queue": {"directory": str(options.work / name / "queue"), **queue}}]
    bridge = Bridge(options.binary, options.work / name, push)
    bridge.start()
    return bridge


def judge(verdict, name, load, destination, duplicates_max):
    missing = destination.await_all(load.acknowledged())
    verdict.equal(f"{name}: lost of {len(load.acknowledged())} acknowledged points", len(missing), 0)
    strange = destination.delivered.keys() - load.issued()
    verdict.equal(f"{name}: delivered but never issued", len(strange), 0)
    duplicates = sum(count - 1 for count in destination.delivered.values())
    verdict.check(f"{name}: {duplicates} duplicates, at most {duplicates_max}", duplicates <= duplicates_max, duplicates)


def kill_loop(verdict, options):
    """F1: kill -9 at random moments under load."""
    destination, chance = Destination(), random.Random(7)
    bridge = bridge_to(options, "kill", destination)
    load = Load(bridge.http)
    try:
        ready = []
        for _ in range(options.kills):
            time.sleep(chance.uniform(0.05, 0.8))
            bridge.kill()
            started = time.monotonic()
            bridge.start()
            ready.append(time.monotonic() - started)
        load.stop()
        # What was in flight at a kill may be sent again: a batch is at most what four producers issued meanwhile.
        judge(verdict, f"{options.kills} × kill -9", load, destination, len(load.issued()) // 4)
        check_books(verdict, "kill -9", bridge)
        print(f"     ready again after {max(ready):.2f} s at the most")
    finally:
        verdict.equal("kill -9: clean stop", bridge.stop(), 0)
        destination.close()


def brown_out(verdict, options):
    """F7: 30 % 503, 5 % hang, 5 % reset, 1 % partial."""
    def script(chance):
        dice = chance.random()
        return 503 if dice < 0.3 else "hang" if dice < 0.35 else "reset" if dice < 0.4 else "partial" if dice < 0.41 else "ok"

    destination = Destination(script)
    bridge = bridge_to(options, "brown-out", destination)
    load = Load(bridge.http)
    try:
        time.sleep(8)
        load.stop()
        judge(verdict, "brown-out", load, destination, 0)
        check_books(verdict, "brown-out", bridge)
    finally:
        verdict.equal("brown-out: clean stop", bridge.stop(), 0)
        destination.close()


def full_queue(verdict, options):
    """F9 in short: the destination is down, the queue fills, new data is refused as retryable, then everything drains."""
    down = [True]
    destination = Destination(lambda _: 503 if down[0] else "ok")
    bridge = bridge_to(options, "full", destination, bytes_max="1MiB")
    load = Load(bridge.http, pause_s=0)
    try:
        deadline = time.monotonic() + 30
        while 503 not in load.refused() and time.monotonic() < deadline:
            time.sleep(0.1)
        verdict.check("full queue: refused as retryable", set(load.refused()) == {503}, load.refused())
        verdict.check("full queue: readiness only warns", bridge.get("/readyz?verbose")[0] == 200)
        down[0] = False
        resumed = len(load.acknowledged())
        deadline = time.monotonic() + 20
        while len(load.acknowledged()) < resumed + 1000 and time.monotonic() < deadline:
            time.sleep(0.1)
        verdict.check("full queue: resumes by itself", len(load.acknowledged()) >= resumed + 1000, load.refused())
        load.stop()
        judge(verdict, "full queue", load, destination, 0)
        check_books(verdict, "full queue", bridge)
    finally:
        verdict.equal("full queue: clean stop", bridge.stop(), 0)
        destination.close()


def stops(verdict, options):
    """F18 in short: SIGTERM under load, again and again; nothing acknowledged is lost, and each stop is clean."""
    destination = Destination()
    bridge = bridge_to(options, "stops", destination)
    load = Load(bridge.http)
    try:
        codes, took = [], []
        for _ in range(8):
            time.sleep(0.4)
            begun = time.monotonic()
            codes.append(bridge.stop())
            took.append(time.monotonic() - begun)
            bridge.start()
        load.stop()
        verdict.equal("stops under load: exit codes", set(codes), {0})
        verdict.check("stops under load: within 10 s", max(took) < 10, took)
        judge(verdict, "stops under load", load, destination, 0)
    finally:
        verdict.equal("stops: clean stop", bridge.stop(), 0)
        destination.close()


def few_descriptors(verdict, options):
    """F10: 128 file descriptors and 300 connections that say nothing: the probe answers beside them, and at once when they are
    gone."""
    def livez(seconds):
        deadline, status = time.monotonic() + seconds, None
        while status != 200 and time.monotonic() < deadline:
            try:
                status = bridge.get("/livez")[0]
            except OSError:
                time.sleep(0.05)
        return status

    destination = Destination()
    bridge = bridge_to(options, "descriptors", destination)
    held = []
    try:
        resource.prlimit(bridge.process.pid, resource.RLIMIT_NOFILE, (128, 128))
        for _ in range(300):
            connection = http.client.HTTPConnection("127.0.0.1", bridge.http, timeout=2)
            try:
                connection.connect()
                held.append(connection)
            except OSError:
                break
        verdict.check("few descriptors: many connections are held", len(held) > 100, len(held))
        # A connection that says nothing is closed after 5 s, which makes room.
        verdict.equal("few descriptors: the probe answers beside them", livez(20), 200)
        for connection in held:
            connection.close()
        verdict.equal("few descriptors: recovers", livez(2), 200)
    finally:
        verdict.equal("few descriptors: clean stop", bridge.stop(), 0)
        destination.close()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--work", required=True, type=lambda path: pathlib.Path(path).resolve())
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--only", help="one fault by the name of its function")
    options = arguments.parse_args()
    verdict = Verdict()
    for fault in (kill_loop, brown_out, full_queue, stops, few_descriptors, hostile):
        if options.only in (None, fault.__name__):
            fault(verdict, options)
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
