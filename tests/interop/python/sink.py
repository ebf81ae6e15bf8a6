"""An OTLP sink: takes export requests by gRPC and by HTTP (protobuf and JSON), and keeps them per signal."""

import base64
import concurrent.futures
import gzip
import http.server
import json
import threading

import grpc
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUESTS = {"metrics": ExportMetricsServiceRequest, "traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}
METHODS = {
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": "metrics",
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": "traces",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export": "logs",
}


class Kept:
    """What has arrived, in the order of its arrival."""

    def __init__(self):
        self.requests = {signal: [] for signal in REQUESTS}
        self.lock = threading.Lock()

    def keep(self, signal, request):
        with self.lock:
            self.requests[signal].append(request)


def ids_as_base64(value):
    """OTLP/JSON writes ids as hex, where the protobuf mapping of JSON has base64."""
    if isinstance(value, list):
        return [ids_as_base64(item) for item in value]
    if not isinstance(value, dict):
        return value
    hexed = ("traceId", "spanId", "parentSpanId")
    return {key: base64.b64encode(bytes.fromhex(item)).decode() if key in hexed else ids_as_base64(item)
            for key, item in value.items()}


class GrpcSink(grpc.GenericRpcHandler):
    def __init__(self, port=0):
        self.kept = Kept()
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        self.server.add_generic_rpc_handlers((self,))
        self.port = self.server.add_insecure_port(f"127.0.0.1:{port}")
        self.server.start()

    def service(self, details):
        signal = METHODS.get(details.method)
        if signal is None:
            return None

        def export(body, _):
            self.kept.keep(signal, REQUESTS[signal].FromString(body))
            return b""

        return grpc.unary_unary_rpc_method_handler(export)

    def close(self):
        self.server.stop(1).wait()


class HttpSink:
    def __init__(self):
        self.kept = kept = Kept()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.body()
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                signal = self.path.removeprefix("/v1/")
                if self.headers["Content-Type"].startswith("application/json"):
                    request = json_format.ParseDict(ids_as_base64(json.loads(body)), REQUESTS[signal]())
                    answer, kind = b"{}", "application/json"
                else:
                    request = REQUESTS[signal].FromString(body)
                    answer, kind = b"", "application/x-protobuf"
                kept.keep(signal, request)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def body(self):
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return self.rfile.read(int(self.headers["Content-Length"]))
                body = b""
                while length := int(self.rfile.readline(), 16):
                    body += self.rfile.read(length)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
