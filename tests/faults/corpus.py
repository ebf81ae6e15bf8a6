"""The hostile corpus: what a bridge may meet on its doors, one function a row, each a small dose. Bodies are made once."""

import functools
import gzip
import http.client
import math
import socket
import struct
import time

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, CONTINUATION, WINDOW_UPDATE = 0, 1, 3, 4, 6, 9, 8
EXPORT = b"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def field(number, content):
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def in_resource(content):
    """A request whose resource holds this as a metric's scope."""
    return field(1, field(2, content))


@functools.cache
def bodies():
    """Name, content type, content encoding, body."""
    protobuf, json = "application/x-protobuf", "application/json"
    deep = b"\x0a\x01x"
    for _ in range(3_000):
        deep = field(5, field(1, deep))
    member = gzip.compress(b"\0" * 100_000)
    return [
        ("bomb", protobuf, "gzip", gzip.compress(b"\0" * (70 << 20))),
        ("bomb of many members", protobuf, "gzip", member * 700),
        ("nested bomb", protobuf, "gzip", gzip.compress(gzip.compress(b"\0" * (70 << 20)))),
        ("empty submessages", protobuf, "gzip", gzip.compress(in_resource(b"\x12\x00" * 7_000_000))),
        ("length of 2^31", protobuf, "", b"\x0a\xff\xff\xff\xff\x07"),
        ("cut varint", protobuf, "", b"\x0a\xff"),
        ("group", protobuf, "", b"\x0b\x0c"),
        ("wrong wire type", protobuf, "", b"\x08\x01"),
        ("no UTF-8", protobuf, "", in_resource(field(2, field(1, b"\xff\xfe")))),
        ("deep", protobuf, "", field(1, field(1, field(1, field(2, deep))))),
        ("deep text", json, "", b'{"resourceMetrics":' + b"[" * 5_000),
        ("no text", json, "", b"{\xff"),
        ("another kind", "text/plain", "", b"x"),
        ("another encoding", protobuf, "br", b"x"),
        ("no gzip", protobuf, "gzip", b"no gzip"),
        ("long label", protobuf, "", gauges("long", [("label", "x" * (10 << 20))], twice=False)),
        ("many attributes", protobuf, "", gauges("many", [(f"label{number}", "v") for number in range(10_000)])),
        ("strange labels", protobuf, "", b"".join(gauges(name, [("label", value), (value, "a")]) for name in NAMES for value in VALUES)),
        ("strange numbers", protobuf, "", strange_numbers()),
    ]


NAMES = ["", "0abc", "é.b", "__name__", "le", 'a"} 1\nevil 1', "\0", "counted"]
VALUES = ['a"} 1\nevil 1', "\0", "\u202eabc", "\\", "\r\n", ""]


def metric(message, name):
    resource = message.resource_metrics.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "hostile"
    return resource.scope_metrics.add().metrics.add(name=name)


def gauges(name, labels, twice=True):
    message = ExportMetricsServiceRequest()
    point = metric(message, name).gauge.data_points.add(as_int=1, time_unix_nano=time.time_ns())
    for key, value in labels + (labels[:1] if twice else []):
        point.attributes.add(key=key).value.string_value = value
    return message.SerializeToString()


def strange_numbers():
    message = ExportMetricsServiceRequest()
    for name, value in zip("abcd", (math.nan, math.inf, -math.inf, -0.0)):
        for kind in ("gauge", "sum"):
            points = getattr(metric(message, f"number.{name}.{kind}"), kind).data_points
            points.add(as_double=value, time_unix_nano=0, start_time_unix_nano=2**64 - 1)
    histogram = metric(message, "unsorted").histogram
    histogram.aggregation_temporality = 2
    histogram.data_points.add(explicit_bounds=[3, 1, 2], bucket_counts=[1], count=2**64 - 1, time_unix_nano=2**63)
    return message.SerializeToString()


def flood(seed):
    """2,000 new series."""
    message = ExportMetricsServiceRequest()
    points = metric(message, "flood").gauge.data_points
    for number in range(2_000):
        points.add(as_int=1, time_unix_nano=time.time_ns()).attributes.add(key="id").value.string_value = f"{seed}-{number}"
    return message.SerializeToString()


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def preface(stream_window):
    """The start of a connection whose streams begin with that window; the connection itself may take 16 MiB."""
    window = struct.pack(">HI", 4, stream_window)
    return PREFACE + frame(SETTINGS, 0, 0, window) + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 24))


def get(stream, path):
    return frame(HEADERS, 5, stream, b"\x82\x86\x04" + bytes([len(path)]) + path + b"\x01\x01a")


def export(stream):
    """An empty gRPC export."""
    head = b"\x83\x86\x04" + bytes([len(EXPORT)]) + EXPORT + b"\x01\x01a\x0f\x10\x10application/grpc\x00\x02te\x08trailers"
    return frame(HEADERS, 4, stream, head) + frame(DATA, 1, stream, b"\0" * 5)


