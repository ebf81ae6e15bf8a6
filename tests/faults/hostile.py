"""What a whole bridge keeps while the hostile corpus runs against it: its memory, its log, and how soon it answers others.

Timing on a shared machine is noise, so it is judged in pairs: phases with and without the corpus alternate in one run against one
process, each gives a 99th percentile, and the medians of the two kinds are compared. Twice as slow is a failure only beyond
`FLOOR_MS`, below which a scheduler's turn is all that was measured; it is measured once more before it is called one. Where other
programs take a part of the machine, a failure is not judged but printed as skipped.
"""

import collections
import http.client
import json
import multiprocessing
import os
import pathlib
import re
import socket
import statistics
import subprocess
import threading
import time

import corpus
from bridge import Bridge, free_port
from destination import Destination
from generator import Load, request
from prometheus_text import parse

PAIRS = 4
PHASE_S = 5.0
ATTEMPTS = 2
FLOOR_MS = 50.0
RATIO_MAX = 2.0
# Of all processors, what others may take before latencies say more of them than of the bridge.
FOREIGN_SHARE_MAX = 0.1
# The corpus costs processor time of its own, which is not the bridge's doing; it is given little, at the lowest priority.
PAUSE_BETWEEN_DOSES_S = 0.05
WRITE_TIMEOUT_S = 10
CANARY = "canary-2f9c1e"


def narrow(bridge, guarded):
    """Limits of the store that the corpus fills in a minute, and one more endpoint, which asks for a token. What requests may
    take stays at its default: a label of 10 MiB is a row that must be taken."""
    config = json.loads(bridge.config.read_text())
    config["state"] = {"series_max": 20_000, "workers_max": 1_000, "history_bytes_max": "8MiB"}
    config["pull"].append({"name": "guarded", "address": f"127.0.0.1:{guarded}", "auth": {"bearer_tokens": [CANARY]}})
    bridge.config.write_text(json.dumps(config, indent=1))


def attack(ports, running, stopped, doses):
    os.nice(19)
    attacker = corpus.Attacker(*ports)
    corpus.bodies()
    while not stopped.is_set():
        if not running.wait(0.1):
            attacker.let_go()
            continue
        attacker.dose()
        doses.value = attacker.doses
        time.sleep(PAUSE_BETWEEN_DOSES_S)
    attacker.let_go()


