"""The programs of the stack, each with its shipped file: only addresses, folders and intervals are exchanged."""

import atexit
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml
from google.protobuf import json_format

from bridge import free_port
from sink import REQUESTS, ids_as_base64

SHIPPED = pathlib.Path(__file__).resolve().parents[3] / "collector-config"


def fetch(url, timeout=10):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read().decode()


def until(holds, seconds, every=0.2):
    """The first true answer of `holds`, or its last one when the time is up; an unreachable peer is no answer."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = holds()
        except (OSError, urllib.error.URLError):
            found = None
        if found or time.monotonic() > deadline:
            return found
        time.sleep(every)


class Program:
    """A process with a log in its own folder."""

    def __init__(self, folder, ready):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ready = ready
        self.process = None
        self.environment = None

    def start(self, *command):
        self.command = [str(part) for part in command] or self.command
        log = open(self.folder / "log", "ab")
        atexit.register(self.stop)
        self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=log, stderr=log, env=self.environment)
        if not until(lambda: self.process.poll() is not None or fetch(self.ready, 1) is not None, 30, 0.1):
            raise RuntimeError(f"{self.command[0]} was not ready in 30 s: {self.log()[-2000:]}")
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.command[0]} ended with {self.process.returncode}: {self.log()[-2000:]}")

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)


class Alertmanager(Program):
    def __init__(self, work):
        self.port = free_port()
        super().__init__(work / "alertmanager", f"http://127.0.0.1:{self.port}/-/ready")
        text = (SHIPPED / "alertmanager.yml").read_text().replace("group_wait: 10s", "group_wait: 1s")
        (self.folder / "alertmanager.yml").write_text(text)
        self.start("prometheus-alertmanager", f"--config.file={self.folder / 'alertmanager.yml'}", f"--storage.path={self.folder}",
                   f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=")

    def alerts(self):
        return json.loads(fetch(f"http://127.0.0.1:{self.port}/api/v2/alerts"))


class Prometheus(Program):
    def __init__(self, work, bridge_port, alertmanager_port):
        self.port = free_port()
        super().__init__(work / "prometheus", f"http://127.0.0.1:{self.port}/-/ready")
        text = (SHIPPED / "prometheus.yml").read_text()
        for name, port in (("bridge:9000", bridge_port), ("alertmanager:9093", alertmanager_port), ("localhost:9090", self.port)):
            text = text.replace(name, f"127.0.0.1:{port}")
        text = re.sub(r"(scrape_interval|evaluation_interval): 15s", r"\1: 1s", text)
        (self.folder / "prometheus.yml").write_text(text)
        rules = self.folder / "rules"
        rules.mkdir()
        for file in (SHIPPED / "rules").glob("*.yml"):
            (rules / file.name).write_text(file.read_text())
        self.start("prometheus", f"--config.file={self.folder / 'prometheus.yml'}", f"--storage.tsdb.path={self.folder / 'tsdb'}",
                   f"--web.listen-address=127.0.0.1:{self.port}", "--web.enable-remote-write-receiver")

    def api(self, path, **query):
        address = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            return json.loads(fetch(address, 30))
        except urllib.error.HTTPError as error:
            return json.loads(error.read())

    def query(self, expression):
        """Rows of an instant query as (labels, number)."""
        answer = self.api("query", query=expression)
        if answer["status"] != "success":
            raise RuntimeError(f"{expression}: {answer['error']}")
        return [(row["metric"], float(row["value"][1])) for row in answer["data"]["result"]]

    def series(self, expression, start):
        """How many series a range query since then has, or the error."""
        answer = self.api("query_range", query=expression, start=start, end=time.time(), step="1s")
        return len(answer["data"]["result"]) if answer["status"] == "success" else answer["error"]


class Collector(Program):
    """The shipped file, and beside it one that adds file exporters: `file` after the gRPC door, `file/http` after the HTTP door."""

    def __init__(self, binary, work, tempo, prometheus, bridge_http):
        self.grpc, self.http, health = free_port(), free_port(), free_port()
        self.read = {}
        super().__init__(work / "collector", f"http://127.0.0.1:{health}/")
        self.environment = {
            "PATH": os.environ["PATH"], "COLLECTOR_HEALTH": f"127.0.0.1:{health}", "COLLECTOR_GRPC": f"127.0.0.1:{self.grpc}",
            "COLLECTOR_TEMPO": f"127.0.0.1:{tempo}", "COLLECTOR_PROMETHEUS": f"http://127.0.0.1:{prometheus}/api/v1/write",
            "COLLECTOR_BRIDGE": f"http://127.0.0.1:{bridge_http}/v1/metrics"}
        shipped = yaml.safe_load((SHIPPED / "collector.yaml").read_text())
        pipelines = {}
        for name, pipeline in shipped["service"]["pipelines"].items():
            pipelines[name] = {"exporters": [*pipeline["exporters"], "file"]}
            pipelines[f"{name}/http"] = {"receivers": ["otlp/http"], "exporters": ["file/http"]}
        overlay = {
            "receivers": {"otlp/http": {"protocols": {"http": {"endpoint": f"127.0.0.1:{self.http}"}}}},
            "exporters": {"file": {"path": str(self.folder / "grpc.jsonl"), "append": True},
                          "file/http": {"path": str(self.folder / "http.jsonl"), "append": True}},
            "service": {"pipelines": pipelines},
        }
        (self.folder / "overlay.yaml").write_text(yaml.safe_dump(overlay))
        self.start(pathlib.Path(binary).resolve(), f"--config={SHIPPED / 'collector.yaml'}", f"--config={self.folder / 'overlay.yaml'}")

    def written(self, door):
        """The requests of a file so far as {signal: [request]}; what was read once is kept."""
        at, found = self.read.setdefault(door, (0, {signal: [] for signal in REQUESTS}))
        path = self.folder / f"{door}.jsonl"
        if not path.exists():
            return found
        with open(path, "rb") as file:
            file.seek(at)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                at += len(line)
                document = json.loads(line)
                name = {"resourceMetrics": "metrics", "resourceSpans": "traces", "resourceLogs": "logs"}[next(iter(document))]
                found[name].append(json_format.ParseDict(ids_as_base64(document), REQUESTS[name]()))
        self.read[door] = at, found
        return found