class Attacker:
    """The rows against one bridge. Connections that are meant to stay are kept until `let_go`."""

    def __init__(self, grpc, http, pull, guarded):
        self.grpc, self.http, self.pull, self.guarded = grpc, http, pull, guarded
        self.kept, self.doses = [], 0

    def connect(self, port, receive_bytes=None):
        connection = socket.socket()
        if receive_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.settimeout(5)
        connection.connect(("127.0.0.1", port))
        return connection

    def send(self, port, data, answer=True):
        """Sends on a connection of its own, and reads a little of what comes."""
        with self.connect(port) as connection:
            try:
                connection.sendall(data)
                if answer:
                    connection.settimeout(0.2)
                    connection.recv(4096)
            except OSError:
                pass

    def keep(self, port, data, receive_bytes=None):
        """Says something and then neither reads nor closes."""
        connection = self.connect(port, receive_bytes)
        connection.sendall(data)
        self.kept.append(connection)

    def post(self, kind, encoding, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=5)
        try:
            headers = {"Content-Type": kind} | ({"Content-Encoding": encoding} if encoding else {})
            connection.request("POST", "/v1/metrics", body, headers)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()

    def let_go(self):
        for connection in self.kept:
            connection.close()
        self.kept.clear()

    def bad_bodies(self):
        _, kind, encoding, body = bodies()[self.doses % len(bodies())]
        self.post(kind, encoding, body)

    def new_series(self):
        self.post("application/x-protobuf", "", flood(self.doses))

    def bad_heads(self):
        both = b"content-length: 5\r\ntransfer-encoding: chunked\r\n"
        for port in (self.http, self.pull, self.grpc):
            for head in (both, b"x: a\rb\r\n", b"x : a\r\n", b"x: " + b"a" * 17_000 + b"\r\n"):
                self.send(port, b"POST /v1/metrics HTTP/1.1\r\nhost: a\r\n" + head + b"\r\n0\r\n\r\n")
            for line in (b"GET /\x01 HTTP/1.1", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/9.9"):
                self.send(port, line + b"\r\nhost: a\r\n\r\n")

    def odd_requests(self):
        for path in (b"/ui/..%2f..%2fetc/passwd", b"/ui/%5c..%5c", b"/%00", b"/api/v1/workers?limit=99999999", b"/metrics/json"):
            head = b" HTTP/1.1\r\nhost: a\r\norigin: null\r\naccept: " + b"a/b;q=0.1," * 800 + b"*/*\r\nconnection: close\r\n\r\n"
            self.send(self.pull, b"GET " + path + head)
        for value in (b"Bearer wrong", b"Bearer \r\nauthorization: Bearer wrong", b"Basic " + b"A" * 400):
            self.send(self.guarded, b"GET /metrics HTTP/1.1\r\nhost: a\r\nauthorization: " + value + b"\r\n\r\n")

    def slow_senders(self):
        for port in (self.http, self.pull, self.grpc):
            for start in (b"", b"P", b"GET / HTTP/1.1\r\nx", PREFACE, PREFACE + frame(HEADERS, 0, 1, b"\x82")):
                self.keep(port, start)
        post = b"POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-protobuf\r\ncontent-length: 900000\r\n\r\n"
        for _ in range(4):
            self.keep(self.http, post + b"\0" * 50_000)

    def slow_readers(self):
        streams = range(1, 33, 2)
        for path in (b"/metrics", b"/api/v1/stream", b"/metrics/json"):
            self.keep(self.pull, b"GET " + path + b" HTTP/1.1\r\nhost: a\r\n\r\n", receive_bytes=4096)
            for window in (0, 65_535, 1 << 24):
                self.keep(self.pull, preface(window) + b"".join(get(stream, path) for stream in streams), receive_bytes=4096)
        for port in (self.grpc, self.http):
            self.keep(port, preface(0) + b"".join(export(stream) for stream in streams))

    def floods(self):
        resets = b"".join(get(stream, b"/") + frame(RESET, 0, stream, b"\0\0\0\x08") for stream in range(1, 4_001, 2))
        literal = b"\0\x01x\x7f\x81\x7e" + b"a" * 16_000
        continued = frame(HEADERS, 1, 1, b"\x82\x86\x84") + frame(CONTINUATION, 0, 1, literal) * 50
        pings = frame(PING, 0, 0, b"\0" * 8) * 2_000
        settings = frame(SETTINGS, 0, 0) * 2_000
        for port in (self.grpc, self.http, self.pull):
            for data in (resets, continued, pings, settings):
                self.send(port, preface(65_535) + data)

    ROWS = (bad_bodies, new_series, bad_bodies, bad_heads, bad_bodies, odd_requests, bad_bodies, slow_senders, bad_bodies,
            slow_readers, bad_bodies, floods)

    def dose(self):
        """The next row; a bridge that closes on us is what we came for."""
        try:
            self.ROWS[self.doses % len(self.ROWS)](self)
        except OSError:
            pass
        self.doses += 1