class Clients:
    """Two that behave: one sends ten points at a time, one reads a view. Their latencies, by phase."""

    def __init__(self, http_port, pull_port):
        self.phase, self.stopping = None, False
        self.latencies_ms = collections.defaultdict(list)
        self.failures = []
        body = request(99, 0)
        kind = {"Content-Type": "application/x-protobuf"}
        self.threads = [
            threading.Thread(target=self.repeat, args=("send", http_port, "POST", "/v1/metrics", body, kind), daemon=True),
            threading.Thread(target=self.repeat, args=("view", pull_port, "GET", "/metrics/json", None, {}), daemon=True),
        ]
        for thread in self.threads:
            thread.start()

    def repeat(self, what, port, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while not self.stopping:
            phase, begun = self.phase, time.perf_counter()
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.failures.append((what, answer.status))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append((what, repr(error)))
                connection.close()
            # What begins in one phase and ends in the next belongs to neither.
            if phase is not None and phase == self.phase:
                self.latencies_ms[what, phase].append((time.perf_counter() - begun) * 1000)
            time.sleep(0.003)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(15)


def p99(latencies):
    return statistics.quantiles(latencies, n=100)[98]


def memory_mib(pid, line):
    """`VmHWM`, the peak, or `VmRSS`, of a process."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{line}:\s+(\d+) kB", status, re.MULTILINE).group(1)) / 1024


def budget_mib(bridge):
    printed = subprocess.run([bridge.binary, "check", str(bridge.config)], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"memory budget: ([\d.]+) MiB", printed).group(1))


def repeated_lines(log):
    """Lines of one level, place and reason that stand less than a minute apart."""
    last, repeated, reasons = {}, [], set()
    for line in log.splitlines():
        match = re.match(r"\d{4}-\d\d-\d\dT(\d\d):(\d\d):([\d.]+)Z +(WARN|ERROR) ([\w:]+): (.*)", line)
        if not match:
            continue
        hours, minutes, seconds, level, place, rest = match.groups()
        at = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        reason = re.search(r'reason="(\w+)"', rest)
        key = (level, place, reason.group(1) if reason else re.sub(r"\d+", "N", rest))
        reasons.add(key[2])
        if key in last and (at - last[key]) % 86_400 < 59:
            repeated.append(line)
        last[key] = at
    return repeated, reasons


def exactly(connection, count):
    data = b""
    while len(data) < count:
        some = connection.recv(count - len(data))
        if not some:
            raise ConnectionError("closed")
        data += some
    return data


def read_frame(connection):
    """Kind, flags, stream and payload."""
    head = exactly(connection, 9)
    return head[3], head[4], int.from_bytes(head[5:9]), exactly(connection, int.from_bytes(head[:3]))


def reset_after_s(port, request_frames):
    """An HTTP/2 client that reads its connection and answers pings, and gives its stream no window: when that is reset."""
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=2 * WRITE_TIMEOUT_S) as connection:
        connection.sendall(corpus.preface(0) + request_frames)
        try:
            while time.monotonic() - begun < 2 * WRITE_TIMEOUT_S:
                kind, flags, stream, payload = read_frame(connection)
                if kind == corpus.PING and not flags:
                    connection.sendall(corpus.frame(corpus.PING, 1, 0, payload))
                if kind == corpus.RESET and stream == 1:
                    return time.monotonic() - begun
        except OSError:
            pass
    return None


def slow_readers(verdict, bridge):
    """Over every door at once: a stream without a window is reset by the write timeout."""
    doors = {"pull": (bridge.pull, corpus.get(1, b"/metrics")), "gRPC": (bridge.grpc, corpus.export(1))}
    found = {}
    threads = [threading.Thread(target=lambda name=name, door=door: found.update({name: reset_after_s(*door)}), daemon=True)
               for name, door in doors.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * WRITE_TIMEOUT_S)
    for name in doors:
        after = found.get(name)
        verdict.check(f"hostile: an HTTP/2 stream on the {name} door that is not read is reset by the write timeout",
                      after is not None and after < WRITE_TIMEOUT_S + 5, after)


def alternate(clients, running):
    for pair in range(PAIRS):
        for is_hostile in (False, True):
            (running.set if is_hostile else running.clear)()
            # What the phase before left behind ends before the next is measured.
            time.sleep(0.5)
            clients.phase = (pair, is_hostile)
            time.sleep(PHASE_S - 0.5)
            clients.phase = None
    running.clear()


def processor_seconds(pids):
    """What all processors have worked, and what these processes had of it."""
    ticks = os.sysconf("SC_CLK_TCK")
    user, nice, system, _idle, _wait, *interrupts = map(int, pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    own = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        own += int(fields[11]) + int(fields[12])
    return (user + nice + system + sum(interrupts)) / ticks, own / ticks


def measure(clients, running, pids):
    """One attempt: for each client the median p99 without and with the corpus, and the share that others had of the machine."""
    clients.latencies_ms.clear()
    begun, (all_before, own_before) = time.monotonic(), processor_seconds(pids)
    alternate(clients, running)
    all_after, own_after = processor_seconds(pids)
    worked = (all_after - all_before) - (own_after - own_before)
    foreign = max(0.0, worked) / (time.monotonic() - begun) / os.cpu_count()
    medians = {}
    for what in ("send", "view"):
        calm, hostile = ([p99(clients.latencies_ms[what, (pair, is_hostile)]) for pair in range(PAIRS)] for is_hostile in (False, True))
        medians[what] = before, during = statistics.median(calm), statistics.median(hostile)
        print(f"     {what}: p99 {before:.1f} ms without the corpus, {during:.1f} ms with it ({during / before:.2f} ×; medians of "
              f"{PAIRS} phases; {' '.join(f'{one:.0f}' for one in calm)} | {' '.join(f'{one:.0f}' for one in hostile)}; "
              f"other programs had {foreign:.0%} of the machine)")
    return medians, foreign


def is_slowed(before, during):
    return during > RATIO_MAX * before and during > FLOOR_MS


def judge_latency(verdict, clients, running, pids):
    slowed = []
    for _ in range(ATTEMPTS):
        medians, foreign = measure(clients, running, pids)
        slowed = [f"{what} {before:.1f} ms became {during:.1f} ms" for what, (before, during) in medians.items() if is_slowed(before, during)]
        if not slowed:
            break
    if slowed and foreign > FOREIGN_SHARE_MAX:
        print(f"SKIPPED: latency under hostile input: other programs had {foreign:.0%} of the machine ({slowed})", flush=True)
        return
    verdict.equal(f"hostile: the p99 of clients that behave stays under {RATIO_MAX:.0f} ×, or under {FLOOR_MS:.0f} ms", slowed, [])


def judge_memory_and_log(verdict, bridge, doses, at_rest):
    pid, budget = bridge.process.pid, budget_mib(bridge)
    peak = memory_mib(pid, "VmHWM")
    verdict.check(f"hostile: {doses} doses; memory stays within the budget that `check` prints and a tenth "
                  f"(peak {peak:.0f} of {budget:.0f} MiB, {at_rest:.0f} MiB before)", peak <= 1.1 * budget, f"{peak:.1f} MiB")
    samples = parse(bridge.get("/metrics")[2])
    refused = {dict(labels)["reason"]: value for (name, labels), value in samples.items()
               if name == "otel_bridge_refused_requests_total" and value > 0}
    repeated, reasons = repeated_lines(bridge.log())
    verdict.equal("hostile: a reason is logged once a minute", repeated, [])
    verdict.check("hostile: many reasons were met and logged", len(reasons) >= 6, reasons)
    print(f"     logged: {', '.join(sorted(reasons))}; requests refused: {refused}")
    verdict.check("hostile: no panic, no secret in the log", "panicked" not in bridge.log() and CANARY not in bridge.log())


def hostile(verdict, options):
    destination, guarded = Destination(), free_port()
    bridge = Bridge(options.binary, options.work / "hostile", [
        {"name": "sink", "endpoint": f"http://127.0.0.1:{destination.port}", "protocol": "http/protobuf",
         "headers": {"x-token": CANARY}, "queue": {"directory": str(options.work / "hostile" / "queue")}}])
    narrow(bridge, guarded)
    bridge.start()
    context = multiprocessing.get_context("spawn")
    running, stopped, doses = context.Event(), context.Event(), context.Value("i", 0)
    attacker = context.Process(target=attack, args=((bridge.grpc, bridge.http, bridge.pull, guarded), running, stopped, doses))
    attacker.start()
    # What the accounting goes by, beside the two whose answers are timed.
    load, clients = Load(bridge.http, producers=1, pause_s=0.02), Clients(bridge.http, bridge.pull)
    try:
        time.sleep(2)
        at_rest = memory_mib(bridge.process.pid, "VmRSS")
        judge_latency(verdict, clients, running, (os.getpid(), attacker.pid, bridge.process.pid))
        clients.stop()
        load.stop()
        verdict.equal("hostile: nobody who behaves was refused", clients.failures[:5], [])
        slow_readers(verdict, bridge)
        judge_memory_and_log(verdict, bridge, doses.value, at_rest)
        missing = destination.await_all(load.acknowledged())
        verdict.equal(f"hostile: lost of {len(load.acknowledged())} acknowledged points", len(missing), 0)
    finally:
        stopped.set()
        attacker.join(10)
        verdict.equal("hostile: clean stop", bridge.stop(), 0)
        destination.close()
