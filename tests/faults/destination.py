"""A destination that follows a script and keeps a tally of every stamped point that it acknowledged."""

import collections
import gzip
import http.server
import random
import socket
import struct
import threading
import time

from generator import stamps
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest


class Destination:
    """`script(random) -> action`: `ok`, a status, `hang`, `reset`, or `partial`; the default is always `ok`."""

    def __init__(self, script=lambda _: "ok"):
        self.script = script
        self.delivered = collections.Counter()
        self.rejected = collections.Counter()
        self.requests = 0
        self.lock = threading.Lock()
        self.random = random.Random(20261122)
        destination = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                destination.answer(self, body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler, body):
        with self.lock:
            action = self.script(self.random)
            self.requests += 1
        if action == "hang":
            time.sleep(2)
            action = "reset"
        if action == "reset":
            # Zero linger: the peer sees a reset.
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        answer = b""
        if action in ("ok", "partial"):
            is_metrics = handler.path == "/v1/metrics"
            found = list(stamps(ExportMetricsServiceRequest.FromString(body))) if is_metrics else []
            with self.lock:
                if action == "partial" and found:
                    self.rejected.update(found[:1])
                    found = found[1:]
                    # partial_success { rejected_data_points: 1 }
                    answer = b"\x0a\x02\x08\x01"
                self.delivered.update(found)
            action = 200
        handler.send_response(action)
        handler.send_header("Content-Type", "application/x-protobuf")
        handler.send_header("Content-Length", str(len(answer)))
        if action in (429, 503):
            handler.send_header("Retry-After", "0")
        handler.end_headers()
        handler.wfile.write(answer)

    def await_all(self, wanted, seconds=60):
        """Waits until every wanted stamp was delivered or rejected; those that are missing."""
        deadline = time.monotonic() + seconds
        while True:
            with self.lock:
                missing = wanted - self.delivered.keys() - self.rejected.keys()
            if not missing or time.monotonic() > deadline:
                return missing
            time.sleep(0.1)

    def close(self):
        self.server.shutdown()
