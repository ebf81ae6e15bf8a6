"""What stands between the bridge and the Collector: it hands export requests on as they are, or answers as it was told."""

import http.client
import http.server
import threading
import time

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from sink import METHODS, REQUESTS


def count(signal, body):
    """Items of a request."""
    request = REQUESTS[signal].FromString(body)
    if signal == "traces":
        return sum(len(scope.spans) for group in request.resource_spans for scope in group.scope_spans)
    if signal == "logs":
        return sum(len(scope.log_records) for group in request.resource_logs for scope in group.scope_logs)
    return sum(len(getattr(metric, metric.WhichOneof("data")).data_points)
               for group in request.resource_metrics for scope in group.scope_metrics for metric in scope.metrics)


class Script:
    """Faults for the next requests of one signal, each used once; what was answered with a fault is counted."""

    def __init__(self):
        self.lock = threading.Lock()
        self.next = {signal: [] for signal in REQUESTS}
        self.struck = []

    def plan(self, signal, fault, times=1):
        with self.lock:
            self.next[signal].extend([fault] * times)

    def take(self, signal, body):
        with self.lock:
            fault = self.next[signal].pop(0) if self.next[signal] else None
            if fault is not None:
                self.struck.append((fault, signal, count(signal, body)))
            return fault

    def items(self, fault):
        """Items of the requests that were answered so."""
        with self.lock:
            return sum(number for found, _, number in self.struck if found == fault)

    def idle(self):
        with self.lock:
            return not any(self.next.values())


class GrpcProxy(grpc.GenericRpcHandler):
    """Faults: the name of a code, `RETRY_INFO`, or `SLOW`."""

    def __init__(self, target):
        import concurrent.futures

        self.script = Script()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{target}", options=[
            ("grpc.max_receive_message_length", -1), ("grpc.initial_reconnect_backoff_ms", 200), ("grpc.max_reconnect_backoff_ms", 500)])
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", -1)])
        self.server.add_generic_rpc_handlers((self,))
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def service(self, details):
        signal = METHODS.get(details.method)

        def export(body, context):
            fault = self.script.take(signal, body)
            if fault == "SLOW":
                # Longer than the destination's timeout, and never handed on: it arrives once, by the repeat.
                time.sleep(2.5)
                context.abort(grpc.StatusCode.UNAVAILABLE, "too late")
            if fault == "RETRY_INFO":
                detail = Any()
                detail.Pack(RetryInfo(retry_delay=Duration(nanos=200_000_000)))
                status = Status(code=8, message="wait", details=[detail])
                context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "wait")
            if fault is not None:
                context.abort(grpc.StatusCode[fault], "as planned")
            try:
                return self.channel.unary_unary(details.method)(body, timeout=5)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())

        return grpc.unary_unary_rpc_method_handler(export)

    def close(self):
        self.server.stop(1).wait()
        self.channel.close()


class HttpProxy:
    """Faults: a status, `reset`, `partial` (one item rejected; nothing is handed on), or `html` (handed on, answered with a page)."""

    def __init__(self, target):
        self.script = script = Script()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fault = script.take(self.path.removeprefix("/v1/"), body)
                if fault == "reset":
                    self.close_connection = True
                    self.connection.close()
                    return
                status, answer, kind = 200, b"", "application/x-protobuf"
                if fault in (None, "html"):
                    status, answer = self.hand_on(body)
                if fault == "html":
                    answer, kind = b"<html>welcome</html>", "text/html"
                if fault == "partial":
                    answer = b"\x0a\x02\x08\x01"
                if isinstance(fault, int):
                    status = fault
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                if status in (429, 503):
                    self.send_header("Retry-After", "0")
                self.end_headers()
                self.wfile.write(answer)

            def hand_on(self, body):
                connection = http.client.HTTPConnection("127.0.0.1", target, timeout=5)
                try:
                    connection.request("POST", self.path, body, {"Content-Type": "application/x-protobuf"})
                    answer = connection.getresponse()
                    return answer.status, answer.read()
                except OSError:
                    return 503, b""
                finally:
                    connection.close()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
