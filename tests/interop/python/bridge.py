"""A bridge under test: a process with a configuration of its own, on ports of its own."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bridge:
    def __init__(self, binary, directory, push, extra=None):
        self.binary = str(pathlib.Path(binary).resolve())
        self.directory = pathlib.Path(directory).resolve()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.grpc, self.http, self.pull = free_port(), free_port(), free_port()
        self.config = self.directory / "bridge.yaml"
        self.write(push, extra)
        self.process = None

    def write(self, push, extra=None):
        """The configuration; JSON is YAML."""
        config = {
            "receive": {"otlp": {"grpc": {"address": f"127.0.0.1:{self.grpc}"}, "http": {"address": f"127.0.0.1:{self.http}"}}},
            "pull": [{"name": "system_metrics", "address": f"127.0.0.1:{self.pull}", "rate_limit": 0,
                      "sse_interval": "200ms"}],
            "push": push,
            **(extra or {}),
        }
        self.config.write_text(json.dumps(config, indent=1))

    def start(self):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        environment["OTEL_METRIC_EXPORT_INTERVAL"] = "1000"
        log = open(self.directory / "bridge.log", "ab")
        self.process = subprocess.Popen([self.binary, "serve", "--config", str(self.config)], cwd=self.directory,
                                        env=environment, stdout=log, stderr=log)
        self.await_ready()

    def await_ready(self):
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the bridge ended with {self.process.returncode}: {self.log()}")
            try:
                self.get("/readyz")
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"the bridge was not ready in 15 s: {self.log()}")

    def log(self):
        return (self.directory / "bridge.log").read_text(errors="replace")

    def get(self, path, accept=None):
        """Status, headers and body; a status of 400 and more is an answer too, but for `/readyz`."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.pull}{path}")
        if accept:
            request.add_header("Accept", accept)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            if path == "/readyz":
                raise
            return error.code, error.headers, error.read().decode()

    def json(self, path):
        return json.loads(self.get(path)[2])

    def await_snapshot(self):
        """Waits for a snapshot that was taken after this call: views may show one that is a little old."""
        asked, deadline = time.time(), time.monotonic() + 10
        while self.json("/api/v1/about")["timestamp"] <= asked:
            if time.monotonic() > deadline:
                raise RuntimeError("no new snapshot in 10 s")
            time.sleep(0.02)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """A clean stop; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)
